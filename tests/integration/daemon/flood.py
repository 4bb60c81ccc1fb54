# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A reader that stops reading in a flood: by every policy, what it gets and what it is told that it
lost are together all that was published, and the host's memory stays within its limits (DS-05)."""

import json
import unittest

from hosted import Client, Closed, HostedTest, kit

wire = kit.wire
QUOTA_EXCEEDED = 0x97
# What is in flight is not given up, so that little of the queue is.
PERSISTENT = [("session_expiry", 3600), ("receive_maximum", 100)]
QUEUE_BYTES = 2 << 20
CONTROL = ('http = "127.0.0.1:0"\n[limits]\nqueue_messages = 2000\n'
           f"queue_bytes = {QUEUE_BYTES}\n")
MESSAGES = 8000
PAYLOAD = b"x" * 1000
TOPICS = 50
WINDOW = 500
# Buffers, caches and what the allocator keeps, beside what waits for the reader.
OTHER_MEMORY = 48 << 20


class Flood(HostedTest):
    def memory(self, daemon, what):
        """Bytes that are resident (VmRSS), or were at most (VmHWM)."""
        with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(f"{what}:"):
                    return int(line.split()[1]) << 10
        raise AssertionError(f"no {what}")

    def publish_all(self, daemon):
        """At QoS 1, as fast as it goes; the numbers that were not refused."""
        one = self.guest(daemon.ports["mqtt"])
        taken, open_ids = set(), {}
        number = 0
        while number < MESSAGES or open_ids:
            batch = []
            while number < MESSAGES and len(open_ids) < WINDOW:
                pid = one.pid()
                open_ids[pid] = number
                batch.append(wire.publish(f"flood/{number % TOPICS}", b"%d " % number + PAYLOAD,
                                          1, pid=pid))
                number += 1
            if batch:
                one.send(*batch)
            ack = one.expect(wire.PUBACK, 30)
            published = open_ids.pop(ack.pid)
            if ack.reason < 0x80:
                taken.add(published)
            else:
                self.assertEqual(ack.reason, QUOTA_EXCEEDED)
        one.disconnect()
        return taken

    def reader(self, daemon, name):
        one = Client(daemon.ports["mqtt"], receive_buffer=4096)
        self.addCleanup(one.drop)
        self.assertEqual(one.connect(name, clean=False, properties=PERSISTENT).reason, 0)
        return one

    def read_all(self, daemon, name, one, due):
        """What came, and how many it was told that it lost; it comes back when its link was ended."""
        came, notices = set(), set()  # at QoS 1 both may come again

        def lost():
            return sum(json.loads(notice)["count"] for notice in notices)
        while len(came) + lost() < due:
            try:
                packet = one.next()
            except Closed:
                one = self.reader(daemon, name)
                continue
            if packet.kind != wire.PUBLISH:
                continue
            if packet.topic == "$notice/gap":
                notices.add(packet.payload)
            else:
                came.add(int(packet.payload.split()[0]))
        # Nothing follows.
        publisher = self.guest(daemon.ports["mqtt"])
        self.assertEqual([p for p in one.fence(publisher) if p.kind == wire.PUBLISH], [])
        return came, lost()

    def flood(self, policy):
        daemon = self.running(control=CONTROL, keys=f'overflow = "{policy}"\npatience = 0.02')
        name = kit.unique()
        one = self.reader(daemon, name)
        self.assertEqual(one.subscribe("flood/#", qos=1).codes, [1])
        before = self.memory(daemon, "VmRSS")
        taken = self.publish_all(daemon)
        self.assertLess(self.memory(daemon, "VmHWM") - before, QUEUE_BYTES + OTHER_MEMORY)
        came, lost = self.read_all(daemon, name, one, len(taken))
        self.assertLessEqual(came, taken)
        self.assertEqual(len(came) + lost, len(taken))
        self.assertEqual(daemon.stop(), 0, daemon.log())
        return taken, came, lost

    def test_the_oldest_go(self):
        taken, came, lost = self.flood("drop-oldest")
        self.assertGreater(lost, 0)
        self.assertIn(MESSAGES - 1, came)
        self.assertEqual(len(taken), MESSAGES)

    def test_the_newest_go(self):
        _, came, lost = self.flood("drop-newest")
        self.assertGreater(lost, 0)
        self.assertIn(0, came)

    def test_the_latest_of_each_topic_stays(self):
        _, came, lost = self.flood("latest-per-topic")
        self.assertGreater(lost, 0)
        self.assertLessEqual(set(range(MESSAGES - TOPICS, MESSAGES)), came)

    def test_the_link_is_ended(self):
        _, _, lost = self.flood("disconnect")
        self.assertGreater(lost, 0)

    def test_the_publisher_waits_first(self):
        _, _, lost = self.flood("block-up-to")
        self.assertGreater(lost, 0)

    def test_the_publisher_is_refused(self):
        taken, came, lost = self.flood("reject")
        self.assertLess(len(taken), MESSAGES)
        self.assertEqual((came, lost), (taken, 0))


if __name__ == "__main__":
    unittest.main(verbosity=2)
