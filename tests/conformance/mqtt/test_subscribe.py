#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK and what they do to delivery (3.3.4, 3.8 to 3.11)."""

import time

from harness import FOREIGN, Test, main, wire


class Subscribe(Test):
    def test_malformed_ones_close(self):
        """[MQTT-3.8.3-2] [MQTT-3.8.3-5] [MQTT-4.13.1-1] No filter, cut filters, missing or reserved
        option bits, QoS 3, retain handling 3."""
        topic = wire.text(self.topic("a"))
        for name, body in {
                "empty": b"", "no filter": b"\0\1\0", "no options": b"\0\1\0" + topic,
                "cut": b"\0\1\0" + topic[:-1], "second without options": b"\0\1\0" + topic + b"\0"
                + topic, "QoS 3": b"\0\1\0" + topic + b"\3", "bit 6": b"\0\1\0" + topic + b"\x40",
                "bit 7": b"\0\1\0" + topic + b"\x80", "handling 3": b"\0\1\0" + topic + b"\x30",
                "identifier 0": b"\0\1\2\x0b\0" + topic + b"\0",
                "identifier twice": b"\0\1\4\x0b\1\x0b\2" + topic + b"\0",
                "misplaced property": b"\0\1\2\x01\0" + topic + b"\0",
                "unknown property": b"\0\1\2\x7e\0" + topic + b"\0"}.items():
            with self.subTest(name):
                one = self.client()
                one.send(wire.packet(wire.SUBSCRIBE, 2, body))
                self.refused(one, 0x81, 0x82)

    def test_one_suback_with_one_code_per_filter_in_order(self):
        """[MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1]
        [MQTT-3.9.3-2] Many filters get one answer; a bad one does not spoil the others."""
        one = self.client()
        qoses = [0, 1, 2, 2, 1, 0, 2] * 20
        suback = one.subscribe(*[(self.topic(str(i)), q) for i, q in enumerate(qoses)])
        self.assertEqual(suback.codes, qoses)
        for index in (0, 1, 2, 139):
            one.publish(self.topic(str(index)), b"x", 2)
            self.assertEqual(one.message().qos, qoses[index])
        self.assertEqual(one.ping(), [])

    def test_bad_filters_are_refused(self):
        """[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-3.8.4-7] Misplaced wildcards and empty
        filters fail, by code or by closing."""
        for bad in ("a#", "#/a", "a/#/b", "a/b#", "##", "a+", "+a", "a/+b/c", "++", "a/b+/#", ""):
            with self.subTest(bad):
                one = self.client()
                one.send(wire.subscribe(7, [(self.topic("ok"), 1), (bad, 0)]))
                got = one.next()
                if got.kind == wire.SUBACK:
                    self.assertEqual(got.codes[0], 1)
                    self.assertGreaterEqual(got.codes[1], 0x80)
                else:
                    self.assertEqual(got.kind, wire.DISCONNECT)
                    self.assertIn(got.reason, (0x81, 0x82, 0x8F))
                    self.assertEqual(one.closed(), [])

    def test_qos_is_the_smaller_one(self):
        """[MQTT-3.8.4-8] [MQTT-3.8.4-7] Every combination of published and granted QoS."""
        publisher = self.client()
        for granted in (0, 1, 2):
            one = self.client()
            self.assertEqual(one.subscribe(self.topic("m"), qos=granted).codes, [granted])
            for published in (0, 1, 2):
                publisher.publish(self.topic("m"), b"x", published)
                self.assertEqual(one.message().qos, min(granted, published))

    def test_repeated_filter_replaces_the_subscription(self):
        """[MQTT-3.8.4-3] The second SUBSCRIBE changes QoS, options and identifier; there are not
        two subscriptions then."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), qos=2, rap=True, properties={"subscription_id": 5})
        one.subscribe(self.topic("a"), qos=1, properties={"subscription_id": 6})
        publisher.publish(self.topic("a"), b"x", 2, retain=True)
        got = one.fence(publisher)
        self.assertEqual([(p.qos, p.retain, p.all("subscription_id")) for p in got],
                         [(1, False, [6])])
        one.subscribe(self.topic("a"), qos=0, handling=2)
        publisher.publish(self.topic("a"), b"x", 2)
        got = one.fence(publisher)
        self.assertEqual([(p.qos, p.all("subscription_id")) for p in got], [(0, [])])
        publisher.publish(self.topic("a"), b"", 1, retain=True)

    def test_repeated_filter_in_one_packet(self):
        """[MQTT-3.8.4-3] [MQTT-3.8.4-5] As if in several packets, the last one counts."""
        publisher, one = self.client(), self.client()
        self.assertEqual(one.subscribe((self.topic("a"), 2), (self.topic("a"), 0)).codes, [2, 0])
        publisher.publish(self.topic("a"), b"x", 2)
        self.assertEqual([p.qos for p in one.fence(publisher)], [0])

    def test_replacing_loses_nothing_and_repeats_retained(self):
        """[MQTT-3.8.4-4] Messages in flight survive a renewed subscription; retained ones come
        again."""
        publisher, one = self.client(), self.client()
        publisher.publish(self.topic("r"), b"kept", 1, retain=True)
        one.subscribe(self.topic("#"), qos=1)
        self.assertEqual(one.message().payload, b"kept")
        numbers = []
        for index in range(40):
            publisher.push(self.topic("a"), b"%d" % index, 1, pid=index + 1)
            one.send(wire.subscribe(one.pid(), [(self.topic("#"), 1)]))
        for index in range(40):
            publisher.answer(wire.PUBACK, index + 1)
        again = 0
        for packet in one.fence(publisher):
            if packet.kind == wire.PUBLISH and packet.topic == self.topic("a"):
                numbers.append(int(packet.payload))
            elif packet.kind == wire.PUBLISH and packet.topic == self.topic("r"):
                again += 1
        self.assertEqual(numbers, list(range(40)))
        self.assertEqual(again, 40)
        publisher.publish(self.topic("r"), b"", 1, retain=True)

    def test_user_properties_are_accepted(self):
        """[MQTT-3.8.4-1] [MQTT-3.10.4-4] Clients may add user properties."""
        one = self.client()
        user = {"user": [("a", "b"), ("a", "c")]}
        self.assertEqual(one.subscribe(self.topic("a"), properties=user).codes, [0])
        self.assertEqual(one.unsubscribe(self.topic("a"), properties=user).codes, [0])


class NoLocal(Test):
    def test_own_messages_stay_away(self):
        """[MQTT-3.8.3-3] With no local a client does not get what it published, others do; without
        it it does."""
        one, other = self.client(), self.client()
        one.subscribe((self.topic("n"), wire.options(1, no_local=True)),
                      (self.topic("l"), wire.options(1)))
        for client in (one, other):
            for name in ("n", "l"):
                client.publish(self.topic(name), client.client_id, 1)
        got = [(p.topic, p.payload.decode()) for p in one.fence(other)]
        self.assertEqual(sorted(got), sorted([(self.topic("l"), one.client_id),
                                              (self.topic("n"), other.client_id),
                                              (self.topic("l"), other.client_id)]))

    def test_it_is_about_the_client_not_the_connection(self):
        """[MQTT-3.8.3-3] It holds across a reconnect, for messages that waited."""
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("n"), qos=1, no_local=True)
        one.disconnect()
        again = self.resumed(one.client_id)
        again.publish(self.topic("n"), b"mine", 1)
        self.assertEqual(again.fence(self.client()), [])

    def test_not_on_shared_subscriptions(self):
        """[MQTT-3.8.3-4] No local on a shared subscription is a protocol error."""
        one = self.client()
        one.send(wire.subscribe(1, [("$share/g/" + self.topic("a"),
                                     wire.options(0, no_local=True))]))
        self.refused(one, 0x82)


class Overlap(Test):
    def deliver(self, *subscriptions, published=2):
        """The copies that one message makes for a client with these (filter, QoS, identifier)."""
        publisher, one = self.client(), self.client()
        for filter_, qos, identifier in subscriptions:
            one.subscribe(self.topic(filter_), qos=qos,
                          properties={"subscription_id": identifier} if identifier else None)
        publisher.publish(self.topic("a", "b"), b"x", published)
        return one.fence(publisher)

    def test_highest_qos_wins(self):
        """[MQTT-3.3.4-2] With one copy it has the highest QoS of the matching subscriptions; with
        several, one of them has."""
        for first, second in ((0, 2), (2, 0), (1, 2), (1, 0), (0, 1)):
            got = self.deliver(("a/+", first, None), ("a/#", second, None))
            self.assertEqual(max(p.qos for p in got), max(first, second))

    def test_identifiers_of_all_matches(self):
        """[MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5] One copy carries the identifiers of all
        matching subscriptions, several copies carry one each; others are not named."""
        got = self.deliver(("a/b", 1, 1), ("a/+", 2, 268435455), ("a/#", 0, 300), ("+/b", 0, None),
                           ("c", 0, 9))
        everything = sorted(i for p in got for i in p.all("subscription_id"))
        self.assertEqual(everything, [1, 300, 268435455])
        if len(got) > 1:
            self.assertTrue(all(len(p.all("subscription_id")) <= 1 for p in got))

    def test_same_identifier_twice(self):
        """[MQTT-3.3.4-4] Two matching subscriptions with one identifier: it may be named twice, and
        is named."""
        got = self.deliver(("a/b", 1, 7), ("a/#", 1, 7))
        everything = [i for p in got for i in p.all("subscription_id")]
        self.assertIn(everything, ([7], [7, 7]))

    def test_identifiers_stay_with_queued_and_retained_messages(self):
        """[MQTT-3.3.4-3] Also when the message waited for the client, or was retained."""
        publisher = self.client()
        publisher.publish(self.topic("r"), b"r", 1, retain=True)
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("r"), qos=1, properties={"subscription_id": 11})
        self.assertEqual(one.message().all("subscription_id"), [11])
        one.subscribe(self.topic("q"), qos=1, properties={"subscription_id": 12})
        one.disconnect()
        publisher.publish(self.topic("q"), b"q", 1)
        again = self.resumed(one.client_id)
        self.assertEqual(again.message().all("subscription_id"), [12])
        publisher.publish(self.topic("r"), b"", 1, retain=True)


class Unsubscribe(Test):
    def test_malformed_ones_close(self):
        """[MQTT-3.10.3-2] [MQTT-4.13.1-1] No filter, cut filters, wrong properties."""
        for name, body in {"empty": b"", "no filter": b"\0\1\0", "cut": b"\0\1\0\0\5ab",
                           "property": b"\0\1\2\x0b\1\0\1a",
                           "unknown property": b"\0\1\2\x7e\0\0\1a"}.items():
            with self.subTest(name):
                one = self.client()
                one.send(wire.packet(wire.UNSUBSCRIBE, 2, body))
                self.refused(one, 0x81, 0x82)

    def test_filters_are_compared_character_by_character(self):
        """[MQTT-3.10.4-1] Only the identical filter is removed, not what it would match."""
        publisher, one = self.client(), self.client()
        keep = [self.topic(f) for f in ("a/+", "a/#", "A/b", "a/b/", "\u00e9")]
        one.subscribe(self.topic("a/b"), *keep)
        others = [self.topic(f) for f in ("#", "+/b", "a/B", "a/b//", "e\u0301")]
        self.assertEqual(one.unsubscribe(*others).codes, [0x11] * len(others))
        self.assertEqual(one.unsubscribe(self.topic("a/b")).codes, [0])
        self.assertEqual(one.unsubscribe(self.topic("a/b")).codes, [0x11])
        for topic in ("a/b", "a/b/", "A/b", "\u00e9"):
            publisher.publish(self.topic(topic), topic, 1)
        got = {p.payload.decode() for p in one.fence(publisher)}
        self.assertEqual(got, {"a/b", "a/b/", "A/b", "\u00e9"})

    def test_one_unsuback_with_codes_in_order(self):
        """[MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] One code
        per filter; an answer even when nothing is deleted; repetition counts as a second packet."""
        one = self.client()
        one.subscribe(self.topic("a"), self.topic("b"), "$share/g/" + self.topic("c"))
        unsuback = one.unsubscribe(self.topic("x"), self.topic("b"), self.topic("b"),
                                   self.topic("c"), "$share/g/" + self.topic("c"), self.topic("a"))
        self.assertEqual(unsuback.codes, [0x11, 0, 0x11, 0x11, 0, 0])
        self.assertEqual(one.unsubscribe(self.topic("a")).codes, [0x11])

    def test_no_new_messages_afterwards(self):
        """[MQTT-3.10.4-2] What is published after UNSUBACK does not arrive."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), self.topic("b"), qos=1)
        one.unsubscribe(self.topic("a"))
        publisher.publish(self.topic("a"), b"1", 1)
        publisher.publish(self.topic("b"), b"2", 1)
        self.assertEqual(self.payloads(one.fence(publisher)), [b"2"])

    def test_started_deliveries_are_completed(self):
        """[MQTT-3.10.4-3] QoS 1 and 2 messages that were sent are finished, over a reconnect
        too."""
        publisher = self.client()
        one = self.client(auto=False, properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=2)
        publisher.publish(self.topic("a"), b"1", 1)
        publisher.publish(self.topic("a"), b"2", 2)
        publisher.publish(self.topic("a"), b"3", 2)
        first, second, third = one.messages(3)
        one.unsubscribe(self.topic("a"))
        one.pubrec(second.pid)
        one.answer(wire.PUBREL, second.pid)
        one.pubcomp(second.pid)
        one.disconnect()
        again = self.resumed(one.client_id, auto=False)
        got = again.messages(2)
        self.assertEqual([(p.pid, p.payload, p.dup) for p in got],
                         [(first.pid, b"1", True), (third.pid, b"3", True)])
        again.puback(first.pid)
        again.pubrec(third.pid)
        again.answer(wire.PUBREL, third.pid)
        again.pubcomp(third.pid)


class Ping(Test):
    def test_pingreq_is_answered(self):
        """[MQTT-3.12.4-1] Each PINGREQ gets one PINGRESP."""
        one = self.client()
        one.send(wire.pingreq() * 25)
        for _ in range(25):
            one.expect(wire.PINGRESP)
        self.assertEqual(one.ping(), [])

    def test_pingreq_with_a_body_closes(self):
        """[MQTT-4.13.1-1] PINGREQ has nothing but its fixed header."""
        one = self.client()
        one.send(wire.packet(wire.PINGREQ, 0, b"x"))
        self.refused(one, 0x81)


class KeepAlive(Test):
    def test_silence_is_ended_after_one_and_a_half(self):
        """[MQTT-3.1.2-22] [MQTT-3.2.2-22] The client's own value counts: not before 1.5 times, and
        soon after. The will is published, for this is not a normal end."""
        watcher = self.client()
        watcher.subscribe(self.topic("w"))
        one = self.client(keep_alive=1, will=wire.Will(self.topic("w"), b"lost"))
        began = time.monotonic()
        got = one.closed()
        took = time.monotonic() - began
        self.assertGreaterEqual(took, 1.45)
        self.assertLess(took, 6)
        self.assertTrue(all(p.kind == wire.DISCONNECT and p.reason == 0x8D for p in got), got)
        if not FOREIGN:
            self.assertEqual(len(got), 1)
        self.assertEqual(watcher.message().payload, b"lost")

    def test_any_packet_keeps_the_connection(self):
        """[MQTT-3.1.2-22] Every control packet from the client counts, not only PINGREQ."""
        one = self.client(keep_alive=1)
        for index in range(6):
            time.sleep(0.6)
            if index % 3 == 0:
                one.send(wire.pingreq())
                one.expect(wire.PINGRESP)
            elif index % 3 == 1:
                one.push(self.topic("a"), b"x")
            else:
                one.send(wire.ack(wire.PUBACK, 1))
        self.assert_alive(one)

    def test_messages_to_the_client_do_not_keep_it(self):
        """[MQTT-3.1.2-22] What the server sends is no sign of life from the client."""
        publisher = self.client()
        one = self.client(keep_alive=1)
        one.subscribe(self.topic("a"))
        began = time.monotonic()
        closed = False
        while not closed and time.monotonic() - began < 8:
            publisher.push(self.topic("a"), b"x")
            try:
                while True:
                    if one.next(0.3).kind == wire.DISCONNECT:
                        closed = True
                        break
            except AssertionError as error:
                closed = "closed" in str(error) or "reset" in str(error)
        self.assertTrue(closed)

    def test_zero_means_never(self):
        """[MQTT-3.1.2-22] Keep alive 0 turns the mechanism off."""
        one = self.client(keep_alive=0)
        time.sleep(3)
        self.assert_alive(one)

    def test_pieces_of_a_packet_do_not_keep_it(self):
        """[MQTT-3.1.2-22] Only whole control packets count: dripping bytes do not hold a connection
        open."""
        one = self.client(keep_alive=1)
        packet = wire.publish(self.topic("a"), bytes(100))
        began = time.monotonic()
        try:
            for byte in packet[:40]:
                one.send(bytes([byte]))
                time.sleep(0.2)
        except OSError:
            pass
        self.assertLess(time.monotonic() - began, 7)


if __name__ == "__main__":
    main()
