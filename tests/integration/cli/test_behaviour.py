# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""How the tool meets brokers that refuse, misbehave or vanish; the tests play the broker."""

import socket
import unittest

import clitest
import wire
from clitest import CliTest
from scriptedbroker import Gone, ScriptedBroker, connack, publish_parts


class Behaviour(CliTest):
    def play(self, script):
        broker = ScriptedBroker(script)
        self.port = broker.port
        return broker

    def against(self, script, tool, *arguments, stdin=b""):
        """Runs the tool to its end against the script."""
        broker = self.play(script)
        done = self.run_tool(tool, *arguments, stdin=stdin)
        broker.join()
        return done

    # --- refusals -------------------------------------------------------------------------------

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.assertFails(self.run_tool("sub", "-t", "a"), 1, "connection-refused")

    def test_quiet_says_nothing_but_ends_the_same(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        done = self.run_tool("sub", "-t", "a", "--quiet")
        self.assertEqual((done.returncode, done.stderr), (1, b""))

    def test_wrong_options(self):
        self.assertFails(self.run_tool("sub", "--no-such"), 1, "unknown-option")
        self.assertFails(self.run_tool("sub", "-t", "a", "--ws"), 2, "not-supported")
        self.assertFails(self.run_tool("pub", "-t", "a", "-f", "/no/such/file"), 1, "input-failed")
        self.assertFails(self.run_tool("nonsense"), 1, "unknown-command")

    def test_connack_codes(self):
        for version, flag, reason, name in ((wire.V311, "311", 5, "not-authorized"),
                                            (wire.V311, "311", 2, "client-identifier-not-valid"),
                                            (wire.V5, "5", 0x87, "not-authorized"),
                                            (wire.V5, "5", 0x9C, "use-another-server")):
            for tool in (("sub", "-t", "a"), ("pub", "-t", "a", "-m", "x"), ("rr", "-t", "a", "-e", "b", "-n")):
                with self.subTest(flag=flag, reason=reason, tool=tool[0]):
                    script = lambda b: b.next().accept(version, {"reason_string": "because"}, reason)  # noqa: E731
                    done = self.against(script, *tool, "-V", flag)
                    self.assertFails(done, reason, name)
                    self.assertEqual(b"because" in done.stderr, version == wire.V5)

    def test_all_subscriptions_refused(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5)
            one.take_subscribe(0x87, 0x8F)
            one.closed()

        self.assertFails(self.against(script, "sub", "-V", "5", "-t", "a", "-t", "b"), 0x87, "not-authorized")

    def test_one_subscription_refused(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5)
            one.take_subscribe(0, 0x87)
            one.send(wire.publish("a", "x"))
            one.closed()

        done = self.against(script, "sub", "-V", "5", "-t", "a", "-t", "b", "-C", "1")
        self.assertEqual((done.returncode, done.stdout), (0, b"x\n"))
        self.assertIn(b"the subscription to b was refused", done.stderr)

    def test_refused_message(self):
        for qos, kind in (("1", wire.PUBACK), ("2", wire.PUBREC)):
            with self.subTest(qos=qos):
                def script(broker, kind=kind):
                    one = broker.next()
                    one.accept(wire.V5)
                    packet = publish_parts(one.receive(wire.PUBLISH))
                    one.send(wire.ack(kind, packet[4], 0x97, {"reason_string": "full"}))
                    if not one.closed():
                        raise AssertionError("not closed")

                done = self.against(script, "pub", "-V", "5", "-t", "a", "-m", "x", "-q", qos)
                self.assertFails(done, 0x97, "quota-exceeded")
                self.assertIn(b"full", done.stderr)

    def test_what_the_broker_does_not_take_is_not_sent(self):
        for properties, arguments, code in (({"max_qos": 0}, ("-q", "1"), 0x9B),
                                            ({"retain_available": 0}, ("-r",), 0x9A),
                                            ({"max_packet_size": 30}, ("-q", "1"), 0x95),
                                            ({"topic_alias_max": 3}, ("-D", "publish", "topic-alias", "4"), 0x94)):
            with self.subTest(properties=properties):
                def script(broker, properties=properties):
                    one = broker.next()
                    one.accept(wire.V5, properties)
                    first, _ = one.receive()
                    if first >> 4 != wire.DISCONNECT:
                        raise AssertionError(wire.NAMES[first >> 4])

                done = self.against(script, "pub", "-V", "5", "-t", "a", "-m", "x" * 30, *arguments)
                self.assertEqual(done.returncode, code, done.stderr)

    def test_disconnect_by_the_broker(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5)
            one.take_subscribe(0)
            one.send(wire.disconnect(0x8E))

        self.assertFails(self.against(script, "sub", "-V", "5", "-t", "a"), 0x8E, "session-taken-over")

    def test_extended_authentication_is_not_there(self):
        def script(broker):
            one = broker.next()
            one.receive(wire.CONNECT)
            one.send(wire.auth(0x18, {"auth_method": "m"}))
            one.closed()

        done = self.against(script, "sub", "-V", "5", "-t", "a", "-D", "connect", "authentication-method", "m")
        self.assertFails(done, 0x8C, "not-supported")

    # --- brokers that break the protocol --------------------------------------------------------

    def test_malformed_packets(self):
        for name, octets in (("reserved type", b"\x00\x00"), ("no packet id", b"\x40\x01\x00"),
                             ("endless length", b"\x30\xff\xff\xff\xff\x01"),
                             ("topic with a wildcard", wire.publish("a/+", "x")),
                             ("a second CONNACK", connack(wire.V5)),
                             ("an alias nobody allowed", wire.publish("a", "x", properties={"topic_alias": 1}))):
            with self.subTest(name):
                def script(broker, octets=octets):
                    one = broker.next()
                    one.accept(wire.V5)
                    one.take_subscribe(0)
                    one.send(octets)
                    first, body = one.receive()
                    if first >> 4 != wire.DISCONNECT or body[0] < 0x80:
                        raise AssertionError("no DISCONNECT with a reason")

                self.assertFails(self.against(script, "sub", "-V", "5", "-t", "a"), 3, "protocol-violation")

    def test_silence_instead_of_connack(self):
        def script(broker):
            broker.next().closed()

        self.assertFails(self.against(script, "sub", "-t", "a", "-W", "1"), 27, "timeout")

    def test_closing_instead_of_connack(self):
        def script(broker):
            broker.next().receive(wire.CONNECT)

        self.assertFails(self.against(script, "sub", "-t", "a"), 7, "connection-closed")

    def test_exceeding_the_receive_maximum_that_was_asked_for(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5)
            one.take_subscribe(2)
            one.send(*(wire.publish("a", "x", 2, pid=i) for i in (1, 2, 3)))
            while one.receive()[0] >> 4 != wire.DISCONNECT:
                pass

        done = self.against(script, "sub", "-V", "5", "-t", "a", "-q", "2", "-D", "connect", "receive-maximum", "2")
        self.assertFails(done, 3, "protocol-violation")

    # --- flows ----------------------------------------------------------------------------------

    def test_keeps_to_the_brokers_receive_maximum(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5, {"receive_maximum": 2})
            waiting = [publish_parts(one.receive(wire.PUBLISH)) for _ in range(2)]
            one.stream.settimeout(0.3)
            try:
                raise AssertionError(f"too many: {one.receive()}")
            except TimeoutError:
                one.stream.settimeout(30)
            for expected in (b"3", b"4"):
                one.send(wire.ack(wire.PUBACK, waiting.pop(0)[4]))
                waiting.append(publish_parts(one.receive(wire.PUBLISH)))
                if waiting[-1][5] != expected:
                    raise AssertionError(waiting[-1])
            one.send(*(wire.ack(wire.PUBACK, each[4]) for each in waiting))
            one.receive(wire.DISCONNECT)

        done = self.against(script, "pub", "-V", "5", "-t", "a", "-q", "1", "-l", stdin=b"1\n2\n3\n4\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_topic_alias_replaces_the_topic(self):
        topics = []

        def script(broker):
            one = broker.next()
            one.accept(wire.V5, {"topic_alias_max": 5})
            for _ in range(3):
                topics.append(publish_parts(one.receive(wire.PUBLISH))[3])
            one.receive(wire.DISCONNECT)

        done = self.against(script, "pub", "-t", "long/topic", "-m", "x", "--repeat", "3",
                            "-D", "publish", "topic-alias", "5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(topics, ["long/topic", "", ""])

    def test_alias_of_the_broker(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5)
            one.take_subscribe(0)
            one.send(wire.publish("some/topic", "1", properties={"topic_alias": 2}),
                     wire.publish("", "2", properties={"topic_alias": 2}))
            one.closed()

        done = self.against(script, "sub", "-t", "a", "-C", "2", "-v", "-D", "connect", "topic-alias-maximum", "2")
        self.assertEqual(done.stdout, b"some/topic 1\nsome/topic 2\n")

    def test_qos_2_is_delivered_once(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5)
            one.take_subscribe(2)
            one.send(wire.publish("a", "x", 2, pid=7), wire.publish("a", "x", 2, pid=7, dup=True))
            one.receive(wire.PUBREC)
            one.receive(wire.PUBREC)
            one.send(wire.ack(wire.PUBREL, 7))
            one.receive(wire.PUBCOMP)
            one.send(wire.ack(wire.PUBREL, 7))
            if one.receive(wire.PUBCOMP)[1][2:3] != b"\x92":
                raise AssertionError("an unknown packet id was taken for a known one")
            one.send(wire.publish("a", "end"))
            one.closed()

        done = self.against(script, "sub", "-V", "5", "-t", "a", "-q", "2", "-C", "2")
        self.assertEqual(done.stdout, b"x\nend\n")

    def test_acknowledges_before_it_ends(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V311)
            one.suback_middle = b""
            one.take_subscribe(1)
            one.send(wire.publish("a", "x", 1, pid=5, version=wire.V311))
            if one.receive(wire.PUBACK)[1] != b"\x00\x05":
                raise AssertionError("wrong id")
            one.receive(wire.DISCONNECT)
            if not one.closed():
                raise AssertionError("left open")

        done = self.against(script, "sub", "-t", "a", "-q", "1", "-C", "1")
        self.assertEqual((done.returncode, done.stdout), (0, b"x\n"))

    def test_packet_split_into_bytes(self):
        def script(broker):
            one = broker.next()
            one.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.receive(wire.CONNECT)
            for octet in connack(wire.V5, {"assigned_client_id": "given"}):
                one.send(bytes([octet]))
            one.take_subscribe(0)
            for octet in wire.publish("a/b", "split"):
                one.send(bytes([octet]))
            one.closed()

        done = self.against(script, "sub", "-V", "5", "-t", "a/#", "-C", "1", "-v")
        self.assertEqual(done.stdout, b"a/b split\n")

    # --- lost connections -----------------------------------------------------------------------

    def test_sub_connects_and_subscribes_again(self):
        def script(broker):
            first = broker.next()
            first.accept(wire.V311)
            first.suback_middle = b""
            first.take_subscribe(0)
            first.send(wire.publish("a", "before", version=wire.V311))
            first.stream.close()
            second = broker.next()
            second.accept(wire.V311)
            second.suback_middle = b""
            second.take_subscribe(0)
            second.send(wire.publish("a", "after", version=wire.V311))
            second.closed()

        done = self.against(script, "sub", "-t", "a", "-C", "2")
        self.assertEqual((done.returncode, done.stdout), (0, b"before\nafter\n"))
        self.assertIn(b"the connection was lost", done.stderr)

    def test_lines_resume_their_session(self):
        seen = []

        def script(broker):
            first = broker.next()
            first.accept(wire.V5)
            seen.append(publish_parts(first.receive(wire.PUBLISH)))
            second_packet = publish_parts(first.receive(wire.PUBLISH))
            seen.append(second_packet)
            first.send(wire.ack(wire.PUBREC, second_packet[4]))
            first.receive(wire.PUBREL)
            first.stream.close()
            again = broker.next()
            body = again.accept(wire.V5, session_present=True)
            if body[7] & 2:
                raise AssertionError("the session was swept")
            seen.append(publish_parts(again.receive(wire.PUBLISH)))
            again.receive(wire.PUBREL)
            again.send(wire.ack(wire.PUBCOMP, second_packet[4]), wire.ack(wire.PUBREC, seen[2][4]))
            again.receive(wire.PUBREL)
            again.send(wire.ack(wire.PUBCOMP, seen[2][4]))
            again.receive(wire.DISCONNECT)

        done = self.against(script, "pub", "-V", "5", "-i", "me", "-x", "60", "-t", "a", "-q", "2", "-l",
                            stdin=b"1\n2\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([(dup, payload) for dup, _, _, _, _, payload in seen],
                         [(False, b"1"), (False, b"2"), (True, b"1")])
        self.assertEqual(seen[0][4], seen[2][4])

    def test_lines_begin_anew_without_their_session(self):
        seen = []

        def script(broker):
            first = broker.next()
            first.accept(wire.V311)
            seen.append(publish_parts(first.receive(wire.PUBLISH), wire.V311))
            first.stream.close()
            again = broker.next()
            again.accept(wire.V311)
            packet = publish_parts(again.receive(wire.PUBLISH), wire.V311)
            seen.append(packet)
            again.send(wire.ack(wire.PUBACK, packet[4]))
            again.receive(wire.DISCONNECT)

        done = self.against(script, "pub", "-t", "a", "-q", "1", "-l", stdin=b"1\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([(dup, payload) for dup, _, _, _, _, payload in seen], [(False, b"1"), (False, b"1")])

    def test_pub_of_one_message_tells_of_the_loss(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V311)
            one.receive(wire.PUBLISH)

        self.assertFails(self.against(script, "pub", "-t", "a", "-m", "x", "-q", "1"), 7, "connection-closed")

    def test_pub_tells_of_octets_that_were_not_sent(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V311)
            one.stream.recv(1000)
            one.stream.close()

        done = self.against(script, "pub", "-t", "a", "-s", stdin=bytes(20_000_000))
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_keep_alive_of_the_broker_is_kept(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5, {"server_keep_alive": 1})
            one.take_subscribe(0)
            one.receive(wire.PINGREQ)
            one.send(b"\xd0\x00")
            one.receive(wire.PINGREQ)
            one.send(wire.publish("a", "x"))
            one.closed()

        done = self.against(script, "sub", "-V", "5", "-t", "a", "-C", "1")
        self.assertEqual((done.returncode, done.stdout), (0, b"x\n"))

    def test_silent_broker_is_given_up(self):
        def script(broker):
            one = broker.next()
            one.accept(wire.V5, {"server_keep_alive": 1})
            one.receive(wire.PUBLISH)
            try:
                while True:
                    one.receive(wire.PINGREQ)
            except (Gone, ConnectionError):
                pass

        done = self.against(script, "pub", "-V", "5", "-t", "a", "-m", "x", "-q", "1")
        self.assertFails(done, 19, "heartbeat-timeout")


class Words(CliTest):
    def test_help_and_version(self):
        self.port = 1
        for arguments in (("help",), ("--help",), ("help", "sub"), ("sub", "--help"), ("version",), ("--version",)):
            with self.subTest(arguments=arguments):
                done = clitest.subprocess.run([clitest.TOOL, *arguments], capture_output=True, timeout=60,
                                              check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertTrue(done.stdout)


if __name__ == "__main__":
    unittest.main()
