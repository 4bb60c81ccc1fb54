#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Topic aliases in both directions (3.3.2.3.4)."""

from harness import FOREIGN, Test, main, unique

LISTENERS = {"none": {"topic_alias_max": 0}, "silent": {"topic_alias_max_outgoing": 0},
             "two": {"topic_alias_max": 2}}


class Incoming(Test):
    def test_every_announced_alias_works(self):
        """[MQTT-3.3.2-12] 1 to the announced maximum, at each QoS, also given anew."""
        publisher, one = self.client(), self.client()
        maximum = publisher.connack.get("topic_alias_max", 0)
        self.assertGreater(maximum, 0)
        if not FOREIGN:
            self.assertEqual(maximum, 64)
        one.subscribe(self.topic("#"), qos=2)
        for alias in range(1, min(maximum, 100) + 1):
            publisher.publish(self.topic(str(alias)), b"set", alias % 3,
                              properties={"topic_alias": alias})
            got = one.message()
            self.assertEqual((got.topic, got.get("topic_alias")), (self.topic(str(alias)), None))
        for alias in range(min(maximum, 100), 0, -1):
            publisher.publish("", b"use", alias % 3, properties={"topic_alias": alias})
            self.assertEqual(one.message().topic, self.topic(str(alias)))
        publisher.push(self.topic("other"), b"move", properties={"topic_alias": 1})
        publisher.push("", b"moved", properties={"topic_alias": 1})
        self.assertEqual([p.topic for p in one.messages(2)], [self.topic("other")] * 2)

    def test_zero_closes(self):
        """[MQTT-3.3.2-8] [MQTT-4.13.1-1] Alias 0 is never allowed."""
        for topic in (self.topic("a"), ""):
            one = self.client()
            one.push(topic, b"x", properties={"topic_alias": 0})
            self.refused(one, 0x94, 0x82)

    def test_above_the_maximum_closes(self):
        """[MQTT-3.3.2-9] [MQTT-3.2.2-17] [MQTT-4.13.1-1] One above the announced maximum."""
        for listener in ("mqtt", "two"):
            with self.subTest(listener):
                one = self.client(listener=listener)
                maximum = one.connack.get("topic_alias_max", 0)
                one.push(self.topic("a"), b"x", properties={"topic_alias": maximum})
                self.assert_alive(one)
                one.push(self.topic("a"), b"x", properties={"topic_alias": maximum + 1})
                self.refused(one, 0x94)

    def test_none_where_none_are_announced(self):
        """[MQTT-3.2.2-18] [MQTT-3.3.2-9] A listener that takes no aliases refuses all."""
        one = self.client(listener="none")
        self.assertEqual(one.connack.get("topic_alias_max", 0), 0)
        one.push(self.topic("a"), b"x", properties={"topic_alias": 1})
        self.refused(one, 0x94)

    def test_unknown_alias_closes(self):
        """[MQTT-4.13.1-1] [MQTT-3.3.2-7] An alias without a topic must have been given one."""
        for qos in (0, 1, 2):
            one = self.client()
            one.push("", b"x", qos, properties={"topic_alias": 2})
            self.refused(one, 0x94, 0x82)

    def test_mapping_ends_with_the_connection(self):
        """[MQTT-3.3.2-7] It is not carried into the next connection, even of the same session, nor
        shared with other clients."""
        one = self.client(properties={"session_expiry": 60})
        one.push(self.topic("a"), b"x", properties={"topic_alias": 1})
        self.assert_alive(one)
        other = self.client()
        other.push("", b"x", properties={"topic_alias": 1})
        self.refused(other, 0x94, 0x82)
        one.disconnect()
        again = self.resumed(one.client_id)
        again.push("", b"x", properties={"topic_alias": 1})
        self.refused(again, 0x94, 0x82)

    def test_directions_are_separate(self):
        """[MQTT-3.3.2-12] [MQTT-3.1.2-26] The client's aliases and the server's have nothing to do
        with each other."""
        one = self.client(properties={"topic_alias_max": 5})
        one.subscribe(self.topic("#"))
        one.push(self.topic("mine"), b"1", properties={"topic_alias": 1})
        one.push(self.topic("other"), b"2")
        one.push("", b"3", properties={"topic_alias": 1})
        self.assertEqual([p.topic for p in one.messages(3)],
                         [self.topic("mine"), self.topic("other"), self.topic("mine")])

    def test_retained_and_queued_messages_keep_the_topic(self):
        """[MQTT-3.3.2-3] What was published by alias is stored under its topic."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        publisher.push(self.topic("a"), b"1", properties={"topic_alias": 3})
        publisher.publish("", b"2", 1, retain=True, properties={"topic_alias": 3})
        publisher.disconnect()
        got = self.resumed(one.client_id).messages(1)
        self.assertEqual([p.topic for p in got], [self.topic("a")])
        kept = self.retained(self.topic("a"))
        self.assertEqual([(p.topic, p.payload) for p in kept], [(self.topic("a"), b"2")])
        self.client().publish(self.topic("a"), b"", 1, retain=True)


class Outgoing(Test):
    """The client checks every alias against the maximum and against what it was told."""

    def flood(self, maximum, listener="mqtt", topics=10):
        publisher = self.client()
        properties = {} if maximum is None else {"topic_alias_max": maximum}
        one = self.client(properties=properties, listener=listener)
        one.subscribe(self.topic("#"), qos=1)
        sent = []
        for round_ in range(4):
            for index in range(topics):
                topic = self.topic("long/name/to/make/an/alias/worth/it", str(index))
                publisher.publish(topic, b"%d" % round_, round_ % 2)
                sent.append(topic)
        got = one.messages(len(sent))
        self.assertEqual([p.topic for p in got], sent)
        return got

    def test_within_the_maximum(self):
        """[MQTT-3.1.2-26] [MQTT-3.3.2-11] [MQTT-3.3.2-8] Never 0, never above what the client
        takes; every alias resolves to the topic the message was sent to."""
        for maximum in (1, 3, 10, 65535):
            with self.subTest(maximum):
                self.root = unique("t")
                got = self.flood(maximum)
                if maximum >= 10 and not FOREIGN:
                    self.assertTrue([p for p in got if not p.wire_topic], "no alias was used")

    def test_none_for_clients_that_take_none(self):
        """[MQTT-3.1.2-27] Maximum absent or 0: no alias at all."""
        for maximum in (None, 0):
            self.root = unique("t")
            got = self.flood(maximum)
            self.assertEqual({p.get("topic_alias") for p in got}, {None})

    def test_none_where_the_listener_uses_none(self):
        """[MQTT-3.1.2-26] A listener may leave them out."""
        got = self.flood(20, "silent")
        self.assertEqual({p.get("topic_alias") for p in got}, {None})

    def test_mapping_ends_with_the_connection(self):
        """[MQTT-3.3.2-7] The next connection learns each alias anew; repeated and queued messages
        resolve there too."""
        publisher = self.client()
        one = self.client(auto=False, properties={"topic_alias_max": 5, "session_expiry": 60})
        one.subscribe(self.topic("#"), qos=1)
        for index in range(6):
            publisher.publish(self.topic(str(index % 2)), b"%d" % index, 1)
        one.messages(6)
        one.disconnect()
        for index in range(6, 12):
            publisher.publish(self.topic(str(index % 2)), b"%d" % index, 1)
        for maximum in (5, 1, 0):
            again = self.resumed(one.client_id, auto=False, properties={
                "topic_alias_max": maximum, "session_expiry": 60})
            got = again.messages(12)  # the client has no aliases from before
            self.assertEqual([(p.topic, p.payload) for p in got],
                             [(self.topic(str(i % 2)), b"%d" % i) for i in range(12)])
            again.disconnect()

    def test_dropped_packets_teach_no_alias(self):
        """[MQTT-3.1.2-25] [MQTT-3.3.2-11] A message that was too large and not sent cannot have
        told the client its alias."""
        publisher = self.client()
        one = self.client(properties={"topic_alias_max": 5, "max_packet_size": 100})
        one.subscribe(self.topic("a"), qos=1)
        publisher.publish(self.topic("a"), bytes(200), 1)
        for payload in (b"1", b"2"):
            publisher.publish(self.topic("a"), payload, 1)
            got = one.message()
            self.assertEqual((got.topic, got.payload), (self.topic("a"), payload))


if __name__ == "__main__":
    main(LISTENERS)
