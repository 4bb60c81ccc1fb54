# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What sub takes, leaves out and prints, and when it ends."""

import json

from clitest import CliTest, main


class Subscribing(CliTest):
    def test_ends_after_the_count(self):
        reader = self.subscriber("-t", self.topic, "-C", "2", "-q", "1")
        self.pub("-t", self.topic, "-q", "1", "-l", stdin=b"1\n2\n3\n")
        self.assertEqual(reader.wait(), 0)
        self.assertEqual(reader.lines, ["1", "2"])

    def test_ends_after_the_time(self):
        self.assertFails(self.run_tool("sub", "-t", self.topic, "-W", "1"), 27, "timeout")

    def test_ends_once_subscribed(self):
        self.assertEqual(self.sub("-t", self.topic, "-t", "another/#", "-U", "a/third", "-E"), "")

    def test_several_filters_and_a_plain_argument(self):
        reader = self.subscriber("-t", f"{self.topic}/+/x", f"{self.topic}/b/#", "-C", "2", "-v")
        for level in ("a/x", "a/y", "b"):
            self.pub("-t", f"{self.topic}/{level}", "-m", "m")
        self.assertEqual(reader.wait(), 0)
        self.assertEqual(reader.lines, [f"{self.topic}/a/x m", f"{self.topic}/b m"])

    def test_leaves_out_topics(self):
        reader = self.subscriber("-t", f"{self.topic}/#", "-T", f"{self.topic}/no/#", "-C", "1", "-v")
        self.pub("-t", f"{self.topic}/no/1", "-m", "m")
        self.pub("-t", f"{self.topic}/yes", "-m", "m")
        self.assertEqual(reader.wait(), 0)
        self.assertEqual(reader.lines, [f"{self.topic}/yes m"])

    def test_leaves_out_retained(self):
        self.pub("-t", self.topic, "-r", "-m", "old", "-q", "1")
        for version in ("311", "5"):
            with self.subTest(version=version):
                reader = self.subscriber("-V", version, "-t", self.topic, "-R", "-C", "1")
                self.pub("-t", self.topic, "-m", "fresh")
                self.assertEqual(reader.wait(), 0)
                self.assertEqual(reader.lines, ["fresh"])

    def test_retained_only_and_remove_retained(self):
        for name in "ab":
            self.pub("-t", f"{self.topic}/{name}", "-r", "-m", name, "-q", "1")
        reader = self.subscriber("-t", f"{self.topic}/#", "-T", f"{self.topic}/b", "--retained-only",
                                 "--remove-retained")
        reader.until(lambda: reader.lines == ["a"], "the retained message did not come")
        self.pub("-t", f"{self.topic}/live", "-m", "not retained", "-q", "1")
        self.assertEqual(reader.wait(), 0)
        self.assertEqual(reader.lines, ["a"])
        # The filtered one is there still, the other one is gone.
        self.assertEqual(self.sub("-t", f"{self.topic}/#", "-C", "1", "-F", "%t"), f"{self.topic}/b\n")

    def test_retain_as_published(self):
        for flags, expected in (((), "0"), (("--retain-as-published",), "1")):
            with self.subTest(flags=flags):
                keeper = self.subscriber("-V", "5", "--retain-handling", "never", "-t", self.topic, "-C", "1",
                                         "-F", "%r", *flags)
                self.pub("-V", "5", "-t", self.topic, "-r", "-m", "x", "-q", "1")
                self.assertEqual(keeper.wait(), 0)
                self.assertEqual(keeper.lines, [expected])

    def test_retain_handling(self):
        self.pub("-t", self.topic, "-r", "-m", "old", "-q", "1")
        session = ("-V", "5", "-c", "-i", self.topic, "-x", "60", "-t", self.topic)
        self.assertEqual(self.sub(*session, "--retain-handling", "never", "-E"), "")
        done = self.run_tool("sub", *session, "--retain-handling", "new", "-W", "1")
        self.assertEqual((done.returncode, done.stdout), (27, b""))
        self.assertEqual(self.sub(*session, "--retain-handling", "always", "-C", "1"), "old\n")

    def test_formats(self):
        self.pub("-V", "5", "-t", self.topic, "-r", "-q", "1", "-m", '{"a": 1}',
                 "-D", "publish", "user-property", "origin", "gateway")
        one = ("-V", "5", "-t", self.topic, "-C", "1")
        self.assertEqual(self.sub(*one, "-F", "%t|%8l|%-3q|%r\\t%x"),
                         f"{self.topic}|       8|0|1\t7b2261223a20317d\n")
        self.assertEqual(json.loads(self.sub(*one, "-F", "%J"))["payload"], {"a": 1})
        self.assertEqual(json.loads(self.sub(*one, "-F", "%j", "--pretty"))["payload"], '{"a": 1}')
        self.assertEqual(self.sub(*one, "-N", "-v"), f'{self.topic} {{"a": 1}}')
        self.assertEqual(self.sub(*one, "--show-origin"), 'gateway {"a": 1}\n')
        records = json.loads(self.sub(*one, "--output", "json", "--show-origin"))
        self.assertEqual([(r["topic"], r["origin"], r["retain"]) for r in records],
                         [(self.topic, "gateway", True)])

    def test_watch_and_rate(self):
        self.pub("-t", self.topic, "-r", "-q", "1", "-m", "seen")
        self.assertIn(f"{self.topic} seen", self.sub("-t", self.topic, "-C", "1", "--watch"))
        done = self.run_tool("sub", "-t", self.topic, "--message-rate", "-W", "3")
        self.assertEqual(done.returncode, 27)
        self.assertEqual(done.stdout.decode().splitlines()[0], "1 messages/s")

    def test_signals_end_it_in_order(self):
        for version in ("311", "5"):
            for signal in (2, 15):
                with self.subTest(version=version, signal=signal):
                    reader = self.subscriber("-V", version, "-t", self.topic)
                    reader.process.send_signal(signal)
                    self.assertEqual(reader.wait(), 0)
                    reader.until_traced("sending DISCONNECT")


if __name__ == "__main__":
    main()
