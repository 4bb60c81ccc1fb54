#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Delivery protocols and their state (4.3, 4.4), as sender and as receiver."""

import time

from harness import FOREIGN, Test, main, wire


class Receiver(Test):
    """The server takes messages from a client."""

    def test_qos1_identifier_is_free_after_puback(self):
        """[MQTT-4.3.2-4] [MQTT-4.3.2-5] The same identifier again, with or without DUP, is another
        message."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), qos=1)
        for payload, dup in ((b"1", False), (b"2", False), (b"3", True), (b"3", True)):
            publisher.push(self.topic("a"), payload, 1, dup=dup, pid=7)
            self.assertEqual(publisher.answer(wire.PUBACK, 7).reason, 0)
        self.assertEqual(self.payloads(one.fence(publisher)), [b"1", b"2", b"3", b"3"])

    def test_qos2_repetition_is_acknowledged_and_delivered_once(self):
        """[MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] Until PUBREL the identifier stands for one
        message, whatever else the packet says."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), qos=2)
        publisher.push(self.topic("a"), b"1", 2, pid=9)
        publisher.answer(wire.PUBREC, 9)
        for dup in (True, True, False):
            publisher.push(self.topic("a"), b"1", 2, dup=dup, pid=9)
            self.assertLess(publisher.answer(wire.PUBREC, 9).reason, 0x80)
        publisher.send(wire.ack(wire.PUBREL, 9))
        self.assertEqual(publisher.answer(wire.PUBCOMP, 9).reason, 0)
        self.assertEqual(self.payloads(one.fence(publisher)), [b"1"])

    def test_qos2_identifier_is_free_after_pubcomp(self):
        """[MQTT-4.3.3-12] After PUBCOMP the identifier starts another message, DUP or not."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), qos=2)
        for payload, dup in ((b"1", False), (b"2", False), (b"2", True)):
            publisher.push(self.topic("a"), payload, 2, dup=dup, pid=9)
            publisher.answer(wire.PUBREC, 9)
            publisher.send(wire.ack(wire.PUBREL, 9))
            self.assertEqual(publisher.answer(wire.PUBCOMP, 9).reason, 0)
        self.assertEqual(self.payloads(one.fence(publisher)), [b"1", b"2", b"2"])

    def test_repeated_and_unknown_pubrel_are_answered(self):
        """[MQTT-4.3.3-11] [MQTT-3.7.2-1] PUBREL always gets PUBCOMP; 0x92 if the identifier is not
        known."""
        one = self.client()
        one.publish(self.topic("a"), b"1", 2)
        last = one.next_pid
        one.send(wire.ack(wire.PUBREL, last))
        self.assertIn(one.answer(wire.PUBCOMP, last).reason, (0, 0x92))
        one.send(wire.ack(wire.PUBREL, 4711))
        self.assertEqual(one.answer(wire.PUBCOMP, 4711).reason, 0 if FOREIGN else 0x92)
        self.assert_alive(one)

    def test_qos2_state_survives_the_connection(self):
        """[MQTT-4.3.3-10] [MQTT-4.4.0-1] [MQTT-3.1.2-5] A message repeated after a reconnect is
        still the same message, and its PUBREL is still expected."""
        one = self.client()
        one.subscribe(self.topic("a"), qos=2)
        publisher = self.client(properties={"session_expiry": 60})
        publisher.push(self.topic("a"), b"1", 2, pid=3)
        publisher.answer(wire.PUBREC, 3)
        publisher.disconnect()
        again = self.resumed(publisher.client_id, properties={"session_expiry": 60})
        again.push(self.topic("a"), b"1", 2, dup=True, pid=3)
        self.assertLess(again.answer(wire.PUBREC, 3).reason, 0x80)
        again.disconnect()
        last = self.resumed(publisher.client_id)
        last.send(wire.ack(wire.PUBREL, 3))
        self.assertEqual(last.answer(wire.PUBCOMP, 3).reason, 0)
        self.assertEqual(self.payloads(one.fence(last)), [b"1"])

    def test_qos2_state_ends_with_the_session(self):
        """[MQTT-3.1.2-4] [MQTT-4.3.3-10] After a clean start the same identifier is a new
        message."""
        one = self.client()
        one.subscribe(self.topic("a"), qos=2)
        publisher = self.client(properties={"session_expiry": 60})
        publisher.push(self.topic("a"), b"1", 2, pid=3)
        publisher.answer(wire.PUBREC, 3)
        publisher.disconnect()
        again = self.client(publisher.client_id, clean=True)
        again.push(self.topic("a"), b"2", 2, pid=3)
        again.answer(wire.PUBREC, 3)
        again.send(wire.ack(wire.PUBREL, 3))
        self.assertEqual(again.answer(wire.PUBCOMP, 3).reason, 0)
        # Whether the first is delivered although its PUBREL never came is the server's choice.
        self.assertEqual(self.payloads(one.fence(again))[-1], b"2")

    def test_message_expiry_does_not_break_the_handshake(self):
        """[MQTT-4.3.3-13] PUBREL is answered after the message has expired."""
        one = self.client()
        one.push(self.topic("a"), b"1", 2, pid=5, properties={"message_expiry": 1})
        one.answer(wire.PUBREC, 5)
        time.sleep(1.6)
        one.push(self.topic("a"), b"1", 2, pid=5, dup=True, properties={"message_expiry": 1})
        self.assertLess(one.answer(wire.PUBREC, 5).reason, 0x80)
        one.send(wire.ack(wire.PUBREL, 5))
        self.assertEqual(one.answer(wire.PUBCOMP, 5).reason, 0)

    def test_refused_qos2_frees_its_identifier(self):
        """[MQTT-4.3.3-9] [MQTT-3.5.2-1] Where the server answers PUBREC with an error, the
        identifier may be used again at once, as a new message. $SYS is the server's own to publish
        to."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), "$SYS/broker/none", qos=2)
        publisher.push("$SYS/broker/none", b"forged", 2, pid=6)
        if publisher.answer(wire.PUBREC, 6).reason < 0x80:
            publisher.send(wire.ack(wire.PUBREL, 6))
            publisher.answer(wire.PUBCOMP, 6)
        publisher.push(self.topic("a"), b"1", 2, pid=6)
        self.assertEqual(publisher.answer(wire.PUBREC, 6).reason, 0)
        publisher.send(wire.ack(wire.PUBREL, 6))
        self.assertEqual(publisher.answer(wire.PUBCOMP, 6).reason, 0)
        self.assertEqual(self.payloads(one.fence(publisher)), [b"1"])

    def test_handshakes_may_interleave(self):
        """[MQTT-4.3.3-8] [MQTT-4.3.3-11] [MQTT-2.2.1-5] Several QoS 2 messages at once, released in
        another order."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.topic("a"), qos=2)
        for pid in (1, 2, 3, 4):
            publisher.push(self.topic("a"), b"%d" % pid, 2, pid=pid)
        for pid in (1, 2, 3, 4):
            self.assertEqual(publisher.expect(wire.PUBREC).pid, pid)
        for pid in (3, 1, 4, 2):
            publisher.send(wire.ack(wire.PUBREL, pid))
            self.assertEqual(publisher.expect(wire.PUBCOMP).pid, pid)
        self.assertEqual(sorted(self.payloads(one.fence(publisher))), [b"1", b"2", b"3", b"4"])


class Sender(Test):
    """The server brings messages to a client."""

    def subscriber(self, qos, **properties):
        publisher = self.client()
        one = self.client(auto=False, properties={"session_expiry": 60, **properties})
        one.subscribe(self.topic("a"), qos=qos)
        return publisher, one

    def resume(self, one, **arguments):
        one.disconnect()
        return self.resumed(one.client_id, auto=False, properties={"session_expiry": 60},
                            **arguments)

    def test_qos0(self):
        """[MQTT-4.3.1-1] QoS 0 leaves with DUP 0, once, and no acknowledgement is awaited."""
        publisher, one = self.subscriber(0)
        publisher.push(self.topic("a"), b"1")
        got = one.message()
        self.assertEqual((got.qos, got.dup), (0, False))
        self.assertEqual(self.resume(one).fence(publisher, 0), [])

    def test_qos1_is_unacknowledged_until_puback(self):
        """[MQTT-4.3.2-2] [MQTT-4.3.2-3] [MQTT-4.4.0-1] [MQTT-3.3.1-1] It is sent again to a
        returning client, with its identifier and DUP, until PUBACK; never after."""
        publisher, one = self.subscriber(1)
        publisher.publish(self.topic("a"), b"1", 1)
        got = one.message()
        self.assertEqual((got.qos, got.dup), (1, False))
        for _ in range(2):
            one = self.resume(one)
            again = one.message()
            self.assertEqual((again.payload, again.qos, again.dup, again.pid),
                             (b"1", 1, True, got.pid))
        one.puback(got.pid)
        one = self.resume(one)
        self.assertEqual(one.fence(publisher, 0), [])

    def test_nothing_is_repeated_on_a_living_connection(self):
        """[MQTT-4.4.0-1] Only a reconnect with a session makes the server repeat."""
        publisher, one = self.subscriber(2)
        publisher.publish(self.topic("a"), b"1", 1)
        publisher.publish(self.topic("a"), b"2", 2)
        publisher.publish(self.topic("a"), b"3", 2)
        first, second, third = one.messages(3)
        one.pubrec(third.pid)
        one.answer(wire.PUBREL, third.pid)
        time.sleep(2)
        self.assertEqual(one.fence(publisher, 0), [])
        one.puback(first.pid)
        one.pubrec(second.pid)
        one.answer(wire.PUBREL, second.pid)

    def test_qos2_publish_is_repeated_until_pubrec(self):
        """[MQTT-4.3.3-2] [MQTT-4.3.3-3] [MQTT-4.4.0-1] Before PUBREC the PUBLISH comes again."""
        publisher, one = self.subscriber(2)
        publisher.publish(self.topic("a"), b"1", 2)
        got = one.message()
        self.assertEqual((got.qos, got.dup), (2, False))
        one = self.resume(one)
        again = one.message()
        self.assertEqual((again.payload, again.qos, again.dup, again.pid), (b"1", 2, True, got.pid))
        one.pubrec(got.pid)
        self.assertEqual(one.answer(wire.PUBREL, got.pid).reason, 0)

    def test_qos2_pubrel_is_repeated_until_pubcomp(self):
        """[MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT-4.4.0-1] [MQTT-3.6.2-1] After PUBREC
        only the PUBREL comes again, until PUBCOMP; never the PUBLISH."""
        publisher, one = self.subscriber(2)
        publisher.publish(self.topic("a"), b"1", 2)
        got = one.message()
        one.pubrec(got.pid)
        self.assertEqual(one.answer(wire.PUBREL, got.pid).reason, 0)
        for _ in range(2):
            one = self.resume(one)
            self.assertEqual(one.expect(wire.PUBREL).pid, got.pid)
            self.assertEqual(one.fence(publisher, 0), [])
        one.pubcomp(got.pid)
        one = self.resume(one)
        self.assertEqual(one.fence(publisher, 0), [])

    def test_repeated_pubrec_gets_pubrel_again(self):
        """[MQTT-4.3.3-4] A second PUBREC for the same message is answered like the first."""
        publisher, one = self.subscriber(2)
        publisher.publish(self.topic("a"), b"1", 2)
        got = one.message()
        for _ in range(2):
            one.pubrec(got.pid)
            self.assertEqual(one.answer(wire.PUBREL, got.pid).reason, 0)
        one.pubcomp(got.pid)
        self.assertEqual(one.ping(), [])

    def test_acknowledgements_for_nothing_do_no_harm(self):
        """[MQTT-3.6.2-1] [MQTT-4.3.3-4] PUBACK and PUBCOMP for unknown identifiers are ignored,
        PUBREC is answered with PUBREL 0x92."""
        one = self.client(auto=False)
        one.send(wire.ack(wire.PUBACK, 50), wire.ack(wire.PUBCOMP, 51))
        self.assertEqual(one.ping(), [])
        one.send(wire.ack(wire.PUBREC, 52))
        self.assertIn(one.answer(wire.PUBREL, 52).reason, (0, 0x92) if FOREIGN else (0x92,))
        self.assert_alive(one)

    def test_message_expiry_ends_when_the_publish_is_sent(self):
        """[MQTT-4.3.3-7] A QoS 2 message that has been sent once is completed although it would
        have expired by now."""
        publisher, one = self.subscriber(2)
        publisher.publish(self.topic("a"), b"1", 2, properties={"message_expiry": 1})
        publisher.publish(self.topic("a"), b"2", 2, properties={"message_expiry": 1})
        first, second = one.messages(2)
        one.pubrec(second.pid)
        one.answer(wire.PUBREL, second.pid)
        one.disconnect()
        time.sleep(2.1)
        one = self.resumed(one.client_id, auto=False)
        again = one.next()
        self.assertEqual((again.kind, again.pid, again.payload), (wire.PUBLISH, first.pid, b"1"))
        self.assertEqual(one.expect(wire.PUBREL).pid, second.pid)
        one.pubrec(first.pid)
        one.answer(wire.PUBREL, first.pid)

    def test_refused_messages_are_finished(self):
        """[MQTT-4.4.0-2] [MQTT-3.3.4-9] PUBACK and PUBREC with an error end the message: no PUBREL,
        no repetition, and its place in flight is free."""
        publisher, one = self.subscriber(2, receive_maximum=2)
        publisher.publish(self.topic("a"), b"1", 1)
        publisher.publish(self.topic("a"), b"2", 2)
        publisher.publish(self.topic("a"), b"3", 2)
        first, second = one.messages(2)
        one.puback(first.pid, 0x80)
        one.pubrec(second.pid, 0x97)
        third = one.message()
        self.assertEqual(third.payload, b"3")
        one = self.resume(one)
        again = one.message()
        self.assertEqual((again.payload, again.dup), (b"3", True))
        self.assertEqual(one.fence(publisher, 0), [])

    def test_order_and_kind_of_repetitions(self):
        """[MQTT-4.4.0-1] [MQTT-4.6.0-1] A resumed session continues in the original order, every
        message with its own identifier."""
        publisher, one = self.subscriber(2)
        for index in range(9):
            publisher.publish(self.topic("a"), b"%d" % index, 1 + index % 2)
        got = one.messages(9)
        for packet in got[3:5]:  # one QoS 2, one QoS 1
            if packet.qos == 2:
                one.pubrec(packet.pid)
                one.answer(wire.PUBREL, packet.pid)
            else:
                one.puback(packet.pid)
        one = self.resume(one)
        again = [one.next() for _ in range(8)]
        self.assertEqual([p.pid for p in again if p.kind == wire.PUBREL], [got[3].pid])
        published = [p for p in again if p.kind == wire.PUBLISH]
        expected = got[:3] + got[5:]
        self.assertEqual([(p.pid, p.payload, p.qos) for p in published],
                         [(p.pid, p.payload, p.qos) for p in expected])
        self.assertTrue(all(p.dup for p in published))

    def test_pubrec_ends_the_payload_not_the_flow(self):
        """[MQTT-4.3.3-1] The identifier stays in use until PUBCOMP."""
        publisher, one = self.subscriber(2)
        publisher.publish(self.topic("a"), b"1", 2)
        got = one.message()
        one.pubrec(got.pid)
        one.answer(wire.PUBREL, got.pid)
        for index in range(10):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        self.assertNotIn(got.pid, [p.pid for p in one.messages(10)])


if __name__ == "__main__":
    main()
