# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket, byte by byte."""

import kit
from rawsocket import CLOSE, CONTINUATION, PING, TEXT, RawSocket, frame, wire


class WebSockets(kit.Test):
    """PL-04"""

    def raw(self, listener="ws"):
        one = RawSocket(self.broker.ports[listener])
        self.addCleanup(one.close)
        return one

    def upgraded(self, **arguments):
        one = self.raw()
        self.assertEqual(one.upgrade(**arguments).status, 101)
        return one

    def connected(self, **arguments):
        one = self.upgraded(**arguments)
        one.send(frame(wire.connect(kit.unique())))
        self.assertEqual(one.packet().reason, 0)
        return one

    def test_the_sub_protocol_comes_back(self):
        # [MQTT-6.0.0-3] [MQTT-6.0.0-4] PL-04
        for offered in (("mqtt",), ("other", "mqtt"), ("mqttv3.1", "mqtt")):
            answer = self.raw().upgrade(protocols=offered)
            self.assertEqual((answer.status, answer.fields["sec-websocket-protocol"]),
                             (101, "mqtt"))
            self.assertNotIn("sec-websocket-extensions", answer.fields)

    def test_without_the_sub_protocol_there_is_no_connection(self):
        # [MQTT-6.0.0-3] PL-04
        for offered in ((), ("other",), ("MQTT",)):
            one = self.raw()
            self.assertEqual(one.upgrade(protocols=offered).status, 400)
            self.assertIsNone(one.end())

    def test_another_path_is_not_found(self):
        for path in ("/", "/mqtt/", "/mqttx", "/other", "/MQTT"):
            one = self.raw()
            self.assertEqual(one.upgrade(path=path).status, 404, path)
        self.assertEqual(self.raw().upgrade(path="/mqtt?token=x").status, 101)
        self.assertEqual(self.raw("bus").upgrade(path="/deep/bus").status, 101)
        self.assertEqual(self.raw("bus").upgrade().status, 404)

    def test_what_is_no_upgrade_is_told_so(self):
        cases = [(426, {"drop": ("Upgrade",)}), (426, {"drop": ("Sec-WebSocket-Version",)}),
                 (426, {"Sec_WebSocket_Version": "8"}), (400, {"drop": ("Sec-WebSocket-Key",)}),
                 (400, {"drop": ("Host",)}), (400, {"Content_Length": "3"}),
                 (431, {"Cookie": "x" * 9000})]
        for status, arguments in cases:
            answer = self.raw().upgrade(**arguments)
            self.assertEqual(answer.status, status, arguments)
            if status == 426:
                self.assertEqual(answer.fields["sec-websocket-version"], "13")
        one = self.raw()
        one.send(wire.connect(kit.unique()))
        self.assertEqual(one.answer().status, 400)

    def test_pages_of_strangers_may_be_kept_out(self):
        self.assertEqual(self.raw("pages").upgrade(Origin="https://app.example").status, 101)
        self.assertEqual(self.raw("pages").upgrade(Origin="https://evil.example").status, 403)
        self.assertEqual(self.raw("pages").upgrade().status, 101)
        self.assertEqual(self.raw().upgrade(Origin="https://any.example").status, 101)

    def test_an_upgrade_byte_by_byte(self):
        one = self.connected(bytewise=True)
        one.bytewise(frame(wire.pingreq()))
        self.assertEqual(one.packet().kind, wire.PINGRESP)

    def test_several_packets_in_one_frame(self):
        # [MQTT-6.0.0-2]
        one = self.upgraded()
        topic = self.topic("a")
        one.send(frame(wire.connect(kit.unique()) + wire.subscribe(1, [(topic, 0)])
                       + wire.publish(topic, b"x") + wire.pingreq()))
        kinds = [one.packet().kind for _ in range(4)]
        self.assertEqual(kinds[0], wire.CONNACK)
        self.assertEqual(set(kinds[1:]), {wire.SUBACK, wire.PUBLISH, wire.PINGRESP})

    def test_one_packet_over_several_frames(self):
        # [MQTT-6.0.0-2]
        one = self.connected()
        topic, payload = self.topic("a"), kit.pattern(100_000)
        one.send(frame(wire.subscribe(1, [(topic, 1)])))
        self.assertEqual(one.packet().kind, wire.SUBACK)
        packet = wire.publish(topic, payload, qos=1, pid=7)
        for at in range(0, len(packet), 977):
            one.send(frame(packet[at:at + 977]))
        got = {p.kind: p for p in (one.packet(), one.packet())}
        self.assertEqual(got[wire.PUBACK].pid, 7)
        self.assertEqual(got[wire.PUBLISH].payload, payload)

    def test_one_packet_over_several_fragments_with_pings_between(self):
        # [MQTT-6.0.0-2]
        one = self.connected()
        packet = wire.subscribe(1, [(self.topic("a"), 1)])
        one.send(frame(packet[:2], final=False) + frame(b"1", PING)
                 + frame(packet[2:5], CONTINUATION, final=False) + frame(b"2", PING)
                 + frame(packet[5:], CONTINUATION))
        self.assertEqual(one.packet().kind, wire.SUBACK)
        one.send(frame(b"3", PING) + frame(wire.pingreq()))
        self.assertEqual(one.packet().kind, wire.PINGRESP)
        self.assertEqual(one.pongs[-1], b"3")

    def test_one_byte_per_frame(self):
        # [MQTT-6.0.0-2]
        one = self.upgraded()
        one.send(b"".join(frame(bytes([b])) for b in wire.connect(kit.unique())))
        self.assertEqual(one.packet().reason, 0)

    def test_a_text_frame_ends_the_connection(self):
        # [MQTT-6.0.0-1]
        watcher = self.client()
        watcher.subscribe(self.topic("will"), qos=1)
        one = self.upgraded()
        one.send(frame(wire.connect(kit.unique(), will=wire.Will(self.topic("will"), b"gone"))))
        one.packet()
        one.send(frame(wire.pingreq(), TEXT))
        self.assertEqual(one.end(), 1003)
        self.assertEqual(watcher.next().payload, b"gone")

    def test_broken_frames_end_the_connection(self):
        broken = {"no mask": frame(wire.pingreq(), mask=False),
                  "reserved": frame(wire.pingreq(), reserved=0x40),
                  "opcode": frame(b"", 3),
                  "continuation": frame(b"x", CONTINUATION),
                  "long ping": frame(b"x" * 126, PING),
                  "ping in fragments": frame(b"x", PING, final=False),
                  "half a code": frame(b"x", CLOSE)}
        for name, data in broken.items():
            one = self.connected()
            one.send(data)
            self.assertEqual(one.end(), 1002, name)

    def test_a_promise_of_too_much_is_refused(self):
        one = self.connected()
        one.send(frame(b"x", length=1 << 40))
        self.assertEqual(one.end(), 1009)

    def test_the_close_handshake(self):
        one = self.connected()
        one.send(frame(b"\x03\xe8", CLOSE))
        self.assertEqual(one.end(), 1000)
        one = self.connected()
        one.send(frame(wire.disconnect()))
        self.assertEqual(one.end(), 1000)

    def test_what_was_sent_before_the_close_counts(self):
        watcher = self.client()
        watcher.subscribe(self.topic("a"), qos=0)
        one = self.connected()
        one.send(frame(wire.publish(self.topic("a"), b"last")) + frame(b"\x03\xe8", CLOSE))
        self.assertEqual(watcher.next().payload, b"last")
        self.assertEqual(one.end(), 1000)

    def test_carriers_meet(self):
        plain = self.client()
        one = self.connected()
        topic, payload = self.topic("a"), kit.pattern(300_000)
        one.send(frame(wire.subscribe(1, [(topic, 0)])))
        self.assertEqual(one.packet().kind, wire.SUBACK)
        plain.publish(topic, payload, qos=1)
        self.assertEqual(one.packet().payload, payload)

    def test_who_does_not_finish_in_time_is_closed(self):
        # LC-08: trickled bytes do not extend the deadline.
        for listener, start in (("hasty", b""), ("hasty", b"GET /mq"), ("hasty", None)):
            one = self.raw(listener)
            if start is None:
                self.assertEqual(one.upgrade().status, 101)
            else:
                one.send(start)
            self.assertIn(one.end(), (None, 1000))

    def test_bad_input_takes_no_memory(self):
        one = self.connected()
        before = self.broker.resident()
        several = [self.raw() for _ in range(50)]
        for other in several:
            other.send(b"GET /mqtt HTTP/1.1\r\nX: " + b"x" * 8000)
        for _ in range(2000):
            one.send(frame(b"x" * 100, PING))
        one.send(frame(wire.pingreq()))
        self.assertEqual(one.packet().kind, wire.PINGRESP)
        self.assertLess(self.broker.resident() - before, 16 * kit.MIB)
