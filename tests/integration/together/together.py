# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""mosquitto's tools, paho and MQTT.js talk to each other through the daemon."""

import hashlib
import itertools
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in ("support", "mosquitto", "paho"):
    sys.path.insert(0, str(HERE.parent / folder))

import kit  # noqa: E402
import tools  # noqa: E402
from peer import V5, V311, Peer  # noqa: E402

NODE = shutil.which("node")
kit.need(tools.available(), "mosquitto-clients")
kit.need(NODE and (HERE.parent / "mqttjs/node_modules/mqtt").is_dir(), "MQTT.js (npm ci)")


class Together(tools.Case):
    def paho(self, version=V5):
        one = Peer(self.port, version=version)
        self.addCleanup(one.leave)
        one.start()
        return one

    def relay(self, filter_, topic="", version=5, wait=True):
        one = kit.Lines(NODE, HERE / "relay.mjs", self.port, version, filter_, topic)
        self.addCleanup(one.process.stdout.close)
        self.addCleanup(one.kill)
        if wait:
            one.line("subscribed")
        return one

    def test_a_chain_through_all_three(self):
        # mosquitto_pub, paho, MQTT.js, mosquitto_sub: at each QoS, versions mixed.
        for qos, versions in itertools.product((0, 1, 2), ((5, 5), (4, 5), (5, 4))):
            with self.subTest(qos=qos, versions=versions):
                root = self.topic(str(qos), *map(str, versions))
                last = self.sub(root + "/c")
                relay = self.relay(root + "/b", root + "/c", versions[1])
                middle = self.paho(V5 if versions[0] == 5 else V311)
                middle.on_message = lambda client, _data, message, root=root: client.publish(
                    root + "/b", message.payload + b" paho", message.qos)
                middle.listen(root + "/a")
                texts = [f"{i}" for i in range(20)]
                self.pub(root + "/a", "", "-l", qos=qos, stdin="\n".join(texts).encode())
                got = [last.message() for _ in texts]
                self.assertEqual([m["payload"] for m in got], [text + " paho" for text in texts])
                self.assertEqual({m["qos"] for m in got}, {qos})
                relay.kill()
                last.leave()
                middle.leave()

    def test_properties_survive_the_whole_way(self):
        topic = self.topic("a")
        last = self.sub(topic + "/out")
        self.relay(topic, topic + "/out")
        paho = self.paho()
        paho.listen(topic + "/out")
        pairs = [("a", "1"), ("a", "2"), ("b", "ü")]
        more = [part for pair in pairs for part in ("-D", "publish", "user-property", *pair)]
        self.pub(topic, "x", *more, "-D", "publish", "content-type", "text",
                 "-D", "publish", "correlation-data", "42", "-D", "publish", "response-topic", "r",
                 "-D", "publish", "payload-format-indicator", "1")
        got = last.message()["properties"]
        self.assertEqual(got.pop("user-properties").pairs, pairs)
        self.assertEqual(got, {"content-type": "text", "correlation-data": "42",
                               "response-topic": "r", "payload-format-indicator": 1})
        seen = paho.message().properties
        self.assertEqual((seen.UserProperty, seen.ContentType, seen.CorrelationData),
                         (pairs, "text", b"42"))

    def test_one_mebibyte_reaches_all(self):
        payload = kit.pattern(kit.MIB)
        topic = self.topic("a")
        printed, paho, tool = self.relay(topic), self.paho(), self.sub(topic, form="%x")
        paho.listen(topic)
        for sender in ("mosquitto", "paho"):
            if sender == "mosquitto":
                self.pub(topic, "", "-s", qos=2, stdin=payload)
            else:
                paho.send(topic, payload, 2)
            self.assertTrue(paho.message().payload == payload)
            self.assertTrue(bytes.fromhex(tool.text()) == payload)
            told = json.loads(printed.line("message").removeprefix("message "))
            self.assertEqual(told["digest"], hashlib.sha256(payload).hexdigest())

    def test_all_find_what_one_keeps(self):
        topic = self.topic("a")
        self.pub(topic, "kept", "-r")
        paho = self.paho()
        paho.listen(topic)
        # What is kept may come before the tool has told that it is subscribed.
        printed = self.relay(topic, wait=False)
        told = json.loads(printed.line("message").removeprefix("message "))
        got = paho.message()
        self.assertEqual((told["text"], told["retain"]), ("kept", True))
        self.assertEqual((got.payload, got.retain), (b"kept", True))
        self.assertEqual(self.sub(topic).message()["payload"], "kept")

    def test_all_share_a_group(self):
        topic = self.topic("a")
        group = f"$share/{kit.unique()}/{topic}"
        printed, paho, tool = self.relay(group), self.paho(), self.sub(group)
        paho.listen(group)
        texts = [f"{i}" for i in range(60)]
        self.pub(topic, "", "-l", stdin="\n".join(texts).encode())
        got = {"paho": [], "tool": [], "js": []}
        # Whoever is next: members take turns, so each gets its third.
        for _ in range(20):
            got["paho"].append(paho.message().payload.decode())
            got["tool"].append(tool.message()["payload"])
            got["js"].append(json.loads(printed.line("message").removeprefix("message "))["text"])
        self.assertEqual(sorted(sum(got.values(), []), key=int), texts)

    def test_one_asks_another_answers(self):
        # mosquitto_rr asks, MQTT.js passes it on with its properties, paho answers.
        asked, inner = self.topic("ask"), self.topic("inner")
        self.relay(asked, inner)
        paho = self.paho()
        paho.on_message = lambda client, _data, message: client.publish(
            message.properties.ResponseTopic, b"answer to " + message.payload, 1)
        paho.listen(inner)
        self.assertEqual(self.rr(asked, "question", self.topic("answers")).rest(),
                         ["answer to question"])


kit.main()
