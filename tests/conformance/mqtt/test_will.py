#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Will messages: when, with what, and when not (3.1.2.5, 3.1.3.2)."""

import time

from harness import DEADLINE, Test, main, unique, wire


class Mortals(Test):
    def watcher(self, **options):
        one = self.client()
        one.subscribe(self.topic("#"), qos=2, **options)
        return one

    def mortal(self, name="w", payload=b"dead", expiry=0, delay=None, retain=False, qos=0, **more):
        properties = dict(more.pop("will_properties", {}))
        if delay is not None:
            properties["will_delay"] = delay
        return self.client(will=wire.Will(self.topic(name), payload, qos, retain, properties),
                           properties={"session_expiry": expiry}, **more)


class Publication(Mortals):
    def test_after_every_abnormal_end(self):
        """[MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-10] Closed, reset, malformed packet, protocol
        error: the will is published, once."""
        watcher, publisher = self.watcher(), self.client()
        ends = {
            "close": lambda c: c.drop(), "reset": lambda c: c.reset(),
            "malformed": lambda c: c.send(b"\x30\xff\xff\xff\xff"),
            "second connect": lambda c: c.send(wire.connect("x")),
            "cut packet": lambda c: (c.send(b"\x30\x20abc"), c.drop())}
        for name, end in ends.items():
            with self.subTest(name):
                end(self.mortal(name, name))
                got = watcher.message()
                self.assertEqual((got.topic, got.payload), (self.topic(name), name.encode()))
        self.assertEqual(watcher.fence(publisher), [])

    def test_not_after_a_normal_end(self):
        """[MQTT-3.14.4-3] [MQTT-3.1.2-8] [MQTT-3.1.2-10] DISCONNECT with 0x00, in each of its
        forms, discards the will, with a delay and a lasting session too."""
        watcher, publisher = self.watcher(), self.client()
        self.mortal("a").disconnect()
        self.mortal("b").disconnect(0)
        self.mortal("c").disconnect(0, {})
        self.mortal("d", delay=1, expiry=60).disconnect(0, {"session_expiry": 1})
        time.sleep(2.2)
        self.assertEqual(watcher.fence(publisher), [])

    def test_after_disconnect_with_another_reason(self):
        """[MQTT-3.1.2-8] [MQTT-3.14.4-3] 0x04 asks for the will; error codes do not discard it."""
        watcher = self.watcher()
        for reason in (0x04, 0x80, 0x81, 0x97, 0x99):
            with self.subTest(reason):
                self.mortal("x", b"%d" % reason).disconnect(reason)
                self.assertEqual(watcher.message().payload, b"%d" % reason)

    def test_not_without_will_flag(self):
        """[MQTT-3.1.2-7] [MQTT311-3.1.2-12] A client without a will leaves nothing, even if its
        last connection had one."""
        watcher, publisher = self.watcher(), self.client()
        one = self.mortal("w", expiry=60)
        one.disconnect()
        again = self.resumed(one.client_id)
        again.drop()
        self.client(one.client_id).disconnect()
        self.assertEqual(watcher.fence(publisher), [])

    def test_on_takeover(self):
        """[MQTT-3.1.2-8] [MQTT-3.1.4-3] The connection that is pushed out without delay interval
        leaves its will."""
        watcher = self.watcher()
        one = self.mortal("w", b"old")
        self.client(one.client_id)
        self.assertEqual(watcher.message().payload, b"old")

    def test_refused_connect_stores_none(self):
        """[MQTT-3.1.2-7] [MQTT-3.1.4-6] The will of a client that was not accepted is not
        published."""
        watcher, publisher = self.watcher(), self.client()
        one = self.dial()
        one.start(unique(), {"auth_method": "none such"}, will=wire.Will(self.topic("w"), b"x"))
        self.refused(one, 0x8C, 0x87)
        self.assertEqual(watcher.fence(publisher), [])

    def test_retain_flag(self):
        """[MQTT-3.1.2-14] [MQTT-3.1.2-15] The will is retained exactly if it asks for it."""
        watcher = self.watcher(rap=True)
        for name, retain in (("a", False), ("b", True)):
            self.mortal(name, b"x", retain=retain).drop()
            self.assertIs(watcher.message().retain, retain)
        self.assertEqual([p.topic for p in self.retained(self.topic("+"))], [self.topic("b")])
        watcher.publish(self.topic("b"), b"", 1, retain=True)

    def test_empty_retained_will_deletes(self):
        """[MQTT-3.1.2-15] [MQTT-3.3.1-6] An empty retained will acts like any such message."""
        watcher = self.watcher()
        watcher.publish(self.topic("a"), b"x", 1, retain=True)
        watcher.message()
        self.mortal("a", b"", retain=True).drop()
        self.assertEqual(watcher.message().payload, b"")
        self.assertEqual(self.retained(self.topic("a")), [])

    def test_qos(self):
        """[MQTT-3.1.2-12] [MQTT-3.8.4-8] Each will QoS, lowered by the subscription as usual."""
        low = self.client()
        low.subscribe(self.topic("#"), qos=1)
        watcher = self.watcher()
        for qos in (0, 1, 2):
            self.mortal("w", b"x", qos=qos).drop()
            self.assertEqual(watcher.message().qos, qos)
            self.assertEqual(low.message().qos, min(1, qos))

    def test_properties(self):
        """[MQTT-3.1.3-10] [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-20] User
        properties come in their order, the others unaltered; the delay is not among them."""
        properties = {"payload_format": 1, "content_type": "c/t", "response_topic": "re",
                      "correlation_data": b"\0\xff", "message_expiry": 500,
                      "user": [("b", "1"), ("a", "2"), ("b", "1"), ("", "")]}
        watcher = self.watcher()
        self.mortal("w", b"x", will_properties={**properties}).drop()
        got = watcher.message()
        for name in ("payload_format", "content_type", "response_topic", "correlation_data"):
            self.assertEqual(got.get(name), properties[name])
        self.assertEqual(got.all("user"), properties["user"])
        self.assertIn(got.get("message_expiry"), (499, 500))

    def test_large_payload(self):
        """[MQTT-3.1.2-7] A will payload of the greatest length."""
        watcher = self.watcher()
        payload = bytes(range(256)) * 255 + bytes(255)
        self.mortal("w", payload).drop()
        self.assertEqual(watcher.message().payload, payload)

    def test_of_many_clients(self):
        """[MQTT-3.1.2-8] Every client's will, when all go at the same moment."""
        watcher = self.watcher()
        ones = [self.mortal("w", b"%d" % i) for i in range(30)]
        for one in ones:
            one.drop()
        got = {watcher.message().payload for _ in ones}
        self.assertEqual(got, {b"%d" % i for i in range(30)})

    def test_no_local_applies(self):
        """[MQTT-3.8.3-3] A client's own will is its own message."""
        publisher = self.client()
        one = self.mortal("w", b"x", expiry=60)
        one.subscribe(self.topic("w"), qos=1, no_local=True)
        one.drop()
        again = self.resumed(one.client_id)
        self.assertEqual(again.fence(publisher), [])


class Delay(Mortals):
    def test_is_waited_for(self):
        """[MQTT-3.1.2-8] Not before the interval, and then."""
        watcher = self.watcher()
        one = self.mortal("w", delay=2, expiry=60)
        began = time.monotonic()
        one.drop()
        self.assertEqual(watcher.message(DEADLINE + 2).payload, b"dead")
        self.assertGreaterEqual(time.monotonic() - began, 1.9)

    def test_end_of_the_session_comes_first(self):
        """[MQTT-3.1.2-8] The will does not wait longer than its session: expiry, no expiry, and
        clean start by a new connection."""
        watcher = self.watcher()
        one = self.mortal("one", delay=100, expiry=1)
        two = self.mortal("two", delay=100, expiry=0)
        three = self.mortal("three", delay=100, expiry=100)
        for client in (one, two, three):
            client.drop()
        self.client(three.client_id, clean=True)
        got = {p.topic for p in watcher.messages(3)}
        self.assertEqual(got, {self.topic(n) for n in ("one", "two", "three")})

    def test_returning_client_cancels_it(self):
        """[MQTT-3.1.3-9] [MQTT-3.1.2-8] A new connection to the session within the interval."""
        watcher, publisher = self.watcher(), self.client()
        one = self.mortal("w", delay=1, expiry=60)
        one.drop()
        again = self.resumed(one.client_id, properties={"session_expiry": 60})
        time.sleep(2.2)
        self.assertEqual(watcher.fence(publisher), [])
        self.assert_alive(again)

    def test_takeover_cancels_it(self):
        """[MQTT-3.1.3-9] Taking over the open connection does the same."""
        watcher, publisher = self.watcher(), self.client()
        one = self.mortal("w", delay=1, expiry=60)
        self.resumed(one.client_id, properties={"session_expiry": 60})
        self.refused(one, 0x8E)
        time.sleep(2.2)
        self.assertEqual(watcher.fence(publisher), [])

    def test_new_will_replaces_the_old(self):
        """[MQTT-3.1.2-7] [MQTT-3.1.2-10] [MQTT-3.1.3-9] Only the will of the last connection
        counts."""
        watcher, publisher = self.watcher(), self.client()
        one = self.mortal("w", b"old", delay=1, expiry=60)
        one.drop()
        again = self.client(one.client_id, clean=False, properties={"session_expiry": 60},
                            will=wire.Will(self.topic("w"), b"new"))
        again.drop()
        self.assertEqual(watcher.message().payload, b"new")
        time.sleep(2)
        self.assertEqual(watcher.fence(publisher), [])

    def test_zero_is_no_delay(self):
        """[MQTT-3.1.2-8] Delay 0 publishes at once although the session lasts."""
        watcher = self.watcher()
        self.mortal("w", delay=0, expiry=1000).drop()
        self.assertEqual(watcher.message().payload, b"dead")

    def test_published_only_once(self):
        """[MQTT-3.1.2-10] After the delay it is gone from the session: its end does not publish it
        again."""
        watcher, publisher = self.watcher(), self.client()
        self.mortal("w", delay=1, expiry=2).drop()
        self.assertEqual(watcher.message().payload, b"dead")
        time.sleep(2.2)
        self.assertEqual(watcher.fence(publisher), [])


if __name__ == "__main__":
    main()
