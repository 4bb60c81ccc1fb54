#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Retained messages and the retain options of subscriptions (3.3.1)."""

from harness import Test, main, wire


class Retaining(Test):
    """What is retained during a test is deleted after it."""

    def keep(self, topic, payload, qos=1, **more):
        one = self.client()
        one.publish(topic, payload, qos, retain=True, **more)
        one.disconnect()

    def tearDown(self):
        super().tearDown()
        one = self.client()
        one.subscribe(self.topic("#"), rap=True)
        for packet in one.ping():
            if packet.retain:
                one.publish(packet.topic, b"", 1, retain=True)
        one.disconnect()


class Store(Retaining):
    def test_last_one_is_kept(self):
        """[MQTT-3.3.1-5] A retained message replaces the one before, with its QoS and properties; a
        new subscriber gets it with the retain flag."""
        for qos in (2, 0, 1):
            self.keep(self.topic("a"), b"v%d" % qos, qos, properties={"user": [("q", str(qos))]})
            got = self.retained(self.topic("a"))
            self.assertEqual([(p.payload, p.qos, p.retain, p.dup, p.all("user")) for p in got],
                             [(b"v%d" % qos, qos, True, False, [("q", str(qos))])])

    def test_each_topic_has_its_own(self):
        """[MQTT-3.3.1-5] [MQTT-3.3.1-9] A wildcard gets all that match, and no others."""
        for name in ("a", "a/b", "a/b/c", "a//c", "A", "ab"):
            self.keep(self.topic(name), name)
        for filter_, expected in (("a", {"a"}), ("a/#", {"a", "a/b", "a/b/c", "a//c"}),
                                  ("+", {"a", "A", "ab"}), ("a/+", {"a/b"}),
                                  ("a/+/c", {"a/b/c", "a//c"}), ("+/+", {"a/b"}), ("x/#", set())):
            with self.subTest(filter_):
                got = self.retained(self.topic(filter_))
                self.assertEqual(sorted(p.payload.decode() for p in got), sorted(expected))

    def test_empty_payload_deletes(self):
        """[MQTT-3.3.1-6] [MQTT-3.3.1-7] It reaches present subscribers as a normal message,
        deletes, and is not kept itself."""
        one = self.client()
        one.subscribe(self.topic("a"), rap=True)
        for qos in (0, 1, 2):
            self.keep(self.topic("a"), b"x")
            self.assertEqual(one.message().payload, b"x")
            self.keep(self.topic("a"), b"", qos)
            got = one.message()
            self.assertEqual((got.payload, got.retain), (b"", True))
            self.assertEqual(self.retained(self.topic("a")), [])

    def test_empty_payload_for_nothing(self):
        """[MQTT-3.3.1-7] Deleting what is not there stores nothing."""
        self.keep(self.topic("a"), b"")
        self.assertEqual(self.retained(self.topic("#")), [])

    def test_ordinary_messages_leave_it_alone(self):
        """[MQTT-3.3.1-8] Messages without the flag neither store, replace nor delete."""
        one = self.client()
        one.publish(self.topic("a"), b"x", 1)
        self.assertEqual(self.retained(self.topic("a")), [])
        self.keep(self.topic("a"), b"kept")
        one.publish(self.topic("a"), b"other", 1)
        one.publish(self.topic("a"), b"", 1)
        self.assertEqual(self.payloads(self.retained(self.topic("a"))), [b"kept"])

    def test_it_does_not_belong_to_a_session(self):
        """[MQTT-3.3.1-5] [MQTT311-3.1.2-7] It outlives the publisher's session."""
        one = self.client()
        one.publish(self.topic("a"), b"x", 1, retain=True)
        one.drop()
        self.client(one.client_id, clean=True).disconnect()
        self.assertEqual(self.payloads(self.retained(self.topic("a"))), [b"x"])

    def test_delivered_qos_is_the_smaller_one(self):
        """[MQTT-3.8.4-8] [MQTT-3.3.1-9] Retained messages obey the granted QoS."""
        self.keep(self.topic("a"), b"x", 2)
        for granted in (0, 1, 2):
            one = self.client()
            one.subscribe(self.topic("a"), qos=granted)
            self.assertEqual(one.message().qos, granted)

    def test_large_ones(self):
        """[MQTT-3.3.1-5] A retained message of a megabyte comes back whole."""
        payload = bytes(range(256)) * 4096
        self.keep(self.topic("a"), payload)
        one = self.client()
        one.subscribe(self.topic("a"))
        self.assertEqual(one.message().payload, payload)

    def test_payload_of_one_zero_byte_is_kept(self):
        """[MQTT-3.3.1-6] Only a payload of length 0 deletes."""
        self.keep(self.topic("a"), b"\0")
        self.assertEqual(self.payloads(self.retained(self.topic("a"))), [b"\0"])


class Handling(Retaining):
    def count(self, one, filter_, **options):
        one.subscribe(filter_, **options)
        marker = self.topic("zz-marker")
        one.subscribe(marker, handling=0)
        got = one.take(lambda p: p.kind == wire.PUBLISH and p.topic == marker)
        self.assertEqual(got.payload, b"m")
        return len([p for p in one.ping() if p.topic != marker])

    def setUp(self):
        super().setUp()
        self.keep(self.topic("zz-marker"), b"m")
        self.keep(self.topic("a"), b"x")

    def test_zero_always_sends(self):
        """[MQTT-3.3.1-9] [MQTT-3.8.4-4] With each SUBSCRIBE."""
        one = self.client()
        for _ in range(3):
            self.assertEqual(self.count(one, self.topic("a"), handling=0), 1)

    def test_one_sends_for_new_subscriptions(self):
        """[MQTT-3.3.1-10] Once, and again only after the subscription has been deleted."""
        one = self.client()
        for qos, expected in ((0, 1), (0, 0), (1, 0)):
            self.assertEqual(self.count(one, self.topic("a"), qos=qos, handling=1), expected)
        one.unsubscribe(self.topic("a"))
        self.assertEqual(self.count(one, self.topic("a"), handling=1), 1)

    def test_one_knows_the_subscriptions_of_a_resumed_session(self):
        """[MQTT-3.3.1-10] A subscription that the session had is not new."""
        one = self.client(properties={"session_expiry": 60})
        self.assertEqual(self.count(one, self.topic("a"), handling=1), 1)
        one.disconnect()
        again = self.resumed(one.client_id)
        self.assertEqual(self.count(again, self.topic("a"), handling=1), 0)

    def test_two_never_sends(self):
        """[MQTT-3.3.1-11] Neither for new nor for existing subscriptions."""
        one = self.client()
        for _ in range(2):
            self.assertEqual(self.count(one, self.topic("a"), handling=2), 0)

    def test_each_filter_of_a_packet_has_its_own(self):
        """[MQTT-3.3.1-9] [MQTT-3.3.1-11] The option belongs to the filter, not to the packet."""
        self.keep(self.topic("b"), b"b")
        one = self.client()
        one.subscribe((self.topic("b"), wire.options(handling=2)),
                      (self.topic("a"), wire.options(handling=0)))
        marker = self.topic("zz-marker")
        one.subscribe(marker)
        one.take(lambda p: p.kind == wire.PUBLISH and p.topic == marker)
        self.assertEqual([p.topic for p in one.ping()], [self.topic("a")])

    def test_not_for_shared_subscriptions(self):
        """[MQTT-3.3.1-9] A shared subscription gets no retained messages when it is made."""
        one = self.client()
        self.assertEqual(self.count(one, "$share/g/" + self.topic("a"), handling=0), 0)


class AsPublished(Retaining):
    def test_flag_of_forwarded_messages(self):
        """[MQTT-3.3.1-12] [MQTT-3.3.1-13] Cleared without the option, kept as sent with it."""
        publisher, plain, kept = self.client(), self.client(), self.client()
        plain.subscribe(self.topic("a"), rap=False)
        kept.subscribe(self.topic("a"), rap=True)
        for retain in (True, False):
            publisher.publish(self.topic("a"), b"x", 1, retain=retain)
            self.assertIs(plain.message().retain, False)
            self.assertIs(kept.message().retain, retain)

    def test_flag_of_queued_messages(self):
        """[MQTT-3.3.1-12] [MQTT-3.3.1-13] The same for messages that waited for the client."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe((self.topic("a"), wire.options(1, rap=True)), (self.topic("b"), 1))
        one.disconnect()
        for name, retain in (("a", True), ("a", False), ("b", True)):
            publisher.publish(self.topic(name), b"x", 1, retain=retain)
        again = self.resumed(one.client_id)
        self.assertEqual([p.retain for p in again.messages(3)], [True, False, False])


if __name__ == "__main__":
    main()
