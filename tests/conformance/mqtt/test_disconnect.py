#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""DISCONNECT, AUTH and the handling of errors (3.14, 3.15, 4.12, 4.13)."""

from harness import FOREIGN, Test, main, unique, wire


class Disconnect(Test):
    def test_server_lets_go(self):
        """[MQTT-3.14.4-2] [MQTT-3.14.2-1] Each form of DISCONNECT ends the connection without a
        word from the server."""
        for packet in (wire.disconnect(), wire.disconnect(0), wire.disconnect(0, {}),
                       wire.disconnect(4), wire.disconnect(0x80),
                       wire.disconnect(0, {"reason_string": "bye", "user": [("a", "b")]})):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.assertEqual(one.closed(), [])

    def test_nothing_behind_it_is_processed(self):
        """[MQTT-3.14.4-1] Packets behind a DISCONNECT have no effect."""
        watcher = self.client()
        watcher.subscribe(self.topic("a"))
        one = self.client()
        one.send(wire.disconnect() + wire.publish(self.topic("a"), b"late") + wire.pingreq())
        self.assertEqual(one.closed(), [])
        self.assertEqual(watcher.fence(self.client()), [])

    def test_malformed_ones(self):
        """[MQTT-3.14.1-1] [MQTT-3.14.2-1] [MQTT-4.13.1-1] Reasons a client may not give, properties
        it may not send, cut and overlong bodies."""
        for name, packet in {
                "reason of a server": wire.disconnect(0x8E),
                "reason unknown": wire.disconnect(0x01),
                "misplaced property": wire.disconnect(0, wire.prop("topic_alias", 1)),
                "unknown property": wire.disconnect(0, b"\x7e\1"),
                "expiry twice": wire.disconnect(0, wire.prop("session_expiry", 0) * 2),
                "length too long": wire.packet(wire.DISCONNECT, 0, b"\0\5"),
                "left over": wire.packet(wire.DISCONNECT, 0, b"\0\0x"),
                "flags": wire.packet(wire.DISCONNECT, 1, b"")}.items():
            with self.subTest(name):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81, 0x82, may_be_silent=name.startswith("reason"))

    def test_server_says_why_once_and_closes(self):
        """[MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-4.13.1-1]
        [MQTT-4.13.2-1] Its DISCONNECT has a legal reason, no session expiry, is the last packet,
        and the connection is closed with it."""
        one = self.client(properties={"session_expiry": 60})
        one.send(wire.publish(self.topic("a"), b"x", 3, pid=1) + wire.pingreq() * 3)
        got = one.closed()
        self.assertLessEqual(len(got), 1, got)
        if got:
            self.assertEqual((got[0].kind, got[0].reason), (wire.DISCONNECT, 0x81))
            self.assertIsNone(got[0].get("session_expiry"))
        elif not FOREIGN:
            self.fail("closed without saying why")

    def test_nothing_behind_an_error_is_processed(self):
        """[MQTT-4.13.1-1] [MQTT-3.14.4-1] What a client sends behind a malformed packet is not
        looked at; what it sent before counts."""
        watcher = self.client()
        watcher.subscribe(self.topic("#"))
        one = self.client()
        one.send(wire.publish(self.topic("before"), b"1") + b"\x30\xff\xff\xff\xff"
                 + wire.publish(self.topic("after"), b"2"))
        one.closed()
        self.assertEqual([p.topic for p in watcher.fence(self.client())], [self.topic("before")])

    def test_errors_concern_one_connection(self):
        """[MQTT-4.13.1-1] Others do not notice, and the session of the one that erred is there when
        it returns."""
        bystander = self.client()
        bystander.subscribe(self.topic("a"), qos=1)
        one = self.client(properties={"session_expiry": 60})
        one.send(b"\x00\x00")
        self.refused(one, 0x81, 0x82)
        again = self.resumed(one.client_id)
        again.publish(self.topic("a"), b"x", 1)
        self.assertEqual(bystander.message().payload, b"x")


class Auth(Test):
    def test_unknown_method_is_refused(self):
        """[MQTT-4.12.0-1] [MQTT-4.12.0-4] [MQTT-3.1.4-2] [MQTT-4.13.2-1] A method that the server
        does not know refuses the connection with 0x8C or 0x87, and it is closed."""
        for properties in ({"auth_method": "SCRAM-SHA-1"}, {"auth_method": ""},
                           {"auth_method": "x", "auth_data": b"\0\1"}):
            with self.subTest(properties):
                one = self.dial()
                one.start(unique(), properties)
                self.assertEqual(self.refused(one, 0x8C, 0x87), [])

    def test_no_method_no_auth(self):
        """[MQTT-4.12.0-6] Without a method from the client there is none in CONNACK and no AUTH."""
        one = self.client(user="u", password="p")
        self.assertIsNone(one.connack.get("auth_method"))
        self.assertIsNone(one.connack.get("auth_data"))
        self.assertEqual(one.ping(), [])

    def test_auth_without_a_method_closes(self):
        """[MQTT-4.12.0-7] [MQTT-4.12.1-2] [MQTT-4.12.1-1] [MQTT-4.13.1-1] AUTH on a connection that
        was made without a method is a protocol error, whatever it says."""
        for packet in (wire.auth(), wire.auth(0x18, {"auth_method": "x"}),
                       wire.auth(0x19, {"auth_method": "x", "auth_data": b"1"}), wire.auth(0x19),
                       wire.auth(0, {})):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x82, 0x8C, 0x81)

    def test_malformed_auth_closes(self):
        """[MQTT-3.15.1-1] [MQTT-3.15.2-1] [MQTT-4.13.1-1] Wrong flags, reasons and properties."""
        for packet in (wire.packet(wire.AUTH, 2, b""), wire.auth(0x01), wire.auth(0x80),
                       wire.auth(0x18, wire.prop("auth_method", "x") * 2),
                       wire.auth(0x18, wire.prop("topic_alias", 1)),
                       wire.packet(wire.AUTH, 0, b"\x18\x09")):
            with self.subTest(packet):
                one = self.client()
                one.send(packet)
                self.refused(one, 0x81, 0x82)


if __name__ == "__main__":
    main()
