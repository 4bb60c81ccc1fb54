# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions, takeover and shared subscriptions with mosquitto's tools."""

import itertools

import kit
import tools


class Sessions(tools.Case):
    def test_a_persistent_session_keeps_what_it_missed(self):
        for version, qos in itertools.product(("5", "mqttv311"), (1, 2)):
            with self.subTest(version=version, qos=qos):
                name, topic = kit.unique(), self.topic(version, str(qos))
                keep = {"version": version, "qos": qos, "client_id": name, "more": ["-c"]}
                self.assertEqual(self.sub(topic, **keep).leave(), 0)
                missed = [f"missed {i}" for i in range(100)]
                self.pub(topic, "", "-l", qos=qos, stdin="\n".join(missed).encode())
                # What waited comes with CONNACK, before the tool subscribes anew.
                one = self.sub(topic, wait=False, **keep)
                self.assertEqual(one.payloads(100), missed)
                self.pub(topic, "live", qos=qos)
                got = one.message()
                self.assertEqual((got["payload"], got["qos"]), ("live", qos))

    def test_a_killed_client_finds_its_session_too(self):
        name = kit.unique()
        keep = {"client_id": name, "more": ["-c"], "version": "mqttv311"}
        self.sub(self.topic("a"), **keep).kill()
        self.pub(self.topic("a"), "missed")
        self.assertEqual(self.sub(self.topic("a"), wait=False, **keep).payloads(1), ["missed"])

    def test_a_clean_session_forgets(self):
        for version in ("5", "mqttv311"):
            name = kit.unique()
            self.sub(self.topic("a"), version=version, client_id=name, more=["-c"]).leave()
            self.sub(self.topic("b"), version=version, client_id=name).leave()
            self.pub(self.topic("a"), "missed")
            one = self.sub(self.topic("b"), version=version, client_id=name, more=["-c"])
            self.pub(self.topic("a"), "not subscribed")
            self.pub(self.topic("b"), "end")
            self.assertEqual(one.until("end"), [])

    def test_an_expired_session_forgets(self):
        name = kit.unique()
        keep = {"client_id": name, "more": ["-c", "-x", "1"]}
        watcher = self.sub(self.topic("will"))
        # The will of a session that ends tells when it has ended.
        self.sub(self.topic("a"), client_id=name, more=[
            *keep["more"], "--will-topic", self.topic("will"), "--will-payload", "ended",
            "-D", "will", "will-delay-interval", "3600"]).kill()
        self.assertEqual(watcher.payloads(1), ["ended"])
        self.pub(self.topic("a"), "missed")
        one = self.sub(self.topic("a"), **keep)
        self.pub(self.topic("a"), "live")
        self.assertEqual(one.payloads(1), ["live"])

    def test_at_qos_0_nothing_is_lost_that_was_asked_for(self):
        # Messages of QoS 0 may be kept for an offline session or not, those of QoS 1 must be.
        name = kit.unique()
        keep = {"client_id": name, "more": ["-c"]}
        self.sub(self.topic("a"), **keep).leave()
        for i in range(10):
            self.pub(self.topic("a"), f"{i}", qos=i % 2)
        one = self.sub(self.topic("a"), wait=False, **keep)
        self.pub(self.topic("a"), "end")
        got = [int(m["payload"]) for m in one.until("end")]
        self.assertEqual([n for n in got if n % 2], [1, 3, 5, 7, 9])

    def test_subscriptions_survive_without_being_made_anew(self):
        name = kit.unique()
        self.sub(self.topic("a"), client_id=name, more=["-c"]).leave()
        back = self.sub(self.topic("b"), client_id=name, more=["-c"])
        self.pub(self.topic("a"), "still subscribed")
        self.assertEqual(back.payloads(1), ["still subscribed"])


class Takeover(tools.Case):
    def test_the_later_client_wins(self):
        for version in ("5", "mqttv311"):
            with self.subTest(version=version):
                name, topic = kit.unique(), self.topic("a")
                first = self.sub(topic, version=version, client_id=name, more=["-c"])
                second = self.client(
                    name, version=kit.wire.V5 if version == "5" else kit.wire.V311, clean=False)
                self.assertTrue(second.connack.session_present)
                if version == "5":
                    # Told why, the tool gives up.
                    first.line("Received DISCONNECT (142)")
                    first.end()
                    continue
                # Cut off, it comes back by itself and takes its session home.
                first.line(f"Client {name} received CONNACK")
                first.line("Subscribed")
                self.pub(topic, "home")
                self.assertEqual(first.message()["payload"], "home")
                first.leave()

    def test_nothing_is_lost_between_two_that_fight(self):
        # The session goes from hand to hand while messages arrive.
        name, topic = kit.unique(), self.topic("a")
        keep = {"client_id": name, "more": ["-c"], "wait": False}
        one = self.sub(topic, **{**keep, "wait": True})
        texts = [f"{i}" for i in range(40)]
        got, torn = set(), set()
        for i, text in enumerate(texts):
            if i % 10 == 5:
                one.until(texts[i - 1])
            self.pub(topic, text)
            if i % 10 == 5:
                one.kill()
                # It may have acknowledged this one and died before it printed it.
                torn.add(text)
                got |= set(self.printed(one))
                one = self.sub(topic, **keep)
        self.pub(topic, "end")
        one.until("end")
        got |= set(self.printed(one))
        self.assertEqual(got | torn, {*texts, "end"})

    @staticmethod
    def printed(one):
        if one.process.poll() is not None:
            one.rest()
        return [tools.json.loads(line.removeprefix(tools.MARK))["payload"]
                for line in one.seen if line.startswith(tools.MARK)]


class Shared(tools.Case):
    def test_each_message_goes_to_one_of_the_group(self):
        for version in ("5", "mqttv311"):
            with self.subTest(version=version):
                topic = self.topic(version)
                group = f"$share/{kit.unique()}/{topic}"
                members = [self.sub(group, self.topic("end"), version=version) for _ in range(3)]
                plain = self.sub(topic, version=version)
                texts = [f"{i}" for i in range(30)]
                self.pub(topic, "", "-l", stdin="\n".join(texts).encode())
                self.assertEqual(plain.payloads(30), texts)
                self.pub(self.topic("end"), "end")
                got = [[m["payload"] for m in one.until("end")] for one in members]
                self.assertEqual(sorted(sum(got, []), key=int), texts)
                self.assertTrue(all(got), "a member got nothing")
                for one in members:
                    one.leave()

    def test_two_groups_get_each_message_once_each(self):
        topic = self.topic("a")
        several = [self.sub(f"$share/{name}{self.root}/{topic}") for name in "ab"]
        self.pub(topic, "x")
        self.assertEqual([one.payloads(1) for one in several], [["x"], ["x"]])

    def test_the_rest_of_the_group_takes_over(self):
        topic = self.topic("a")
        group = f"$share/{kit.unique()}/{topic}"
        first, second = (self.sub(group) for _ in range(2))
        first.leave()
        texts = [f"{i}" for i in range(10)]
        self.pub(topic, "", "-l", stdin="\n".join(texts).encode())
        self.assertEqual(second.payloads(10), texts)
