# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Messages, retained messages and wills between paho clients."""

import itertools
import threading

import paho.mqtt.publish
import paho.mqtt.subscribe

from peer import V5, V31, V311, Case, PacketTypes, SubscribeOptions, kit, mqtt, props, will_props


class PublishSubscribe(Case):
    def test_each_qos_and_version(self):
        for version in (V5, V311):
            one = self.peer(version=version)
            other = self.peer(version=version)
            for wanted, sent in itertools.product((0, 1, 2), repeat=2):
                with self.subTest(version=version, wanted=wanted, sent=sent):
                    topic = self.topic(str(version), str(wanted), str(sent))
                    self.assertEqual(one.listen(topic, qos=wanted), [wanted])
                    other.send(topic, b"\x00\xff", qos=sent)
                    got = one.message()
                    self.assertEqual((got.topic, got.payload, got.qos, got.retain, got.dup),
                                     (topic, b"\x00\xff", min(sent, wanted), False, False))

    def test_versions_meet(self):
        old = self.broker.ports["old"]
        peers = {version: self.peer(version=version, port=old) for version in (V31, V311, V5)}
        for one in peers.values():
            one.listen(self.topic("a"))
        for version, one in peers.items():
            one.send(self.topic("a"), f"{version}", qos=2)
        for one in peers.values():
            self.assertEqual(one.payloads(3), [b"%d" % version for version in peers])

    def test_many_in_flight_keep_their_order(self):
        for qos in (0, 1, 2):
            one, other = self.peer(), self.peer()
            one.listen(self.topic(str(qos)))
            other.max_inflight_messages_set(500)
            infos = [other.publish(self.topic(str(qos)), f"{i}", qos) for i in range(2000)]
            infos[-1].wait_for_publish(kit.DEADLINE)
            self.assertEqual(one.payloads(2000), [b"%d" % i for i in range(2000)])

    def test_one_message_in_flight_at_a_time(self):
        one, other = self.peer(), self.peer()
        one.listen(self.topic("#"))
        other.max_inflight_messages_set(1)
        for i in range(200):
            other.publish(self.topic("a"), f"{i}", 1 + i % 2)
        # Order holds within a QoS only: a QoS 2 message is handed out late.
        got = {1: [], 2: []}
        for message in (one.message() for _ in range(200)):
            got[message.qos].append(int(message.payload))
        self.assertEqual(got, {1: list(range(0, 200, 2)), 2: list(range(1, 200, 2))})

    def test_one_mebibyte_at_each_qos(self):
        payload = kit.pattern(kit.MIB)
        for version, qos in itertools.product((V5, V311), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                one, other = self.peer(version=version), self.peer(version=version)
                one.listen(self.topic(str(version), str(qos)))
                other.send(self.topic(str(version), str(qos)), payload, qos)
                self.assertTrue(one.message().payload == payload, "the payload was changed")

    def test_filters_find_their_callbacks(self):
        one, other = self.peer(), self.peer()
        found = {name: kit.Inbox() for name in ("one", "many")}
        one.message_callback_add(self.topic("+", "x"), lambda *a: found["one"].put(a[2].topic))
        one.message_callback_add(self.topic("m", "#"), lambda *a: found["many"].put(a[2].topic))
        one.listen(self.topic("#"))
        for path in ("a/x", "m", "m/1/2", "other"):
            other.send(self.topic(path), "")
        self.assertEqual(found["one"].take(), self.topic("a/x"))
        self.assertEqual([found["many"].take() for _ in range(2)],
                         [self.topic("m"), self.topic("m/1/2")])
        self.assertEqual(one.message().topic, self.topic("other"))

    def test_unsubscribe(self):
        one, other = self.peer(), self.peer()
        one.listen(self.topic("a"), self.topic("b"))
        self.assertEqual(one.ignore(self.topic("a")), 0x00)
        self.assertEqual(one.ignore(self.topic("a")), 0x11)
        other.send(self.topic("a"), "not for us")
        other.send(self.topic("b"), "end")
        self.assertEqual(one.until(b"end"), [])

    def test_no_local(self):
        one = self.peer()
        one.listen((self.topic("a"), SubscribeOptions(qos=2, noLocal=True)), (self.topic("b"), 2))
        one.send(self.topic("a"), "echo")
        one.send(self.topic("b"), "end")
        self.assertEqual(one.until(b"end"), [])

    def test_a_publisher_hears_itself(self):
        for version in (V5, V311):
            one = self.peer(version=version)
            one.listen(self.topic("a"))
            one.send(self.topic("a"), "echo", qos=2)
            self.assertEqual(one.payloads(1), [b"echo"])
            one.leave()

    def test_publishing_from_many_threads(self):
        one, other = self.peer(), self.peer()
        one.listen(self.topic("#"))
        threads = [threading.Thread(target=lambda n=n: [
            other.publish(self.topic(str(n)), f"{i}", i % 3) for i in range(100)])
            for n in range(4)]
        for thread in threads:
            thread.start()
        seen = {}
        for _ in range(400):
            got = one.message()
            seen.setdefault(got.topic, []).append(int(got.payload))
        self.assertEqual({topic: sorted(v) for topic, v in seen.items()},
                         {self.topic(str(n)): list(range(100)) for n in range(4)})

    def test_the_modules_own_helpers(self):
        topic, where = self.topic("a"), {"hostname": "127.0.0.1", "port": self.port}
        paho.mqtt.publish.single(topic, "kept", 1, True, **where)
        got = paho.mqtt.subscribe.simple(topic, 1, **where)
        self.assertEqual((got.payload, got.retain), (b"kept", True))
        one = self.peer()
        one.listen(self.topic("b"))
        paho.mqtt.publish.multiple(
            [(self.topic("b"), f"{i}", i % 3, False) for i in range(50)], **where)
        self.assertEqual(sorted(int(p) for p in one.payloads(50)), list(range(50)))

    def test_a_keep_alive_keeps_the_connection(self):
        one = self.peer(keep_alive=1)
        pinged = kit.Inbox()
        one.on_log = lambda *a: pinged.put(a[3]) if a[3] == "Received PINGRESP" else None
        for _ in range(2):
            pinged.take("PINGRESP")
        self.assertTrue(one.disconnects.empty())


class Retained(Case):
    def test_set_replace_and_clear(self):
        for version in (V5, V311):
            other = self.peer(version=version)
            for text in (b"first", b"second"):
                other.send(self.topic("a"), text, retain=True)
                one = self.peer(version=version)
                one.listen(self.topic("a"))
                got = one.message()
                self.assertEqual((got.payload, got.retain), (text, True))
                one.leave()
            other.send(self.topic("a"), b"", retain=True)
            self.assertEqual(self.retained(self.topic("a")), [])

    def test_retain_handling(self):
        one, other = self.peer(), self.peer()
        topic = self.topic("a")
        other.send(topic, "kept", retain=True)

        def counted(handling):
            one.listen((topic, SubscribeOptions(qos=1, retainHandling=handling)))
            other.send(topic, "end")
            return len(one.until(b"end"))

        self.assertEqual(counted(SubscribeOptions.RETAIN_DO_NOT_SEND), 0)
        self.assertEqual(counted(SubscribeOptions.RETAIN_SEND_IF_NEW_SUB), 0)
        self.assertEqual(counted(SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE), 1)
        one.ignore(topic)
        self.assertEqual(counted(SubscribeOptions.RETAIN_SEND_IF_NEW_SUB), 1)

    def test_retain_as_published(self):
        one, other = self.peer(), self.peer()
        one.listen((self.topic("a"), SubscribeOptions(qos=1, retainAsPublished=True)),
                   self.topic("b"))
        for name in "ab":
            other.send(self.topic(name), "x", retain=True)
        self.assertEqual([one.message().retain for _ in "ab"], [True, False])


class Will(Case):
    def test_sent_when_the_connection_is_lost(self):
        for version, qos in itertools.product((V5, V311), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                watcher = self.peer()
                watcher.listen(self.topic("will"))
                self.peer(version=version, will=(self.topic("will"), b"gone", qos)).die()
                got = watcher.message()
                self.assertEqual((got.payload, got.qos, got.retain), (b"gone", qos, False))
                watcher.leave()

    def test_not_sent_after_disconnect(self):
        watcher = self.peer()
        watcher.listen(self.topic("#"))
        for version in (V5, V311):
            self.peer(version=version, will=(self.topic("will"), b"gone")).leave()
            watcher.send(self.topic("end"), "end")
            self.assertEqual(watcher.until(b"end"), [])

    def test_sent_after_a_disconnect_that_asks_for_it(self):
        watcher = self.peer()
        watcher.listen(self.topic("will"))
        self.peer(will=(self.topic("will"), b"left")).leave(
            mqtt.ReasonCodes(PacketTypes.DISCONNECT, "Disconnect with will message"))
        self.assertEqual(watcher.payloads(1), [b"left"])

    def test_sent_when_a_keep_alive_is_missed(self):
        watcher = self.peer()
        watcher.listen(self.topic("will"))
        silent = self.peer(start=False, will=(self.topic("will"), b"silent"), keep_alive=1)
        # Without its loop, it says CONNECT and then nothing.
        silent.connect("127.0.0.1", self.port, 1)
        while not silent.is_connected():
            silent.loop(1)
        self.assertEqual(watcher.payloads(1), [b"silent"])

    def test_retained_with_its_properties(self):
        watcher = self.peer()
        watcher.listen(self.topic("will"))
        pairs = [("b", "1"), ("a", "2"), ("b", "3")]
        self.peer(will=(self.topic("will"), b"gone", 1, True, will_props(
            UserProperty=pairs, ContentType="text", CorrelationData=b"\x00\x01",
            ResponseTopic="answers", PayloadFormatIndicator=1))).die()
        watcher.message()
        late = self.peer()
        late.listen(self.topic("will"))
        got = late.message()
        self.assertTrue(got.retain)
        self.assertEqual(
            (got.properties.UserProperty, got.properties.ContentType,
             got.properties.CorrelationData, got.properties.ResponseTopic,
             got.properties.PayloadFormatIndicator), (pairs, "text", b"\x00\x01", "answers", 1))

    def test_delayed(self):
        watcher = self.peer()
        watcher.listen(self.topic("#"))
        name = kit.unique()

        def one(delay):
            return self.peer(name, clean=False, properties=props(
                "CONNECT", SessionExpiryInterval=5000), will=(
                    self.topic("will"), b"%d" % delay, 1, False,
                    will_props(WillDelayInterval=delay)))

        one(1000).die()
        watcher.send(self.topic("mark"), "not yet")
        self.assertEqual(watcher.until(b"not yet"), [])
        # Back before the delay is over: that will is void, the next one has its own delay.
        one(1).die()
        self.assertEqual(watcher.payloads(1), [b"1"])
