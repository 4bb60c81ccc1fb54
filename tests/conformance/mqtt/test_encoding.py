#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Strings, integers, flags and packet identifiers: chapters 1.5 and 2 of the standard."""

from harness import Test, main, unique, wire

ILL_FORMED = {
    "overlong slash": b"\xc0\xaf", "overlong null": b"\xc0\x80", "overlong three": b"\xe0\x80\xaf",
    "overlong four": b"\xf0\x80\x80\xaf", "surrogate high": b"\xed\xa0\x80",
    "surrogate low": b"\xed\xbf\xbf", "surrogate pair": b"\xed\xa0\x81\xed\xb0\x80",
    "beyond U+10FFFF": b"\xf4\x90\x80\x80", "five bytes": b"\xf8\x88\x80\x80\x80",
    "lone continuation": b"\x80", "cut short": b"a\xe2\x82", "cut by ASCII": b"\xe2\x82a",
    "byte FE": b"\xfe", "byte FF": b"\xff",
}


class Strings(Test):
    def connect_refused(self, **arguments):
        arguments = {"client_id": unique(), **arguments}
        one = self.dial()
        one.start(**arguments)
        self.refused(one, 0x81, 0x85)

    def test_ill_formed_utf8_in_a_topic_closes(self):
        """[MQTT-1.5.4-1] [MQTT-3.3.2-1] Every kind of ill-formed UTF-8 is malformed."""
        for name, data in ILL_FORMED.items():
            with self.subTest(name):
                one = self.client()
                one.push(b"t/" + data)
                self.refused(one, 0x81)

    def test_ill_formed_utf8_in_connect_closes(self):
        """[MQTT-1.5.4-1] [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] [MQTT-3.1.4-1] Client
        identifier, will topic, user name and will properties are checked too."""
        for name, data in ILL_FORMED.items():
            with self.subTest(name, field="client id"):
                self.connect_refused(client_id=data)
        bad = b"\xed\xa0\x80"
        for field, arguments in {
                "will topic": {"will": wire.Will(bad)},
                "user name": {"user": bad},
                "will content type": {"will": wire.Will("t", properties={"content_type": bad})},
                "will response topic": {"will": wire.Will("t", properties={"response_topic": bad})},
                "user property": {"properties": {"user": [("k", bad)]}}}.items():
            with self.subTest(field):
                self.connect_refused(**arguments)

    def test_ill_formed_utf8_in_filters_closes(self):
        """[MQTT-1.5.4-1] [MQTT-3.8.3-1] [MQTT-3.10.3-1] Filters are strings like any other."""
        for name, data in ILL_FORMED.items():
            with self.subTest(name):
                one = self.client()
                one.send(wire.subscribe(1, [(data, 0)]))
                self.refused(one, 0x81)
                one = self.client()
                one.send(wire.unsubscribe(1, [data]))
                self.refused(one, 0x81)

    def test_ill_formed_utf8_in_publish_properties_closes(self):
        """[MQTT-1.5.4-1] [MQTT-3.3.2-13] [MQTT-3.3.2-19] Response topic and content type."""
        for name in ("response_topic", "content_type"):
            for data in ILL_FORMED.values():
                with self.subTest(name, data=data):
                    one = self.client()
                    one.push("t", properties={name: data})
                    self.refused(one, 0x81)

    def test_null_character_closes(self):
        """[MQTT-1.5.4-2] [MQTT-4.7.3-2] U+0000 is in no string."""
        for packet in (wire.publish("a\0b"), wire.subscribe(1, [("a\0b", 0)]),
                       wire.unsubscribe(1, ["a\0b"]),
                       wire.publish("t", properties={"content_type": "a\0b"}),
                       wire.publish("t", properties={"user": [("a\0", "b")]})):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81, 0x90, 0x8F)
        self.connect_refused(client_id="a\0b")
        self.connect_refused(will=wire.Will("a\0b"))
        self.connect_refused(user="a\0b")

    def test_byte_order_mark_is_kept(self):
        """[MQTT-1.5.4-3] U+FEFF is a character of the topic wherever it stands."""
        one = self.client()
        plain, marked = self.topic("x"), "\ufeff" + self.topic("x")
        inside = self.topic("\ufeffx\ufeff")
        one.subscribe(plain, marked, inside)
        for topic in (marked, inside, plain):
            one.push(topic, topic)
        got = one.messages(3)
        self.assertEqual([p.topic for p in got], [marked, inside, plain])

    def test_characters_outside_the_basic_plane_pass(self):
        """[MQTT-1.5.4-1] Well-formed strings of every length are accepted."""
        one = self.client("\U0001F600" + unique())
        topic = self.topic("\u00e9\u20ac\U00010000\U0010FFFD\ud7ff\ue000")
        one.subscribe(topic)
        one.push(topic, b"x", properties={"user": [("\U0001F600", "\u20ac")]})
        got = one.message()
        self.assertEqual((got.topic, got.all("user")), (topic, [("\U0001F600", "\u20ac")]))

    def test_both_halves_of_a_pair_are_checked(self):
        """[MQTT-1.5.7-1] An ill-formed name or value of a user property is malformed."""
        for pair in (("k", b"\xff"), (b"\xff", "v"), (b"\xc0\x80", b"\xc0\x80")):
            for build in (lambda p: wire.publish("t", properties=p),
                          lambda p: wire.subscribe(1, [("t", 0)], p),
                          lambda p: wire.unsubscribe(1, ["t"], p),
                          lambda p: wire.disconnect(0, p)):
                with self.subTest(pair):
                    one = self.client()
                    one.send(build({"user": [pair]}))
                    self.refused(one, 0x81)


class Integers(Test):
    def test_overlong_variable_integers_close(self):
        """[MQTT-1.5.5-1] Lengths and properties in more bytes than needed are malformed."""
        body = wire.text("t") + b"\x00"
        for name, packet in {
                "remaining length": b"\xc0\x80\x00",
                "remaining length of publish": b"\x30" + wire.padded_var(len(body), 3) + body,
                "property length": wire.packet(wire.PUBLISH, 0, wire.text("t") + b"\x80\x00x"),
                "subscription identifier": wire.subscribe(
                    1, [("t", 0)], b"\x0b" + wire.padded_var(5, 2))}.items():
            with self.subTest(name):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81)

    def test_fifth_length_byte_closes(self):
        """[MQTT-1.5.5-1] A fifth byte makes the length malformed at once."""
        for packet in (b"\x30\xff\xff\xff\xff", b"\x30\x80\x80\x80\x80\x01"):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81)

    def test_own_lengths_are_shortest(self):
        """[MQTT-1.5.5-1] Around each border the server needs as few bytes as possible."""
        one = self.client()
        topic = self.topic("len")
        one.subscribe(topic)
        head = len(wire.text(topic)) + 1
        for length in (127, 128, 16383, 16384, 2097151, 2097152):
            with self.subTest(length):
                one.push(topic, bytes(length - head))
                got = one.message()
                self.assertEqual(got.size, 1 + len(wire.var(length)) + length)

    def test_largest_subscription_identifier(self):
        """[MQTT-1.5.5-1] [MQTT-3.3.4-3] Identifiers use the whole range of the integer."""
        one = self.client()
        for value in (1, 127, 128, 16383, 16384, 2097151, 2097152, wire.MAX_VAR):
            with self.subTest(value):
                topic = self.topic(str(value))
                one.subscribe(topic, properties={"subscription_id": value})
                one.push(topic)
                self.assertEqual(one.message().all("subscription_id"), [value])


class Flags(Test):
    def test_reserved_header_flags_close(self):
        """[MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1]
        [MQTT-3.15.1-1] Flag bits that the standard fixes have that value or the packet is
        malformed."""
        bodies = {
            wire.PUBACK: b"\0\1", wire.PUBREC: b"\0\1", wire.PUBREL: b"\0\1",
            wire.PUBCOMP: b"\0\1", wire.SUBSCRIBE: b"\0\1\0\0\1t\0",
            wire.UNSUBSCRIBE: b"\0\1\0\0\1t", wire.PINGREQ: b"", wire.DISCONNECT: b"",
            wire.AUTH: b"",
        }
        for kind, body in bodies.items():
            right = 2 if kind in (wire.PUBREL, wire.SUBSCRIBE, wire.UNSUBSCRIBE) else 0
            for flags in range(16):
                if flags != right:
                    with self.subTest(wire.NAMES[kind], flags=flags):
                        one = self.client()
                        one.send(wire.packet(kind, flags, body))
                        self.refused(one, 0x81)

    def test_reserved_flags_of_connect_close(self):
        """[MQTT-2.1.3-1] [MQTT-3.1.4-1] CONNECT has fixed header flags too."""
        for flags in range(1, 16):
            with self.subTest(flags):
                one = self.dial()
                good = wire.connect(unique())
                one.send(bytes([good[0] | flags]) + good[1:])
                self.refused(one, 0x81, may_be_silent=True)

    def test_reserved_packet_type_closes(self):
        """[MQTT-4.13.1-1] Type 0 and types that only servers send are refused."""
        for first in (0x00, 0x20, 0x90, 0xB0, 0xD0):
            with self.subTest(first):
                one = self.client()
                one.send(bytes([first]) + b"\x04\0\0\0\0")
                self.refused(one, 0x81, 0x82)


class Identifiers(Test):
    def test_qos0_has_none(self):
        """[MQTT-2.2.1-2] [MQTT-4.3.1-1] [MQTT-3.3.1-2] What follows the properties of a QoS 0
        message is its payload, and DUP is clear."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("q"), qos=0)
        for qos in (0, 1, 2):
            publisher.publish(self.topic("q"), b"\x01\x02payload", qos)
            got = one.message()
            self.assertEqual((got.qos, got.dup, got.payload), (0, False, b"\x01\x02payload"))

    def test_zero_is_refused(self):
        """[MQTT-2.2.1-3] A client that sends identifier 0 is closed."""
        for packet in (wire.publish("t", qos=1, pid=0), wire.publish("t", qos=2, pid=0),
                       wire.subscribe(0, [("t", 0)]), wire.unsubscribe(0, ["t"])):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81, 0x82)

    def test_server_uses_free_non_zero_identifiers(self):
        """[MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1] All messages in flight have their own."""
        publisher = self.client()
        one = self.client(auto=False)
        one.subscribe(self.topic("#"), qos=2)
        for index in range(20):
            publisher.publish(self.topic("m"), b"%d" % index, qos=1 + index % 2)
        got = one.messages(20)
        self.assertEqual(len({p.pid for p in got}), 20)
        self.assertNotIn(0, [p.pid for p in got])
        # Half of them end, the others stay: what comes next must avoid those.
        for packet in got[::2]:
            one.puback(packet.pid)
        for index in range(10):
            publisher.publish(self.topic("m"), b"%d" % index, qos=1)
        one.messages(10)  # the client itself checks every identifier against those in use

    def test_server_identifiers_survive_their_wrap(self):
        """[MQTT-2.2.1-4] [MQTT-4.3.2-1] An identifier that stays in use is passed over after the
        counter has gone round."""
        publisher = self.client()
        one = self.client(auto=False)
        one.subscribe(self.topic("w"), qos=1)
        publisher.publish(self.topic("w"), b"stuck", qos=1)
        self.assertEqual(one.message().payload, b"stuck")
        left = 66000  # more than there are identifiers
        while left:
            batch = min(left, 500)
            publisher.send(*(wire.publish(self.topic("w"), b"", 1, pid=i + 1)
                             for i in range(batch)))
            got = [one.message().pid for _ in range(batch)]
            self.assertNotIn(0, got)
            one.held.difference_update(got)
            one.send(*(wire.ack(wire.PUBACK, pid) for pid in got))
            for i in range(batch):
                publisher.answer(wire.PUBACK, i + 1)
            left -= batch

    def test_acknowledgements_carry_the_identifier(self):
        """[MQTT-2.2.1-5] [MQTT-2.2.1-6] [MQTT-3.8.4-2] [MQTT-3.10.4-5] [MQTT-4.3.3-11] Each answer
        names the packet it answers, at the ends of the range too."""
        one = self.client()
        for pid in (1, 255, 256, 32768, 65535):
            with self.subTest(pid):
                one.send(wire.publish(self.topic("a"), b"", 1, pid=pid))
                self.assertEqual(one.expect(wire.PUBACK).pid, pid)
                one.send(wire.publish(self.topic("a"), b"", 2, pid=pid))
                self.assertEqual(one.expect(wire.PUBREC).pid, pid)
                one.send(wire.ack(wire.PUBREL, pid))
                self.assertEqual(one.expect(wire.PUBCOMP).pid, pid)
                one.send(wire.subscribe(pid, [(self.topic("s"), 0)]))
                self.assertEqual(one.expect(wire.SUBACK).pid, pid)
                one.send(wire.unsubscribe(pid, [self.topic("s")]))
                self.assertEqual(one.expect(wire.UNSUBACK).pid, pid)

    def test_directions_do_not_share_identifiers(self):
        """[MQTT-2.2.1-4] Both ends may use the same number at the same time."""
        one = self.client(auto=False)
        one.subscribe(self.topic("d"), qos=2)
        one.push(self.topic("d"), b"1", qos=2, pid=1)
        one.answer(wire.PUBREC, 1)
        one.send(wire.ack(wire.PUBREL, 1))
        one.answer(wire.PUBCOMP, 1)
        echo = one.message()
        one.push(self.topic("other"), b"2", qos=2, pid=echo.pid)
        one.answer(wire.PUBREC, echo.pid)
        one.pubrec(echo.pid)
        one.answer(wire.PUBREL, echo.pid)
        one.send(wire.ack(wire.PUBREL, echo.pid))
        one.answer(wire.PUBCOMP, echo.pid)
        one.pubcomp(echo.pid)
        self.assertEqual(one.ping(), [])


class PropertyLength(Test):
    def test_missing_length_closes(self):
        """[MQTT-2.2.2-1] No properties is written as length 0, not left out."""
        for packet in (wire.packet(wire.PUBLISH, 0, wire.text("t")),
                       wire.packet(wire.SUBSCRIBE, 2, b"\0\1"),
                       wire.packet(wire.UNSUBSCRIBE, 2, b"\0\1")):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81, 0x82)

    def test_server_writes_it(self):
        """[MQTT-2.2.2-1] Messages, SUBACK and UNSUBACK without properties have the length 0."""
        one = self.client()
        topic = self.topic("p")
        suback = one.subscribe(topic)
        self.assertEqual(suback.size, 6 + sum(len(wire.prop(*p)) for p in suback.properties))
        one.push(topic, b"")
        got = one.message()
        self.assertEqual(got.size, 2 + len(wire.text(topic)) + 1)
        unsuback = one.unsubscribe(topic)
        self.assertEqual(unsuback.size, 6 + sum(len(wire.prop(*p)) for p in unsuback.properties))


if __name__ == "__main__":
    main()
