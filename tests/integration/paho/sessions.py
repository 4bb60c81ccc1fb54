# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions, resumption, takeover and shared subscriptions with paho clients."""

import itertools

from peer import SESSION_TAKEN_OVER, V5, V311, Case, PacketTypes, kit, mqtt, props


def keep(version, seconds=1000):
    """Arguments of a client whose session is to stay."""
    if version == V5:
        return {"version": V5, "clean": False,
                "properties": props("CONNECT", SessionExpiryInterval=seconds)}
    return {"version": V311, "clean": False}


class Sessions(Case):
    def test_a_persistent_session_keeps_what_it_missed(self):
        for version, qos in itertools.product((V5, V311), (1, 2)):
            with self.subTest(version=version, qos=qos):
                name, topic = kit.unique(), self.topic(str(version), str(qos))
                one = self.peer(name, start=False, **keep(version))
                self.assertFalse(one.start())
                one.listen(topic, qos=qos)
                one.leave()
                other = self.peer(version=version)
                for i in range(300):
                    other.publish(topic, f"{i}", qos)
                other.send(topic, "300", qos)
                back = self.peer(name, start=False, **keep(version))
                self.assertTrue(back.start())
                self.assertEqual(back.payloads(301), [b"%d" % i for i in range(301)])
                back.leave()

    def test_a_clean_start_forgets(self):
        for version in (V5, V311):
            name = kit.unique()
            one = self.peer(name, **keep(version))
            one.listen(self.topic("a"))
            one.leave()
            clean = self.peer(name, start=False, version=version)
            self.assertFalse(clean.start())
            clean.leave()
            back = self.peer(name, start=False, **keep(version))
            self.assertFalse(back.start())
            back.send(self.topic("a"), "not subscribed")
            back.listen(self.topic("b"))
            back.send(self.topic("b"), "end")
            self.assertEqual(back.until(b"end"), [])
            back.leave()

    def test_a_session_expires(self):
        name = kit.unique()
        watcher = self.peer()
        watcher.listen(self.topic("will"))
        self.peer(name, will=(self.topic("will"), b"ended", 1, False,
                              props("WILLMESSAGE", WillDelayInterval=1000)), **keep(V5, 1)).die()
        self.assertEqual(watcher.payloads(1), [b"ended"])
        self.assertFalse(self.peer(name, start=False, **keep(V5)).start())

    def test_disconnect_shortens_the_expiry(self):
        name = kit.unique()
        watcher = self.peer()
        watcher.listen(self.topic("will"))
        # The will waits for the end of the session, and so tells of it.
        self.peer(name, will=(self.topic("will"), b"ended", 1, False,
                              props("WILLMESSAGE", WillDelayInterval=1000)), **keep(V5)).leave(
            mqtt.ReasonCodes(PacketTypes.DISCONNECT, "Disconnect with will message"),
            props("DISCONNECT", SessionExpiryInterval=0))
        self.assertEqual(watcher.payloads(1), [b"ended"])
        self.assertFalse(self.peer(name, start=False, **keep(V5)).start())

    def test_a_session_changes_its_version(self):
        name = kit.unique()
        one = self.peer(name, **keep(V311))
        one.listen(self.topic("a"))
        one.leave()
        self.peer().send(self.topic("a"), "missed", UserProperty=("a", "1"))
        back = self.peer(name, start=False, **keep(V5))
        self.assertTrue(back.start())
        got = back.message()
        self.assertEqual((got.payload, got.properties.UserProperty), (b"missed", [("a", "1")]))


class Resume(Case):
    def test_a_publisher_that_loses_its_connection(self):
        # At QoS 2 each message arrives once, however often the line breaks.
        for version in (V5, V311):
            with self.subTest(version=version):
                topic = self.topic(str(version))
                one = self.peer()
                one.listen(topic)
                other = self.peer(kit.unique(), **keep(version))
                other.max_inflight_messages_set(10)
                for i in range(300):
                    other.publish(topic, f"{i}", 2)
                    if i % 60 == 30:
                        other.cut()
                        other.disconnects.take("end of the connection")
                        self.assertTrue(other.connected(), "the session was lost")
                self.assertEqual(sorted(int(p) for p in one.payloads(300)), list(range(300)))
                other.send(topic, "end", 2)
                self.assertEqual(one.until(b"end"), [])

    def test_a_subscriber_that_loses_its_connection(self):
        for version, qos in itertools.product((V5, V311), (1, 2)):
            with self.subTest(version=version, qos=qos):
                topic = self.topic(str(version), str(qos))
                one = self.peer(kit.unique(), **keep(version))
                one.listen(topic, qos=qos)
                other = self.peer()
                got = []
                for i in range(200):
                    other.publish(topic, f"{i}", qos)
                    if i % 50 == 25:
                        one.cut()
                        one.disconnects.take("end of the connection")
                        self.assertTrue(one.connected(), "the session was lost")
                other.send(topic, "end", qos)
                got = [int(m.payload) for m in one.until(b"end")]
                self.assertEqual(sorted(set(got)), list(range(200)))
                if qos == 2:
                    self.assertEqual(len(got), 200)
                one.leave()

    def test_subscriptions_outlive_the_connection(self):
        one, other = self.peer(kit.unique(), **keep(V5)), self.peer()
        one.listen(self.topic("a"))
        one.cut()
        one.disconnects.take("end of the connection")
        self.assertTrue(one.connected())
        other.send(self.topic("a"), "there")
        self.assertEqual(one.payloads(1), [b"there"])


class Takeover(Case):
    def test_the_later_client_wins(self):
        for version in (V5, V311):
            with self.subTest(version=version):
                name = kit.unique()
                first = self.peer(name, stay=False, **keep(version))
                first.listen(self.topic("a"))
                second = self.peer(name, start=False, **keep(version))
                self.assertTrue(second.start())
                code, _ = first.disconnects.take("DISCONNECT")
                if version == V5:
                    self.assertEqual(code, SESSION_TAKEN_OVER)
                second.send(self.topic("a"), "mine now")
                self.assertEqual(second.payloads(1), [b"mine now"])
                self.assertTrue(first.messages.empty())
                second.leave()

    def test_the_will_of_the_first_is_sent(self):
        # The network connection of the first ended without its DISCONNECT.
        watcher = self.peer()
        watcher.listen(self.topic("will"))
        name = kit.unique()
        self.peer(name, stay=False, will=(self.topic("will"), b"pushed out"))
        self.peer(name)
        self.assertEqual(watcher.payloads(1), [b"pushed out"])

    def test_two_that_fight_lose_nothing(self):
        # Both come back whenever they are pushed out.
        name, topic = kit.unique(), self.topic("a")
        one = self.peer(name, **keep(V5))
        one.listen(topic)
        rival = self.peer(name, start=False, **keep(V5))
        rival.messages = one.messages
        rival.start()
        other = self.peer()
        for i in range(100):
            other.send(topic, f"{i}", 1)
        rival.leave()
        other.send(topic, "end", 1)
        self.assertEqual({int(m.payload) for m in one.until(b"end")}, set(range(100)))


class Shared(Case):
    def test_each_message_goes_to_one_of_the_group(self):
        for version, qos in itertools.product((V5, V311), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                topic = self.topic(str(version), str(qos))
                group = f"$share/{kit.unique()}/{topic}"
                members = [self.peer(version=version) for _ in range(3)]
                for one in members:
                    one.listen(group, topic + "/end")
                other = self.peer()
                for i in range(60):
                    other.publish(topic, f"{i}", qos)
                other.send(topic + "/end", "end", qos)
                got = [[int(m.payload) for m in one.until(b"end")] for one in members]
                self.assertEqual(sorted(sum(got, [])), list(range(60)))
                self.assertTrue(all(got), "a member got nothing")
                for one in members:
                    one.leave()

    def test_a_member_that_comes_back_finds_what_it_was_given(self):
        topic = self.topic("a")
        group = f"$share/{kit.unique()}/{topic}"
        other = self.peer()
        members = [self.peer(kit.unique(), **keep(V5)) for _ in range(2)]
        for one in members:
            one.listen(group, qos=2)
        for i in range(100):
            other.publish(topic, f"{i}", 2)
            if i == 50:
                members[0].cut()
        self.assertTrue(members[0].connects.take("CONNACK")[0], "the session was lost")
        got = kit.Inbox()
        for one in members:
            one.on_message = lambda _client, _data, message: got.put(message)
            while not one.messages.empty():
                got.put(one.message())
        self.assertEqual(sorted(int(got.take().payload) for _ in range(100)), list(range(100)))

    def test_retained_messages_are_not_sent_to_a_group(self):
        one = self.peer()
        one.send(self.topic("a"), "kept", retain=True)
        one.listen(f"$share/{kit.unique()}/{self.topic('a')}")
        one.send(self.topic("a"), "end")
        self.assertEqual(one.until(b"end"), [])
