#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""PUBLISH: flags, topic, properties as they travel (3.3.1, 3.3.2)."""

import time

from harness import Test, main, settle, unique, wire


class Flags(Test):
    def test_qos_3_closes(self):
        """[MQTT-3.3.1-4] Both QoS bits set is malformed."""
        for dup in (False, True):
            one = self.client()
            one.send(wire.publish(self.topic("a"), b"x", 3, pid=1, dup=dup))
            self.refused(one, 0x81)

    def test_dup_on_qos0_closes(self):
        """[MQTT-3.3.1-2] A QoS 0 message cannot be a repetition."""
        one = self.client()
        one.send(wire.publish(self.topic("a"), b"x", 0, dup=True))
        self.refused(one, 0x81, 0x82)

    def test_dup_is_not_passed_on(self):
        """[MQTT-3.3.1-3] [MQTT-4.3.2-2] [MQTT-4.3.3-2] DUP towards subscribers tells only of the
        server's own repetitions."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), qos=2)
        for qos in (1, 2):
            publisher.publish(self.topic("a"), b"x", qos, dup=True)
            got = one.message()
            self.assertEqual((got.qos, got.dup), (qos, False))

    def test_repetition_to_a_returning_client_has_dup(self):
        """[MQTT-3.3.1-1] Messages sent before and not acknowledged come again with DUP; messages
        that were never sent come without."""
        publisher = self.client()
        one = self.client(auto=False, properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=2)
        for qos in (1, 2):
            publisher.publish(self.topic("a"), b"old%d" % qos, qos)
        first = one.messages(2)
        one.disconnect()
        publisher.publish(self.topic("a"), b"new", 1)
        two = self.resumed(one.client_id, auto=False)
        got = two.messages(3)
        self.assertEqual([(p.payload, p.dup) for p in got],
                         [(b"old1", True), (b"old2", True), (b"new", False)])
        self.assertEqual([p.pid for p in got[:2]], [p.pid for p in first])


class Topic(Test):
    def test_wildcards_close(self):
        """[MQTT-3.3.2-2] [MQTT-4.7.0-1] No message goes to a filter."""
        for topic in ("#", "+", "a/#", "a/+/b", "a+", "a#b"):
            for qos in (0, 1):
                with self.subTest(topic, qos=qos):
                    one = self.client()
                    one.push(topic, b"x", qos)
                    self.refused(one, 0x81, 0x82, 0x90)

    def test_empty_topic_without_alias_closes(self):
        """[MQTT-3.3.2-1] [MQTT-4.7.3-1] A message needs a topic."""
        one = self.client()
        one.push("", b"x")
        self.refused(one, 0x81, 0x82, 0x90)

    def test_packet_cut_inside_its_header_closes(self):
        """[MQTT-3.3.2-1] [MQTT-4.13.1-1] Topic, identifier and properties must be whole."""
        body = wire.publish("abc", b"", 1, pid=7, properties={"content_type": "x"})[2:]
        for length in range(len(body)):
            with self.subTest(length):
                one = self.client()
                one.send(wire.packet(wire.PUBLISH, 2, body[:length]))
                self.refused(one, 0x81)

    def test_subscribers_see_the_published_topic(self):
        """[MQTT-3.3.2-3] [MQTT-3.3.2-1] The topic of a delivered message is the one it was sent to
        and matches the filter."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("+", "x"))
        one.subscribe(self.topic("y", "#"))
        for tail in ("1/x", "y", "2/x", "y/1/2", "3/z"):
            publisher.push(self.topic(tail), tail)
        got = one.fence(publisher)
        self.assertEqual([p.topic for p in got],
                         [self.topic(t) for t in ("1/x", "y", "2/x", "y/1/2")])


class Properties(Test):
    ALL = {"payload_format": 1, "content_type": "text/plain; \u20ac", "response_topic": "re/ply",
           "correlation_data": b"\x00\x01\xff", "user": [("b", "2"), ("a", "1"), ("b", "2"),
                                                         ("", ""), ("A", "3"), ("a", "0")]}

    def check(self, got, expected):
        for name, value in expected.items():
            if name == "user":
                self.assertEqual(got.all("user"), value)
            else:
                self.assertEqual(got.get(name), value, name)

    def test_all_are_forwarded_unaltered(self):
        """[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18]
        [MQTT-3.3.2-20] At each QoS, to every subscriber, in the order they were given."""
        publisher = self.client()
        ones = [self.client() for _ in range(3)]
        for qos, one in enumerate(ones):
            one.subscribe(self.topic("a"), qos=qos)
        for qos in (0, 1, 2):
            publisher.publish(self.topic("a"), "p\u20acy", qos, properties=self.ALL)
            for one in ones:
                got = one.message()
                self.assertEqual(got.payload, "p\u20acy".encode())
                self.check(got, self.ALL)
                self.assertEqual({n for n, _ in got.properties}, set(self.ALL))

    def test_absent_ones_stay_absent(self):
        """[MQTT-3.3.2-4] [MQTT-3.3.2-17] The server adds nothing to a message."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"))
        publisher.push(self.topic("a"), b"x")
        self.assertEqual(one.message().properties, [])
        for properties in ({"payload_format": 0}, {"content_type": ""},
                           {"correlation_data": b""}):
            publisher.push(self.topic("a"), b"x", properties=properties)
            got = one.message()
            for name, value in properties.items():
                self.assertIn(got.get(name), (value, 0) if name == "payload_format" else (value,))

    def test_stored_messages_keep_theirs(self):
        """[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18]
        [MQTT-3.3.2-20] Retained messages and messages of an absent client too."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        publisher.publish(self.topic("a"), b"q", 1, retain=True, properties=self.ALL)
        self.check(self.resumed(one.client_id).message(), self.ALL)
        self.check(self.retained(self.topic("a"))[0], self.ALL)
        publisher.publish(self.topic("a"), b"", 1, retain=True)

    def test_many_and_large_user_properties(self):
        """[MQTT-3.3.2-17] [MQTT-3.3.2-18] Hundreds of pairs and the longest strings survive."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"))
        pairs = [(f"k{i % 7}", f"v{i}") for i in range(500)] + [("k" * 65535, "v" * 65535)]
        publisher.push(self.topic("a"), b"x", properties={"user": pairs})
        self.assertEqual(one.message().all("user"), pairs)

    def test_illegal_ones_close(self):
        """[MQTT-4.13.1-1] [MQTT-3.3.2-14] [MQTT-3.3.4-6] Unknown, misplaced, repeated, out-of-range
        properties; wildcards in a response topic; subscription identifiers from a client."""
        double = {"payload_format": 1, "message_expiry": 1, "content_type": "a",
                  "response_topic": "a", "correlation_data": b"a", "topic_alias": 1}
        blocks = {f"{n} twice": wire.prop(n, v) * 2 for n, v in double.items()}
        blocks |= {
            "unknown": b"\x7e\x01", "misplaced": wire.prop("session_expiry", 1),
            "format 2": wire.prop("payload_format", 2), "cut": wire.prop("message_expiry", 1)[:3],
            "response wildcard #": wire.prop("response_topic", "a/#"),
            "response wildcard +": wire.prop("response_topic", "+/a"),
            "subscription identifier": wire.prop("subscription_id", 1)}
        for name, block in blocks.items():
            with self.subTest(name):
                one = self.client()
                one.push(self.topic("a"), b"x", properties=block)
                self.refused(one, 0x81, 0x82, 0x90)
        one = self.client()
        one.send(wire.packet(wire.PUBLISH, 0, wire.text("t") + b"\x10" + b"\x01\x01"))
        self.refused(one, 0x81)


class Expiry(Test):
    def test_waiting_time_is_subtracted(self):
        """[MQTT-3.3.2-6] Retained and queued messages leave with what is left of their life."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("q"), self.topic("live"), qos=1)
        publisher.publish(self.topic("live"), b"x", 1, properties={"message_expiry": 100})
        self.assertIn(one.message().get("message_expiry"), (99, 100))
        one.disconnect()
        sent = time.monotonic()
        for name in ("q", "r"):
            publisher.publish(self.topic(name), b"x", 1, retain=name == "r",
                              properties={"message_expiry": 100})
        settle(lambda: time.monotonic() - sent > 2.1)
        two = self.resumed(one.client_id)
        queued, kept = two.message(), self.retained(self.topic("r"))[0]
        waited = time.monotonic() - sent
        for got in (queued, kept):
            left = got.get("message_expiry")
            self.assertLessEqual(left, 98)
            self.assertGreaterEqual(left, 100 - waited - 1.5)
        publisher.publish(self.topic("r"), b"", 1, retain=True)

    def test_expired_messages_are_deleted(self):
        """[MQTT-3.3.2-5] Messages that expired before they could be sent are not sent; those
        without an expiry are."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("q"), qos=2)
        one.disconnect()
        for index in range(6):
            publisher.publish(self.topic("q"), b"%d" % index, 1 + index % 2,
                              properties={"message_expiry": 1} if index % 3 else None)
        publisher.publish(self.topic("r1"), b"x", 1, retain=True, properties={"message_expiry": 1})
        publisher.publish(self.topic("r2"), b"y", 1, retain=True)
        time.sleep(2.1)
        self.assertEqual([p.topic for p in self.retained(self.topic("+"))], [self.topic("r2")])
        two = self.resumed(one.client_id)
        self.assertEqual(self.payloads(two.fence(publisher)), [b"0", b"3"])
        publisher.publish(self.topic("r2"), b"", 1, retain=True)

    def test_messages_that_wait_for_the_window_expire(self):
        """[MQTT-3.3.2-5] [MQTT-3.3.2-6] Waiting for a slow connected subscriber counts too."""
        publisher = self.client()
        one = self.client(auto=False, properties={"receive_maximum": 1})
        one.subscribe(self.topic("a"), qos=1)
        publisher.publish(self.topic("a"), b"first", 1)
        first = one.message()
        publisher.publish(self.topic("a"), b"late", 1, properties={"message_expiry": 1})
        publisher.publish(self.topic("a"), b"stays", 1, properties={"message_expiry": 100})
        time.sleep(2.1)
        one.puback(first.pid)
        got = one.message()
        self.assertEqual(got.payload, b"stays")
        self.assertIn(got.get("message_expiry"), (96, 97, 98))

    def test_expiry_zero(self):
        """[MQTT-3.3.2-5] A life of 0 s is over before a client that is away comes back."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("q"), qos=1)
        one.disconnect()
        publisher.publish(self.topic("q"), b"x", 1, properties={"message_expiry": 0})
        time.sleep(1.1)
        two = self.resumed(one.client_id)
        self.assertEqual(two.fence(publisher), [])


class Acknowledgement(Test):
    def test_answer_follows_the_qos(self):
        """[MQTT-3.3.4-1] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.7.2-1] None, PUBACK, PUBREC; with
        and without subscribers."""
        one, listener = self.client(), self.client()
        for round_ in range(2):
            one.push(self.topic("a"), b"x", 0)
            self.assertEqual(one.ping(), [])
            expected = (0x00,) if round_ else (0x00, 0x10)
            one.push(self.topic("a"), b"x", 1, pid=11)
            self.assertIn(one.expect(wire.PUBACK).reason, expected)
            one.push(self.topic("a"), b"x", 2, pid=12)
            self.assertIn(one.expect(wire.PUBREC).reason, expected)
            one.send(wire.ack(wire.PUBREL, 12))
            self.assertEqual(one.expect(wire.PUBCOMP).reason, 0)
            listener.subscribe(self.topic("a"), qos=2)

    def test_long_forms_of_client_acknowledgements(self):
        """[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-2.2.2-1]
        Acknowledgements from a client with reason, empty properties, or all of them, are
        understood."""
        publisher = self.client()
        one = self.client(auto=False)
        one.subscribe(self.topic("a"), qos=2)
        full = {"reason_string": "because", "user": [("a", "b"), ("a", "b")]}
        for reason, properties in ((None, None), (0, None), (0, {}), (0, full), (0x10, full)):
            with self.subTest(reason=reason, properties=properties):
                pubrel_reason = None if reason is None else 0
                publisher.publish(self.topic("a"), b"1", 1)
                got = one.message()
                one.send(wire.ack(wire.PUBACK, got.pid, reason, properties))
                one.held.discard(got.pid)
                publisher.publish(self.topic("a"), b"2", 2)
                got = one.message()
                one.send(wire.ack(wire.PUBREC, got.pid, reason, properties))
                one.answer(wire.PUBREL, got.pid)
                one.send(wire.ack(wire.PUBCOMP, got.pid, pubrel_reason, properties))
                one.held.discard(got.pid)
                one.send(wire.publish(self.topic("b"), b"", 2, pid=5))
                one.answer(wire.PUBREC, 5)
                one.send(wire.ack(wire.PUBREL, 5, pubrel_reason, properties))
                self.assertEqual(one.answer(wire.PUBCOMP, 5).reason, 0)
        self.assert_alive(one)

    def test_malformed_acknowledgements_close(self):
        """[MQTT-4.13.1-1] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] Cut ones,
        reason codes and properties they cannot have."""
        for kind in (wire.PUBACK, wire.PUBREC, wire.PUBREL, wire.PUBCOMP):
            flags = 2 if kind == wire.PUBREL else 0
            for name, body in {
                    "empty": b"", "half an identifier": b"\0", "reason": b"\0\1\x01",
                    "reason of another packet": b"\0\1\x8e",
                    "property": b"\0\1\0\x02\x01\x01",
                    "string twice": b"\0\1\0" + wire.props(wire.prop("reason_string", "a") * 2),
                    "length too long": b"\0\1\0\x09",
                    "left over": b"\0\1\0\0x"}.items():
                with self.subTest(wire.NAMES[kind], case=name):
                    one = self.client()
                    one.send(wire.packet(kind, flags, body))
                    self.refused(one, 0x81, 0x82)

    def test_optional_text_fits_the_client(self):
        """[MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3]
        [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.11.2-1] [MQTT-3.11.2-2]
        [MQTT-3.14.2-3] [MQTT-3.14.2-4] Every answer, good or bad, stays within the client's maximum
        packet size."""
        for limit in (32, 40, 64):
            with self.subTest(limit):
                one = self.client(auto=False, properties={"max_packet_size": limit})
                one.publish("nobody/" + unique()[-5:], b"", 1)
                one.publish("nobody/" + unique()[-5:], b"", 2)
                one.push("$SYS/x", b"x", 1, pid=77)
                one.take(lambda p: p.kind in (wire.PUBACK, wire.DISCONNECT))
                one.send(wire.ack(wire.PUBREL, 900))
                one.answer(wire.PUBCOMP, 900)
                one.send(wire.ack(wire.PUBREC, 901))
                one.answer(wire.PUBREL, 901)
                one.subscribe("ok", "$share/g/x")
                one.unsubscribe("ok", "never", "$share/g/none")
                one.send(wire.packet(wire.PUBLISH, 6, b""))
                self.refused(one, 0x81)


if __name__ == "__main__":
    main()
