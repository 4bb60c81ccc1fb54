# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two hosts dial each other at the same moment, again and again: each round ends with exactly one link, and
the same one on both. The first argument says how often."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import PORT, PairTest, together, wire  # noqa: E402

ROUNDS = 5
MESSAGES = 50
DIALLED = """mdns = false
[[endpoint]]
name = "out"
url = "ship://%s:%d"
role = "dial"
peer_key_id = "%s"
reconnect_delay = 0.05
"""


class Rounds(PairTest):
    def out(self, host):
        return next(one for one in host.call("endpoints")["endpoints"] if one["name"] == "out")

    def all(self, pair, method):
        together(*(lambda host=host: host.call(method, name="out") for host in pair.hosts))

    def is_settled(self, pair):
        """One dialled, and the other one knows that its peer is there; no dial is under way."""
        outs = [self.out(host) for host in pair.hosts]
        running = [one for one in outs if one["state"] == "running"]
        waiting = [one for one in outs if one["state"] == "reconnecting"
                   and one["reason"]["code"] == "already-exists"
                   and one.get("nextRetrySeconds") is not None]
        return len(running) == len(waiting) == 1 and pair.is_connected()

    def test_both_dial_at_once(self):
        """RG-07. What is to be sent meanwhile does not go with a link that is given up."""
        pair = self.pair()
        pair.make_keys()
        for host in pair.hosts:
            other = pair.other(host)
            host.start([other.ski], DIALLED % (other.machine.address, PORT, other.ski))
        clients = {host: host.client() for host in pair.hosts}
        for host, client in clients.items():
            self.addCleanup(client.drop)
            client.subscribe((f"ship/{pair.other(host).ski}/rx", wire.options(1)))
        for number in range(ROUNDS):
            pair.within(lambda: self.is_settled(pair))
            one = [host.sockets() for host in pair.hosts]
            pair.exchange()
            self.assertTrue(self.is_settled(pair), pair.told())
            self.assertEqual([host.sockets() for host in pair.hosts], one, pair.told())
            for host, client in clients.items():
                wanted = [self.payload(number - 1, i) for i in range(MESSAGES if number else 0)]
                self.assertEqual(self.received(client, len(wanted) + 1)[:-1], wanted, pair.told())
            self.all(pair, "stop")
            pair.within(lambda: not any(host.sockets() for host in pair.hosts))
            for host, client in clients.items():
                for i in range(MESSAGES):
                    client.publish(f"ship/{pair.other(host).ski}/tx", self.payload(number, i), qos=1)
            self.all(pair, "start")
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)
        met = min(host.count("ship-connected") for host in pair.hosts) - ROUNDS
        print(f"{met} of {ROUNDS} times two links came up", flush=True)
        # As a rule it is nearly always.
        self.assertGreaterEqual(met, ROUNDS // 20, pair.told())

    def payload(self, number, i):
        return b'{"round":%d,"number":%d}' % (number, i)

    def received(self, client, count):
        return [client.take(lambda one: one.kind == wire.PUBLISH).payload for _ in range(count)]


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        ROUNDS = int(sys.argv.pop(1))
    unittest.main(verbosity=2)
