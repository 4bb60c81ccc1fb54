# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A disk that takes nothing more: what must be stored is refused, the rest goes on, and all of it is
well again once there is room."""

import resource
import unittest

from hosted import Client, HostedTest, kit

wire = kit.wire
QUOTA_EXCEEDED = 0x97
PERSISTENT = [("session_expiry", 3600)]
PAYLOAD = b"x" * 4096
# More than the tests' limits have room for.
ENOUGH = 2000
CONTROL = 'http = "127.0.0.1:0"\n[limits]\nqueue_messages = 100000\n'


class FullDisk(HostedTest):
    def limit(self, daemon, size):
        """No file of the daemon's grows beyond `size` bytes."""
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                         (size, resource.RLIM_INFINITY))

    def fill_disk(self, daemon):
        """The disk takes a little more, then nothing."""
        files = (daemon.folder / "state").iterdir()
        self.limit(daemon, max(one.stat().st_size for one in files) + (64 << 10))

    def away(self, daemon, topic="owed/#", version=wire.V5):
        """A session that waits for its peer; the peer's name."""
        name = kit.unique()
        properties = {"properties": PERSISTENT} if version == wire.V5 else {}
        with Client(daemon.ports["mqtt"], version) as one:
            self.assertEqual(one.connect(name, clean=False, **properties).reason, 0)
            self.assertEqual(one.subscribe(topic, qos=2).codes, [2])
            one.disconnect()
        return name

    def back(self, daemon, name):
        one = Client(daemon.ports["mqtt"])
        self.addCleanup(one.drop)
        connack = one.connect(name, clean=False, properties=PERSISTENT)
        self.assertEqual((connack.reason, connack.session_present), (0, True))
        return one

    def publish_until_refused(self, one, topic, qos=1, first=0):
        """Numbers that were acknowledged; the first reason of refusal ends it."""
        kept = []
        for number in range(first, first + ENOUGH):
            reason = one.publish(topic, b"%d " % number + PAYLOAD, qos=qos).reason
            if reason >= 0x80:
                self.assertEqual(reason, QUOTA_EXCEEDED)
                return kept
            kept.append(number)
        self.fail("nothing was refused")

    def numbers(self, one, last):
        """Those of the messages up to the one that says `last`."""
        found = []
        while True:
            payload = one.message().payload
            if payload == last:
                return found
            found.append(int(payload.split()[0]))

    def events(self, rpc, kind):
        return rpc.call("events", kinds=[kind])["events"]

    def recovers(self, daemon, rpc, times=1):
        self.wait(lambda: len(self.events(rpc, "store-recovered")) == times, daemon,
                  "it does not recover")

    def test_what_cannot_be_stored_is_refused_and_the_rest_goes_on(self):
        """Promise 1; LC-14 stays: no link of the others ends."""
        daemon = self.running(control=CONTROL)
        rpc = self.rpc(daemon)
        name = self.away(daemon)
        live = self.guest(daemon.ports["mqtt"])
        live.subscribe("live/#", qos=1)
        one = self.guest(daemon.ports["mqtt"])
        old = self.guest(daemon.ports["mqtt"], wire.V311)
        self.assertEqual(self.events(rpc, "store-degraded"), [])

        self.fill_disk(daemon)
        kept = self.publish_until_refused(one, "owed/x")
        self.assertGreater(len(kept), 0)
        self.wait(lambda: self.events(rpc, "store-degraded"), daemon, "no alarm")
        told = self.events(rpc, "store-degraded")
        self.assertEqual(len(told), 1, "it is told once")
        self.assertIn("store.db", told[0]["reason"]["text"])
        self.assertIn(" store-degraded ", daemon.log())

        # What nobody will hold needs no disk, and QoS 0 promises nothing.
        one.push("live/0", b"a")
        self.assertEqual(live.message().payload, b"a")
        self.assertEqual(one.publish("live/1", b"b", qos=1).reason, 0)
        self.assertEqual(live.message().payload, b"b")
        one.push("owed/0", b"c")
        # QoS 2 and retained messages are refused as QoS 1 is.
        self.assertEqual(one.publish("owed/2", b"d", qos=2).reason, QUOTA_EXCEEDED)
        self.assertEqual(one.publish("kept", b"e", qos=1, retain=True).reason, QUOTA_EXCEEDED)
        # 3.1.1 has no word for it: the connection ends without an acknowledgement.
        pid = old.push("owed/3", b"f", qos=1)
        self.assertEqual([got for got in old.closed() if got.get("pid") == pid], [])
        # It is still the same.
        self.assertEqual(len(self.events(rpc, "store-degraded")), 1)
        self.assertEqual(self.events(rpc, "store-recovered"), [])

        self.limit(daemon, resource.RLIM_INFINITY)
        self.recovers(daemon, rpc)
        self.assertEqual(one.publish("owed/y", b"late", qos=1).reason, 0)
        self.assertEqual(self.guest(daemon.ports["mqtt"], wire.V311)
                         .publish("owed/y", b"later", qos=1).kind, wire.PUBACK)
        # All of it is on the disk.
        daemon.kill()
        daemon = self.running(control=CONTROL, folder=daemon.folder)
        found = self.numbers(self.back(daemon, name), b"late")
        self.assertEqual(sorted(set(kept) - set(found)), [])
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def asks_for_a_session(self, daemon, name, version, expiry=3600, clean=False, **more):
        """The reason of the CONNACK, and the session that it says was there."""
        properties = {}
        if version == wire.V5:
            properties = {"properties": [("session_expiry", expiry)]}
        with Client(daemon.ports["mqtt"], version) as one:
            connack = one.connect(name, clean=clean, **properties, **more)
            return connack.reason, connack.session_present

    def test_what_cannot_be_stored_is_not_granted(self):
        """Promise 1 of sessions and subscriptions, in both protocol versions, and again well as
        soon as there is room."""
        for version in (wire.V5, wire.V311):
            with self.subTest(version=version):
                daemon = self.running(control=CONTROL)
                rpc = self.rpc(daemon)
                port = daemon.ports["mqtt"]
                name = self.away(daemon, version=version)
                holder, keeps = self.guest(port, version), kit.unique()
                one = Client(port, version)
                self.addCleanup(one.drop)
                more = {"properties": PERSISTENT} if version == wire.V5 else {}
                self.assertEqual(one.connect(keeps, clean=False, **more).reason, 0)
                self.assertEqual(one.subscribe("one/#", qos=1).codes, [1])

                self.fill_disk(daemon)
                self.publish_until_refused(self.guest(port), "owed/x")
                self.wait(lambda: self.events(rpc, "store-degraded"), daemon, "no alarm")
                # Sessions.
                fresh, refused = kit.unique(), QUOTA_EXCEEDED if version == wire.V5 else 3
                self.assertEqual(self.asks_for_a_session(daemon, fresh, version),
                                 (refused, False))
                self.assertEqual(self.asks_for_a_session(daemon, name, version, expiry=0,
                                                         clean=True), (refused, False))
                self.assertEqual(self.asks_for_a_session(daemon, name, version,
                                                         will=wire.Will("w", b"gone")),
                                 (refused, False))
                self.assertEqual(self.asks_for_a_session(daemon, name, version), (0, True))
                self.assertEqual(self.asks_for_a_session(daemon, kit.unique(), version, expiry=0,
                                                         clean=True), (0, False))
                # Subscriptions.
                self.assertEqual(holder.subscribe("passing", qos=1).codes, [1])
                self.assertEqual(one.subscribe(("one/#", 1), ("two", 1), ("three", 2)).codes,
                                 [1] + [QUOTA_EXCEEDED if version == wire.V5 else 0x80] * 2)
                holder.push("two", b"lost")
                holder.push("one/1", b"first")
                self.assertEqual(one.message().payload, b"first")
                if version == wire.V5:
                    self.assertEqual(one.unsubscribe("one/#", "none").codes, [0x83, 0x11])
                    holder.push("one/2", b"second")
                    self.assertEqual(one.message().payload, b"second")
                else:
                    one.send(wire.unsubscribe(77, ["one/#"], None, version))
                    self.assertEqual([got.kind for got in one.closed()
                                      if got.kind == wire.UNSUBACK], [])

                self.limit(daemon, resource.RLIM_INFINITY)
                self.recovers(daemon, rpc)
                if version == wire.V311:
                    one = Client(port, version)
                    self.addCleanup(one.drop)
                    connack = one.connect(keeps, clean=False)
                    self.assertEqual((connack.reason, connack.session_present), (0, True))
                holder.push("two", b"lost")
                holder.push("one/3", b"third")
                self.assertEqual(one.message().payload, b"third")
                self.assertEqual(one.subscribe("two", qos=1).codes, [1])
                self.assertEqual(self.asks_for_a_session(daemon, fresh, version), (0, False))
                # All of it is on the disk.
                daemon.kill()
                daemon = self.running(control=CONTROL, folder=daemon.folder)
                self.assertEqual(self.asks_for_a_session(daemon, fresh, version), (0, True))
                one = Client(daemon.ports["mqtt"], version)
                self.addCleanup(one.drop)
                self.assertEqual(one.connect(keeps, clean=False, **more).session_present, True)
                other = self.guest(daemon.ports["mqtt"])
                for topic in ("two", "three", "one/4"):
                    other.push(topic, topic.encode())
                self.assertEqual([one.message().payload, one.message().payload],
                                 [b"two", b"one/4"])
                self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_the_first_to_find_no_room_is_told(self):
        """Who asks before anybody knows that the disk is full."""
        daemon = self.running(control=CONTROL)
        rpc = self.rpc(daemon)
        with Client(daemon.ports["mqtt"]) as one:
            self.assertEqual(one.connect(kit.unique(), clean=False,
                                         properties=PERSISTENT).reason, 0)
            self.limit(daemon, 0)
            name = kit.unique()
            self.assertEqual(self.asks_for_a_session(daemon, name, wire.V5),
                             (QUOTA_EXCEEDED, False))
            self.limit(daemon, resource.RLIM_INFINITY)
            self.recovers(daemon, rpc)
            self.limit(daemon, 0)
            self.assertEqual(one.subscribe("t", qos=1).codes, [QUOTA_EXCEEDED])
            self.limit(daemon, resource.RLIM_INFINITY)
            self.recovers(daemon, rpc, 2)
            self.assertEqual(one.subscribe("t", qos=1).codes, [1])
            self.limit(daemon, 0)
            self.assertEqual(one.unsubscribe("t").codes, [0x83])
            self.limit(daemon, resource.RLIM_INFINITY)
            self.recovers(daemon, rpc, 3)
            one.push("t", b"still")
            self.assertEqual(one.message().payload, b"still")
            self.assertEqual(one.unsubscribe("t").codes, [0])
        self.assertEqual(self.asks_for_a_session(daemon, name, wire.V5), (0, False))
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_again_and_again(self):
        daemon = self.running(control=CONTROL)
        rpc = self.rpc(daemon)
        name = self.away(daemon)
        one = self.guest(daemon.ports["mqtt"])
        kept = []
        for times in range(1, 4):
            self.fill_disk(daemon)
            kept += self.publish_until_refused(one, "owed/x", 1 + times % 2, times * ENOUGH)
            self.limit(daemon, resource.RLIM_INFINITY)
            self.recovers(daemon, rpc, times)
        self.assertEqual(one.publish("owed/y", b"late", qos=1).reason, 0)
        found = self.numbers(self.back(daemon, name), b"late")
        self.assertEqual(sorted(set(kept) - set(found)), [])
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_store_that_reached_its_size_takes_more_once_it_is_read(self):
        small = CONTROL + "[store]\nmax_bytes = 1048576\n"
        daemon = self.running(control=small)
        rpc = self.rpc(daemon)
        name = self.away(daemon)
        one = self.guest(daemon.ports["mqtt"])
        kept = self.publish_until_refused(one, "owed/x")
        self.assertGreater(len(kept), 50)
        self.wait(lambda: self.events(rpc, "store-degraded"), daemon, "no alarm")
        reason = self.events(rpc, "store-degraded")[0]["reason"]
        self.assertEqual(reason["code"], "storage-full")
        self.assertIn("1048576 bytes", reason["text"])
        # Who was away takes what he is owed: that makes room.
        reader = self.back(daemon, name)
        found = set()
        while not found.issuperset(kept):
            found.add(int(reader.message().payload.split()[0]))
        self.recovers(daemon, rpc)
        self.assertEqual(one.publish("owed/y", b"late", qos=1).reason, 0)
        self.numbers(reader, b"late")
        self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
