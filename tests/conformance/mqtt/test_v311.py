#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 where it differs from 5.0, and both versions on one broker."""

import contextlib
import time

from harness import Closed, Test, main, unique, wire


class Legacy(Test):
    def legacy(self, client_id=None, auto=True, **arguments):
        return self.client(client_id, version=wire.V311, auto=auto, **arguments)

    def bare(self):
        return self.dial(wire.V311)

    def closes(self, *packets, **arguments):
        """The server closes without a word: 3.1.1 has no DISCONNECT from servers."""
        one = self.legacy(**arguments)
        one.send(*packets)
        self.assertEqual(self.refused(one), [])


class Connect(Legacy):
    def test_malformed_connect_gets_no_connack(self):
        """[MQTT311-3.1.4-1] [MQTT311-3.1.2-3] [MQTT311-1.5.3-1] [MQTT311-1.5.3-2]
        [MQTT311-3.1.2-14] [MQTT311-3.1.2-13] [MQTT311-3.1.2-15] [MQTT311-3.1.2-22]
        [MQTT311-3.1.2-9] A CONNECT that does not conform closes the connection without CONNACK."""
        v = wire.V311
        for name, packet in {
                "reserved flag": wire.connect(unique(), v, flags=3),
                "will QoS without will": wire.connect(unique(), v, flags=0x0A),
                "will retain without will": wire.connect(unique(), v, flags=0x22),
                "will QoS 3": wire.connect(unique(), v, will=wire.Will("t", qos=3)),
                "missing will": wire.connect(unique(), v, flags=0x06),
                "password alone": wire.connect(unique(), v, password="p"),
                "missing user": wire.connect(unique(), v, flags=0x82),
                "missing password": wire.connect(unique(), v, user="u", flags=0xC2),
                "left over": wire.connect(unique(), v, user="u", flags=0x02),
                "no client id": wire.packet(wire.CONNECT, 0, wire.text("MQTT") + b"\4\2\0\0"),
                "ill-formed id": wire.connect(b"\xff", v), "null in id": wire.connect("a\0", v),
                "will to a filter": wire.connect(unique(), v, will=wire.Will("a/#")),
                "header flags": b"\x11" + wire.connect(unique(), v)[1:]}.items():
            with self.subTest(name):
                one = self.bare()
                one.send(packet)
                self.assertEqual(one.closed(), [])

    def test_unknown_level_gets_return_code_1(self):
        """[MQTT311-3.1.2-2] [MQTT311-3.2.2-5] MQTT with level 3 is no version of MQTT."""
        one = self.bare()
        one.send(wire.connect(unique(), wire.V311, level=3))
        self.assertEqual(one.expect(wire.CONNACK).reason, 1)
        self.assertEqual(one.closed(), [])

    def test_empty_identifier(self):
        """[MQTT311-3.1.3-6] [MQTT311-3.1.3-7] [MQTT311-3.1.3-8] [MQTT311-3.2.2-4] With clean
        session it is accepted, without it is refused with code 2 and a close."""
        ones = [self.legacy("") for _ in range(3)]
        for one in ones:
            self.assertEqual(one.ping(), [])
        one = self.bare()
        connack = one.connect("", clean=False)
        self.assertEqual((connack.reason, connack.session_present), (2, False))
        self.assertEqual(one.closed(), [])

    def test_second_connect_closes(self):
        """[MQTT311-3.1.0-2] A protocol violation, as in 5.0, but without DISCONNECT."""
        self.closes(wire.connect(unique(), wire.V311))

    def test_takeover_says_nothing(self):
        """[MQTT311-3.1.4-2] The old connection is closed; there is no packet to say it with."""
        old = self.legacy()
        new = self.legacy(old.client_id)
        self.assertEqual(old.closed(), [])
        self.assertEqual(new.ping(), [])

    def test_takeover_across_versions(self):
        """[MQTT311-3.1.4-2] [MQTT-3.1.4-3] Client identifiers are the same in both versions."""
        one = self.client()
        two = self.legacy(one.client_id)
        self.refused(one, 0x8E)
        three = self.client(two.client_id)
        self.assertEqual(two.closed(), [])
        self.assert_alive(three)

    def test_connack_first(self):
        """[MQTT311-3.2.0-1] [MQTT311-3.1.4-4] [MQTT311-3.1.4-5] Also when other packets follow at
        once; nothing is done after a refusal."""
        one = self.bare()
        one.send(wire.connect(unique(), wire.V311) + wire.pingreq())
        one.expect(wire.CONNACK)
        one.expect(wire.PINGRESP)
        two = self.bare()
        two.send(wire.connect("", wire.V311, clean=False)
                 + wire.publish(self.topic("a"), b"x", retain=True, version=wire.V311))
        two.closed()
        self.assertEqual(self.retained(self.topic("a")), [])

    def test_keep_alive(self):
        """[MQTT311-3.1.2-24] Closed after one and a half times, not before."""
        one = self.legacy(keep_alive=1)
        began = time.monotonic()
        self.assertEqual(one.closed(), [])
        self.assertGreaterEqual(time.monotonic() - began, 1.45)


class Session(Legacy):
    def test_session_present(self):
        """[MQTT311-3.2.2-1] [MQTT311-3.2.2-2] [MQTT311-3.2.2-3] [MQTT311-3.1.2-4] [MQTT311-3.1.2-6]
        [MQTT311-3.1.4-3] Clean session 0 keeps, clean session 1 discards at both ends."""
        client_id = unique()
        for clean, present in ((False, False), (False, True), (True, False), (False, False),
                               (False, True)):
            one = self.legacy(client_id, clean=clean)
            self.assertIs(one.connack.session_present, present)
            one.disconnect()

    def test_kept_without_an_end(self):
        """[MQTT311-3.1.2-4] [MQTT311-3.1.2-5] [MQTT311-4.5.0-1] Subscriptions and QoS 1 and 2
        messages wait, with no expiry to end them."""
        one = self.legacy(clean=False)
        one.subscribe(self.topic("a"), qos=2)
        one.disconnect()
        publisher = self.legacy()
        for qos in (1, 2):
            publisher.publish(self.topic("a"), b"%d" % qos, qos)
        time.sleep(1.5)
        again = self.legacy(one.client_id, clean=False)
        self.assertTrue(again.connack.session_present)
        self.assertEqual([(p.payload, p.qos, p.dup) for p in again.messages(2)],
                         [(b"1", 1, False), (b"2", 2, False)])

    def test_repetition(self):
        """[MQTT311-4.4.0-1] [MQTT311-3.3.1-1] [MQTT311-4.3.2-1] [MQTT311-4.3.3-1] [MQTT311-4.6.0-1]
        Unacknowledged messages and PUBRELs come again, in order, with their identifiers."""
        publisher = self.legacy()
        one = self.legacy(clean=False, auto=False)
        one.subscribe(self.topic("a"), qos=2)
        for index in range(4):
            publisher.publish(self.topic("a"), b"%d" % index, 1 + index % 2)
        got = one.messages(4)
        one.pubrec(got[1].pid)
        one.answer(wire.PUBREL, got[1].pid)
        one.disconnect()
        again = self.legacy(one.client_id, clean=False, auto=False)
        packets = [again.next() for _ in range(4)]
        self.assertEqual([p.pid for p in packets if p.kind == wire.PUBREL], [got[1].pid])
        self.assertEqual([(p.pid, p.payload, p.dup) for p in packets if p.kind == wire.PUBLISH],
                         [(p.pid, p.payload, True) for p in (got[0], got[2], got[3])])

    def test_versions_share_sessions(self):
        """[MQTT311-3.1.2-4] [MQTT-3.1.2-5] A client that changes its version finds its session."""
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1, properties={"subscription_id": 9})
        one.disconnect()
        two = self.legacy(one.client_id, clean=False)
        self.assertTrue(two.connack.session_present)
        self.client().publish(self.topic("a"), b"x", 1, properties={"user": [("a", "b")]})
        self.assertEqual(two.message().payload, b"x")
        two.disconnect()
        three = self.resumed(one.client_id)
        self.client().publish(self.topic("a"), b"y", 1)
        self.assertEqual(three.message().payload, b"y")


class Messages(Legacy):
    def test_no_properties_towards_old_clients(self):
        """[MQTT311-3.3.2-1] What a 5.0 client publishes with properties arrives as topic and
        payload, live, queued and retained."""
        everything = {"payload_format": 1, "content_type": "c", "response_topic": "r",
                      "correlation_data": b"d", "user": [("a", "b")], "message_expiry": 100,
                      "topic_alias": 1}
        one = self.legacy(clean=False)
        one.subscribe(self.topic("a"), qos=1)
        publisher = self.client()
        publisher.publish(self.topic("a"), b"live", 1, properties=everything)
        self.assertEqual(one.message().payload, b"live")
        one.disconnect()
        publisher.publish(self.topic("a"), b"kept", 1, retain=True, properties=everything)
        again = self.legacy(one.client_id, clean=False)
        self.assertEqual(again.message().payload, b"kept")
        new = self.legacy()
        new.subscribe(self.topic("a"), qos=1)
        got = new.message()
        self.assertEqual((got.topic, got.payload, got.retain), (self.topic("a"), b"kept", True))
        publisher.publish(self.topic("a"), b"", 1, retain=True)

    def test_messages_from_old_clients_have_none(self):
        """[MQTT311-3.3.2-1] A 5.0 subscriber sees no properties on them."""
        one = self.client()
        one.subscribe(self.topic("a"), qos=2)
        publisher = self.legacy()
        for qos in (0, 1, 2):
            publisher.publish(self.topic("a"), b"\x05abc", qos)
            got = one.message()
            self.assertEqual((got.payload, got.properties, got.qos), (b"\x05abc", [], qos))

    def test_retain_flag_is_never_as_published(self):
        """[MQTT311-3.3.1-8] [MQTT311-3.3.1-9] [MQTT311-3.3.1-5] [MQTT311-3.3.1-7]
        [MQTT311-3.3.1-10] [MQTT311-3.3.1-11] [MQTT311-3.3.1-12] 1 for what a new subscription
        brings, 0 for what comes later."""
        one, publisher = self.legacy(), self.legacy()
        one.subscribe(self.topic("a"))
        for qos in (0, 1, 2):
            publisher.publish(self.topic("a"), b"%d" % qos, qos, retain=True)
            self.assertIs(one.message().retain, False)
            new = self.legacy()
            new.subscribe(self.topic("a"), qos=2)
            got = new.message()
            self.assertEqual((got.payload, got.retain, got.qos), (b"%d" % qos, True, qos))
        publisher.publish(self.topic("a"), b"plain", 1)
        one.message()
        self.assertEqual(self.payloads(self.retained(self.topic("a"))), [b"2"])
        publisher.publish(self.topic("a"), b"", 1, retain=True)
        self.assertEqual(one.message().payload, b"")
        self.assertEqual(self.retained(self.topic("a")), [])

    def test_retained_come_with_every_subscribe(self):
        """[MQTT311-3.8.4-3] [MQTT311-3.3.1-6] Also when the subscription existed."""
        publisher, one = self.legacy(), self.legacy()
        publisher.publish(self.topic("a"), b"x", 1, retain=True)
        for qos in (0, 1, 0):
            self.assertEqual(one.subscribe(self.topic("a"), qos=qos).codes, [qos])
            got = one.message()
            self.assertEqual((got.qos, got.retain), (qos, True))
        publisher.publish(self.topic("a"), b"", 1, retain=True)

    def test_overlapping_subscriptions(self):
        """[MQTT311-3.3.5-1] [MQTT311-3.8.4-6] The highest matching QoS is honoured."""
        publisher, one = self.legacy(), self.legacy()
        one.subscribe((self.topic("a"), 0), (self.topic("+"), 2), (self.topic("#"), 1))
        publisher.publish(self.topic("a"), b"x", 2)
        self.assertEqual(max(p.qos for p in one.fence(publisher)), 2)

    def test_answers_have_the_old_form(self):
        """[MQTT311-2.3.1-6] [MQTT311-2.3.1-7] [MQTT311-4.3.2-2] [MQTT311-4.3.3-2] [MQTT311-3.8.4-1]
        [MQTT311-3.10.4-4] [MQTT311-3.10.4-5] [MQTT311-3.12.4-1] Acknowledgements are two bytes of
        identifier, UNSUBACK too, with no reasons behind."""
        one = self.legacy()
        for pid in (1, 65535):
            one.send(wire.publish(self.topic("a"), b"", 1, pid=pid, version=wire.V311))
            self.assertEqual(one.expect(wire.PUBACK).size, 4)
            one.send(wire.publish(self.topic("a"), b"", 2, pid=pid, version=wire.V311))
            self.assertEqual(one.expect(wire.PUBREC).size, 4)
            one.send(wire.publish(self.topic("a"), b"", 2, dup=True, pid=pid, version=wire.V311))
            self.assertEqual(one.expect(wire.PUBREC).pid, pid)
            one.send(wire.ack(wire.PUBREL, pid))
            self.assertEqual(one.expect(wire.PUBCOMP).size, 4)
            one.send(wire.ack(wire.PUBREL, pid))
            self.assertEqual(one.expect(wire.PUBCOMP).size, 4)
            one.send(wire.subscribe(pid, [("x", 0), ("y", 2)], version=wire.V311))
            self.assertEqual(one.expect(wire.SUBACK).codes, [0, 2])
            one.send(wire.unsubscribe(pid, ["x", "never"], version=wire.V311))
            self.assertEqual(one.expect(wire.UNSUBACK).size, 4)
        self.assertEqual(one.ping(), [])

    def test_in_flight_is_not_limited_by_an_announcement(self):
        """[MQTT311-4.3.2-2] [MQTT311-4.3.3-2] 3.1.1 knows no receive maximum: a client that sends
        many messages at once is served, not closed."""
        one = self.legacy()
        for pid in range(1, 1501):
            one.push(self.topic("a"), b"x", 2, pid=pid)
        for pid in range(1, 1501):
            one.answer(wire.PUBREC, pid)
            one.send(wire.ack(wire.PUBREL, pid))
        for pid in range(1, 1501):
            one.answer(wire.PUBCOMP, pid)

    def test_will(self):
        """[MQTT311-3.1.2-8] [MQTT311-3.1.2-10] [MQTT311-3.1.2-12] [MQTT311-3.1.2-16]
        [MQTT311-3.1.2-17] [MQTT311-3.14.4-3] Published after an abnormal end with its retain flag,
        not after DISCONNECT."""
        watcher = self.client()
        watcher.subscribe(self.topic("#"), qos=2, rap=True)
        for qos, retain in ((0, False), (1, True), (2, False)):
            one = self.legacy(will=wire.Will(self.topic("w"), b"dead", qos, retain))
            one.drop()
            got = watcher.message()
            self.assertEqual((got.payload, got.qos, got.retain), (b"dead", qos, retain))
        one = self.legacy(will=wire.Will(self.topic("w"), b"no"))
        one.disconnect()
        self.assertEqual(watcher.fence(watcher), [])
        watcher.publish(self.topic("w"), b"", 1, retain=True)


class Violations(Legacy):
    def test_everything_malformed_closes_silently(self):
        """[MQTT311-4.8.0-1] [MQTT311-2.2.2-2] [MQTT311-3.3.1-4] [MQTT311-3.3.2-2] [MQTT311-3.8.3-4]
        [MQTT311-3.8.1-1] [MQTT311-3.8.3-3] [MQTT311-3.10.1-1] [MQTT311-3.10.3-2] [MQTT311-3.14.1-1]
        [MQTT311-3.6.1-1] [MQTT311-1.5.3-1] [MQTT311-1.5.3-2] [MQTT311-2.3.1-1] No packet of the
        server comes before the close."""
        v = wire.V311
        for name, packet in {
                "QoS 3": wire.publish("a", b"", 3, pid=1, version=v),
                "identifier 0": wire.publish("a", b"", 1, pid=0, version=v),
                "wildcard": wire.publish("a/#", b"", version=v),
                "empty topic": wire.publish("", b"", version=v),
                "ill-formed": wire.publish(b"\xed\xa0\x80", b"", version=v),
                "null": wire.publish("a\0", b"", version=v),
                "subscribe flags": wire.subscribe(1, [("a", 0)], version=v, flags=0),
                "subscribe empty": wire.subscribe(1, [], version=v),
                "subscribe QoS 3": wire.subscribe(1, [("a", 3)], version=v),
                "options of 5.0": wire.subscribe(1, [("a", 4)], version=v),
                "reserved bits": wire.subscribe(1, [("a", 0x80)], version=v),
                "subscribe identifier 0": wire.subscribe(0, [("a", 0)], version=v),
                "unsubscribe flags": wire.unsubscribe(1, ["a"], version=v, flags=0),
                "unsubscribe empty": wire.unsubscribe(1, [], version=v),
                "pubrel flags": wire.ack(wire.PUBREL, 1, flags=0),
                "long puback": wire.ack(wire.PUBACK, 1, 0),
                "disconnect flags": b"\xe1\x00", "long disconnect": wire.disconnect(0),
                "long pingreq": b"\xc0\x01x", "pingreq flags": b"\xc1\x00",
                "auth": wire.auth(), "type 0": b"\x00\x00", "pingresp": b"\xd0\x00",
                "fifth length byte": b"\x30\xff\xff\xff\xff\x01"}.items():
            with self.subTest(name):
                self.closes(packet)

    def test_bad_filters(self):
        """[MQTT311-3.9.3-2] [MQTT311-4.7.1-2] [MQTT311-4.7.1-3] [MQTT311-3.8.4-5] Refused with 0x80
        beside the good ones, or closed."""
        for bad in ("a#", "a/#/b", "a+", ""):
            with self.subTest(bad):
                one = self.legacy()
                one.send(wire.subscribe(3, [(self.topic("a"), 1), (bad, 0)], version=wire.V311))
                with contextlib.suppress(Closed):
                    self.assertEqual(one.expect(wire.SUBACK).codes, [1, 0x80])


if __name__ == "__main__":
    main()
