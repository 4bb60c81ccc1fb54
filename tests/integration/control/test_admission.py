# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Who is let in, and how the host fares when nobody more can be (AD-01, AD-05, RG-09)."""

import json
import pathlib
import resource
import socket
import unittest

from controltest import Client, ControlTest, kit, wire

LIMITS = 'http = "127.0.0.1:0"\n[limits]\n'


class Admission(ControlTest):
    def connect(self, daemon, version=wire.V5, name=None):
        one = Client(daemon.ports["mqtt"], version)
        self.addCleanup(one.drop)
        return one.connect(name or kit.unique()).reason

    def dial(self, daemon):
        one = socket.create_connection(("127.0.0.1", daemon.ports["mqtt"]), kit.DEADLINE)
        self.addCleanup(one.close)
        return one

    def is_ended(self, one):
        try:
            return one.recv(1) == b""
        except ConnectionResetError:
            return True

    def test_a_peer_above_its_rate_is_not_read(self):
        daemon = self.running(control=LIMITS + "link_rate = 3\nlink_rate_loopback = true\n")
        ones = [self.dial(daemon) for _ in range(5)]
        self.assertTrue(self.is_ended(ones[3]))
        self.assertTrue(self.is_ended(ones[4]))
        control = self.rpc(daemon)
        self.assertTrue(kit.settle(lambda: control.call("status")["links"] == 3, kit.DEADLINE))
        status = control.call("status")
        self.assertEqual(status["linksRefused"]["rate"], 2)
        self.assertEqual((status["links"], status["bytes"]["received"]), (3, 0))
        # Another second is another chance.
        self.assertTrue(kit.settle(lambda: not self.is_refused(daemon), kit.DEADLINE))

    def is_refused(self, daemon):
        try:
            return self.connect(daemon) != 0
        except (AssertionError, OSError, EOFError):
            return True

    def test_loopback_has_no_rate_by_default(self):
        daemon = self.running(control=LIMITS + "link_rate = 3\n")
        for _ in range(5):
            self.assertEqual(self.connect(daemon), 0)

    def test_a_full_host_says_so(self):
        daemon = self.running(control=LIMITS + "links = 2\n")
        self.assertEqual(self.connect(daemon, name="a"), 0)
        self.assertEqual(self.connect(daemon, name="b"), 0)
        self.assertEqual(self.connect(daemon), 0x97)
        self.assertEqual(self.connect(daemon, wire.V311), 3)
        # Who is there already may come again.
        self.assertEqual(self.connect(daemon, name="a"), 0)

    def test_without_descriptors_operators_get_in(self):
        daemon = self.running()
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        highest = max(int(one.name) for one in pathlib.Path(f"/proc/{pid}/fd").iterdir())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 3, before[1]))
        while self.connect(daemon) == 0:
            pass
        self.assertEqual(self.connect(daemon), 0x89)
        self.assertEqual(self.connect(daemon, wire.V311), 3)
        control = self.rpc(daemon)
        status = control.call("status")
        self.assertEqual(status["state"], "degraded")
        self.assertTrue(any("descriptors" in reason for reason in status["reasons"]), status)
        self.assertGreaterEqual(status["linksRefused"]["descriptors"], 3)
        code, _, body = self.get(daemon, "/readyz")
        self.assertEqual((code, json.loads(body)["state"]), (200, "degraded"))
        self.assertIn("state=exhausted", daemon.log())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for _ in range(3):
            self.assertEqual(control.call("status")["state"], "degraded")
            self.assertEqual(self.connect(daemon), 0)
        self.assertEqual(control.call("status")["state"], "running")
        self.assertIn("state=recovered", daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
