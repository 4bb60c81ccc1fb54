# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Either of two hosts is killed, with the other one told by the network or not, and comes back: one link,
data, and what was acknowledged for the peer."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import PairTest, wire  # noqa: E402

COUNT = 200


class Killing(PairTest):
    def connected(self, more=""):
        pair = self.pair()
        pair.start_paired(more)
        pair.wait_connected()
        pair.exchange()
        return pair

    def test_either_is_killed_and_comes_back(self):
        pair = self.connected()
        for host in pair.hosts:
            with self.subTest(killed=host.name):
                host.kill()
                host.start()
                pair.wait_connected()
                pair.exchange()
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)

    def test_a_host_that_lost_its_power_comes_back(self):
        """RR13, RG-07: the other one still has the link of before; it gives way to the new one at once,
        and not when its silence is noticed."""
        pair = self.connected()
        for host in pair.hosts:
            with self.subTest(killed=host.name):
                host.machine.set("net/ipv4/tcp_orphan_retries", 1)
                other = pair.other(host)
                before = other.sockets()
                pair.cable.cut(host.machine)
                host.kill()
                # A kernel without power has no last words either.
                pair.within(lambda: not host.sockets("all"))
                pair.cable.mend()
                self.assertEqual(other.sockets(), before)
                host.start()
                pair.wait_connected()
                self.assertNotEqual(other.sockets(), before)
                pair.exchange()
                self.assertNotIn("heartbeat-timeout", other.text())
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)

    def test_what_was_acknowledged_outlives_both(self):
        pair = self.connected("session_expiry = 600")
        left, right = pair.hosts
        right.kill()
        pair.within(lambda: left.peer(right.ski)["state"] == "disconnected")
        payloads = [b'{"number":%d}' % number for number in range(COUNT)]
        with left.client() as sender:
            for payload in payloads:
                self.assertEqual(sender.publish(f"ship/{right.ski}/tx", payload, qos=1).reason, 0)
        left.kill()
        right.start()
        reader = right.client()
        self.addCleanup(reader.drop)
        reader.subscribe((f"ship/{left.ski}/rx", wire.options(1)))
        left.start()
        pair.wait_connected()
        for payload in payloads:
            got = reader.take(lambda one: one.kind == wire.PUBLISH)
            self.assertEqual(got.payload, payload, pair.told())
        pair.exchange()
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
