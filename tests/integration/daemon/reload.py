# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A changed configuration is applied to the running daemon, a wrong one is not."""

import json
import unittest

from hosted import HostedTest, endpoint, wire

REFUSED = 4
SERVER_SHUTTING_DOWN, ADMINISTRATIVE_ACTION, SERVER_MOVED = 0x8B, 0x98, 0x9D
ASKED_TO_LEAVE = (SERVER_SHUTTING_DOWN, ADMINISTRATIVE_ACTION, SERVER_MOVED)

GONE = 'name = "gone"\nurl = "mqtt://127.0.0.1:0"'


class Reload(HostedTest):
    def change(self, apply):
        """One endpoint stays, one goes, one comes."""
        daemon = self.running(endpoints=("mqtt", "gone"))
        rpc = self.rpc(daemon)
        kept = self.guest(daemon.ports["mqtt"])
        kept.subscribe("t", qos=1)
        links = {one["generation"] for one in rpc.call("links")["links"]}
        leaving = {version: self.guest(daemon.ports["gone"], version)
                   for version in (wire.V5, wire.V311)}
        self.edit(daemon, ("[[endpoint]]\n" + GONE + "\n", ""), more=endpoint("extra"))
        apply(daemon)

        self.assertIn(self.end_of(leaving[wire.V5]), ASKED_TO_LEAVE)
        self.assertIsNone(self.end_of(leaving[wire.V311]))
        self.wait(lambda: self.is_refused(daemon.ports["gone"]), daemon, "it listens still")
        now = self.endpoints(rpc)
        self.assertEqual(sorted(now), ["extra", "mqtt"])
        self.assertEqual({one["state"] for one in now.values()}, {"running"})
        self.assertEqual(self.port(rpc, "mqtt"), daemon.ports["mqtt"])

        # The kept one is the same link, and works; so does what came.
        extra = self.guest(self.port(rpc, "extra"))
        extra.publish("t", b"hello", qos=1)
        self.assertEqual(kept.message().payload, b"hello")
        self.assertEqual(kept.ping(), [])
        self.assertTrue(links <= {one["generation"] for one in rpc.call("links")["links"]})
        self.assertEqual(rpc.call("status")["state"], "running")
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_by_the_tool(self):
        def apply(daemon):
            report = self.reload(daemon)
            self.assertEqual({key: report[key] for key in
                              ("added", "removed", "replaced", "unchanged", "needRestart")},
                             {"added": ["extra"], "removed": ["gone"], "replaced": [],
                              "unchanged": ["mqtt"], "needRestart": []})
        self.change(apply)

    def test_by_a_hangup(self):
        def apply(daemon):
            line = self.hang_up(daemon, "reloaded")
            self.assertIn("added=extra removed=gone replaced=- unchanged=mqtt", line)
        self.change(apply)

    def test_a_changed_endpoint_is_replaced_at_its_own_port(self):
        daemon = self.running(endpoints=("mqtt", "other"))
        rpc = self.rpc(daemon)
        port = daemon.ports["mqtt"]
        first, other = self.guest(port), self.guest(daemon.ports["other"])
        # It gives up the port and takes the same one, which nobody else may have.
        self.edit(daemon, ('name = "mqtt"\nurl = "mqtt://127.0.0.1:0"',
                           f'name = "mqtt"\nurl = "mqtt://127.0.0.1:{port}"\nmax_qos = 1'))
        report = self.reload(daemon)
        self.assertEqual((report["replaced"], report["unchanged"]), (["mqtt"], ["other"]))
        self.assertIn(self.end_of(first), ASKED_TO_LEAVE)
        self.wait(lambda: self.endpoints(rpc)["mqtt"]["state"] == "running", daemon, "not up")
        self.assertEqual(self.guest(port).connack.get("max_qos"), 1)
        self.assertEqual(other.ping(), [])
        # Nothing differs any more.
        report = self.reload(daemon)
        self.assertEqual((report["replaced"], sorted(report["unchanged"])),
                         ([], ["mqtt", "other"]))
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_wrong_file_changes_nothing(self):
        daemon = self.running(endpoints=("mqtt", "gone"))
        rpc = self.rpc(daemon)
        kept = [self.guest(daemon.ports[name]) for name in ("mqtt", "gone")]
        before = self.endpoints(rpc)
        good = self.config(daemon).read_text(encoding="utf-8")
        for more, code, named in (
                ("max_qos = 3\n", "config-range", "max_qos"),
                ("max_qoss = 1\n", "config-unknown-key", "max_qos"),
                ("= 1\n", "config-syntax", ""),
                (endpoint("x", "nope://a"), "unknown-scheme", "mqtt")):
            with self.subTest(more):
                # The mistake comes with the removal of an endpoint, which must not happen either.
                text = good.replace("[[endpoint]]\n" + GONE + "\n", "")
                bad = text.count("\n") + (more.splitlines().index(
                    next(line for line in more.splitlines()
                         if line.startswith(("max", "=", "url")))) + 1)
                self.config(daemon).write_text(text + more, encoding="utf-8")
                place = rf"{self.config(daemon)}:{bad}:\d+"
                done = self.tool("reload", "--control", daemon.socket, "--json")
                self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
                self.assertRegex(done.stdout + done.stderr, place)
                error = rpc.error("reload")
                self.assertEqual(error["data"]["code"], code)
                self.assertRegex(error["message"], place)
                self.assertIn(named, error["message"])
                line = self.hang_up(daemon, "reload-failed")
                self.assertRegex(line, place)
                self.assertIn(code, line)
        self.assertNotIn(" reloaded ", daemon.log())
        after = self.endpoints(rpc)
        for name, one in before.items():
            for key in ("url", "state", "links", "attempts"):
                self.assertEqual(after[name][key], one[key], f"{name} {key}")
        for one in kept:
            self.assertEqual(one.ping(), [])
        self.assertEqual(rpc.call("status")["state"], "running")
        self.config(daemon).write_text(good + endpoint("extra"), encoding="utf-8")
        self.assertEqual(self.reload(daemon)["added"], ["extra"])
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_file_that_is_gone_changes_nothing(self):
        daemon = self.running()
        one = self.guest(daemon.ports["mqtt"])
        self.config(daemon).unlink()
        done = self.tool("reload", "--control", daemon.socket)
        self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
        self.assertIn("fairlead.toml", done.stdout + done.stderr)
        self.assertIn("fairlead.toml", self.hang_up(daemon, "reload-failed"))
        self.assertEqual(one.ping(), [])

    def test_what_needs_a_restart_is_named(self):
        daemon = self.running()
        one = self.guest(daemon.ports["mqtt"])
        self.edit(daemon, ("[host]\n", '[host]\nlog_level = "debug"\n'),
                  more="[limits]\nsessions = 77\n")
        report = self.reload(daemon)
        self.assertEqual(report["needRestart"], ["limits.sessions"])
        self.assertEqual(report["applied"], ["host.log_level"])
        self.assertEqual(report["unchanged"], ["mqtt"])
        self.edit(daemon, ("sessions = 77", "retained_messages = 78"))
        line = self.hang_up(daemon, "reloaded")
        self.assertIn("need-restart=", line)
        self.assertIn("limits.retained_messages", line)
        self.assertEqual(one.ping(), [])
        shown = self.tool("reload", "--control", daemon.socket)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(json.loads(self.tool("status", "--control", daemon.socket,
                                              "--json").stdout)["state"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
