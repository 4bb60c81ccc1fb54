# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Messages between mosquitto_pub and mosquitto_sub."""

import itertools

import kit
import tools


class PublishSubscribe(tools.Case):
    def test_each_qos_and_version(self):
        for version in ("5", "mqttv311"):
            for wanted in (0, 1, 2):
                topic = self.topic(version, str(wanted))
                one = self.sub(topic, version=version, qos=wanted)
                self.assertEqual(one.granted, [wanted])
                for sent in (0, 1, 2):
                    with self.subTest(version=version, wanted=wanted, sent=sent):
                        self.pub(topic, f"qos {sent}", qos=sent, version=version)
                        got = one.message()
                        self.assertEqual(
                            (got["topic"], got["payload"], got["qos"], got["retain"]),
                            (topic, f"qos {sent}", min(sent, wanted), 0))
                self.assertEqual(one.leave(), 0)

    def test_versions_meet(self):
        for left, right in itertools.permutations(("5", "mqttv311", "mqttv31"), 2):
            with self.subTest(publisher=left, subscriber=right):
                topic = self.topic(left, right)
                old = self.broker.ports["old"]
                one = self.sub(topic, version=right, port=old)
                self.pub(topic, "grüße", version=left, qos=2, port=old)
                got = one.message()
                self.assertEqual((got["payload"], got["qos"]), ("grüße", 2))

    def test_one_level_many_levels_and_their_parent(self):
        one = self.sub(self.topic("+", "x"), self.topic("deep", "#"))
        self.assertEqual(one.granted, [2, 2])
        for path in ("a/x", "a/b/x", "a/y", "deep", "deep/1", "deep/1/2", "deeper"):
            self.pub(self.topic(path), path)
        self.pub(self.topic("end", "x"), "end")
        self.assertEqual([m["payload"] for m in one.until("end")],
                         ["a/x", "deep", "deep/1", "deep/1/2"])

    def test_an_empty_payload_is_a_message(self):
        one = self.sub(self.topic("a"))
        self.pub(self.topic("a"))
        got = one.message()
        self.assertEqual((got["payload"], got["payloadlen"]), (None, 0))

    def test_a_thousand_lines_keep_their_order(self):
        lines = [f"line {i}" for i in range(1000)]
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                topic = self.topic(str(qos))
                one = self.sub(topic)
                self.pub(topic, "", "-l", qos=qos, stdin="\n".join(lines).encode())
                self.assertEqual(one.payloads(len(lines)), lines)

    def test_one_publisher_many_subscribers(self):
        several = [self.sub(self.topic("#"), qos=i % 3) for i in range(9)]
        for i in range(20):
            self.pub(self.topic("a"), f"{i}", qos=i % 3)
        for one in several:
            self.assertEqual(sorted(one.payloads(20), key=int), [f"{i}" for i in range(20)])

    def test_unsubscribed_filters_stay_silent(self):
        one = self.sub(self.topic("a"), self.topic("b"), more=["-U", self.topic("a")])
        one.line(f"Client {one.seen[1].split()[1]} received UNSUBACK")
        self.pub(self.topic("a"), "not for us")
        self.pub(self.topic("b"), "end")
        self.assertEqual(one.until("end"), [])

    def test_topics_are_taken_as_they_are(self):
        for name in ("/", "//", "a b/ c", "ümläut/水/🚢", "a//b", "A" * 2000, "$odd/x"):
            with self.subTest(name=name[:20]):
                topic = name if name.startswith("$") else self.topic(name)
                topic = topic + kit.unique()
                one = self.sub(topic)
                self.pub(topic, "there")
                self.assertEqual(one.message()["topic"], topic)

    def test_a_leading_wildcard_leaves_out_dollar_topics(self):
        # A filter of our own, for other tests publish at the same time.
        name = kit.unique()
        one = self.sub(f"+/{name}", f"+/{name}/#")
        self.pub(f"$hidden/{name}", "hidden")
        self.pub(f"$SYS-like/{name}/x", "hidden")
        self.pub(f"seen/{name}", "end")
        self.assertEqual(one.until("end"), [])

    def test_a_client_may_not_speak_as_the_host(self):
        # Which code refuses it is free; that nobody sees it is not.
        one = self.sub("$SYS/broker/version", self.topic("end"))
        one.message()
        kit.subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-V", "5", "-t",
                            "$SYS/broker/version", "-m", "forged"], capture_output=True,
                           timeout=kit.DEADLINE, check=False)
        self.pub(self.topic("end"), "end")
        self.assertEqual(one.until("end"), [])


class Large(tools.Case):
    def test_one_mebibyte_at_each_qos(self):
        payload = kit.pattern(kit.MIB)
        for version, qos in itertools.product(("5", "mqttv311"), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                topic = self.topic(version, str(qos))
                one = self.sub(topic, version=version, form="%l %x")
                self.pub(topic, "", "-s", qos=qos, version=version, stdin=payload)
                length, text = one.text().split(" ")
                self.assertEqual(int(length), kit.MIB)
                self.assertTrue(bytes.fromhex(text) == payload, "the payload was changed")

    def test_one_mebibyte_retained(self):
        topic = self.topic("a")
        payload = kit.pattern(kit.MIB, 7)
        self.pub(topic, "", "-r", "-s", stdin=payload)
        one = self.sub(topic, form="%r %x")
        retain, text = one.text().split(" ")
        self.assertEqual(retain, "1")
        self.assertTrue(bytes.fromhex(text) == payload, "the payload was changed")
        self.pub(topic, "", "-r")

    def test_the_maximum_packet_size_is_announced(self):
        # An MQTT 5 client knows the limit from CONNACK and does not even try; one of 3.1.1 is cut
        # off.
        small = self.broker.ports["small"]
        said = self.pub(self.topic("a"), "x" * 2000, "-d", port=small)
        self.assertNotIn("sending PUBLISH", said)
        self.pub(self.topic("a"), "x" * 2000, port=small, version="mqttv311", code=7)
