# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that are services of the host, over TCP: the two of tests/fixtures/services, and clients of
their module."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

HERE = Path(__file__).resolve()
FIXTURES = HERE.parents[2] / "fixtures" / "services"
sys.path.insert(0, str(HERE.parents[1] / "control"))
sys.path.insert(0, str(FIXTURES))

from controltest import ControlTest, kit, wire  # noqa: E402
from servicepeer import Closed, Peer, Refused  # noqa: E402

# However slow a busy machine makes a reader, its publisher waits for it.
PATIENT = {"overflow": "block-up-to", "patience": 30}
MANY = int(os.environ.get("FAIRLEAD_SERVICE_MESSAGES", "20000"))


class Program(kit.Lines):
    """One of the reference services; what it does is told by its output."""

    def __init__(self, script, *arguments):
        super().__init__(sys.executable, "-B", FIXTURES / script, *arguments,
                         stdin=subprocess.PIPE)

    def kill(self):
        super().kill()
        self.process.stdin.close()
        self._reader.join(kit.DEADLINE)
        self.process.stdout.close()

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def fact(self, what):
        """What the next line of that kind says."""
        return json.loads(self.line(what + " ")[len(what) + 1:])


class ServiceTest(ControlTest):
    def host(self, shared=None, **keys):
        """@p shared: keys of the MQTT endpoint too."""
        def lines(values):
            return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
        shared = shared or {}
        return self.running(keys=lines(shared) + '[[endpoint]]\nname = "services"\n' + lines(
            {"url": "tcp://127.0.0.1:0", "mode": "service", **shared, **keys}))

    def peer(self, daemon, identity=None, **members):
        """A client; with an identity it said hello."""
        one = Peer.dial("127.0.0.1", daemon.ports["services"], kit.DEADLINE)
        self.addCleanup(one.close)
        if identity:
            one.welcome = one.hello(identity, **members)
        return one

    def program(self, daemon, script, identity, *arguments):
        """A reference service that has registered."""
        one = Program(script, "--port", daemon.ports["services"], "--identity", identity,
                      *arguments)
        self.addCleanup(one.kill)
        self.assertEqual(one.fact("registered")["service"], "service/" + identity)
        return one

    def services(self, control):
        return {one["id"]: one for one in control.call("services")["services"]
                if one["id"].startswith("service/")}

    def await_status(self, control, identity, status):
        found = {}

        def is_there():
            found.update(self.services(control).get("service/" + identity, {"status": "none"}))
            return found["status"] == status
        self.assertTrue(kit.settle(is_there, kit.DEADLINE), found)
        return found

    def raw(self, daemon):
        one = socket.create_connection(("127.0.0.1", daemon.ports["services"]), kit.DEADLINE)
        one.settimeout(kit.DEADLINE)
        self.addCleanup(one.close)
        return one

    def all_of(self, sock):
        """What is received up to the end."""
        data = b""
        try:
            while got := sock.recv(1 << 16):
                data += got
        except ConnectionResetError:
            pass
        return data


class Places(ServiceTest):
    def test_a_service_is_listed_with_what_it_offers(self):
        """HB-01: registered, with the heartbeat that holds."""
        daemon = self.host()
        control = self.rpc(daemon)
        peer = self.peer(daemon, "thermostat")
        self.assertEqual(peer.welcome["protocol"], 1)
        granted = peer.register("Thermostat", version="2.1.0", capabilities=["temperature.read"],
                                heartbeat={"timeout_ms": 9000})
        self.assertEqual((granted["service"], granted["returned"], granted["heartbeat"]),
                         ("service/thermostat", False, {"timeout_ms": 9000, "interval_ms": 3000}))
        one = self.await_status(control, "thermostat", "running")
        self.assertEqual((one["name"], one["version"], one["endpoint"], one["capabilities"],
                          one["generation"]),
                         ("Thermostat", "2.1.0", "services", ["temperature.read"],
                          granted["generation"]))
        done = self.tool("services", "--control", daemon.socket)
        self.assertIn("service/thermostat", done.stdout)
        peer.leave()
        self.await_status(control, "thermostat", "none")

    def test_one_that_falls_silent_is_unavailable_until_it_returns(self):
        """HB-03, SV-15: expiry, unavailable, and back under the same identity."""
        daemon = self.host()
        control = self.rpc(daemon)
        program = self.program(daemon, "wayward.py", "sleeper", "--heartbeat", "600")
        first = self.await_status(control, "sleeper", "running")
        program.tell("mute")
        program.line("lost")
        again = program.fact("registered")
        self.assertTrue(again["returned"])
        self.assertGreater(again["generation"], first["generation"])
        self.await_status(control, "sleeper", "running")

    def test_one_that_crashes_keeps_its_place(self):
        """SV-15: who dials in is awaited; its place is its own when it returns."""
        daemon = self.host()
        control = self.rpc(daemon)
        program = self.program(daemon, "wayward.py", "crasher", "--capability", "echo")
        program.tell("crash")
        self.assertEqual(program.end(), 3)
        self.await_status(control, "crasher", "unavailable")
        peer = self.peer(daemon, "caller")
        peer.register("Caller")
        with self.assertRaises(Refused) as refused:
            peer.call("echo", 1)
        self.assertEqual(refused.exception.code, "not-running")
        self.program(daemon, "wayward.py", "crasher", "--capability", "echo")
        self.await_status(control, "crasher", "running")
        self.assertEqual(peer.call("echo", 1), 1)

    def test_the_newer_link_of_an_identity_has_it(self):
        """RP-07, AD-01: whoever presents an identity takes it over; the former link hears so."""
        daemon = self.host()
        older = self.peer(daemon, "twin")
        first = older.register("Twin")
        newer = self.peer(daemon, "twin")
        second = newer.register("Twin")
        self.assertTrue(second["returned"])
        self.assertGreater(second["generation"], first["generation"])
        with self.assertRaises(Closed):
            while older.step(kit.DEADLINE):
                pass
        self.assertEqual(older.bye["code"], "superseded")

    def test_stray_heartbeats_revive_nothing(self):
        """HB-05"""
        daemon = self.host()
        peer = self.peer(daemon, "stray")
        for members, code in (({}, "invalid-transition"), ({"generation": 4}, "invalid-transition")):
            with self.assertRaises(Refused) as refused:
                peer.request("heartbeat", **members)
            self.assertEqual(refused.exception.code, code)
        granted = peer.register("Stray")
        with self.assertRaises(Refused) as refused:
            peer.request("heartbeat", generation=granted["generation"] + 1)
        self.assertEqual(refused.exception.code, "superseded")


class Calls(ServiceTest):
    def test_a_call_reaches_who_offers_it(self):
        daemon = self.host()
        self.program(daemon, "healthy.py", "provider", "--capability", "echo")
        caller = self.peer(daemon, "caller")
        caller.register("Caller")
        body = {"text": "é\n\u2028", "list": [1, 2.5, None], "deep": {"a": [{}]}}
        self.assertEqual(caller.call("echo", body), body)
        # Several at once, each with its own answer.
        numbers = [caller.ask("call", capability="echo", body=i) for i in range(50)]
        self.assertEqual([caller.answer(one)["body"] for one in numbers], list(range(50)))

    def test_calls_that_fail_say_why(self):
        """AD-04: nobody offers it, its provider says no, nobody answers."""
        daemon = self.host()
        self.program(daemon, "healthy.py", "provider", "--capability", "odd")
        mute = self.peer(daemon, "mute")
        mute.register("Mute", capabilities=["silence"])
        caller = self.peer(daemon, "caller")
        caller.register("Caller")
        for capability, code in (("nothing", "not-found"), ("odd", "call-failed"),
                                 ("silence", "timeout")):
            with self.subTest(capability=capability):
                with self.assertRaises(Refused) as refused:
                    caller.call(capability, timeout_ms=300 if capability == "silence" else 20000)
                self.assertEqual(refused.exception.code, code)
                if code == "not-found":
                    self.assertIn("odd", refused.exception.error["details"]["available"])
        waiting = caller.ask("call", capability="silence", timeout_ms=20000)
        calls = 0
        while calls < 2:  # the one that timed out too
            calls += mute.next(kit.DEADLINE)["op"] == "call"
        mute.close()
        with self.assertRaises(Refused) as refused:
            caller.answer(waiting)
        self.assertEqual(refused.exception.code, "connection-closed")


class Operations(ServiceTest):
    def test_one_report_has_acks_timeouts_failures_and_the_dead(self):
        """BC-02, BC-04: each target ends in one of them."""
        daemon = self.host()
        control = self.rpc(daemon)
        self.program(daemon, "healthy.py", "good")
        self.program(daemon, "wayward.py", "deaf", "--do", "ignore")
        self.program(daemon, "wayward.py", "stubborn", "--do", "fail")
        crasher = self.program(daemon, "wayward.py", "dead")
        crasher.tell("crash")
        crasher.end()
        self.await_status(control, "dead", "unavailable")
        for name in ("good", "deaf", "stubborn"):
            self.await_status(control, name, "running")
        targets = ["service/" + name for name in ("good", "deaf", "stubborn", "dead")]
        report = control.call("quiesce", targets=targets, timeoutMs=3000)
        self.assertEqual(report["outcome"], "partial")
        self.assertEqual(report["acks"], ["service/good"])
        self.assertEqual(report["timeouts"], ["service/deaf"])
        self.assertEqual([(one["target"], one["code"], one["text"]) for one in report["failures"]],
                         [("service/stubborn", "call-failed", "it was told to fail")])
        self.assertEqual(report["skippedDead"], ["service/dead"])

    def test_a_quiet_service_takes_no_calls_until_it_is_resumed(self):
        """BC-06"""
        daemon = self.host()
        control = self.rpc(daemon)
        program = self.program(daemon, "healthy.py", "worker", "--capability", "echo")
        caller = self.peer(daemon, "caller")
        caller.register("Caller")
        self.assertEqual(caller.call("echo", 1), 1)
        control.call("quiesce", targets=["service/worker"])
        self.await_status(control, "worker", "draining")
        with self.assertRaises(Refused):
            caller.call("echo", 2)
        control.call("resume", target="service/worker")
        program.line("resume")
        self.assertEqual(caller.call("echo", 3), 3)

    def test_a_released_file_can_be_removed(self):
        """BC-08: the answer means released, and only who may hold it is asked."""
        daemon = self.host()
        control = self.rpc(daemon)
        with tempfile.TemporaryDirectory(prefix="fairlead-held-") as folder:
            held = Path(folder, "held")
            bystander = self.program(daemon, "healthy.py", "bystander", "--hold",
                                     str(Path(folder, "held-too")))
            holder = self.program(daemon, "healthy.py", "holder", "--hold", str(held))
            descriptors = Path(f"/proc/{holder.process.pid}/fd")
            self.assertIn(str(held), [os.readlink(one) for one in descriptors.iterdir()])
            report = control.call("release-handles", prefix=str(held),
                                  targets=["service/holder", "service/bystander"])
            self.assertEqual(sorted(report["acks"]), ["service/bystander", "service/holder"])
            self.assertNotIn(str(held), [os.readlink(one) for one in descriptors.iterdir()])
            held.unlink()
            self.assertEqual(holder.fact("broadcast")["prefix"], str(held))
            bystander.tell("")
            self.assertFalse([one for one in bystander.seen if one.startswith("broadcast")])

    def test_the_host_says_goodbye(self):
        """AD-04: ShuttingDown is really sent."""
        daemon = self.host()
        program = self.program(daemon, "healthy.py", "witness")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(program.fact("bye")["code"], "shutting-down")
        self.assertEqual(program.end(), 0)


class Messages(ServiceTest):
    def texts(self, peer, count):
        """The next messages' payloads; a gap is itself."""
        out = []
        while len(out) < count:
            message = peer.next(kit.DEADLINE)
            self.assertIsNotNone(message, out)
            if message["op"] == "gap":
                out.append(message)
            elif message["op"] == "bye":
                self.fail(message)
            elif message["op"] == "message":
                out.append(message["payload"])
                if "delivery" in message:
                    peer.send("ack", delivery=message["delivery"])
        return out

    def test_an_mqtt_client_and_a_service_meet(self):
        daemon = self.host()
        client = self.client(daemon)
        client.subscribe(("from/#", 1))
        peer = self.peer(daemon, "bridge")
        peer.subscribe("to/#", qos=1)
        self.assertEqual(peer.publish("from/service", "é")["outcome"], "done")
        self.assertEqual(client.next().payload, "é".encode())
        client.publish("to/service", b"\xff\x00", qos=1)
        message = peer.next(kit.DEADLINE)
        self.assertEqual((message["topic"], message["payload_base64"]), ("to/service", "/wA="))
        self.assertEqual(peer.publish("nobody/there", "x")["outcome"], "no-receiver")

    def in_background(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        thread.start()
        self.addCleanup(thread.join, kit.DEADLINE)

    def flood(self, peer, topic):
        for i in range(0, MANY, 100):
            peer.send_bytes(b"".join(b'{"op":"publish","topic":"%s","payload":"%d","qos":1}\n'
                                     % (topic, k) for k in range(i, i + 100)))

    def publish_all(self, client, topic, texts):
        """At QoS 1, so many at a time."""
        window = 500
        for i in range(0, len(texts), window):
            some = texts[i:i + window]
            client.send(b"".join(wire.publish(topic, text.encode(), 1, pid=pid, version=wire.V5)
                                 for pid, text in enumerate(some, 1)))
            for _ in some:
                client.take(lambda packet: packet.kind == wire.PUBACK)

    def test_many_messages_each_way_keep_their_order(self):
        """An MQTT client and a service: none is lost, none is overtaken."""
        daemon = self.host(PATIENT)
        wanted = [str(i) for i in range(MANY)]
        peer, client = self.peer(daemon, "peer"), self.client(daemon)
        peer.subscribe("b", qos=1)
        self.in_background(self.publish_all, client, "b", wanted)
        self.assertEqual(self.texts(peer, MANY), wanted)
        reader = self.client(daemon)
        reader.subscribe("a")
        self.in_background(self.flood, peer, b"a")
        self.assertEqual([reader.next().payload.decode() for _ in range(MANY)], wanted)

    def test_two_services_exchange_many_messages(self):
        daemon = self.host(PATIENT)
        peers = [self.peer(daemon, name) for name in ("ab", "ba")]
        for peer in peers:
            peer.subscribe(peer.welcome["identity"], qos=1)
        for peer in peers:
            topic = peer.welcome["identity"][::-1].encode()
            self.in_background(self.flood, self.peer(daemon, "to-" + topic.decode()), topic)
        wanted = [str(i) for i in range(MANY)]
        results = {}
        for peer in peers:
            self.in_background(lambda peer=peer: results.__setitem__(peer, self.texts(peer, MANY)))
        self.assertTrue(kit.settle(lambda: len(results) == 2, kit.DEADLINE))
        self.assertEqual(list(results.values()), [wanted, wanted])

    def test_a_session_goes_on_where_it_was(self):
        """RP-06: what was not acknowledged comes again to the next link."""
        daemon = self.host()
        sender = self.peer(daemon, "sender")
        reader = self.peer(daemon, "reader", session={"expiry": 60})
        reader.subscribe("news", qos=1, ack="manual")
        for text in ("one", "two"):
            sender.publish("news", text)
        first = reader.next(kit.DEADLINE)
        reader.send("ack", delivery=first["delivery"])
        reader.send("ping")
        while reader.next(kit.DEADLINE)["op"] != "pong":
            pass
        reader.close()
        sender.publish("news", "three")
        again = self.peer(daemon, "reader", session={"expiry": 60})
        self.assertTrue(again.welcome["session"]["resumed"])
        messages = [again.next(kit.DEADLINE) for _ in range(2)]
        self.assertEqual([(one["payload"], one.get("resent", False)) for one in messages],
                         [("two", True), ("three", False)])

    def test_a_position_begins_where_it_says(self):
        """RP-03, RP-04: resumed without a gap."""
        daemon = self.host()
        sender = self.peer(daemon, "sender")
        reader = self.peer(daemon, "reader", session={"expiry": 0})
        reader.subscribe("news", qos=1)
        for i in range(5):
            sender.publish("news", str(i))
        seen = [reader.next(kit.DEADLINE) for _ in range(3)]
        position = "{epoch}:{seq}".format(**seen[-1]["position"])
        reader.close()
        sender.publish("news", "5")
        again = self.peer(daemon, "reader", session={"expiry": 0})
        self.assertFalse(again.welcome["session"]["resumed"])
        again.subscribe("news", qos=1, **{"from": position})
        sender.publish("news", "6")
        self.assertEqual(self.texts(again, 4), ["3", "4", "5", "6"])

    def test_an_old_position_gets_its_gap_first(self):
        """RP-04, RP-05: what cannot be had any more is announced once, at the head."""
        daemon = self.host()
        sender = self.peer(daemon, "sender")
        program = self.program(daemon, "wayward.py", "cursor", "--session", "0",
                               "--subscribe", "news")
        program.line("subscribed")
        sender.publish("news", "one")
        epoch = program.fact("message")["position"]["epoch"]
        program.tell(f"return {epoch - 1}:1")
        program.line("subscribed")
        gap = program.fact("gap")
        self.assertEqual((gap["filter"], gap["reason"], gap["requested"]),
                         ("news", "replay-gap", f"{epoch - 1}:1"))
        sender.publish("news", "two")
        while program.fact("message")["payload"] != "two":
            pass
        self.assertEqual(sum(line.startswith("gap") for line in program.seen), 1)

    def test_a_flood_and_a_trickle_arrive(self):
        """PL-03"""
        daemon = self.host()
        reader = self.peer(daemon, "reader")
        reader.subscribe("flood/#", qos=1)
        reader.subscribe("trickle/#", qos=1)
        program = self.program(daemon, "wayward.py", "noisy")
        program.tell("flood 5000")
        self.assertEqual(self.texts(reader, 5000), [str(i) for i in range(5000)])
        program.tell("trickle")
        self.assertEqual(self.texts(reader, 1), ["é"])


class BadInput(ServiceTest):
    def test_versions_without_overlap_are_refused(self):
        """AD-02: with the own range, and nothing else happened."""
        daemon = self.host()
        peer = self.peer(daemon)
        with self.assertRaises(Refused) as refused:
            peer.hello("newer", versions=(2, 7))
        self.assertEqual((refused.exception.code, refused.exception.error["details"]),
                         ("version-refused", {"protocol": {"min": 1, "max": 1}}))
        self.assertEqual(self.services(self.rpc(daemon)), {})

    def test_foreign_protocols_are_closed_without_a_word(self):
        daemon = self.host()
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", bytes(100)):
            sock = self.raw(daemon)
            sock.sendall(data)
            self.assertEqual(self.all_of(sock), b"")

    def test_bad_lines_get_their_code(self):
        """AD-04, AD-06"""
        daemon = self.host()
        hello = b'{"op":"hello","protocol":{"min":1,"max":1},"identity":"bad"}\n'
        deep = b'{"a":' * 1000
        for name, data, codes in (
                ("no hello", b'{"op":"ping"}\n', ["protocol-violation"]),
                ("over-long hello", b"{" + b" " * 70000, ["packet-too-large"]),
                ("junk", hello + b'{"op":"pi\xff"}\n', ["protocol-violation"]),
                ("cut in two", hello + b'{"op":"pi\nng"}\n', ["protocol-violation"]),
                ("deep", hello + deep + b"\n", ["protocol-violation"]),
                ("huge number", hello + b'{"op":"ack","delivery":1e999}\n', ["protocol-violation"]),
                ("unknown", hello + b'{"op":"fly"}\n{"op":"bye"}\n', ["not-supported"]),
                ("ill-typed", hello + b'{"op":"ack","delivery":"1"}\n{"op":"bye"}\n',
                 ["invalid-argument"])):
            with self.subTest(name=name):
                sock = self.raw(daemon)
                sock.sendall(data)
                said = [json.loads(line) for line in self.all_of(sock).splitlines()]
                self.assertEqual([one["code"] for one in said if one["op"] == "error"], codes)
        # The host goes on.
        self.peer(daemon, "good").publish("a", "b")

    def test_memory_stays_flat_under_lines_without_an_end(self):
        """AD-06: what never ends is cut off at its bound."""
        daemon = self.host(service_max_frame=1 << 20)
        sock = self.raw(daemon)
        sock.sendall(b'{"op":"hello","protocol":{"min":1,"max":1},"identity":"endless"}\n')
        sock.sendall(b'{"op":"publish","topic":"a","payload":"')
        try:
            for _ in range(1024):
                sock.sendall(b"x" * (1 << 16))
        except OSError:
            pass
        said = [json.loads(line) for line in self.all_of(sock).splitlines()]
        self.assertEqual([one.get("code") for one in said], [None, "packet-too-large"])
        status = Path(f"/proc/{daemon.process.pid}/status").read_text("ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        self.assertLess(int(resident.split()[1]), 200 * 1024)

    def test_refused_publishes_are_answered(self):
        """AD-04"""
        daemon = self.host()
        peer = self.peer(daemon, "curious")
        with self.assertRaises(Refused) as refused:
            peer.publish("$SYS/broker/health", "x")
        self.assertEqual(refused.exception.code, "not-authorized")
        with self.assertRaises(Refused) as refused:
            peer.subscribe("a", **{"from": "yesterday"})
        self.assertEqual(refused.exception.code, "invalid-argument")


if __name__ == "__main__":
    unittest.main(verbosity=2)
