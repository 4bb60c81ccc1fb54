#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""CONNECT: what is accepted, what is refused and how (3.1)."""

import string

from harness import FOREIGN, Test, main, unique, wire


class First(Test):
    def test_anything_else_first_closes(self):
        """[MQTT-3.1.0-1] [MQTT-3.14.0-1] [MQTT-3.2.0-1] Without CONNECT the server closes and sends
        nothing, DISCONNECT included."""
        for packet in (wire.publish("t"), wire.publish("t", qos=1, pid=1),
                       wire.ack(wire.PUBACK, 1), wire.ack(wire.PUBREL, 1),
                       wire.subscribe(1, [("t", 0)]), wire.unsubscribe(1, ["t"]), wire.pingreq(),
                       wire.disconnect(), wire.auth(), b"\x00\x00", b"GET / HTTP/1.1\r\n\r\n"):
            with self.subTest(packet):
                one = self.dial()
                one.send(packet)
                self.assertEqual(one.closed(), [])

    def test_second_connect_closes(self):
        """[MQTT-3.1.0-2] [MQTT-3.2.0-2] A second CONNECT is a protocol error; no second CONNACK."""
        client_id = unique()
        one = self.client(client_id)
        one.send(wire.connect(client_id))
        self.assertEqual(self.refused(one, 0x82), [])

    def test_second_connect_with_another_identity_touches_nobody(self):
        """[MQTT-3.1.0-2] Its client identifier is not used for anything."""
        other = self.client()
        one = self.client()
        one.send(wire.connect(other.client_id))
        self.refused(one, 0x82)
        self.assert_alive(other)

    def test_connect_may_arrive_in_pieces(self):
        """[MQTT-4.2.0-1] [MQTT311-7.1.1-1] TCP is a stream: packets may be cut anywhere."""
        one = self.dial()
        for byte in wire.connect(unique(), user="u", password="p"):
            one.send(bytes([byte]))
        self.assertEqual(one.take_connack().reason, 0)

    def test_packets_may_follow_at_once(self):
        """[MQTT-3.2.0-1] [MQTT-3.1.4-5] A client need not wait for CONNACK, yet CONNACK is
        first."""
        one = self.dial()
        topic = self.topic("early")
        one.send(wire.connect(unique()), wire.pingreq(), wire.subscribe(1, [(topic, 1)]),
                 wire.publish(topic, b"x", 1, pid=2))
        self.assertEqual(one.take_connack().reason, 0)
        self.assertEqual(one.expect(wire.PINGRESP).kind, wire.PINGRESP)
        self.assertEqual(one.expect(wire.SUBACK).pid, 1)
        one.answer(wire.PUBACK, 2)
        self.assertEqual(one.message().payload, b"x")


class Protocol(Test):
    def test_wrong_name_closes(self):
        """[MQTT-3.1.2-1] Another protocol name is refused."""
        for name in ("mqtt", "MQTt", "MQTTX", "MQT", "", "HTTP", b"\xff\xff\xff\xff"):
            with self.subTest(name):
                one = self.dial()
                one.send(wire.connect(unique(), name=name))
                self.refused(one, 0x84, 0x81, may_be_silent=True)

    def test_unknown_version_closes(self):
        """[MQTT-3.1.2-2] [MQTT311-3.1.2-2] An unknown version is told so and closed. The answer may
        have the form of either version, for the client speaks neither."""
        for level in (0, 1, 2, 6, 7, 127, 255):
            with self.subTest(level):
                one = self.dial()
                one.send(wire.connect(unique(), level=level))
                one.sock.settimeout(10)
                data = b""
                while True:
                    try:
                        more = one.sock.recv(64)
                    except ConnectionResetError:
                        break
                    if not more:
                        break
                    data += more
                if data or not FOREIGN:
                    self.assertEqual(data[:1], b"\x20", data)
                    self.assertEqual(data[2], 0, data)
                    self.assertIn(data[3], (0x01, 0x84), data)
                    self.assertEqual(len(data), 2 + data[1])

    def test_reserved_connect_flag_closes(self):
        """[MQTT-3.1.2-3] Bit 0 of the connect flags is zero."""
        one = self.dial()
        one.send(wire.connect(unique(), flags=0x03))
        self.refused(one, 0x81)

    def test_keep_alive_and_everything_at_once(self):
        """[MQTT-3.1.3-1] [MQTT-3.1.2-9] [MQTT-3.1.2-17] [MQTT-3.1.2-19] All payload fields together
        are read in their order."""
        watcher = self.client()
        watcher.subscribe(self.topic("will"))
        one = self.client(
            user="user", password=b"\x00\xffpass", keep_alive=60,
            will=wire.Will(self.topic("will"), b"\x00gone\xff", 1, False,
                           {"content_type": "x", "user": [("a", "b")]}),
            properties={"session_expiry": 0, "receive_maximum": 5, "user": [("k", "v")]})
        one.drop()
        got = watcher.message()
        self.assertEqual((got.payload, got.get("content_type"), got.all("user")),
                         (b"\x00gone\xff", "x", [("a", "b")]))


class Malformed(Test):
    def rejected(self, packet, *codes):
        one = self.dial()
        one.send(packet)
        self.assertEqual(self.refused(one, *(codes or (0x81, 0x82))), [])

    def test_will_flags(self):
        """[MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13] [MQTT-3.1.4-1] Will QoS 3, and will QoS
        or will retain without a will, are malformed."""
        for flags in (0x0A, 0x12, 0x1A, 0x22, 0x2A):
            with self.subTest(flags):
                self.rejected(wire.connect(unique(), flags=flags))
        self.rejected(wire.connect(unique(), will=wire.Will("t", qos=3)))

    def test_missing_will_fields(self):
        """[MQTT-3.1.2-9] The will flag without properties, topic or payload is malformed."""
        header = wire.text("MQTT") + b"\x05\x06\0\0\0" + wire.text(unique())
        for rest in (b"", b"\0", b"\0" + wire.text("t"), b"\0" + wire.text("t") + b"\0",
                     b"\0" + wire.text("t") + b"\0\5abc"):
            with self.subTest(rest):
                self.rejected(wire.packet(wire.CONNECT, 0, header + rest))

    def test_fields_without_their_flag(self):
        """[MQTT-3.1.2-16] [MQTT-3.1.2-18] [MQTT-3.1.4-1] Fields that no flag announces are
        malformed."""
        self.rejected(wire.connect(unique(), user="u", flags=0x02))
        self.rejected(wire.connect(unique(), user="u", password="p", flags=0x82))
        self.rejected(wire.connect(unique(), will=wire.Will("t"), flags=0x02))

    def test_flags_without_their_field(self):
        """[MQTT-3.1.2-17] [MQTT-3.1.2-19] [MQTT-3.1.4-1] Announced fields that are missing are
        malformed."""
        self.rejected(wire.connect(unique(), flags=0x82))
        self.rejected(wire.connect(unique(), flags=0x42))
        self.rejected(wire.connect(unique(), user="u", flags=0xC2))

    def test_password_without_user_name_is_fine(self):
        """[MQTT-3.1.2-16] [MQTT-3.1.2-19] MQTT 5 allows a password alone."""
        self.client(password=b"secret")

    def test_missing_client_identifier(self):
        """[MQTT-3.1.3-3] A CONNECT without the field is malformed."""
        self.rejected(wire.packet(wire.CONNECT, 0, wire.text("MQTT") + b"\x05\x02\0\0\0"))

    def test_cut_short_anywhere(self):
        """[MQTT-3.1.4-1] [MQTT-3.1.3-1] A CONNECT whose body ends early is malformed wherever it is
        cut."""
        whole = wire.connect("abc", user="u", password="p", properties={"session_expiry": 5},
                             will=wire.Will("t", b"p", properties={"will_delay": 1}))
        body = whole[2:]
        for length in range(len(body)):
            with self.subTest(length):
                one = self.dial()
                one.send(wire.packet(wire.CONNECT, 0, body[:length]))
                self.refused(one, 0x81, 0x82, 0x84, may_be_silent=length < 7)

    def test_bytes_left_over(self):
        """[MQTT-3.1.4-1] Bytes behind the last field are malformed."""
        whole = wire.connect(unique(), user="u", password="p")
        self.rejected(wire.packet(wire.CONNECT, 0, whole[2:] + b"\0"))

    def test_properties(self):
        """[MQTT-3.1.4-1] [MQTT-4.13.1-1] Unknown, misplaced, repeated and out-of-range properties
        of CONNECT and of the will are refused."""
        twice = b"".join
        for name, block in {
                "unknown": b"\x7f\x00",
                "misplaced": wire.prop("topic_alias", 1),
                "server only": wire.prop("assigned_client_id", "x"),
                "expiry twice": twice([wire.prop("session_expiry", 1)] * 2),
                "receive maximum twice": twice([wire.prop("receive_maximum", 1)] * 2),
                "receive maximum 0": wire.prop("receive_maximum", 0),
                "packet size twice": twice([wire.prop("max_packet_size", 100)] * 2),
                "packet size 0": wire.prop("max_packet_size", 0),
                "alias maximum twice": twice([wire.prop("topic_alias_max", 1)] * 2),
                "request response 2": wire.prop("request_response", 2),
                "request response twice": twice([wire.prop("request_response", 1)] * 2),
                "request problem 2": wire.prop("request_problem", 2),
                "request problem twice": twice([wire.prop("request_problem", 1)] * 2),
                "method twice": twice([wire.prop("auth_method", "a")] * 2),
                "data without method": wire.prop("auth_data", b"x"),
                "value cut": wire.prop("session_expiry", 1)[:-1]}.items():
            with self.subTest(name):
                self.rejected(wire.connect(unique(), properties=block))
        for name, block in {
                "delay twice": twice([wire.prop("will_delay", 1)] * 2),
                "format 2": wire.prop("payload_format", 2),
                "format twice": twice([wire.prop("payload_format", 1)] * 2),
                "expiry twice": twice([wire.prop("message_expiry", 1)] * 2),
                "content type twice": twice([wire.prop("content_type", "a")] * 2),
                "response topic twice": twice([wire.prop("response_topic", "a")] * 2),
                "correlation twice": twice([wire.prop("correlation_data", b"a")] * 2),
                "misplaced": wire.prop("session_expiry", 1),
                "alias": wire.prop("topic_alias", 1)}.items():
            with self.subTest(name, where="will"):
                self.rejected(wire.connect(unique(), will=wire.Will("t", properties=block)))

    def test_property_length_beyond_the_packet(self):
        """[MQTT-3.1.4-1] A property length larger than what is left is malformed."""
        for length in (b"\x7f", b"\xff\x7f", b"\xff\xff\xff\x7f"):
            with self.subTest(length):
                self.rejected(wire.packet(wire.CONNECT, 0, wire.text("MQTT") + b"\x05\x02\0\0"
                                          + length + wire.text("abc")))

    def test_will_topic_is_a_topic_name(self):
        """[MQTT-3.1.4-2] [MQTT-4.7.0-1] [MQTT-4.7.3-1] A will to a filter or to nothing is
        refused."""
        for topic in ("a/#", "+", "", "a/+/b"):
            with self.subTest(topic):
                self.rejected(wire.connect(unique(), will=wire.Will(topic)), 0x81, 0x82, 0x90)


class ClientIdentifier(Test):
    def test_letters_and_digits_up_to_23(self):
        """[MQTT-3.1.3-5] Such identifiers are always accepted."""
        letters = string.digits + string.ascii_lowercase + string.ascii_uppercase
        for start in range(0, len(letters), 23):
            with self.subTest(start):
                self.client((letters[start:] + letters)[:23]).disconnect()
        for length in range(1, 23):
            self.client((unique("") * 3)[-length:] or "x").disconnect()

    def test_others_are_accepted_or_told_why(self):
        """[MQTT-3.1.3-8] [MQTT-3.1.4-2] A client identifier is refused with 0x85 and a close, or it
        works."""
        for client_id in ("a/b+c#d", "$share", " ", "x" * 24, "x" * 256, "x" * 65535,
                          "\u20ac\U0001F600"):
            with self.subTest(client_id[:24]):
                one = self.dial()
                connack = one.connect(client_id)
                if connack.reason:
                    self.assertEqual(connack.reason, 0x85)
                    self.assertEqual(one.closed(), [])
                else:
                    self.assert_alive(one)
                    one.disconnect()

    def test_empty_one_is_assigned(self):
        """[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] Each gets an identifier of its own, is told
        it, and is known by it afterwards."""
        first = self.client("", properties={"session_expiry": 60})
        second = self.client("")
        third = self.client("", clean=False)
        names = [c.connack.get("assigned_client_id") for c in (first, second, third)]
        self.assertTrue(all(names), names)
        self.assertEqual(len(set(names)), 3)
        self.assertFalse(third.connack.session_present)
        first.subscribe(self.topic("a"), qos=1)
        first.disconnect()
        second.publish(self.topic("a"), b"kept", qos=1)
        again = self.resumed(names[0])
        self.assertIsNone(again.connack.get("assigned_client_id"))
        self.assertEqual(again.message().payload, b"kept")

    def test_given_one_is_not_assigned(self):
        """[MQTT-3.1.3-2] Whoever has an identifier keeps it; sessions follow identifiers."""
        names = [unique(), unique()]
        for name in names:
            one = self.client(name, properties={"session_expiry": 60})
            self.assertIsNone(one.connack.get("assigned_client_id"))
            one.subscribe(self.topic(name), qos=1)
            one.disconnect()
        publisher = self.client()
        for name in names:
            publisher.publish(self.topic(name), name, qos=1)
        for name in names:
            one = self.resumed(name)
            self.assertEqual(self.payloads(one.fence(publisher)), [name.encode()])

    def test_identifiers_are_compared_exactly(self):
        """[MQTT-3.1.3-2] Case and normal form make different clients."""
        base = unique()
        ones = [self.client(base + tail) for tail in ("a", "A", "a ", "\u00e9", "e\u0301")]
        for one in ones:
            self.assert_alive(one)


class Takeover(Test):
    def test_old_connection_is_told_and_closed(self):
        """[MQTT-3.1.4-3] The older connection gets 0x8E and is closed."""
        old = self.client()
        new = self.client(old.client_id)
        self.assertEqual(self.refused(old, 0x8E), [])
        self.assert_alive(new)

    def test_session_goes_along(self):
        """[MQTT-3.1.4-3] [MQTT-3.1.2-5] [MQTT-3.2.2-3] Clean start 0 takes the session over from
        the connection that is still open."""
        publisher = self.client()
        old = self.client(auto=False, properties={"session_expiry": 60})
        old.subscribe(self.topic("a"), qos=1)
        publisher.publish(self.topic("a"), b"1", qos=1)
        first = old.message()
        new = self.resumed(old.client_id, properties={"session_expiry": 60})
        self.refused(old, 0x8E)
        again = new.message()
        self.assertEqual((again.payload, again.pid, again.dup), (b"1", first.pid, True))
        publisher.publish(self.topic("a"), b"2", qos=1)
        self.assertEqual(new.message().payload, b"2")

    def test_clean_start_ends_the_session_of_the_open_connection(self):
        """[MQTT-3.1.4-3] [MQTT-3.1.4-4] [MQTT-3.1.2-4] Clean start 1 does not inherit."""
        publisher = self.client()
        old = self.client(properties={"session_expiry": 60})
        old.subscribe(self.topic("a"), qos=1)
        new = self.client(old.client_id, clean=True)
        self.assertFalse(new.connack.session_present)
        self.refused(old, 0x8E)
        publisher.publish(self.topic("a"), b"1", qos=1)
        self.assertEqual(new.fence(publisher), [])

    def test_many_in_a_row_leave_one(self):
        """[MQTT-3.1.4-3] After a storm of takeovers exactly the last connection lives."""
        client_id = unique()
        ones = []
        for _ in range(30):
            one = self.dial()
            one.start(client_id, {"session_expiry": 60}, clean=False)
            ones.append(one)
            one.take_connack()
        for one in ones[:-1]:
            self.refused(one, 0x8E)
        self.assert_alive(ones[-1])

    def test_race_leaves_one(self):
        """[MQTT-3.1.4-3] Connections that come at the same moment do not end in two owners."""
        client_id = unique()
        ones = [self.dial() for _ in range(12)]
        for one in ones:
            one.start(client_id)
        for one in ones:
            one.take_connack()
        last = self.client(client_id)
        for one in ones:
            if one.connack.reason == 0:
                self.refused(one, 0x8E)
            else:
                # Overtaken before it was accepted: it may be refused as well.
                self.assertIn(one.connack.reason, (0x88, 0x89))
                self.assertEqual(one.closed(), [])
        self.assert_alive(last)


class Rejected(Test):
    def test_what_follows_a_refused_connect_is_ignored(self):
        """[MQTT-3.1.4-6] [MQTT-3.2.2-7] [MQTT-4.13.2-1] Packets behind a CONNECT that is refused
        have no effect."""
        topic = self.topic("never")
        watcher = self.client()
        watcher.subscribe(topic)
        for bad in (wire.connect(unique(), properties={"auth_method": "none such"}),
                    wire.connect(unique(), flags=0x03),
                    wire.connect(unique(), level=6)):
            with self.subTest(bad):
                one = self.dial()
                one.send(bad + wire.publish(topic, b"x", retain=True) + wire.pingreq())
                while True:
                    try:
                        if not one.sock.recv(4096):
                            break
                    except ConnectionResetError:
                        break
        self.assertEqual(watcher.fence(self.client()), [])
        self.assertEqual(self.retained(topic), [])


if __name__ == "__main__":
    main()
