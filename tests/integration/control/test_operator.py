# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Steering a running host: services, broadcasts, endpoints (BC-01, BC-02, BC-06, BC-08, SV-01)."""

import socket
import unittest

from controltest import Client, ControlTest, kit, wire


class Operator(ControlTest):
    def setUp(self):
        self.host = self.running()
        self.control = self.rpc(self.host)

    def connect(self, version):
        one = Client(self.host.ports["mqtt"], version)
        self.addCleanup(one.drop)
        return one.connect(kit.unique()).reason

    def test_endpoints_are_services(self):
        [service] = self.control.call("services")["services"]
        self.assertEqual((service["id"], service["endpoint"], service["transport"]),
                         ("endpoint/mqtt", "mqtt", "mqtt"))
        self.assertEqual(service["status"], "running")
        self.assertIn("operations", service["capabilities"])

    def test_quiesce_refuses_the_ones_to_come_and_sends_off_those_there(self):
        one = self.client(self.host)
        report = self.control.call("quiesce")
        self.assertEqual((report["outcome"], report["acks"]), ("all-acked", ["mqtt"]))
        self.assertEqual(one.next().reason, 0x98)
        self.assertEqual(self.connect(wire.V5), 0x88)
        self.assertEqual(self.connect(wire.V311), 3)
        self.assertTrue(self.control.call("resume")["resumed"])
        self.assertEqual(self.connect(wire.V5), 0)
        self.assertEqual(self.connect(wire.V311), 0)

    def test_an_idle_host_keeps_its_links_when_it_quiesces(self):
        one = self.client(self.host)
        self.control.call("quiesce", reason="idle-timeout")
        [endpoint] = self.control.call("endpoints")["endpoints"]
        self.assertEqual((endpoint["state"], endpoint["quiesced"]), ("quiesced", "idle-timeout"))
        self.assertEqual(self.connect(wire.V5), 0x88)
        one.ping()
        self.control.call("resume")
        [endpoint] = self.control.call("endpoints")["endpoints"]
        self.assertEqual(endpoint["state"], "running")
        self.assertNotIn("quiesced", endpoint)

    def test_links_are_listed_from_their_first_moment(self):
        silent = socket.create_connection(("127.0.0.1", self.host.ports["mqtt"]), 10)
        self.addCleanup(silent.close)
        links = []
        while not links:
            links = self.control.call("links")["links"]
        self.assertEqual([(one["state"], one["peerKey"], one["peerAddress"]) for one in links],
                         [("handshaking", "", "%s:%d" % silent.getsockname())])
        again = self.control.call("links")["links"]
        self.assertEqual([one["since"] for one in again], [one["since"] for one in links])

    def test_release_handles(self):
        report = self.control.call("release-handles", prefix="/var/lib/../lib/some")
        self.assertEqual((report["outcome"], report["acks"]), ("all-acked", ["mqtt"]))

    def test_wrong_requests_are_refused_with_a_code(self):
        for method, params, code in (
                ("quiesce", {"reason": "boredom"}, "invalid-argument"),
                ("release-handles", {"prefix": "relative"}, "invalid-argument"),
                ("quiesce", {"targets": ["nobody"]}, "not-found"),
                ("resume", {"target": "nobody"}, "not-found"),
                ("stop", {"name": "nobody"}, "not-found")):
            self.assertEqual(self.control.error(method, **params)["data"]["code"], code, method)

    def test_an_endpoint_is_stopped_and_started_again(self):
        self.assertEqual(self.control.call("stop", name="mqtt")["state"], "stopped")
        self.assertEqual(self.control.call("services")["services"][0]["status"], "stopped")
        with self.assertRaises(OSError):
            self.connect(wire.V5)
        self.assertEqual(self.control.call("start", name="mqtt")["state"], "running")
        [endpoint] = self.control.call("endpoints")["endpoints"]
        self.host.ports["mqtt"] = int(endpoint["url"].rpartition(":")[2])
        self.assertEqual(self.connect(wire.V5), 0)
        self.assertEqual(self.control.error("start", name="mqtt")["data"]["code"],
                         "already-started")


if __name__ == "__main__":
    unittest.main()
