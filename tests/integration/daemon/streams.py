# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Durable streams over restarts of the daemon: a position leads on without a gap, or with one notice."""

import json
import resource
import threading
import unittest

from hosted import Client, Closed, HostedTest, kit

wire = kit.wire
QUOTA_EXCEEDED = 0x97
CONTROL = ('http = "127.0.0.1:0"\n'
           '[[stream]]\nname = "meters"\nfilter = "meter/#"\ndurable = true\n'
           'count = 100000\nage = 0\nbytes = 0\n'
           '[[stream]]\nname = "short"\nfilter = "short/#"\ndurable = true\ncount = 10\n')
ROUNDS = 6


class Streams(HostedTest):
    def listen(self, daemon, topic, **wishes):
        """A subscriber that asks for positions, and for what `wishes` says."""
        one = self.guest(daemon.ports["mqtt"])
        pairs = {"stream-positions": "1",
                 **{name.replace("_", "-"): value for name, value in wishes.items()}}
        reason = one.subscribe(topic, qos=0,
                               properties={"user": list(pairs.items())}).codes
        self.assertEqual(reason, [0])
        return one

    def place(self, message):
        told = dict(message.all("user"))
        return f"{told['stream-epoch']}:{told['stream-seq']}"

    def again(self, daemon, kill, control=CONTROL):
        if kill:
            daemon.kill()
        else:
            self.assertEqual(daemon.stop(), 0, daemon.log())
        return self.running(control=control, folder=daemon.folder)

    def fill(self, daemon, topic, first, last, qos=1):
        with Client(daemon.ports["mqtt"]) as source:
            self.assertEqual(source.connect(kit.unique()).reason, 0)
            for number in range(first, last):
                source.publish(topic, b"%d" % number, qos=qos)
            if qos == 0:
                source.ping()
            source.disconnect()

    def numbers(self, one, count):
        return [int(message.payload) for message in one.messages(count)]

    def nothing_else(self, daemon, one):
        source = self.guest(daemon.ports["mqtt"])
        self.assertEqual([p for p in one.fence(source) if p.kind == wire.PUBLISH], [])

    def test_a_position_leads_on_after_a_restart(self):
        """RP-05"""
        for kill in (False, True):
            daemon = self.running(control=CONTROL)
            self.assertNotIn("kept in memory", daemon.log())
            one = self.listen(daemon, "meter/#")
            self.fill(daemon, "meter/1", 0, 50, qos=1)
            self.fill(daemon, "meter/2", 50, 100, qos=0)
            self.fill(daemon, "meter/3", 100, 120, qos=2)
            got = one.messages(120)
            self.assertEqual([int(m.payload) for m in got], list(range(120)))
            places = [self.place(m) for m in got]
            for start in range(1, 3):
                daemon = self.again(daemon, kill)
                other = self.listen(daemon, "meter/#", replay_from=places[59])
                every = self.listen(daemon, "meter/#", replay_from="0")
                self.fill(daemon, "meter/4", 119 + start, 120 + start)
                self.assertEqual(self.numbers(other, 60 + start), list(range(60, 120 + start)))
                replayed = every.messages(120 + start)
                self.assertEqual([int(m.payload) for m in replayed], list(range(120 + start)))
                self.assertEqual([self.place(m) for m in replayed[:120]], places)
                self.nothing_else(daemon, other)
            self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_what_the_log_cannot_prove_is_one_gap(self):
        """RP-05"""
        daemon = self.running(control=CONTROL)
        one, other = self.listen(daemon, "short/#"), self.listen(daemon, "memory/#")
        self.fill(daemon, "short/1", 0, 1000)
        self.fill(daemon, "memory/1", 0, 5)
        short = [self.place(m) for m in one.messages(1000)]
        memory = self.place(other.message())
        daemon = self.again(daemon, kill=True)
        epoch, sequence = (int(part) for part in short[500].split(":"))
        asked = [("short/#", short[500], list(range(990, 1000))),
                 ("short/#", short[995], list(range(996, 1000))),
                 ("short/#", f"{epoch - 1}:{sequence}", list(range(990, 1000))),
                 ("short/#", f"{epoch}:{sequence + (1 << 40)}", list(range(990, 1000))),
                 ("memory/#", memory, [])]
        for topic, position, expected in asked:
            late = self.listen(daemon, topic, replay_from=position)
            if position != short[995]:
                notice = late.message()
                self.assertEqual(notice.topic, "$notice/gap", position)
                told = json.loads(notice.payload)
                self.assertEqual((told["reason"], told["requested"]), ("replay-gap", position))
            self.assertEqual(self.numbers(late, len(expected)), expected)
            self.nothing_else(daemon, late)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_killed_under_load(self):
        """RP-05: what was acknowledged, or shown with its position, is there after each kill; who
        was shown a position goes on from it without a gap."""
        folder = None
        place, seen, acknowledged, number = "0", [], set(), 0
        for _ in range(ROUNDS):
            daemon = self.running(control=CONTROL, **({"folder": folder} if folder else {}))
            folder = daemon.folder
            one = self.listen(daemon, "meter/#", replay_from=place)
            source = self.guest(daemon.ports["mqtt"])
            killer = threading.Timer(0.3, daemon.kill)
            killer.start()
            try:
                while True:
                    for _ in range(20):
                        source.push("meter/q0", b"%d" % number, qos=0)
                        number += 1
                    reason = source.publish("meter/q1", b"%d" % number, qos=1).reason
                    self.assertEqual(reason, 0)
                    acknowledged.add(number)
                    number += 1
            except (Closed, OSError):
                pass
            number += 1
            killer.join()
            try:
                while True:
                    message = one.message()
                    self.assertEqual(message.topic[:6], "meter/", message)
                    place = self.place(message)
                    seen.append(int(message.payload))
            except (Closed, OSError):
                pass
        daemon = self.running(control=CONTROL, folder=folder)
        one = self.listen(daemon, "meter/#", replay_from=place)
        every = self.listen(daemon, "meter/#", replay_from="0")
        self.fill(daemon, "meter/last", number, number + 1)
        for reader, found in ((one, seen), (every, [])):
            while not found or found[-1] != number:
                message = reader.message()
                self.assertEqual(message.topic[:6], "meter/", message)
                found.append(int(message.payload))
            self.assertEqual(found, sorted(set(found)))
            self.assertEqual(sorted(acknowledged - set(found)), [])
            if reader is one:
                whole = found
            else:
                self.assertEqual(found, whole)
        self.assertGreater(len(acknowledged), ROUNDS)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def limit(self, daemon, size):
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                         (size, resource.RLIM_INFINITY))

    def test_a_full_disk(self):
        for recovers in (True, False):
            daemon = self.running(control=CONTROL)
            rpc = self.rpc(daemon)
            one = self.listen(daemon, "meter/#")
            source = self.guest(daemon.ports["mqtt"])
            source.publish("meter/1", b"0", qos=1)
            place = self.place(one.message())
            state = daemon.folder / "state"
            self.limit(daemon, max(each.stat().st_size for each in state.iterdir()) + (64 << 10))
            refused = 0
            for number in range(1, 200):
                answer = source.publish("meter/1", b"%d " % number + b"x" * 4096, qos=1)
                if answer.reason:
                    self.assertEqual(answer.reason, QUOTA_EXCEEDED)
                    refused += 1
            self.assertGreater(refused, 0)
            source.push("meter/1", b"1000", qos=0)
            while (message := one.message()).payload != b"1000":
                pass
            late = self.place(message)
            if recovers:
                self.limit(daemon, resource.RLIM_INFINITY)
                self.wait(lambda: rpc.call("events", kinds=["store-recovered"])["events"],
                          daemon, "it does not recover")
            rpc.close()
            daemon.kill()
            daemon = self.running(control=CONTROL, folder=daemon.folder)
            for position in (place, late):
                other = self.listen(daemon, "meter/#", replay_from=position)
                self.fill(daemon, "meter/1", 2000, 2001)
                first = other.message()
                self.assertEqual(first.topic == "$notice/gap", not recovers, (position, first))
                while first.payload != b"2000":
                    first = other.message()
                    self.assertNotEqual(first.topic, "$notice/gap")
                if recovers and position == place:
                    self.fill(daemon, "meter/1", 2002, 2003)
                    every = self.listen(daemon, "$replay/0/meter/#")
                    found = [int(m.payload.split()[0]) for m in every.messages(3)]
                    self.assertEqual(found[0], 0)
            self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_the_tool_shows_them(self):
        daemon = self.running(control=CONTROL)
        self.fill(daemon, "meter/1", 0, 5)
        for where in (("--control", daemon.socket), ("--file", daemon.folder / "state" / "store.db")):
            done = self.tool("store", "stats", "--json", *where)
            self.assertEqual(done.returncode, 0, done.stderr)
            streams = json.loads(done.stdout)["streams"]
            self.assertEqual(sorted(streams), ["meters", "short"])
            self.assertEqual((streams["meters"]["messages"], streams["meters"]["message_bytes"]),
                             (5, 5 * len("meter/1") + 5))
            lines = [json.loads(line)
                     for line in self.tool("store", "export", *where).stdout.splitlines()]
            self.assertEqual([line["name"] for line in lines if line["kind"] == "stream"],
                             ["meters", "short"])
            self.assertEqual([line["streams"] for line in lines if line["kind"] == "message"],
                             5 * [["meters"]])
            self.assertEqual(self.tool("store", "check", *where).returncode, 0)
        text = self.tool("store", "stats", "--control", daemon.socket).stdout
        self.assertRegex(text, r"(?m)^stream meters: 5 messages, 40 bytes, sequences \d+ to \d+$")
        self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
