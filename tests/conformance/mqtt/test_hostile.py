#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm or are broken: bounded in time and memory, and nobody else pays."""

import contextlib
import random
import socket
import struct
import time

from harness import Closed, Silence, Test, main, settle, unique, wire

LISTENERS = {"hasty": {"handshake_timeout": 1}}
LIMITS = {"queue_bytes": 16 * 1024 * 1024}
MEBI = 1024 * 1024


class Slow(Test):
    """On a listener with a short handshake_timeout."""

    def ends(self, one, began, least=0.9):
        self.assertEqual(one.closed(), [])
        took = time.monotonic() - began
        self.assertGreaterEqual(took, least)
        self.assertLess(took, 8)

    def test_silent_connection(self):
        """[MQTT-3.1.0-1] A connection without CONNECT ends after the handshake timeout,
        unanswered."""
        one = self.dial(listener="hasty")
        self.ends(one, time.monotonic())

    def test_half_a_connect(self):
        """[MQTT-3.1.0-1] Neither does half of one keep it open."""
        one = self.dial(listener="hasty")
        one.send(wire.connect(unique(), user="u")[:-1])
        self.ends(one, time.monotonic())

    def test_dripping_connect(self):
        """[MQTT-3.1.0-1] Byte after byte does not extend the time."""
        one = self.dial(listener="hasty")
        began = time.monotonic()
        packet = wire.connect(unique(), user="u" * 100)
        with self.assertRaises((OSError, Closed)):
            for byte in packet:
                one.send(bytes([byte]))
                try:
                    one.next(0.1)
                except Silence:
                    pass
        self.assertLess(time.monotonic() - began, 8)

    def test_timeout_ends_with_connect(self):
        """[MQTT-3.2.0-1] Connected clients are not subject to it."""
        one = self.client(listener="hasty")
        time.sleep(2)
        self.assert_alive(one)

    def test_many_silent_connections(self):
        """[MQTT-3.2.0-1] Hundreds of silent connections do not keep others out."""
        silent = [self.dial(listener="hasty") for _ in range(300)]
        self.assert_alive(self.client(listener="hasty"))
        for one in silent:
            self.assertEqual(one.closed(), [])


class Lengths(Test):
    serial = True

    def grown(self, action):
        """How much resident memory the broker gains by this. 0 for a foreign broker."""
        before = self.broker.resident()
        action()
        time.sleep(0.3)
        return 0 if before is None else self.broker.resident() - before

    def test_length_alone_costs_nothing(self):
        """[MQTT-4.13.1-1] A length field reserves no memory before the bytes have come, in CONNECT
        and afterwards."""
        def act():
            for index in range(100):
                one = self.dial() if index % 2 else self.client()
                one.send(bytes([0x10 if index % 2 else 0x30]) + wire.var(15 * MEBI) + b"\0\4MQTT")
        self.assertLess(self.grown(act), 24 * MEBI)

    def test_inner_lengths_cost_nothing(self):
        """[MQTT-4.13.1-1] Lengths of strings and properties that reach beyond the packet."""
        def act():
            for block in (b"\xff\xff\xff\x7f", b"\x05\x26\xff\xff\xff\xff", b"\x03\x09\xff\xff"):
                for _ in range(30):
                    one = self.client()
                    one.send(wire.packet(wire.PUBLISH, 0, wire.text("t") + block))
                    self.refused(one, 0x81)
        self.assertLess(self.grown(act), 24 * MEBI)

    def test_connect_that_is_too_large(self):
        """[MQTT-3.1.4-1] [MQTT-3.2.2-15] The largest length that can be written closes at once."""
        one = self.dial()
        one.send(b"\x10" + wire.var(wire.MAX_VAR) + wire.connect(unique())[2:])
        if self.broker.pid is None:
            self.skipTest("how large a CONNECT may be is each server's choice")
        self.refused(one, 0x95, 0x81, may_be_silent=True)

    def test_subscriber_that_never_reads(self):
        """[MQTT-4.6.0-5] A subscriber that stops reading is bounded in memory; others get
        everything in order meanwhile, and publishers are not held up for ever."""
        deaf = self.dial(receive_buffer=4096)
        deaf.connect(unique())
        deaf.subscribe(self.topic("a"), qos=0)
        good, publisher = self.client(), self.client()
        good.subscribe(self.topic("a"), qos=0)
        payload = bytes(65536)

        def act():
            for index in range(1500):  # some 94 MiB
                publisher.push(self.topic("a"), struct.pack(">I", index) + payload)
                if index % 20 == 19:
                    got = good.messages(20)
                    self.assertEqual([struct.unpack(">I", p.payload[:4])[0] for p in got],
                                     list(range(index - 19, index + 1)))
        self.assertLess(self.grown(act), 64 * MEBI)
        deaf.reset()
        self.assert_alive(good)

    def test_absent_subscriber_is_bounded(self):
        """[MQTT-4.5.0-1] What waits for a client that does not come is limited; the publisher is
        acknowledged all the same."""
        away = self.client(properties={"session_expiry": 60})
        away.subscribe(self.topic("a"), qos=1)
        away.disconnect()
        publisher = self.client()
        payload = bytes(32768)

        def act():
            for _ in range(150):
                for pid in range(1, 21):
                    publisher.push(self.topic("a"), payload, 1, pid=pid)
                for pid in range(1, 21):
                    publisher.answer(wire.PUBACK, pid)
        self.assertLess(self.grown(act), 40 * MEBI)
        self.client(away.client_id, clean=True).disconnect()

    def test_client_that_asks_and_never_reads(self):
        """[MQTT-3.12.4-1] Answers that nobody reads do not pile up without bound."""
        one = self.dial(receive_buffer=4096)
        one.connect(unique())
        one.sock.setblocking(False)

        def act():
            until = time.monotonic() + 3
            sent = 0
            while time.monotonic() < until and sent < 32 * MEBI:
                try:
                    sent += one.sock.send(wire.pingreq() * 4096)
                except BlockingIOError:
                    time.sleep(0.005)
                except OSError:
                    break
        self.assertLess(self.grown(act), 32 * MEBI)
        self.assert_alive(self.client())


class Noise(Test):
    def test_random_bytes(self):
        """[MQTT-4.13.1-1] [MQTT-3.1.0-1] Noise instead of MQTT ends those connections only."""
        bystander = self.client()
        rng = random.Random(20240229)
        for _ in range(150):
            one = self.dial()
            try:
                one.send(rng.randbytes(rng.randrange(1, 200)))
            except OSError:
                pass
            one.drop()
        self.assert_alive(bystander)

    def test_changed_packets(self):
        """[MQTT-4.13.1-1] Packets with flipped, missing, doubled bytes: the server closes or goes
        on, and everything it sends is legal."""
        bystander = self.client()
        bystander.subscribe(self.topic("quiet"))
        rng = random.Random(31415)
        root = self.topic("fuzz")
        samples = [
            wire.publish(root, b"x" * 20, properties={"user": [("a", "b")], "message_expiry": 9}),
            wire.publish(root, b"x" * 20, 1, pid=3, properties={"content_type": "t"}),
            wire.publish(root, b"x", 2, pid=4, properties={"response_topic": "r"}),
            wire.subscribe(5, [(root + "/#", 1), (root + "/+", 2)], {"subscription_id": 300}),
            wire.unsubscribe(6, [root + "/#"]), wire.ack(wire.PUBREL, 4, 0, {"user": [("k", "v")]}),
            wire.ack(wire.PUBACK, 9, 0x80, {"reason_string": "r"}), wire.disconnect(4, {}),
            wire.auth(0x18, {"auth_method": "m"}), wire.pingreq()]
        for round_ in range(300):
            one = self.client(will=wire.Will(root + "/will", b"w"))
            data = bytearray(b"".join(rng.sample(samples, 3)))
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(data))
                how = rng.randrange(4)
                if how == 0:
                    data[at] ^= 1 << rng.randrange(8)
                elif how == 1:
                    data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
                elif how == 2:
                    del data[at]
                else:
                    data[at:at] = data[at:at + rng.randrange(1, 5)]
            with self.subTest(round_, data=bytes(data)):
                one.send(bytes(data))
                with contextlib.suppress(OSError):  # it may have been closed already
                    one.sock.shutdown(socket.SHUT_WR)
                one.auto = False
                one.closed()
        self.assertEqual(bystander.ping(), [])

    def test_connect_and_vanish(self):
        """[MQTT-3.1.4-3] Connections that are reset right behind their CONNECT leave nothing that
        keeps their owner out."""
        client_id = unique()
        for index in range(100):
            one = self.dial()
            one.send(wire.connect(client_id, clean=bool(index % 2),
                                  properties={"session_expiry": 60}))
            one.reset()
        # The broker may still be taking in some of them, and each takes over in its turn.
        self.assertTrue(settle(lambda: self.stays(client_id)))

    def stays(self, client_id):
        one = self.dial()
        try:
            one.connect(client_id)
            one.ping()
            one.subscribe("x")
            return True
        except (AssertionError, OSError):
            return False


if __name__ == "__main__":
    main(LISTENERS, LIMITS)
