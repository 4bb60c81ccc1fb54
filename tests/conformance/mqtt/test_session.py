#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Session state: what is kept, how long, and what is in it (3.1.2.11.2, 4.1, 4.5)."""

import time

from harness import Test, main, wire


class Lifetime(Test):
    def test_zero_or_absent_ends_with_the_connection(self):
        """[MQTT-4.1.0-2] [MQTT-3.1.2-23] Expiry 0 or none: nothing is left afterwards, however the
        connection ended."""
        for properties in ({}, {"session_expiry": 0}):
            for end in ("disconnect", "drop"):
                with self.subTest(properties, end=end):
                    one = self.client(clean=False, properties=properties)
                    one.subscribe(self.topic("a"), qos=1)
                    if end == "disconnect":
                        one.disconnect()
                    else:
                        one.drop()
                    again = self.client(one.client_id, clean=False)
                    self.assertFalse(again.connack.session_present)

    def test_expiry_ends_it(self):
        """[MQTT-4.1.0-2] [MQTT-3.1.2-23] Before the interval is over the session is there, after it
        is not; the clock starts when the connection ends."""
        publisher = self.client()
        short = self.client(properties={"session_expiry": 1})
        long = self.client(properties={"session_expiry": 4})
        never = self.client(properties={"session_expiry": 0xFFFFFFFF})
        ones = (short, long, never)
        for one in ones:
            one.subscribe(self.topic("a"), qos=1)
        time.sleep(1.2)  # longer than the shortest, while connected
        for one in ones:
            one.disconnect()
        publisher.publish(self.topic("a"), b"x", 1)
        time.sleep(2.2)
        self.assertFalse(self.client(short.client_id, clean=False).connack.session_present)
        for one in (long, never):
            again = self.resumed(one.client_id)
            self.assertEqual(again.message().payload, b"x")
            again.disconnect()

    def test_open_connections_keep_it(self):
        """[MQTT-4.1.0-1] The interval does not run while the connection is open."""
        publisher = self.client()
        one = self.client(auto=False, properties={"session_expiry": 1})
        one.subscribe(self.topic("a"), qos=1)
        publisher.publish(self.topic("a"), b"1", 1)
        first = one.message()
        time.sleep(2.5)
        publisher.publish(self.topic("a"), b"2", 1)
        self.assertEqual(one.message().payload, b"2")
        one.disconnect()
        again = self.resumed(one.client_id)
        self.assertEqual(again.message().pid, first.pid)

    def test_returning_stops_the_clock(self):
        """[MQTT-4.1.0-1] [MQTT-4.1.0-2] A session that was resumed does not end at its old time."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 2})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        time.sleep(1)
        again = self.resumed(one.client_id, properties={"session_expiry": 2})
        time.sleep(2)
        publisher.publish(self.topic("a"), b"x", 1)
        self.assertEqual(again.message().payload, b"x")

    def test_disconnect_may_change_it(self):
        """[MQTT-3.14.2-2] [MQTT-4.1.0-2] The interval in a client's DISCONNECT counts, shorter and
        longer; from 0 to more is a protocol error."""
        one = self.client(properties={"session_expiry": 60})
        one.disconnect(0, {"session_expiry": 0})
        self.assertFalse(self.client(one.client_id, clean=False).connack.session_present)
        two = self.client(properties={"session_expiry": 1})
        two.disconnect(0, {"session_expiry": 60})
        three = self.client(properties={"session_expiry": 0})
        three.send(wire.disconnect(0, {"session_expiry": 60}))
        self.refused(three, 0x82)
        time.sleep(2.2)
        self.resumed(two.client_id)

    def test_each_connect_sets_it_anew(self):
        """[MQTT-3.1.2-23] [MQTT-4.1.0-2] A connection without the property ends the session with
        itself, although the one before asked for more."""
        one = self.client(properties={"session_expiry": 60})
        one.disconnect()
        self.resumed(one.client_id).disconnect()
        self.assertFalse(self.client(one.client_id, clean=False).connack.session_present)

    def test_expiry_after_a_lost_connection(self):
        """[MQTT-3.1.2-23] A connection that broke leaves a session like one that ended well."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.reset()
        publisher.publish(self.topic("a"), b"x", 1)
        self.assertEqual(self.resumed(one.client_id).message().payload, b"x")


class Content(Test):
    def test_subscriptions_with_all_their_options(self):
        """[MQTT-3.1.2-5] [MQTT-3.1.2-23] Filter, QoS, options and identifier are kept."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe((self.topic("a"), wire.options(1, no_local=True, rap=True, handling=2)),
                      properties={"subscription_id": 77})
        one.subscribe(self.topic("gone"))
        one.unsubscribe(self.topic("gone"))
        one.disconnect()
        again = self.resumed(one.client_id)
        again.publish(self.topic("a"), b"own", 1)
        publisher.publish(self.topic("gone"), b"no", 1)
        publisher.publish(self.topic("a"), b"x", 2, retain=True)
        got = again.fence(publisher)
        self.assertEqual([(p.payload, p.qos, p.retain, p.all("subscription_id")) for p in got],
                         [(b"x", 1, True, [77])])
        publisher.publish(self.topic("a"), b"", 1, retain=True)

    def test_messages_for_an_absent_client(self):
        """[MQTT-4.5.0-1] [MQTT-3.1.2-5] QoS 1 and 2 messages are added to the session, in order,
        with topic, payload and properties."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("#"), qos=2)
        one.disconnect()
        for index in range(30):
            publisher.publish(self.topic(str(index % 3)), b"%d" % index, 1 + index % 2,
                              properties={"user": [("n", str(index))]})
        again = self.resumed(one.client_id)
        got = again.messages(30)
        self.assertEqual([(p.topic, p.payload, p.qos, p.all("user"), p.dup) for p in got],
                         [(self.topic(str(i % 3)), b"%d" % i, 1 + i % 2, [("n", str(i))], False)
                          for i in range(30)])

    def test_every_session_that_matches_gets_its_copy(self):
        """[MQTT-4.5.0-1] One absent client's copy does not depend on another's."""
        publisher = self.client()
        ones = [self.client(properties={"session_expiry": 60}) for _ in range(4)]
        for index, one in enumerate(ones):
            one.subscribe(self.topic("a") if index % 2 else self.topic("+"), qos=1)
            one.disconnect()
        publisher.publish(self.topic("a"), b"x", 1)
        for one in ones:
            self.assertEqual(self.resumed(one.client_id).message().payload, b"x")

    def test_acknowledged_is_not_kept(self):
        """[MQTT-4.3.2-3] [MQTT-4.3.3-5] What the client acknowledged does not come back."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=2)
        for qos in (1, 2):
            publisher.publish(self.topic("a"), b"x", qos)
        one.messages(2)
        one.ping()
        one.disconnect()
        self.assertEqual(self.resumed(one.client_id).fence(publisher), [])

    def test_publisher_goes_at_once(self):
        """[MQTT-4.5.0-1] [MQTT-4.3.2-4] A message belongs to the server as soon as it is
        acknowledged, whatever becomes of the publisher."""
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=2)
        one.disconnect()
        for qos in (1, 2):
            publisher = self.client()
            publisher.publish(self.topic("a"), b"%d" % qos, qos)
            publisher.reset()
        self.assertEqual(self.payloads(self.resumed(one.client_id).messages(2)), [b"1", b"2"])

    def test_new_limits_hold_for_a_resumed_session(self):
        """[MQTT-3.3.4-9] [MQTT-3.1.2-24] Receive maximum and packet size come from the new
        CONNECT."""
        publisher = self.client()
        one = self.client(properties={"session_expiry": 60})
        one.subscribe(self.topic("a"), qos=1)
        one.disconnect()
        publisher.publish(self.topic("a"), bytes(500), 1)
        for index in range(5):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        again = self.resumed(one.client_id, auto=False,
                             properties={"receive_maximum": 2, "max_packet_size": 200})
        for index in range(5):
            got = again.message()
            self.assertEqual(got.payload, b"%d" % index)
            again.puback(got.pid)


if __name__ == "__main__":
    main()
