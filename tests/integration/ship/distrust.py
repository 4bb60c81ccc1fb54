# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Trust that one of two hosts takes away: the link ends, no storm of dials follows, and it is given again."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import PairTest, kit, state  # noqa: E402

CALM = 6  # seconds in which dials are counted
DIALS = 1  # in that time at most: who was told no asks again in a minute


class Distrust(PairTest):
    def dials(self, pair):
        """All TCP connections that were tried so far, as the kernels count them."""
        return sum(host.machine.counter("Tcp", "ActiveOpens") for host in pair.hosts)

    def removed(self, pair, host, remove, give):
        """@p remove and @p give it at @p host; the other one trusts all the time."""
        other = pair.other(host)
        reader = other.subscribe(f"ship/{host.ski}/state")
        self.addCleanup(reader.kill)
        state(reader, host.ski, "connected")
        remove()
        end = state(reader, host.ski, "disconnected")
        self.assertEqual((end["reason"], end["ship"]), ("not-authorized", "trust-removed-by-peer"))
        self.assertIn("took its trust back", end["text"])
        pair.within(lambda: not other.links(host.ski))
        dials = self.dials(pair)
        # Nothing tells that nothing happens.
        kit.settle(lambda: False, CALM)
        self.assertLessEqual(self.dials(pair) - dials, DIALS, pair.told())
        dials = self.dials(pair)
        give()
        pair.wait_connected()
        self.assertGreater(self.dials(pair), dials)
        pair.exchange()

    def test_by_an_operator(self):
        pair = self.pair()
        pair.start_strangers()
        for host in pair.hosts:
            host.ship("trust", pair.other(host).ski)
        pair.wait_connected()
        for host in pair.hosts:
            with self.subTest(by=host.name):
                ski = pair.other(host).ski
                self.removed(pair, host, lambda: host.ship("untrust", ski),
                             lambda: host.ship("trust", ski))

    def test_by_the_configuration(self):
        pair = self.pair()
        pair.start_paired()
        pair.wait_connected()
        for host in pair.hosts:
            with self.subTest(by=host.name):
                def reload(*trusted):
                    host.configure(trusted)
                    host.call("reload")
                self.removed(pair, host, reload, lambda: reload(pair.other(host).ski))


if __name__ == "__main__":
    unittest.main(verbosity=2)
