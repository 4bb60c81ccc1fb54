# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Endpoints that cannot work yet work later, by themselves."""

import json
import socket
import unittest

from hosted import Client, HostedTest, endpoint, kit


class Recovery(HostedTest):
    def readiness(self, daemon):
        status, _, body = self.get(daemon, "/readyz")
        return status, json.loads(body)

    def reasons(self, rpc, name):
        return [reason for reason in rpc.call("status")["reasons"] if name in reason]

    def state(self, rpc):
        return rpc.call("status")["state"]

    def taken(self):
        one = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(one.close)
        return one, one.getsockname()[1]

    def comes_up(self, daemon, rpc, taken, name, port):
        """While its port is taken it says so; then it serves."""
        self.assertEqual(self.state(rpc), "degraded")
        status, ready = self.readiness(daemon)
        self.assertEqual(status, 200, "the other endpoint serves")
        self.assertEqual(ready["state"], "degraded")
        told = [reason for reason in ready["reasons"] if name in reason]
        self.assertEqual(len(told), 1, ready)
        self.assertRegex(told[0], "(?i)in use")
        self.assertEqual(len(self.reasons(rpc, name)), 1)
        late = self.endpoints(rpc)[name]
        self.assertNotEqual(late["state"], "running")
        self.assertEqual(late["reason"]["code"], "address-in-use")

        taken.close()
        self.wait(lambda: self.state(rpc) == "running", daemon, "still degraded")
        self.assertEqual(self.endpoints(rpc)[name]["state"], "running")
        status, ready = self.readiness(daemon)
        self.assertEqual((status, ready["state"], ready["reasons"]), (200, "running", []))
        one = self.guest(port)
        one.subscribe("t")
        self.guest(daemon.ports["mqtt"]).publish("t", b"hello", qos=1)
        self.assertEqual(one.message().payload, b"hello")

    def test_a_port_that_is_taken_at_the_start(self):
        taken, port = self.taken()
        daemon = self.running(endpoints=("mqtt", f"late:{port}"))
        self.assertEqual(daemon.facts["state"], "degraded")
        self.comes_up(daemon, self.rpc(daemon), taken, "late", port)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_port_that_is_taken_when_it_is_added(self):
        daemon = self.running()
        rpc = self.rpc(daemon)
        taken, port = self.taken()
        self.edit(daemon, more=endpoint("late", f"mqtt://127.0.0.1:{port}", reconnect_delay=0.05,
                                        reconnect_max_delay=0.2))
        self.assertEqual(self.reload(daemon)["added"], ["late"])
        self.comes_up(daemon, rpc, taken, "late", port)
        # A reload without it ends what it had.
        self.edit(daemon, ('name = "late"', 'name = "later"'),
                  (f"127.0.0.1:{port}", "127.0.0.1:0"))
        self.reload(daemon)
        self.wait(lambda: self.is_refused(port), daemon, "it listens still")
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_what_never_came_up_can_be_taken_back(self):
        taken, port = self.taken()
        daemon = self.running(endpoints=("mqtt", f"late:{port}"))
        rpc = self.rpc(daemon)
        self.assertEqual(self.state(rpc), "degraded")
        self.edit(daemon, (f'[[endpoint]]\nname = "late"\nurl = "mqtt://127.0.0.1:{port}"\n', ""))
        self.assertEqual(self.reload(daemon)["removed"], ["late"])
        self.assertEqual(self.state(rpc), "running")
        self.assertEqual(self.reasons(rpc, "late"), [])
        taken.close()
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_dialled_endpoint_waits_for_its_listener(self):
        daemon = self.running()
        rpc = self.rpc(daemon)
        one = self.guest(daemon.ports["mqtt"])
        one.subscribe("out", qos=1)
        self.edit(daemon, more=endpoint("copy", "loopback://hub", role="dial", subscribe=["in/#"],
                                        publish_topic="out", reconnect_delay=0.05,
                                        reconnect_max_delay=0.2))
        self.assertEqual(self.reload(daemon)["added"], ["copy"])
        # It tries, and says why it is not there.
        self.wait(lambda: self.endpoints(rpc)["copy"]["attempts"] > 1, daemon, "no second attempt")
        self.assertNotEqual(self.endpoints(rpc)["copy"]["state"], "running")
        self.assertEqual(self.state(rpc), "degraded")
        self.assertIn("hub", self.endpoints(rpc)["copy"]["reason"]["text"])

        for count in range(2):
            self.edit(daemon, more=endpoint("hub", "loopback://hub"))
            self.assertEqual(self.reload(daemon)["added"], ["hub"])
            self.wait(lambda: self.state(rpc) == "running", daemon, "still degraded")
            self.assertEqual(self.endpoints(rpc)["copy"]["state"], "running")
            # It subscribes once it is there; how soon is its own affair, so the message stays.
            one.publish("in/x", b"%d" % count, qos=1, retain=True)
            self.assertEqual(one.message().payload, b"%d" % count)
            one.publish("in/x", b"", qos=1, retain=True)
            self.assertEqual(one.message().payload, b"")

            self.edit(daemon, (endpoint("hub", "loopback://hub"), ""))
            self.assertEqual(self.reload(daemon)["removed"], ["hub"])
            self.wait(lambda: self.state(rpc) == "degraded", daemon, "nothing is missing")
            self.assertNotEqual(self.endpoints(rpc)["copy"]["state"], "running")
        self.assertEqual(one.ping(), [])
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_quiet_listener_takes_no_link_until_it_resumes(self):  # BC-01, BC-06
        daemon = self.running()
        rpc = self.rpc(daemon)
        copy = endpoint("copy", "loopback://hub", role="dial", subscribe=["in/#"],
                        publish_topic="out", reconnect_delay=0.05, reconnect_max_delay=0.2)
        self.edit(daemon, more=endpoint("hub", "loopback://hub") + copy)
        self.reload(daemon)
        self.wait(lambda: self.endpoints(rpc)["copy"]["state"] == "running", daemon, "not up")
        for report in (rpc.call("release-handles", prefix="/nowhere"),
                       rpc.call("quiesce", reason="idle-timeout", targets=["hub"])):
            self.assertEqual((report["outcome"], report["failures"]), ("all-acked", []))
            self.assertIn("hub", report["acks"])
        # The link that is there goes on.
        one = self.guest(daemon.ports["mqtt"])
        one.subscribe("out", qos=1)
        for payload in (b"before", b""):
            one.publish("in/x", payload, qos=1, retain=True)
            self.assertEqual(one.message().payload, payload)
        # One that begins is refused.
        self.edit(daemon, ("reconnect_max_delay = 0.2", "reconnect_max_delay = 0.3"))
        self.assertEqual(self.reload(daemon)["replaced"], ["copy"])
        self.wait(lambda: self.endpoints(rpc)["copy"]["attempts"] > 1, daemon, "no second attempt")
        self.assertNotEqual(self.endpoints(rpc)["copy"]["state"], "running")
        rpc.call("resume", target="hub")
        self.wait(lambda: self.state(rpc) == "running", daemon, "still refused")
        one.publish("in/x", b"after", qos=1, retain=True)
        self.assertEqual(one.message().payload, b"after")
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_an_endpoint_whose_link_the_operator_ends(self):  # LC-10
        daemon = self.running()
        rpc = self.rpc(daemon)
        copy = endpoint("copy", "loopback://hub", role="dial", subscribe=["in/#"],
                        publish_topic="out", reconnect_delay=0.05, reconnect_max_delay=0.2)
        self.edit(daemon, more=endpoint("hub", "loopback://hub") + copy)
        self.reload(daemon)
        self.wait(lambda: self.endpoints(rpc)["copy"]["state"] == "running", daemon, "not up")
        first = self.endpoints(rpc)["copy"]["generation"]
        # Put out by the other end, it comes again.
        self.assertEqual(len(rpc.call("disconnect", peerKey="copy")["disconnected"]), 1)
        self.wait(lambda: self.endpoints(rpc)["copy"]["state"] == "running"
                  and self.endpoints(rpc)["copy"]["generation"] > first, daemon, "not again")
        self.wait(lambda: "loopback/copy" in {one["peerKey"] for one in rpc.call("links")["links"]
                                              if one["state"] == "ready"}, daemon, "no link")
        # Ended on its own side, it stays away until it is asked for, and has not failed.
        self.assertEqual(rpc.call("disconnect", peerKey="loopback/copy")["partial"], False)
        self.wait(lambda: self.endpoints(rpc)["copy"]["state"] == "stopped", daemon, "not stopped")
        self.assertEqual(self.state(rpc), "running")
        rpc.call("start", name="copy")
        self.wait(lambda: self.endpoints(rpc)["copy"]["state"] == "running", daemon, "not back")
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_the_mqtt_listener_takes_part_too(self):  # BC-01
        daemon = self.running(endpoints=("mqtt", "other"))
        rpc = self.rpc(daemon)
        one = self.guest(daemon.ports["mqtt"])
        report = rpc.call("quiesce", reason="idle-timeout")
        self.assertEqual((report["outcome"], sorted(report["acks"])),
                         ("all-acked", ["mqtt", "other"]))
        late = Client(daemon.ports["mqtt"])
        self.addCleanup(late.drop)
        self.assertGreaterEqual(late.connect(kit.unique()).reason, 0x80)
        self.assertEqual(one.ping(), [])
        rpc.call("resume")
        self.guest(daemon.ports["mqtt"])
        self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
