#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Flow control and packet sizes towards the client (4.9, 3.1.2.11.3, 3.1.2.11.4)."""

from harness import FOREIGN, Test, main, unique, wire

LISTENERS = {
    "strict": {"receive_maximum": 3},
    "warn": {"receive_maximum": 3, "receive_maximum_enforcement": "warn"},
}


class Outgoing(Test):
    def test_quota_is_respected(self):
        """[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] Never more unacknowledged messages than the
        client's receive maximum, and never fewer than it allows."""
        publisher = self.client()
        for maximum in (1, 2, 7):
            with self.subTest(maximum):
                self.root = unique("t")
                one = self.client(auto=False, properties={"receive_maximum": maximum})
                one.subscribe(self.topic("a"), qos=2)
                for index in range(20):
                    publisher.publish(self.topic("a"), b"%d" % index, 1 + index % 2)
                window = one.messages(maximum)
                self.nothing_more(one, publisher)
                for index in range(20):
                    packet = window.pop(0)
                    self.assertEqual(packet.payload, b"%d" % index)
                    if packet.qos == 1:
                        one.puback(packet.pid)
                    else:
                        one.pubrec(packet.pid)
                        one.answer(wire.PUBREL, packet.pid)
                        one.pubcomp(packet.pid)
                    if index + maximum < 20:
                        window.append(one.message())
                self.nothing_more(one, publisher)

    def test_pubrec_does_not_free_a_place(self):
        """[MQTT-3.3.4-9] [MQTT-4.9.0-2] A QoS 2 message counts until PUBCOMP."""
        publisher = self.client()
        one = self.client(auto=False, properties={"receive_maximum": 1})
        one.subscribe(self.topic("a"), qos=2)
        publisher.publish(self.topic("a"), b"1", 2)
        publisher.publish(self.topic("a"), b"2", 2)
        first = one.message()
        one.pubrec(first.pid)
        one.answer(wire.PUBREL, first.pid)
        self.nothing_more(one, publisher)
        one.pubcomp(first.pid)
        self.assertEqual(one.message().payload, b"2")

    def test_other_packets_pass(self):
        """[MQTT-3.3.4-10] [MQTT-4.9.0-3] With the quota used up, pings, subscriptions and the client's
        own publishing go on. QoS 0 messages may be held back."""
        publisher = self.client()
        one = self.client(auto=False, properties={"receive_maximum": 1})
        one.subscribe(self.topic("a"), qos=1)
        publisher.publish(self.topic("a"), b"1", 1)
        publisher.publish(self.topic("a"), b"2", 1)
        first = one.message()
        self.assertEqual(one.ping(), [])
        self.assertEqual(one.subscribe(self.topic("b"), qos=0).codes, [0])
        self.assertEqual(one.unsubscribe(self.topic("b")).codes, [0])
        for qos in (1, 2):
            self.assertLess(one.publish(self.topic("c"), b"x", qos).reason, 0x80)
        one.puback(first.pid)
        self.assertEqual(one.message().payload, b"2")

    def test_wrong_acknowledgements_do_not_free_places(self):
        """[MQTT-4.9.0-2] PUBACK and PUBCOMP for identifiers that are not in flight change
        nothing."""
        publisher = self.client()
        one = self.client(auto=False, properties={"receive_maximum": 1})
        one.subscribe(self.topic("a"), qos=1)
        for payload in (b"1", b"2"):
            publisher.publish(self.topic("a"), payload, 1)
        first = one.message()
        for other in range(1, 20):
            if other != first.pid:
                one.send(wire.ack(wire.PUBACK, other), wire.ack(wire.PUBCOMP, other))
        self.nothing_more(one, publisher)
        one.puback(first.pid)
        self.assertEqual(one.message().payload, b"2")

    def test_no_announcement_means_65535(self):
        """[MQTT-4.9.0-1] Without receive maximum many messages may be in flight."""
        publisher = self.client()
        one = self.client(auto=False)
        one.subscribe(self.topic("a"), qos=1)
        for index in range(15):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        self.assertEqual(self.payloads(one.messages(15)), [b"%d" % i for i in range(15)])

    def test_quota_starts_anew_on_each_connection(self):
        """[MQTT-4.9.0-1] [MQTT-4.4.0-1] [MQTT-3.3.4-9] Repeated messages count: the rest waits for
        them."""
        publisher = self.client()
        one = self.client(auto=False, properties={"receive_maximum": 5, "session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        for index in range(8):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        one.messages(5)
        one.disconnect()
        again = self.resumed(one.client_id, auto=False, properties={"receive_maximum": 2})
        for index in range(8):
            got = again.message()
            self.assertEqual((got.payload, got.dup), (b"%d" % index, index < 5))
            again.puback(got.pid)


class Incoming(Test):
    def fill(self, one, count):
        for pid in range(1, count + 1):
            one.push(self.topic("a"), b"x", 2, pid=pid)
        for pid in range(1, count + 1):
            self.assertLess(one.answer(wire.PUBREC, pid).reason, 0x80)

    def test_announced_maximum_can_be_used(self):
        """[MQTT-3.3.4-7] [MQTT-4.9.0-3] As many messages as announced are accepted, and everything
        else still works then."""
        for listener in ("strict", "mqtt"):
            one = self.client(listener=listener)
            maximum = one.connack.get("receive_maximum", 65535)
            count = min(maximum, 2000)
            self.fill(one, count)
            self.assert_alive(one)
            self.assertEqual(one.subscribe(self.topic("s")).codes, [0])
            one.push(self.topic("s"), b"free", 0)
            self.assertEqual(one.message().payload, b"free")
            for pid in range(1, count + 1):
                one.send(wire.ack(wire.PUBREL, pid))
                self.assertEqual(one.answer(wire.PUBCOMP, pid).reason, 0)
            self.fill(one, min(3, count))

    def test_strict_closes_above_it(self):
        """[MQTT-3.3.4-7] [MQTT-4.13.1-1] One message more closes with 0x93."""
        for listener, qos in (("strict", 2), ("strict", 1), ("mqtt", 2)):
            with self.subTest(listener, qos=qos):
                one = self.client(listener=listener)
                maximum = one.connack.get("receive_maximum", 65535)
                if maximum > 5000:
                    self.skipTest("no small receive maximum here")
                self.fill(one, maximum)
                if qos == 1:
                    # A PUBLISH of QoS 1 counts like one of QoS 2.
                    one.push(self.topic("a"), b"x", 1, pid=60000)
                else:
                    one.push(self.topic("a"), b"x", 2, pid=60000)
                self.refused(one, 0x93)

    def test_warn_goes_on(self):
        """[MQTT-4.9.0-3] Where the listener only warns, such clients are served."""
        one = self.client(listener="warn")
        self.assertEqual(one.connack.get("receive_maximum"), 3)
        self.fill(one, 10)
        for pid in range(1, 11):
            one.send(wire.ack(wire.PUBREL, pid))
            self.assertEqual(one.answer(wire.PUBCOMP, pid).reason, 0)
        self.assert_alive(one)

    def test_refilling_after_acknowledgement(self):
        """[MQTT-4.9.0-2] [MQTT-3.3.4-7] PUBCOMP gives the place back, many times over."""
        if FOREIGN:
            self.skipTest("needs a small receive maximum")
        one = self.client(listener="strict")
        for _ in range(10):
            self.fill(one, 3)
            for pid in (2, 1, 3):
                one.send(wire.ack(wire.PUBREL, pid))
                one.answer(wire.PUBCOMP, pid)

    def test_repetitions_hold_no_further_place(self):
        """[MQTT-3.3.4-7] [MQTT-4.3.3-10] A QoS 2 message that is repeated, on the same connection or
        after a reconnect, is one message in flight, not several."""
        if FOREIGN:
            self.skipTest("needs a small receive maximum")
        one = self.client(listener="strict", properties={"session_expiry": 60})
        self.fill(one, 2)
        for _ in range(5):
            one.push(self.topic("a"), b"x", 2, dup=True, pid=1)
            self.assertLess(one.answer(wire.PUBREC, 1).reason, 0x80)
        one.push(self.topic("a"), b"x", 2, pid=3)
        one.answer(wire.PUBREC, 3)
        one.disconnect()
        again = self.resumed(one.client_id, listener="strict")
        for pid in (1, 2, 3):
            again.push(self.topic("a"), b"x", 2, dup=True, pid=pid)
            self.assertLess(again.answer(wire.PUBREC, pid).reason, 0x80)
        for pid in (1, 2, 3):
            again.send(wire.ack(wire.PUBREL, pid))
            self.assertEqual(again.answer(wire.PUBCOMP, pid).reason, 0)
        self.fill(again, 3)

    def test_releases_of_an_earlier_connection_free_no_place(self):
        """[MQTT-3.3.4-7] [MQTT-4.4.0-1] PUBRELs for messages of the connection before are answered,
        and the announced maximum is neither less nor more than announced then."""
        if FOREIGN:
            self.skipTest("needs a small receive maximum")
        one = self.client(listener="strict", properties={"session_expiry": 60})
        self.fill(one, 3)
        one.disconnect()
        again = self.resumed(one.client_id, listener="strict")
        for pid in (1, 2, 3):
            again.send(wire.ack(wire.PUBREL, pid))
            self.assertEqual(again.answer(wire.PUBCOMP, pid).reason, 0)
        self.fill(again, 3)
        again.push(self.topic("a"), b"x", 2, pid=4)
        self.refused(again, 0x93)


class PacketSize(Test):
    def exact(self, topic, size, qos=0):
        """A payload with which a PUBLISH of this topic and QoS has exactly this size."""
        pid = 1 if qos else None
        length = size
        while len(wire.publish(topic, bytes(length), qos, pid=pid)) > size:
            length -= 1
        self.assertEqual(len(wire.publish(topic, bytes(length), qos, pid=pid)), size)
        return bytes(length)

    def test_limit_itself_passes_and_more_does_not(self):
        """[MQTT-3.1.2-24] [MQTT-3.1.2-25] At the limit it is sent, one byte above it is not, as if
        it had been."""
        publisher = self.client()
        for limit in (60, 200, 5000):
            for qos in (0, 1, 2):
                with self.subTest(limit, qos=qos):
                    self.root = unique("")[-6:]
                    one = self.client(properties={"max_packet_size": limit})
                    one.subscribe(self.root, qos=qos)
                    fits = self.exact(self.root, limit, qos)
                    for payload in (fits + b"x", fits, fits + bytes(1000)):
                        publisher.publish(self.root, payload, qos)
                    publisher.publish(self.root, b"end", qos)
                    self.assertEqual(one.message().size, limit)
                    self.assertEqual(one.message().payload, b"end")

    def test_dropped_messages_use_no_quota(self):
        """[MQTT-3.1.2-25] [MQTT-4.9.0-2] A message that was too large does not hold a place."""
        publisher = self.client()
        one = self.client(auto=False, properties={"max_packet_size": 100, "receive_maximum": 2})
        one.subscribe(self.topic("a"), qos=2)
        for qos in (1, 2, 1, 2):
            self.assertLess(publisher.publish(self.topic("a"), bytes(200), qos).reason, 0x80)
        for payload in (b"1", b"2"):
            publisher.publish(self.topic("a"), payload, 1)
        self.assertEqual(self.payloads(one.messages(2)), [b"1", b"2"])

    def test_dropped_messages_are_not_kept(self):
        """[MQTT-3.1.2-25] They do not come later, when a connection could take them."""
        publisher = self.client()
        one = self.client(properties={"max_packet_size": 100, "session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        publisher.publish(self.topic("a"), bytes(200), 1)
        one.fence(publisher)
        one.disconnect()
        self.assertEqual(self.resumed(one.client_id).fence(publisher), [])

    def test_properties_and_identifiers_count(self):
        """[MQTT-3.1.2-24] The whole packet counts, with all that the server adds to it."""
        publisher = self.client()
        one = self.client(properties={"max_packet_size": 100})
        one.subscribe(self.topic("a"), qos=1, properties={"subscription_id": 268435455})
        for length in range(0, 90):
            publisher.publish(self.topic("a"), b"", 1,
                              properties={"user": [("k", "v" * length)]})
        publisher.publish(self.topic("a"), b"end", 1)
        got = one.fence(publisher)  # the client checks the size of each
        self.assertEqual(got[-1].payload, b"end")
        self.assertEqual(max(p.size for p in got), 100)

    def test_retained_messages_too(self):
        """[MQTT-3.1.2-24] [MQTT-3.1.2-25] Retained messages that are too large are left out."""
        publisher = self.client()
        publisher.publish(self.topic("big"), bytes(500), 1, retain=True)
        publisher.publish(self.topic("small"), b"x", 1, retain=True)
        got = self.retained(self.topic("#"), properties={"max_packet_size": 200})
        self.assertEqual([p.topic for p in got], [self.topic("small")])
        for name in ("big", "small"):
            publisher.publish(self.topic(name), b"", 1, retain=True)

    def test_others_get_them(self):
        """[MQTT-3.1.2-25] One client's limit is not another's."""
        publisher, free = self.client(), self.client()
        small = self.client(properties={"max_packet_size": 100})
        for one in (free, small):
            one.subscribe(self.topic("a"))
        publisher.push(self.topic("a"), bytes(1000))
        self.assertEqual(len(free.message().payload), 1000)
        self.assertEqual(small.fence(publisher), [])


if __name__ == "__main__":
    main(LISTENERS)
