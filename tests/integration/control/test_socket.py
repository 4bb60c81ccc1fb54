# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""The control socket of a running daemon: methods, bad input, and the file itself (OB-04)."""

import contextlib
import json
import os
import signal
import socket
import stat
import unittest

from controltest import REACTORS, ControlTest, Rpc, kit, wire

LINE = 1 << 20
ADMINISTRATIVE_ACTION = 0x98


class Methods(ControlTest):
    @classmethod
    def setUpClass(cls):
        from controltest import Daemon
        cls.shared = Daemon().wait_ready()
        cls.addClassCleanup(cls.shared.remove)

    def setUp(self):
        # What an earlier test left behind may still be on its way out.
        self.assertTrue(kit.settle(self.enter, kit.DEADLINE))

    def enter(self):
        self.control = self.rpc(self.shared)
        try:
            answer = self.control.ask("version")
        except OSError:
            return False
        return answer is not None and "result" in answer

    def test_version_tells_the_protocol_and_the_methods(self):
        found = self.control.call("version")
        self.assertEqual(found["protocol"], 1)
        self.assertLessEqual({"version", "status", "health", "endpoints", "links", "sessions",
                              "plugins", "disconnect"}, set(found["methods"]))

    def test_status_counts_what_is_there(self):
        # The clients of other tests are gone first.
        self.assertTrue(kit.settle(lambda: self.control.call("status")["links"] == 0))
        before = self.control.call("status")
        one = self.client(self.shared)
        one.subscribe("a/#")
        one.publish("a/b", b"x", qos=1)
        one.messages(1)
        now = self.control.call("status")
        self.assertEqual(now["state"], "running")
        self.assertEqual(now["pid"], self.shared.process.pid)
        self.assertEqual(now["reactors"], REACTORS)
        self.assertEqual(now["endpoints"], 1)
        self.assertEqual(now["links"], before["links"] + 1)
        self.assertEqual(now["subscriptions"], before["subscriptions"] + 1)
        self.assertEqual(now["messages"]["published"], before["messages"]["published"] + 1)
        self.assertEqual(now["messages"]["delivered"], before["messages"]["delivered"] + 1)
        self.assertEqual(set(now["messages"]["dropped"]),
                         {"queue-full", "expired", "too-large", "no-member", "retained-full",
                          "not-authorized", "store-refused", "rejected"})
        self.assertGreater(now["memoryBytes"], 1 << 20)

    # DS-08
    def test_status_shows_the_seats_of_limited_streams(self):
        self.assertEqual(self.control.call("status")["limitedStreams"], [])
        daemon = self.running(environment={"FAIRLEAD__STREAM__ORDERS__FILTER": "orders/#",
                                           "FAIRLEAD__STREAM__ORDERS__EXCLUSIVE": "true"})
        first, second = self.client(daemon), self.client(daemon)
        self.assertEqual(first.subscribe("orders/#").codes, [0])
        self.assertEqual(second.subscribe("orders/#").codes, [0x97])
        self.assertEqual(self.rpc(daemon).call("status")["limitedStreams"],
                         [{"name": "orders", "subscribers": 1, "maxSubscribers": 1}])
        shown = self.tool("status", "--control", daemon.socket).stdout
        self.assertRegex(shown, r"(?m)^Stream +orders has 1 of 1 subscribers$")
        self.assertIn("reason=AlreadyActive", daemon.log())
        _, _, body = self.get(daemon, "/metrics")
        for line in (b'fairlead_stream_subscribers{stream="orders"} 1',
                     b'fairlead_stream_subscribers_limit{stream="orders"} 1',
                     b"fairlead_subscribers_refused_total 1"):
            self.assertIn(line, body)

    def test_links_show_who_is_connected(self):
        names = {kit.unique("link") for _ in range(5)}
        for name in names:
            self.client(self.shared, name)
        links = {one["peerKey"]: one for one in self.control.call("links", limit=1000)["links"]}
        self.assertLessEqual(names, set(links))
        for name in names:
            one = links[name]
            self.assertEqual((one["state"], one["direction"], one["endpoint"], one["transport"]),
                             ("ready", "accepted", "mqtt", "mqtt"))
            self.assertTrue(one["peerAddress"].startswith("127.0.0.1:"))
            self.assertLess(one["reactor"], REACTORS)
            self.assertGreaterEqual(one["ageSeconds"], 0)
            self.assertEqual((one["queued"], one["inFlight"]), (0, 0))

    def test_pages_show_everyone_once(self):
        names = [kit.unique("page") for _ in range(23)]
        for name in names:
            self.client(self.shared, name, properties={"session_expiry": 100})
        for what, number in (("links", "generation"), ("sessions", "number")):
            seen, after = [], 0
            while after is not None:
                page = self.control.call(what, limit=4, after=after)
                self.assertLessEqual(len(page[what]), 4)
                self.assertFalse(page["partial"])
                seen += page[what]
                after = page.get("next")
            numbers = [one[number] for one in seen]
            self.assertEqual(numbers, sorted(set(numbers)))
            self.assertLessEqual(set(names), {one["peerKey"] for one in seen})
            self.assertGreaterEqual(page["total"], 23)

    def test_sessions_show_what_absent_peers_are_owed(self):
        name = kit.unique("session")
        away = self.client(self.shared, name, properties={"session_expiry": 1000})
        away.subscribe("owed/#", qos=1)
        away.disconnect()
        away.drop()
        sender = self.client(self.shared)
        for i in range(3):
            sender.publish("owed/x", b"%d" % i, qos=1)

        def find():
            return next(one for one in self.control.call("sessions", limit=1000)["sessions"]
                        if one["peerKey"] == name)
        self.assertTrue(kit.settle(lambda: not find()["connected"], kit.DEADLINE))
        one = find()
        self.assertEqual((one["subscriptions"], one["queued"], one["inFlight"]), (1, 3, 0))
        self.assertEqual(one["expirySeconds"], 1000)
        self.assertTrue(900 < one["expiresInSeconds"] <= 1000)
        self.assertNotIn("link", one)

    def test_plugins_have_one_verdict_per_file(self):
        found = self.control.call("plugins")["plugins"]
        self.assertEqual(len({one["file"] for one in found}), len(found))
        mqtt = next(one for one in found if one.get("id") == "org.fairlead.mqtt")
        self.assertEqual(mqtt["verdict"], "accepted")

    def test_disconnect_by_name_and_by_generation(self):
        by_name = self.client(self.shared, kit.unique("bye"))
        by_number = self.client(self.shared, kit.unique("bye"))
        stays = self.client(self.shared)
        links = {one["peerKey"]: one["generation"]
                 for one in self.control.call("links", limit=1000)["links"]}
        name, other = by_name.client_id, by_number.client_id
        self.assertEqual(self.control.call("disconnect", peerKey=name, reason="maintenance"),
                         {"disconnected": [links[name]], "partial": False})
        self.assertEqual(self.control.call("disconnect", generation=links[other])["disconnected"],
                         [links[other]])
        for one in (by_name, by_number):
            packet = one.next()
            self.assertEqual((packet.kind, packet.reason),
                             (wire.DISCONNECT, ADMINISTRATIVE_ACTION))
        stays.ping()
        error = self.control.error("disconnect", peerKey="nobody-of-that-name")
        self.assertEqual(error["data"]["code"], "not-found")
        for wrong in ({}, {"peerKey": "a", "generation": 1}, {"generation": 0}, {"peerKey": ""}):
            self.assertEqual(self.control.error("disconnect", **wrong)["code"], -32602, wrong)

    def test_mistakes_get_standard_codes(self):
        for line, code in ((b"status", -32700), (b"[]", -32600), (b"1", -32700),
                           (b'{"jsonrpc":"2.0","id":1}', -32600),
                           (b'{"jsonrpc":"2.0","id":1,"method":"status","params":[]}', -32602),
                           (b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}', -32601),
                           (b'{"jsonrpc":"2.0","id":1,"method":"links","params":{"limit":0}}',
                            -32602),
                           (b"\xff\xfe", -32700), (b"\x00", -32700)):
            with self.subTest(line):
                self.control.send(line + b"\n")
                answer = self.control.line()
                self.assertEqual(answer["error"]["code"], code, answer)
                self.assertIn("code", answer["error"]["data"])
        self.control.send(b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}\n')
        self.assertIn("status", self.control.line()["error"]["data"]["methods"])
        # All that was answered, not closed.
        self.assertEqual(self.control.call("status")["state"], "running")

    def test_a_line_that_is_too_long_costs_no_memory(self):
        resident = self.control.call("status")["memoryBytes"]
        for _ in range(64):
            self.control.send(b"x" * LINE)
        self.control.send(b"\n")
        self.assertEqual(self.control.line()["error"]["data"]["code"], "packet-too-large")
        self.assertLess(self.control.call("status")["memoryBytes"], resident + 16 * LINE)

    def test_a_thousand_half_open_connections_are_bounded(self):
        def open_files():
            return len(os.listdir(f"/proc/{self.shared.process.pid}/fd"))
        before = open_files()
        opened = []
        for _ in range(1000):
            one = socket.socket(socket.AF_UNIX)
            opened.append(one)
            self.addCleanup(one.close)
            one.setblocking(False)
            try:
                one.connect(str(self.shared.socket))
                one.send(b'{"jsonrpc"')
            except OSError:
                pass  # the backlog is full, or it was refused
        self.assertLessEqual(open_files(), before + 64)
        # A client that means it gets in, at the latest when the idle ones have been so for a second.

        def answers():
            try:
                one = Rpc(self.shared.socket)
            except BlockingIOError:
                return False  # the backlog is full still
            try:
                answer = one.ask("version")
                return answer is not None and "result" in answer
            except OSError:
                return False
            finally:
                one.close()
        self.assertTrue(kit.settle(answers, kit.DEADLINE))
        # Clients of the bus never noticed.
        self.client(self.shared).ping()

    def test_a_client_that_reads_nothing_delays_nobody(self):
        deaf = self.rpc(self.shared)
        deaf.sock.setblocking(False)
        request = b'{"jsonrpc":"2.0","id":1,"method":"version"}\n' * 1000
        with self.assertRaises(BlockingIOError):
            for _ in range(1000):
                deaf.sock.send(request)
        self.assertEqual(self.control.call("status")["state"], "running")

    def test_a_client_may_go_mid_call(self):
        for _ in range(50):
            one = Rpc(self.shared.socket)
            one.send(b'{"jsonrpc":"2.0","id":1,"method":"links"}\n{"jsonrpc')
            one.close()
        self.assertEqual(self.control.call("status")["state"], "running")

    def test_answers_follow_a_half_close(self):
        one = self.rpc(self.shared)
        one.send(b'{"jsonrpc":"2.0","id":"a","method":"links"}\n')
        one.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(one.line()["id"], "a")
        self.assertIsNone(one.line())


class Events(ControlTest):
    def setUp(self):
        self.host = self.running()
        self.control = self.rpc(self.host)

    def subscribe(self, **params):
        return self.control.call("subscribe", **params)["subscription"]

    def next(self, kind=None):
        """The next notification's event, of that kind."""
        while True:
            line = self.control.line()
            self.assertIsNotNone(line, "the connection ended")
            self.assertEqual((line["jsonrpc"], line["method"]), ("2.0", "event"))
            event = line["params"]["event"]
            if kind is None or event["kind"] == kind:
                return event

    def test_a_link_comes_and_goes(self):
        number = self.subscribe(kinds=["link-connected", "link-disconnected"])
        self.assertIsInstance(number, int)
        one = self.client(self.host, "events-one")
        came = self.next()
        self.assertEqual((came["kind"], came["key"], came["endpoint"]),
                         ("link-connected", "events-one", "mqtt"))
        self.assertRegex(came["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        one.drop()
        went = self.next()
        self.assertEqual((went["kind"], went["key"], went["generation"]),
                         ("link-disconnected", "events-one", came["generation"]))
        self.assertGreater(went["number"], came["number"])
        self.assertIn("code", went["reason"])

    def test_only_what_was_asked_for(self):
        self.subscribe(kinds=["link-connected"], key="wanted")
        for name in ("other-1", "wanted-1", "other-2", "wanted-2"):
            self.client(self.host, name)
        self.assertEqual([self.next()["key"], self.next()["key"]], ["wanted-1", "wanted-2"])

    def test_unsubscribed_is_silent(self):
        number = self.subscribe()
        self.control.call("unsubscribe", subscription=number)
        self.client(self.host, "silent")
        self.assertEqual(self.control.call("version")["protocol"], 1)  # and no event before it
        self.assertEqual(self.control.error("unsubscribe", subscription=number)["data"]["code"],
                         "not-found")

    def test_a_subscription_belongs_to_its_connection(self):
        number = self.subscribe()
        other = self.rpc(self.host)
        self.assertEqual(other.error("unsubscribe", subscription=number)["data"]["code"],
                         "not-found")

    def test_history_comes_first(self):
        self.client(self.host, "before")
        self.assertTrue(kit.settle(
            lambda: any(one.get("key") == "before" for one in
                        self.control.call("events", kinds=["link-connected"])["events"]),
            kit.DEADLINE))
        self.subscribe(kinds=["link-connected"], history=True)
        self.client(self.host, "after")
        self.assertEqual([self.next()["key"], self.next()["key"]], ["before", "after"])
        last = self.control.call("events", kinds=["link-connected"], limit=1)
        self.assertEqual([one["key"] for one in last["events"]], ["after"])
        self.assertEqual(last["earlier"], 1)

    def test_mistakes(self):
        for method, params, code in (("subscribe", {"kinds": ["nonsense"]}, "invalid-argument"),
                                     ("subscribe", {"kinds": []}, "invalid-argument"),
                                     ("subscribe", {"buffer": 1}, "invalid-argument"),
                                     ("events", {"limit": 0}, "invalid-argument"),
                                     ("unsubscribe", {}, "invalid-argument")):
            self.assertEqual(self.control.error(method, **params)["data"]["code"], code, params)
        for _ in range(8):
            self.subscribe()
        self.assertEqual(self.control.error("subscribe")["data"]["code"], "limit-reached")

    def test_the_last_event_is_closed(self):
        # OB-03: whatever a subscriber asked for, it learns that nothing follows.
        self.subscribe(kinds=["dial-storm"])
        self.host.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.next()["kind"], "closed")
        self.assertIsNone(self.control.line())
        self.assertEqual(self.host.process.wait(kit.DEADLINE), 0)

    def test_a_slow_reader_learns_what_it_lost(self):
        # OB-03: the socket fills, then the buffer, then events are lost, and counted.
        self.subscribe(buffer=16)
        padding = "x" * 60000
        for i in range(60):
            one = self.client(self.host, f"{padding}{i}")
            one.disconnect()
            one.drop()
        other = self.rpc(self.host)
        self.assertTrue(kit.settle(lambda: other.call("status")["links"] == 0, kit.DEADLINE))
        lost, numbers = 0, []
        # Links of several reactors end in any order: two events of each, come or counted.
        while len(numbers) + lost < 120:
            event = self.next()
            if event["kind"] == "lag":
                lost += event["details"]["count"]
                continue
            numbers.append(event["number"])
        self.assertGreater(lost, 0, f"{len(numbers)} events came")
        self.assertEqual(numbers, sorted(set(numbers)))


class SocketFile(ControlTest):
    def mode(self, path):
        facts = path.lstat()
        self.assertTrue(stat.S_ISSOCK(facts.st_mode))
        return stat.S_IMODE(facts.st_mode)

    def test_mode_and_end(self):
        daemon = self.running()
        self.assertEqual(self.mode(daemon.socket), 0o660)
        self.assertEqual(daemon.facts["control"]["socket"], str(daemon.socket))
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(daemon.socket.exists())

    def test_what_a_killed_daemon_left_is_replaced(self):
        first = self.running()
        first.kill()
        self.assertTrue(first.socket.exists())
        second = self.running(folder=first.folder)
        self.assertEqual(self.rpc(second).call("status")["pid"], second.process.pid)
        self.assertEqual(self.mode(second.socket), 0o660)
        self.assertEqual(second.stop(), 0)

    def test_a_socket_that_answers_is_never_stolen(self):
        first = self.running()
        second = self.running(arguments=("--control", str(first.socket)))
        self.assertEqual(second.facts["state"], "degraded")
        self.assertIn("address-in-use", second.log())
        self.assertEqual(self.rpc(first).call("status")["pid"], first.process.pid)
        self.assertEqual(second.stop(), 0)
        self.assertTrue(first.socket.exists())
        # With --strict that is a failed start.
        third = self.daemon(arguments=("--strict", "--control", str(first.socket)))
        self.assertEqual(third.process.wait(kit.DEADLINE), 1)

    def test_a_path_that_is_too_long_is_named(self):
        path = "/" + "x" * 200
        daemon = self.running(arguments=("--control", path))
        self.assertEqual(daemon.facts["state"], "degraded")
        self.assertIn("invalid-argument", daemon.log())
        self.assertIn("107 bytes", daemon.log())
        self.assertIn(path, daemon.log())

    def test_where_it_is_without_being_told(self):
        for variables, below in (({"RUNTIME_DIRECTORY": "{}/run:/else"}, "run/control.sock"),
                                 ({"XDG_RUNTIME_DIR": "{}/xdg"}, "xdg/fairlead/control.sock"),
                                 ({}, "")):
            with self.subTest(variables):
                import tempfile
                folder = tempfile.TemporaryDirectory(prefix="fairlead-ctl-")
                self.addCleanup(folder.cleanup)
                os.mkdir(f"{folder.name}/run")
                os.mkdir(f"{folder.name}/xdg")
                daemon = self.running(
                    arguments=("-v",),
                    environment={key: value.format(folder.name)
                                 for key, value in variables.items()})
                self.assertEqual(daemon.facts["state"], "running")
                self.assertEqual(daemon.facts["control"]["socket"],
                                 below and f"{folder.name}/{below}")
                self.assertEqual(daemon.stop(), 0)

    def test_it_answers_while_the_host_stops(self):
        daemon = self.running()
        # A client that does not read its end holds the stop up for a while.
        control = self.rpc(daemon)
        holder = self.client(daemon)
        self.assertIsNotNone(holder)
        daemon.process.send_signal(signal.SIGTERM)
        # A question may overtake the signal, and the end any question.
        health = {"state": "running"}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while health["state"] == "running" and (answer := control.ask("health")) is not None:
                health = answer["result"]
                self.assertIn(health["state"], ("running", "stopping"))
                self.assertEqual(health["ready"], health["state"] == "running")
        holder.drop()
        self.assertEqual(daemon.process.wait(kit.DEADLINE), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
