#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1 behind its switch."""

from harness import FOREIGN, Test, main, unique, wire

LISTENERS = {"legacy": {"allow_mqtt31": True}}


class Switch(Test):
    def test_off_by_default(self):
        """[MQTT311-3.1.2-2] A listener without the switch answers with return code 1 and closes."""
        if FOREIGN:
            self.skipTest("about this broker's switch")
        one = self.dial(wire.V31)
        self.assertEqual(one.connect(unique()).reason, 1)
        self.assertEqual(one.closed(), [])

    def test_only_its_own_name_and_level(self):
        """[MQTT-3.1.2-1] [MQTT-3.1.2-2] The switch admits MQIsdp with level 3, not mixtures."""
        for name, level in (("MQIsdp", 4), ("MQIsdp", 5), ("MQTT", 3)):
            with self.subTest(name, level=level):
                one = self.dial(wire.V31, listener="legacy")
                one.send(wire.connect(unique(), wire.V31, name=name, level=level))
                got = one.closed()
                self.assertLessEqual([p.reason for p in got], [1])


class Old(Test):
    LISTENER = "mqtt" if FOREIGN else "legacy"

    def old(self, client_id=None, auto=True, **arguments):
        return self.client(client_id, version=wire.V31, auto=auto, listener=self.LISTENER,
                           **arguments)

    def test_publish_and_subscribe(self):
        """MQTT 3.1 clients exchange messages with each other and with 5.0 clients at each QoS."""
        old, new = self.old(), self.client()
        self.assertEqual(old.subscribe((self.topic("a"), 2), (self.topic("b"), 0)).codes, [2, 0])
        new.subscribe(self.topic("a"), qos=2)
        for publisher in (old, new):
            for qos in (0, 1, 2):
                publisher.publish(self.topic("a"), b"x", qos)
                for one in (old, new):
                    self.assertEqual(one.message().qos, qos)
        self.assertEqual(old.unsubscribe(self.topic("a")).pid, old.next_pid)
        self.assertEqual(old.ping(), [])

    def test_session_without_session_present(self):
        """The session is kept, and the reserved byte of CONNACK stays 0 for it."""
        one = self.old(clean=False)
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        self.client().publish(self.topic("a"), b"x", 1)
        again = self.old(one.client_id, clean=False)
        self.assertFalse(again.connack.session_present)
        self.assertEqual(again.message().payload, b"x")

    def test_repeated_control_packets_may_have_dup(self):
        """In 3.1 SUBSCRIBE, UNSUBSCRIBE and PUBREL are repeated with DUP set."""
        one = self.old()
        one.send(wire.subscribe(5, [(self.topic("a"), 0)], version=wire.V31, flags=0x0A))
        self.assertEqual(one.expect(wire.SUBACK).pid, 5)
        one.push(self.topic("b"), b"x", 2, pid=6)
        one.answer(wire.PUBREC, 6)
        one.send(wire.ack(wire.PUBREL, 6, flags=0x0A))
        self.assertEqual(one.answer(wire.PUBCOMP, 6).pid, 6)
        one.send(wire.unsubscribe(7, [self.topic("a")], version=wire.V31, flags=0x0A))
        self.assertEqual(one.expect(wire.UNSUBACK).pid, 7)

    def test_identifier_is_required(self):
        """3.1 has no empty client identifiers: return code 2."""
        one = self.dial(wire.V31, listener=self.LISTENER)
        self.assertEqual(one.connect("").reason, 2)
        self.assertEqual(one.closed(), [])

    def test_identifiers_up_to_23(self):
        """Identifiers of 1 to 23 characters are always accepted."""
        for length in (1, 22, 23):
            name = (unique("x") * 2)[-length:]
            self.old(name).disconnect()

    def test_will(self):
        """Wills work as in 3.1.1."""
        watcher = self.client()
        watcher.subscribe(self.topic("w"))
        self.old(will=wire.Will(self.topic("w"), b"dead")).drop()
        self.assertEqual(watcher.message().payload, b"dead")

    def test_malformed_closes(self):
        """[MQTT-4.13.1-1] Malformed packets close a 3.1 connection too."""
        for packet in (b"\x30\xff\xff\xff\xff", wire.publish("a/#", b"", version=wire.V31),
                       wire.publish("a", b"", 3, pid=1, version=wire.V31), b"\x00\x00"):
            with self.subTest(packet):
                one = self.old()
                one.send(packet)
                self.assertEqual(self.refused(one), [])


if __name__ == "__main__":
    main(LISTENERS)
