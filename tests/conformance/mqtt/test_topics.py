#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Topic names and filters (4.7), and the order of messages (4.6)."""

from harness import Test, main, unique, wire


class Matching(Test):
    # filter, topics that match, topics that do not
    TABLE = (
        ("a/b", ["a/b"], ["a", "a/b/", "/a/b", "a/B", "a/b/c", "ab"]),
        ("a/#", ["a", "a/", "a/b", "a/b/c", "a//"], ["A/b", "b/a", "ab", "/a"]),
        ("a/+", ["a/b", "a/"], ["a", "a/b/c", "a/b/", "a//"]),
        ("a/+/c", ["a/b/c", "a//c"], ["a/c", "a/b/b/c", "a/b/c/"]),
        ("+/b", ["a/b", "/b"], ["b", "a/b/c", "a/a/b"]),
        ("+", ["a", "ab"], ["a/b", "/a", "a/"]),
        ("+/+", ["a/b", "/a", "a/", "/"], ["a", "a/b/c"]),
        ("/+", ["/a", "/"], ["a", "a/b", "/a/b", "//"]),
        ("+/+/#", ["a/b", "a/b/c", "/", "//", "a/b/c/d"], ["a"]),
        ("a b/ c", ["a b/ c"], ["a b/c", "ab/c"]),
        ("a/$b", ["a/$b"], ["a/b"]),
        ("a/+/#", ["a/b", "a/", "a/b/c"], ["a", "b/b"]),
    )

    def test_table(self):
        """[MQTT-3.3.2-3] [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] Each filter gets exactly the
        topics that it matches, empty levels included."""
        publisher = self.client()
        for filter_, yes, no in self.TABLE:
            with self.subTest(filter_):
                root = unique("t")
                one = self.client()
                one.subscribe(root + "/" + filter_)
                for topic in yes + no:
                    publisher.push(root + "/" + topic, b"x")
                got = [p.topic for p in one.fence(publisher)]
                self.assertEqual(got, [root + "/" + t for t in yes])

    def test_wildcard_as_the_whole_filter(self):
        """[MQTT-4.7.1-1] [MQTT-4.7.1-2] # and + alone and at the front."""
        publisher = self.client()
        name = unique()
        for filter_, topics in (("#", [name, name + "/a", "/" + name, name + "/"]),
                                ("+", [name]), ("+/" + name, ["x/" + name, "/" + name]),
                                ("/#", ["/" + name, "/" + name + "/a"])):
            with self.subTest(filter_):
                one = self.client()
                one.subscribe(filter_)
                for topic in (name, name + "/a", "/" + name, name + "/", "x/" + name,
                              "/" + name + "/a"):
                    publisher.push(topic, name)
                done = unique("done")
                one.subscribe(done)
                publisher.push(done, b"")
                got = []
                while not got or got[-1].topic != done:
                    got.append(one.message())
                mine = {p.topic for p in got if p.payload == name.encode()}
                self.assertLessEqual(set(topics), mine)
                if filter_ != "#":
                    self.assertEqual(mine, set(topics))

    def test_dollar_topics_hide_from_leading_wildcards(self):
        """[MQTT-4.7.2-1] Neither # nor + at the front matches a topic that begins with $."""
        publisher, one = self.client(), self.client()
        name = unique()
        one.subscribe("#", f"+/{name}", f"+/{name}/#")
        exact = self.client()
        exact.subscribe(f"$test/{name}", f"$test/{name}/#", "$SYS/#")
        # Whether clients may publish to such topics at all is the server's choice.
        for topic in (f"$test/{name}", f"$test/{name}/a", f"$SYS/{name}"):
            publisher.publish(topic, name, 1)
        done = unique("done")
        one.subscribe(done)
        publisher.push(done, b"")
        got = []
        while not got or got[-1].topic != done:
            got.append(one.message())
        self.assertEqual([p.topic for p in got if p.topic.startswith("$")], [])

    def test_no_sys_for_a_plain_hash(self):
        """[MQTT-4.7.2-1] Retained $SYS values do not reach # either."""
        got = self.retained("#")
        self.assertEqual([p.topic for p in got if p.topic.startswith("$")], [])

    def test_nothing_is_normalized(self):
        """[MQTT-4.7.3-4] Case, composed and decomposed letters, spaces, dots, slashes, escapes and
        compatibility characters all differ."""
        names = ["e\u0301", "\u00e9", "E\u0301", "a", "A", " a", "a ", "a/", "/a", "a//a", "a/a",
                 "a/./a", "a/../a", "%61", "\uff41", "\u212b", "\u00c5", "\u200d", "\u00ad", "?",
                 "*", "\\", "\ufb01", "fi", "\u0130", "i"]
        publisher = self.client()
        ones = {}
        for name in names:
            ones[name] = self.client()
            ones[name].subscribe(self.root + "/n/" + name)
        for name in names:
            publisher.push(self.root + "/n/" + name, name)
        for name, one in ones.items():
            with self.subTest(name):
                self.assertEqual([p.payload.decode() for p in one.fence(publisher)], [name])

    def test_longest_topic(self):
        """[MQTT-4.7.3-3] 65 535 bytes of topic and of filter work; so do very many levels."""
        publisher, one = self.client(), self.client()
        long = (self.root + "/" + "x" * 65535)[:65535]
        deep = (self.root + "/d" + "/" * 300)
        one.subscribe(long, deep)
        for topic in (long, deep):
            publisher.push(topic, b"x")
            self.assertEqual(one.message().topic, topic)
        self.assertEqual(one.unsubscribe(long, deep).codes, [0, 0])

    def test_deepest_topic(self):
        """[MQTT-4.7.3-3] [MQTT-4.13.1-1] A topic of nothing but separators costs nobody anything:
        it is served, or refused with a reason."""
        bystander = self.client()
        one = self.client()
        one.send(wire.subscribe(1, [("/" * 65535, 0)]))
        got = one.next()
        if got.kind == wire.SUBACK and got.codes == [0]:
            one.push("/" * 65535, b"x")
            self.assertEqual(one.message().payload, b"x")
        else:
            self.assertGreaterEqual(got.codes[0] if got.kind == wire.SUBACK else got.reason, 0x80)
        self.assert_alive(bystander)


class Order(Test):
    COUNT = 300

    def test_each_qos_arrives_in_order(self):
        """[MQTT-4.6.0-5] [MQTT-4.6.0-6] One publisher, one topic, each published and granted QoS,
        to several subscribers with different filters: nothing lost, doubled or out of order."""
        publisher = self.client()
        readers = [self.client() for _ in range(6)]
        for index, one in enumerate(readers):
            one.subscribe(self.topic("a" if index % 2 else "+"), qos=index % 3)
        for qos in (0, 1, 2):
            sent = [b"%d/%d" % (qos, i) for i in range(self.COUNT)]
            waiting = []
            for number, payload in enumerate(sent):
                publisher.push(self.topic("a"), payload, qos, pid=number % 30 + 1 if qos else None)
                if qos:
                    waiting.append(number % 30 + 1)
                if len(waiting) == 30:
                    self.finish(publisher, qos, waiting)
                    waiting = []
            self.finish(publisher, qos, waiting)
            for index, one in enumerate(readers):
                got = one.messages(self.COUNT)
                self.assertEqual(self.payloads(got), sent)
                self.assertEqual({p.qos for p in got}, {min(qos, index % 3)})
        for one in readers:
            self.assertEqual(one.ping(), [])

    def finish(self, publisher, qos, pids):
        for pid in pids:
            if qos == 1:
                publisher.answer(wire.PUBACK, pid)
            elif qos == 2:
                publisher.answer(wire.PUBREC, pid)
                publisher.send(wire.ack(wire.PUBREL, pid))
        if qos == 2:
            for pid in pids:
                publisher.answer(wire.PUBCOMP, pid)

    def test_many_publishers(self):
        """[MQTT-4.6.0-5] Messages of each publisher keep their order among themselves."""
        publishers = [self.client() for _ in range(8)]
        one = self.client()
        one.subscribe(self.topic("#"), qos=1)
        for index in range(100):
            for number, publisher in enumerate(publishers):
                publisher.push(self.topic("a"), b"%d %d" % (number, index), 1, pid=index + 1)
        seen = {}
        for packet in one.messages(800):
            number, index = map(int, packet.payload.split())
            seen.setdefault(number, []).append(index)
        self.assertEqual(seen, {n: list(range(100)) for n in range(8)})

    def test_order_through_an_absence(self):
        """[MQTT-4.6.0-5] [MQTT-4.6.0-1] Messages before, during and after an absence stay in
        line."""
        publisher = self.client()
        one = self.client(auto=False, properties={"session_expiry": 60, "receive_maximum": 5})
        one.subscribe(self.topic("a"), qos=1)
        for index in range(20):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        one.messages(5)
        one.disconnect()
        for index in range(20, 40):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        again = self.resumed(one.client_id, properties={"receive_maximum": 5})
        for index in range(40, 60):
            publisher.publish(self.topic("a"), b"%d" % index, 1)
        self.assertEqual(self.payloads(again.messages(60)), [b"%d" % i for i in range(60)])

    def test_retained_come_before_what_is_published_later(self):
        """[MQTT-4.6.0-5] [MQTT-3.3.1-9] A subscriber cannot see an old retained message behind a
        newer message."""
        publisher = self.client()
        for round_ in range(20):
            topic = self.topic(str(round_))
            publisher.publish(topic, b"old", 1, retain=True)
            one = self.client()
            one.send(wire.subscribe(900, [(topic, 1)]))
            publisher.push(topic, b"new", 1, retain=True, pid=900)
            one.take(lambda p: p.kind == wire.SUBACK)
            got = []
            while not got or got[-1] != b"new":
                got.append(one.message().payload)
            self.assertIn(got, ([b"old", b"new"], [b"new"]))
            # The new one may come twice: retained for the subscription, and as it is published.
            publisher.answer(wire.PUBACK, 900)
            self.assertNotIn(b"old", self.payloads(one.fence(publisher)))
            publisher.publish(topic, b"", 1, retain=True)


if __name__ == "__main__":
    main()
