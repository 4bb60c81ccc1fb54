# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A cable that is cut without a word, from either side or both, and an address that changes: the ping
finds the dead link, and another one takes its place. The protocol's 60 seconds of silence pass where nobody
announces another address, for all of them at once."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import LATE, PairTest, state, together, wire  # noqa: E402

OTHER = "10.9.0.77"


class Cable(PairTest):
    def connected(self):
        pair = self.pair()
        pair.start_paired()
        pair.wait_connected()
        pair.exchange()
        return pair

    def watch(self, pair):
        """A reader of the state topic for each host, past what it is now."""
        readers = []
        for host in pair.hosts:
            readers.append(host.subscribe(f"ship/{pair.other(host).ski}/state"))
            self.addCleanup(readers[-1].kill)
            state(readers[-1], pair.other(host).ski, "connected")
        return readers

    def cut(self, *names):
        """RR19. Where one direction is left, who hears nothing says so, and the other one hears that."""
        pair = self.connected()
        readers = self.watch(pair)
        silenced = [getattr(pair, name) for name in names]
        pair.cable.cut(*(host.machine for host in silenced))
        ends = {}
        for reader, host in zip(readers, pair.hosts):
            ends[host] = state(reader, pair.other(host).ski, "disconnected", LATE)
        for host in silenced:
            self.assertEqual(ends[pair.other(host)]["reason"], "heartbeat-timeout", pair.told())
        # What is said from here on waits.
        payloads = [b'{"number":%d}' % number for number in range(3)]
        topics = {}
        for host in pair.hosts:
            other = pair.other(host)
            with host.client() as sender:
                for payload in payloads:
                    sender.publish(f"ship/{other.ski}/tx", payload, qos=1)
            topics[host] = other.client()
            self.addCleanup(topics[host].drop)
            topics[host].subscribe((f"ship/{host.ski}/rx", wire.options(1)))
        pair.cable.mend()
        pair.wait_connected()
        for reader in topics.values():
            got = [reader.take(lambda one: one.kind == wire.PUBLISH).payload for _ in payloads]
            self.assertEqual(got, payloads)
        pair.exchange()
        self.assertTrue(pair.is_connected(), pair.told())
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)

    def moved(self, name):
        pair = self.connected()
        host = getattr(pair, name)
        other = pair.other(host)
        host.machine.move(OTHER)
        pair.within(lambda: pair.is_connected()
                    and other.links(host.ski)[0]["peerAddress"].startswith(OTHER), LATE)
        pair.exchange()
        for one in pair.hosts:
            self.assertEqual(one.end(), 0)

    def test_a_dead_link_is_found_and_replaced(self):
        together(lambda: self.cut("left", "right"), lambda: self.cut("left"),
                 lambda: self.cut("right"), lambda: self.moved("left"),
                 lambda: self.moved("right"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
