#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""CONNACK, and the limits that it announces (3.2)."""

from harness import FOREIGN, Test, main, unique, wire

LISTENERS = {
    "qos0": {"max_qos": 0},
    "qos1": {"max_qos": 1},
    "noretain": {"retain_available": False},
    "nowild": {"wildcard_available": False},
    "noshare": {"shared_available": False},
    "small": {"max_packet_size": 2048},
    "keepalive": {"max_keep_alive": 30},
}
LIMITS = {"max_session_expiry": 60}


class SessionPresent(Test):
    def test_truth_table(self):
        """[MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6]
        [MQTT-3.1.4-4] [MQTT-3.1.4-5] Set exactly when clean start is 0 and there is a session."""
        client_id = unique()
        for clean, expected, expiry in ((False, False, 60), (False, True, 60), (True, False, 60),
                                        (False, True, 60), (False, True, 0), (False, False, 60),
                                        (True, False, 0), (True, False, 60), (False, True, 60)):
            one = self.client(client_id, clean=clean, properties={"session_expiry": expiry})
            self.assertEqual(one.connack.flags, 0)
            self.assertIs(one.connack.session_present, expected)
            one.disconnect()

    def test_clean_start_discards_subscriptions_and_messages(self):
        """[MQTT-3.1.2-4] [MQTT-3.1.4-4] Nothing of the old session is left."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        publisher.publish(self.topic("a"), b"1", qos=1)
        two = self.client(one.client_id, clean=True, properties={"session_expiry": 60})
        publisher.publish(self.topic("a"), b"2", qos=1)
        self.assertEqual(two.fence(publisher), [])

    def test_created_session_works_at_once(self):
        """[MQTT-3.1.2-6] Clean start 0 without a session makes one."""
        one = self.client(clean=False, properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        two = self.resumed(one.client_id)
        two.publish(self.topic("a"), b"x", qos=1)
        self.assertEqual(two.message().payload, b"x")

    def test_connack_is_first_on_a_resumed_session(self):
        """[MQTT-3.2.0-1] Waiting messages come after CONNACK, however many there are."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        for index in range(50):
            publisher.publish(self.topic("a"), b"%d" % index, qos=1)
        two = self.resumed(one.client_id)  # fails unless CONNACK is the first packet
        self.assertEqual(self.payloads(two.messages(50)), [b"%d" % i for i in range(50)])


class Refusals(Test):
    def test_refusal_has_no_session_and_closes(self):
        """[MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-3.2.2-8] [MQTT-4.13.2-1] [MQTT-3.14.0-1] Even when
        the client has a session, a refusal says there is none, and the connection ends without
        DISCONNECT."""
        kept = self.client(properties={"session_expiry": 60})
        kept.disconnect()
        one = self.dial()
        one.send(wire.connect(kept.client_id, clean=False,
                              properties={"auth_method": "none such"}))
        got = one.closed()
        self.assertEqual([p.kind for p in got], [wire.CONNACK])
        self.assertFalse(got[0].session_present)
        self.assertIn(got[0].reason, (0x8C, 0x87))
        self.resumed(kept.client_id)

    def test_refused_connect_does_not_take_over(self):
        """[MQTT-3.1.4-6] [MQTT-3.1.4-2] Whoever is refused does not push the right owner out."""
        owner = self.client()
        one = self.dial()
        one.send(wire.connect(owner.client_id, properties={"auth_method": "none such"}))
        self.refused(one, 0x8C, 0x87)
        self.assert_alive(owner)


class Announcements(Test):
    def test_what_is_said_is_true(self):
        """[MQTT-3.2.2-8] [MQTT-3.2.2-9] Values in CONNACK are in range; full support of QoS and
        retained messages is not written, for Maximum QoS 2 may not be."""
        connack = self.client().connack
        self.assertIsNone(connack.get("max_qos"))
        self.assertGreater(connack.get("receive_maximum", 65535), 0)
        self.assertGreater(connack.get("max_packet_size", 1), 0)
        if not FOREIGN:
            self.assertEqual(connack.get("max_packet_size"), 16 * 1024 * 1024)

    def test_maximum_qos(self):
        """[MQTT-3.2.2-9] [MQTT-3.2.2-10] [MQTT-3.8.4-7] [MQTT-3.8.4-8] A listener without the
        higher QoS says so and still accepts every SUBSCRIBE."""
        for listener, highest in (("qos0", 0), ("qos1", 1)):
            with self.subTest(listener):
                one = self.client(listener=listener)
                self.assertEqual(one.connack.get("max_qos"), highest)
                suback = one.subscribe(*[(self.topic(str(q)), q) for q in (0, 1, 2)])
                for requested, granted in enumerate(suback.codes):
                    self.assertLessEqual(granted, requested)
                    one.publish(self.topic(str(requested)), b"x", qos=highest)
                    self.assertLessEqual(one.message().qos, granted)

    def test_higher_qos_is_refused(self):
        """[MQTT-3.2.2-11] [MQTT-4.13.1-1] A PUBLISH above the announced QoS closes with 0x9B."""
        for listener, qos in (("qos0", 1), ("qos0", 2), ("qos1", 2)):
            with self.subTest(listener, qos=qos):
                one = self.client(listener=listener)
                one.push(self.topic("a"), qos=qos)
                self.refused(one, 0x9B)

    def test_higher_will_qos_is_refused(self):
        """[MQTT-3.2.2-12] [MQTT-3.1.4-2] A will above the announced QoS refuses the connection."""
        for listener, qos in (("qos0", 1), ("qos0", 2), ("qos1", 2)):
            with self.subTest(listener, qos=qos):
                one = self.dial(listener=listener)
                one.start(unique(), will=wire.Will(self.topic("w"), qos=qos))
                self.refused(one, 0x9B)
        self.client(listener="qos1", will=wire.Will(self.topic("w"), qos=1))

    def test_retain_not_available(self):
        """[MQTT-3.2.2-13] [MQTT-3.2.2-14] [MQTT-3.1.4-2] Without retained messages a retained will
        refuses the connection and a retained PUBLISH closes it."""
        one = self.client(listener="noretain")
        self.assertEqual(one.connack.get("retain_available"), 0)
        one.push(self.topic("a"), b"x", retain=True)
        self.refused(one, 0x9A)
        two = self.dial(listener="noretain")
        two.start(unique(), will=wire.Will(self.topic("w"), retain=True))
        self.refused(two, 0x9A)
        self.assertEqual(self.retained(self.topic("#")), [])

    def test_wildcards_not_available(self):
        """[MQTT-3.8.4-7] [MQTT-4.13.1-1] A listener without wildcards says so and refuses them."""
        one = self.client(listener="nowild")
        self.assertEqual(one.connack.get("wildcard_available"), 0)
        self.assertEqual(one.subscribe(self.topic("plain")).codes, [0])
        one.send(wire.subscribe(9, [(self.topic("#"), 0)]))
        got = one.next()
        if got.kind == wire.SUBACK:
            self.assertEqual(got.codes, [0xA2])
        else:
            self.assertEqual((got.kind, got.reason), (wire.DISCONNECT, 0xA2))
            self.assertEqual(one.closed(), [])

    def test_shared_not_available(self):
        """[MQTT-3.8.4-7] [MQTT-4.13.1-1] A listener without shared subscriptions says so and
        refuses them."""
        one = self.client(listener="noshare")
        self.assertEqual(one.connack.get("shared_available"), 0)
        one.send(wire.subscribe(9, [("$share/g/" + self.topic("a"), 0)]))
        got = one.next()
        if got.kind == wire.SUBACK:
            self.assertEqual(got.codes, [0x9E])
        else:
            self.assertEqual((got.kind, got.reason), (wire.DISCONNECT, 0x9E))
            self.assertEqual(one.closed(), [])

    def test_packets_above_the_announced_size(self):
        """[MQTT-3.2.2-15] [MQTT-4.13.1-1] The announced size itself passes; one byte more closes
        with 0x95."""
        for listener in ("small", "mqtt"):
            one = self.client(listener=listener)
            limit = one.connack.get("max_packet_size")
            if limit is None:
                self.assertTrue(FOREIGN)
                continue
            with self.subTest(listener, limit=limit):
                topic = self.topic(listener)
                one.subscribe(topic)
                head = len(wire.publish(topic, bytes(limit // 2))) - limit // 2
                packet = wire.publish(topic, bytes(limit - head))
                self.assertEqual(len(packet), limit)
                one.send(packet)
                self.assertEqual(one.message().size, limit)
                big = wire.publish(topic, bytes(limit - head + 1))
                one.send(big[:10])
                self.refused(one, 0x95)

    def test_server_keep_alive(self):
        """[MQTT-3.1.2-21] [MQTT-3.2.2-21] Where the server has a limit, it is told to clients that
        ask for more or for none."""
        for asked, told in ((0, 30), (31, 30), (65535, 30), (30, None), (5, None)):
            with self.subTest(asked):
                one = self.client(listener="keepalive", keep_alive=asked)
                self.assertEqual(one.connack.get("server_keep_alive"), told)
        if not FOREIGN:
            self.assertIsNone(self.client(keep_alive=7).connack.get("server_keep_alive"))

    def test_session_expiry_cap(self):
        """[MQTT-3.1.2-23] A cut session expiry is told; a smaller one is left alone."""
        if FOREIGN:
            self.skipTest("about this host's limit")
        for asked, told in ((0, None), (30, None), (60, None), (61, 60), (0xFFFFFFFF, 60)):
            with self.subTest(asked):
                one = self.client(properties={"session_expiry": asked})
                self.assertEqual(one.connack.get("session_expiry"), told)


class Size(Test):
    def test_connack_fits_the_client(self):
        """[MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.1.2-24] Whatever the client can take, no CONNACK
        is larger; text that does not fit is left out."""
        for limit in (2, 4, 5, 8, 12, 16, 20, 24, 32, 64, 128):
            for bad in ({}, {"auth_method": "none such"}):
                with self.subTest(limit, bad=bad):
                    one = self.dial()
                    one.start(unique(), {"max_packet_size": limit, **bad})
                    if limit >= 64 and not bad:
                        self.assertEqual(one.take_connack().reason, 0)
                        self.assert_alive(one)
                    else:
                        # Accepting with fewer properties or closing are both right; the client
                        # checks each packet against what it announced.
                        one.send(wire.disconnect())
                        one.closed()


class Information(Test):
    def test_response_information_only_on_request(self):
        """[MQTT-3.1.2-28] Without the request, or with request 0, there is no response
        information."""
        for asked in ({}, {"request_response": 0}):
            connack = self.client(properties=asked).connack
            self.assertIsNone(connack.get("response_info"))
        self.client(properties={"request_response": 1})

    def test_no_problem_information_when_not_wanted(self):
        """[MQTT-3.1.2-29] With request problem information 0 only PUBLISH, CONNACK and DISCONNECT
        carry reason strings or user properties."""
        one = self.client(auto=False, properties={"request_problem": 0})
        answers = [one.publish(self.topic("nobody"), b"", 1),
                   one.unsubscribe(self.topic("never"), self.topic("again")),
                   one.subscribe("$share/g/" + self.topic("x"), self.topic("y")),
                   one.publish(self.topic("nobody"), b"", 2)]
        one.send(wire.ack(wire.PUBREL, 999))
        answers.append(one.answer(wire.PUBCOMP, 999))
        one.send(wire.ack(wire.PUBREC, 998))
        answers.append(one.answer(wire.PUBREL, 998))
        for answer in answers:
            self.assertEqual((answer.get("reason_string"), answer.all("user")), (None, []), answer)


if __name__ == "__main__":
    main(LISTENERS, LIMITS)
