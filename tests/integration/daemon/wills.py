# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Wills whose time comes after the daemon was killed."""

import time
import unittest

from hosted import Client, HostedTest, kit

wire = kit.wire
PERSISTENT = [("session_expiry", 3600)]
DELAY = 2


class Wills(HostedTest):
    def start(self, folder=None):
        daemon = self.running(folder=folder)
        return daemon, daemon.ports["mqtt"]

    def kill(self, daemon):
        daemon.kill()
        return self.start(daemon.folder)

    def heir(self, port, name, fresh=False):
        one = Client(port)
        self.addCleanup(one.drop)
        connack = one.connect(name, clean=False, properties=PERSISTENT)
        self.assertEqual((connack.reason, connack.session_present), (0, not fresh))
        if fresh:
            self.assertEqual(one.subscribe("will/#", qos=2).codes, [2])
        return one

    def leave_will(self, port, name, qos=1, delay=DELAY, retain=False, will=True):
        one = Client(port)
        self.addCleanup(one.drop)
        properties = [("will_delay", delay)] if delay else []
        last = wire.Will(f"will/{name}", name.encode(), qos, retain, properties) if will else None
        self.assertEqual(one.connect(name, clean=False, properties=PERSISTENT, will=last).reason, 0)
        return one

    def payloads(self, one, count):
        """Of the next wills; a fence of earlier may come again."""
        wills = []
        while len(wills) < count:
            got = one.message()
            if got.topic.startswith("will/"):
                wills.append(got.payload)
        return sorted(wills)

    def no_more(self, one, publisher):
        self.assertEqual([got for got in one.fence(publisher) if got.topic.startswith("will/")], [])

    def test_a_delay_goes_on_after_a_restart(self):
        daemon, port = self.start()
        self.heir(port, "heir", fresh=True).drop()
        self.leave_will(port, "left").drop()
        held = self.leave_will(port, "held", qos=2)
        daemon, port = self.kill(daemon)
        begun = time.monotonic()
        heir = self.heir(port, "heir")
        held.drop()
        # Both are given their time to come back: the one that was away and the one that was there.
        self.assertEqual(self.payloads(heir, 2), [b"held", b"left"])
        self.assertGreater(time.monotonic() - begun, DELAY / 2)
        self.no_more(heir, self.guest(port))
        # Once is enough, however often it starts.
        daemon, port = self.kill(daemon)
        heir = self.heir(port, "heir")
        self.leave_will(port, "late", delay=1).drop()
        self.assertEqual(self.payloads(heir, 1), [b"late"])
        self.no_more(heir, self.guest(port))
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_who_is_back_in_time_leaves_none(self):
        daemon, port = self.start()
        self.heir(port, "heir", fresh=True).drop()
        self.leave_will(port, "back").drop()
        self.leave_will(port, "gone").drop()
        daemon, port = self.kill(daemon)
        back = self.leave_will(port, "back", will=False)
        heir = self.heir(port, "heir")
        self.assertEqual(self.payloads(heir, 1), [b"gone"])
        self.no_more(heir, back)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_without_a_delay_the_end_of_the_daemon_is_the_end_of_the_link(self):
        daemon, port = self.start()
        self.heir(port, "heir", fresh=True).drop()
        self.leave_will(port, "now", delay=0, retain=True)
        old = Client(port, wire.V311)
        self.addCleanup(old.drop)
        last = wire.Will("will/old", b"old", 2, False)
        self.assertEqual(old.connect("old", clean=False, will=last).reason, 0)
        daemon, port = self.kill(daemon)
        self.assertEqual(self.payloads(self.heir(port, "heir"), 2), [b"now", b"old"])
        # The retained one is kept like any other.
        daemon, port = self.kill(daemon)
        reader = self.guest(port)
        reader.subscribe("will/now")
        got = reader.message()
        self.assertEqual((got.payload, got.retain), (b"now", True))
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_goodbye_takes_it_back(self):
        daemon, port = self.start()
        self.heir(port, "heir", fresh=True).drop()
        one = self.leave_will(port, "polite")
        one.disconnect()
        # What is on the disk of it is younger than what follows.
        self.guest(port).publish("will/mark", b"mark", qos=1)
        daemon, port = self.kill(daemon)
        self.leave_will(port, "other", delay=DELAY + 1).drop()
        heir = self.heir(port, "heir")
        self.assertEqual([got.payload for got in heir.messages(2)], [b"mark", b"other"])
        self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
