# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Who is announced with the SKI of a trusted host and has another key is refused in the TLS handshake; a
trusted key in an expired certificate is let in, and the log says so."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import PORT, RECORD, PairTest, kit  # noqa: E402

import papers  # noqa: E402

CALM = 6  # seconds in which dials are counted
DIALS = 3  # in that time at most: the delays between them grow


class WrongKey(PairTest):
    def connected(self):
        pair = self.pair()
        pair.start_paired()
        pair.wait_connected()
        return pair

    def test_another_key_under_an_announced_ski_is_refused(self):
        """TC_SHIP_SEC_001 with an earlier pairing, RR3"""
        pair = self.connected()
        left, right = pair.hosts
        announced, keys = right.ski, right.identity().read_bytes()
        self.assertEqual(right.end(), 0)
        right.stop_avahi()
        pair.within(lambda: left.peer(announced)["state"] == "disconnected")
        right.identity().unlink()
        right.start(more="mdns = false")
        self.assertNotEqual(right.ski, announced)
        dials = left.machine.counter("Tcp", "ActiveOpens")
        right.start_avahi(RECORD % (PORT, f"Fairlead-{announced}", announced))
        refusal = f"its key is {right.ski} and not {announced}"
        pair.within(lambda: re.search("certificate-refused .*" + refusal, left.text()))
        self.assertIn("identity-mismatch", left.text())
        kit.settle(lambda: False, CALM)
        self.assertEqual(left.links(announced) + left.links(right.ski), [])
        self.assertEqual(right.links(left.ski), [])
        self.assertLessEqual(left.machine.counter("Tcp", "ActiveOpens") - dials, DIALS, pair.told())
        # It was before an HTTP byte, and so nobody there has anything to tell of it.
        self.assertNotIn("ship-pairing-request", pair.told())
        # Its own key makes it itself again.
        self.assertEqual(right.end(), 0)
        right.identity().write_bytes(keys)
        right.start()
        self.assertEqual(right.ski, announced)
        pair.wait_connected()
        pair.exchange()

    def test_an_expired_certificate_is_let_in(self):
        """RR2"""
        pair = self.connected()
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)
            ski = host.ski
            host.identity().write_bytes(papers.Identity(days=-1, key=host.identity()).pem())
            host.start()
            self.assertEqual(host.ski, ski)
            pair.wait_connected()
            pair.exchange()
            other = pair.other(host)
            pair.within(lambda: "certificate-odd" in other.text())
            self.assertIn("it has expired", other.text())


if __name__ == "__main__":
    kit.need(papers.available(), "openssl")
    unittest.main(verbosity=2)
