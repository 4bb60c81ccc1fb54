# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for heartbeats, broadcasts and admission everywhere holds for services too."""

import json
import resource
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from services import Closed, Refused, ServiceTest, kit  # noqa: E402

SILENT = {"features": []}


class Heartbeats(ServiceTest):
    def ended(self, peer):
        try:
            while peer.next(kit.DEADLINE) is not None:
                pass
        except (Closed, OSError):
            return True
        return False

    def test_nobody_is_given_up_before_a_whole_timeout(self):
        """HB-02: a fresh link is healthy until then."""
        daemon = self.host()
        peer = self.peer(daemon, "fresh", **SILENT)
        peer.is_mute = True
        before = time.monotonic()
        peer.register("Fresh", heartbeat={"timeout_ms": 700})
        peer._interval = None
        self.assertTrue(self.ended(peer))
        self.assertGreaterEqual(time.monotonic() - before, 0.7)
        self.await_status(self.rpc(daemon), "fresh", "unavailable")

    def test_whatever_comes_in_is_a_sign_of_life(self):
        """HB-04: no heartbeats, only messages."""
        daemon = self.host()
        control = self.rpc(daemon)
        peer = self.peer(daemon, "talker", **SILENT)
        peer.register("Talker", heartbeat={"timeout_ms": 600})
        peer._interval = None
        first = self.await_status(control, "talker", "running")
        end = time.monotonic() + 2
        while time.monotonic() < end:
            peer.send("publish", topic="talk", payload="x")
            self.assertIsNone(peer.next(0.1))
        self.assertEqual(self.await_status(control, "talker", "running")["generation"],
                         first["generation"])

    def test_a_stray_heartbeat_revives_nobody(self):
        """HB-05: of who is not registered, and of another stay."""
        daemon = self.host()
        peer = self.peer(daemon, "stray")
        for members, code in (({}, "invalid-transition"), ({"generation": 1}, "superseded")):
            if code == "superseded":
                peer.register("Stray")
            with self.assertRaises(Refused) as refused:
                peer.answer(peer.ask("heartbeat", **members))
            self.assertEqual(refused.exception.code, code)


class Broadcasts(ServiceTest):
    def mute(self, daemon, name, **members):
        """A service that answers no broadcast."""
        peer = self.peer(daemon, name, **members)
        peer.register(name)
        return peer

    def test_an_operation_without_the_feature_is_not_supported(self):
        """BC-01"""
        daemon = self.host()
        self.mute(daemon, "plain", **SILENT)
        control = self.rpc(daemon)
        self.await_status(control, "plain", "running")
        for operation, keys in (("quiesce", {}), ("release-handles", {"prefix": "/somewhere"})):
            report = control.call(operation, targets=["service/plain"], **keys)
            self.assertEqual([one["code"] for one in report["failures"]], ["not-supported"], report)

    def test_all_are_asked_at_once(self):
        """BC-03: as long as one of them may take, not as all of them."""
        daemon = self.host()
        control = self.rpc(daemon)
        names = [f"mute-{number:02}" for number in range(30)]
        peers = [self.mute(daemon, name, features=["quiesce"]) for name in names]
        for name in names:
            self.await_status(control, name, "running")
        targets = ["service/" + name for name in names]
        report = control.call("quiesce", targets=targets, timeoutMs=1000)
        self.assertEqual(report["timeouts"], targets)
        self.assertLess(report["durationMs"], len(names) * 1000 / 2)
        for peer in peers:
            asked = peer.next(kit.DEADLINE)
            self.assertEqual((asked["op"], asked["reason"]), ("broadcast", "maintenance"))

    def test_one_that_returns_keeps_its_place_in_the_report(self):
        """BC-05"""
        daemon = self.host()
        control = self.rpc(daemon)
        first = self.mute(daemon, "first", features=["quiesce"])
        self.mute(daemon, "second", features=["quiesce"])
        self.await_status(control, "second", "running")
        first.close()
        self.await_status(control, "first", "unavailable")
        self.mute(daemon, "first", features=["quiesce"])
        self.await_status(control, "first", "running")
        report = control.call("quiesce", targets=["service/second", "service/first"],
                              timeoutMs=200)
        self.assertEqual(report["timeouts"], ["service/first", "service/second"])

    def test_an_idle_endpoint_is_quiet_until_it_is_resumed(self):
        """BC-07"""
        daemon = self.host(idle_timeout=0.5)
        control = self.rpc(daemon)
        peer = self.peer(daemon, "idler", **SILENT)

        def state():
            return next(one["state"] for one in control.call("endpoints")["endpoints"]
                        if one["name"] == "services")
        self.assertTrue(kit.settle(lambda: state() == "quiesced", kit.DEADLINE), state())
        # What is there stays and goes on; who comes anew does not get in.
        peer.send("publish", topic="still", payload="here")
        with self.assertRaises((Closed, Refused, OSError)):
            self.peer(daemon, "late")
        control.call("resume", target="services")
        self.assertNotEqual(state(), "quiesced")
        self.peer(daemon, "late")


class Admission(ServiceTest):
    def limited(self, limits):
        return self.running(
            control='http = "127.0.0.1:0"\n[limits]\n' + limits,
            keys='[[endpoint]]\nname = "services"\nurl = "tcp://127.0.0.1:0"\nmode = "service"\n')

    def test_a_peer_above_its_rate_is_not_read(self):
        """AD-05"""
        daemon = self.limited("link_rate = 3\nlink_rate_loopback = true\n")
        peers = [self.raw(daemon) for _ in range(5)]
        for peer in peers[3:]:
            self.assertEqual(self.all_of(peer), b"")
        self.assertEqual(self.rpc(daemon).call("status")["linksRefused"]["rate"], 2)

        def is_let_in():
            with socket.create_connection(("127.0.0.1", daemon.ports["services"])) as one:
                one.settimeout(kit.DEADLINE)
                try:
                    one.sendall(b'{"op":"hello","protocol":{"min":1,"max":1},"identity":"x"}\n')
                    return one.recv(1 << 16).startswith(b'{"op":"welcome"')
                except ConnectionResetError:
                    return False
        self.assertTrue(kit.settle(is_let_in, kit.DEADLINE))

    def test_versions_below_the_floor_are_refused(self):
        """AD-03: a pre-release is below its release, and what is no version is refused."""
        daemon = self.host(service_min_version="1.0.0",
                           service_versions=["1.0.0", "1.2.0", "0.9.0"])
        peer = self.peer(daemon, "aged")
        for version in ("1.0.0-rc", "0.9.0", "abc", "1.1.0", None):
            members = {} if version is None else {"version": version}
            with self.subTest(version), self.assertRaises(Refused) as refused:
                peer.register("Aged", **members)
            self.assertEqual(refused.exception.code, "version-refused")
            self.assertEqual(refused.exception.error["details"]["floor"], "1.0.0")
        ids = [one["id"] for one in self.rpc(daemon).call("services")["services"]]
        self.assertNotIn("service/aged", ids)
        self.assertEqual(peer.register("Aged", version="1.2.0")["service"], "service/aged")

    def test_without_descriptors_peers_are_told_and_operators_get_in(self):
        """AD-05, AD-04"""
        daemon = self.host()
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        highest = max(int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 3, before[1]))
        with self.assertRaises(Refused) as refused:
            for number in range(16):
                self.peer(daemon, f"peer-{number}")
        self.assertEqual(refused.exception.code, "descriptors-exhausted")
        self.assertIn("retry_after_ms", refused.exception.error)
        control = self.rpc(daemon)
        self.assertEqual(control.call("status")["state"], "degraded")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for number in range(3):
            self.assertEqual(control.call("status")["state"], "degraded")
            self.peer(daemon, f"later-{number}")
        self.assertEqual(control.call("status")["state"], "running")

    def test_a_full_host_says_so(self):
        """AD-01, AD-04: answered after the first message, with a hint that later it may do."""
        daemon = self.limited("links = 1\n")
        self.peer(daemon, "first")
        with self.assertRaises(Refused) as refused:
            self.peer(daemon, "second")
        self.assertEqual(refused.exception.code, "limit-reached", json.dumps(refused.exception.error))


if __name__ == "__main__":
    unittest.main(verbosity=2)
