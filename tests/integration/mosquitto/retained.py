# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Retained messages and wills with mosquitto's tools."""

import itertools

import kit
import tools


class Retained(tools.Case):
    def test_set_replace_and_clear(self):
        for version in ("5", "mqttv311"):
            topic = self.topic(version)
            for text in ("first", "second"):
                self.pub(topic, text, "-r", version=version)
                one = self.sub(topic, version=version)
                got = one.message()
                self.assertEqual((got["payload"], got["retain"]), (text, 1))
            self.pub(topic, "", "-r", version=version)
            self.assertEqual(self.retained(topic), [])

    def test_kept_at_each_qos(self):
        for kept, wanted in itertools.product((0, 1, 2), repeat=2):
            with self.subTest(kept=kept, wanted=wanted):
                topic = self.topic(str(kept))
                self.pub(topic, "kept", "-r", qos=kept)
                got = self.sub(topic, qos=wanted).message()
                self.assertEqual(got["qos"], min(kept, wanted))

    def test_a_message_without_the_flag_leaves_the_kept_one(self):
        topic = self.topic("a")
        self.pub(topic, "kept", "-r")
        self.pub(topic, "passing")
        self.assertEqual(self.sub(topic).message()["payload"], "kept")

    def test_wildcards_find_all(self):
        names = {self.topic("r", str(i)) for i in range(300)}
        for name in names:
            self.broker_put(name)
        one = self.sub(self.topic("r", "+"))
        self.assertEqual({one.message()["topic"] for _ in names}, names)

    def broker_put(self, topic):
        if not hasattr(self, "writer"):
            self.writer = self.client()
        self.writer.publish(topic, b"x", qos=1, retain=True)

    def test_retained_only(self):
        self.pub(self.topic("a"), "kept", "-r")
        one = self.sub(self.topic("#"), more=["--retained-only"])
        self.assertEqual(one.message()["payload"], "kept")
        self.pub(self.topic("b"), "live")
        self.assertEqual([line for line in one.rest() if line.startswith(tools.MARK)], [])
        self.assertEqual(one.end(), 0)

    def test_remove_retained(self):
        self.pub(self.topic("a"), "kept", "-r")
        one = self.sub(self.topic("#"), more=["--remove-retained"])
        self.assertEqual(one.message()["payload"], "kept")
        self.assertEqual(one.message()["payload"], None)
        self.assertEqual(self.retained(self.topic("#")), [])

    def test_a_live_message_is_not_marked(self):
        one = self.sub(self.topic("a"))
        self.pub(self.topic("a"), "x", "-r")
        self.assertEqual(one.message()["retain"], 0)

    def test_retain_as_published(self):
        one = self.sub(self.topic("a"), more=["--retain-as-published"])
        self.pub(self.topic("a"), "kept", "-r")
        self.pub(self.topic("a"), "passing")
        self.assertEqual([one.message()["retain"] for _ in range(2)], [1, 0])

    def test_retain_handling_never(self):
        # With MQTT 5, -R asks the server not to send what is kept.
        self.pub(self.topic("a"), "kept", "-r")
        one = self.sub(self.topic("#"), more=["-R"])
        self.pub(self.topic("b"), "end")
        one.text()
        self.assertEqual([line for line in one.seen if " PUBLISH " in line and "'/a'" in line], [])
        self.assertEqual(len([line for line in one.seen if "received PUBLISH" in line]), 1)


class Will(tools.Case):
    def dying(self, *more, version="5", **keys):
        return self.sub(self.topic("unused"), version=version, more=[
            "--will-topic", self.topic("will"), *more], **keys)

    def test_sent_when_the_client_dies(self):
        for version, qos in itertools.product(("5", "mqttv311"), (0, 1, 2)):
            with self.subTest(version=version, qos=qos):
                watcher = self.sub(self.topic("will"), version=version)
                self.dying("--will-payload", "gone", "--will-qos", qos, version=version).kill()
                got = watcher.message()
                self.assertEqual((got["payload"], got["qos"], got["retain"]), ("gone", qos, 0))
                watcher.leave()

    def test_without_payload(self):
        watcher = self.sub(self.topic("will"))
        self.dying().kill()
        self.assertEqual(watcher.message()["payloadlen"], 0)

    def test_retained(self):
        watcher = self.sub(self.topic("will"))
        self.dying("--will-payload", "gone", "--will-retain").kill()
        watcher.message()
        self.assertEqual(self.sub(self.topic("will")).message()["retain"], 1)

    def test_not_sent_after_disconnect(self):
        for version in ("5", "mqttv311"):
            watcher = self.sub(self.topic("#"), version=version)
            one = self.dying("--will-payload", "gone", "-E", version=version)
            self.assertEqual(one.end(), 0)
            self.pub(self.topic("end"), "end")
            self.assertEqual(watcher.until("end"), [])

    def test_sent_after_a_disconnect_that_asks_for_it(self):
        # What mosquitto_sub does when it is terminated: reason code 0x04.
        watcher = self.sub(self.topic("will"))
        self.dying("--will-payload", "left").leave()
        self.assertEqual(watcher.message()["payload"], "left")

    def test_with_its_properties(self):
        watcher = self.sub(self.topic("will"))
        self.dying("--will-payload", "gone", "-D", "will", "user-property", "a", "1",
                   "-D", "will", "user-property", "a", "2",
                   "-D", "will", "content-type", "text/plain",
                   "-D", "will", "correlation-data", "42",
                   "-D", "will", "response-topic", "answers",
                   "-D", "will", "payload-format-indicator", "1",
                   "-D", "will", "message-expiry-interval", "1000").kill()
        got = watcher.message()["properties"]
        self.assertEqual(got.pop("user-properties").pairs, [("a", "1"), ("a", "2")])
        self.assertLessEqual(got.pop("message-expiry-interval"), 1000)
        self.assertEqual(got, {"content-type": "text/plain", "correlation-data": "42",
                               "response-topic": "answers", "payload-format-indicator": 1})

    def test_delay_waits_for_the_client_to_come_back(self):
        name = kit.unique()
        watcher = self.sub(self.topic("#"))
        dying = ["-c", "-D", "will", "will-delay-interval", "3600"]
        self.dying("--will-payload", "late", *dying, client_id=name).kill()
        self.pub(self.topic("end"), "end")
        self.assertEqual(watcher.until("end"), [])
        back = self.sub(self.topic("unused"), more=["-c"], client_id=name)
        back.leave()
        self.pub(self.topic("end"), "end")
        self.assertEqual(watcher.until("end"), [])

    def test_delay_ends_with_the_session(self):
        # [MQTT-3.1.3-9] a session that ends before the delay sends its will.
        watcher = self.sub(self.topic("will"))
        self.dying("--will-payload", "gone", "-x", "1", "-D", "will", "will-delay-interval",
                   "3600").kill()
        self.assertEqual(watcher.message()["payload"], "gone")
