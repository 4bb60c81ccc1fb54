# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two hosts pair in each of the ways there are, and ten thousand messages go each way at once."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import PairTest, together, wire  # noqa: E402

COUNT = int(os.environ.get("FAIRLEAD_SHIP_MESSAGES", "10000"))
WINDOW = 64
# What a conversion could damage: brackets in strings, escapes, spellings of numbers, empty ones.
PAYLOAD = ('{"datagram":{"header":{"number":%d,"text":"[{}] },{ [] \\\\u00e4\\\\\\"ä€𝄞"},'
           '"payload":[{"cmd":[{"value":1.10,"big":123456789012345678901234567890,"e":1E+5}]},'
           '{"flag":true,"none":null,"empty":{}}]}}')


def payload(number):
    return (PAYLOAD % number).encode()


class Pairing(PairTest):
    def pipe(self, sender, receiver):
        """@p COUNT messages from one to the other: a call that writes them, one that reads them."""
        reader = receiver.client()
        self.addCleanup(reader.drop)
        reader.subscribe((f"ship/{sender.ski}/rx", wire.options(1)))
        writer = sender.client()
        self.addCleanup(writer.drop)

        def write():
            topic, waiting = f"ship/{receiver.ski}/tx", []
            for number in range(COUNT + 1):
                waiting.append(writer.push(topic, payload(number), qos=1))
                if len(waiting) == WINDOW:
                    self.assertEqual(writer.answer(wire.PUBACK, waiting.pop(0)).reason, 0)
            for pid in waiting:
                self.assertEqual(writer.answer(wire.PUBACK, pid).reason, 0)

        def read():
            # One more shows that the last of them did not come twice.
            for number in range(COUNT + 1):
                got = reader.take(lambda one: one.kind == wire.PUBLISH)
                self.assertEqual(got.payload, payload(number))

        return write, read

    def test_ten_thousand_messages_each_way(self):
        pair = self.pair()
        pair.start_paired()
        pair.wait_connected()
        before = [host.sockets() for host in pair.hosts]
        together(*self.pipe(*pair.hosts), *self.pipe(*reversed(pair.hosts)))
        self.assertEqual([host.sockets() for host in pair.hosts], before, pair.told())
        for host in pair.hosts:
            self.assertEqual(host.count("ship-data-dropped|ship-message-dropped"), 0, host.text())
            self.assertEqual(host.end(), 0)

    def test_each_is_accepted_while_it_waits(self):
        """Who trusts first dials; the other one is asked, and says yes."""
        pair = self.pair()
        pair.start_strangers()
        for first in (0, 1):
            with self.subTest(first=pair.hosts[first].name):
                host, other = pair.hosts[first], pair.hosts[1 - first]
                host.ship("trust", other.ski, "--label", "the other one")
                pair.within(lambda: other.peer(host.ski)["state"] == "pending")
                self.assertEqual(host.count("ship-link-refused"), 0)
                other.ship("trust", host.ski)
                pair.wait_connected()
                pair.exchange()
                self.assertEqual(host.peer(other.ski)["source"], "entered")
                self.assertEqual(other.peer(host.ski)["source"], "verified")
                # It is for good, over the end of either.
                for one in pair.hosts:
                    self.assertEqual(one.end(), 0)
                for one in pair.hosts:
                    one.start()
                pair.wait_connected()
                pair.exchange()
                for one in pair.hosts:
                    one.ship("untrust", pair.other(one).ski)
                pair.within(lambda: not any(one.sockets() for one in pair.hosts))


if __name__ == "__main__":
    unittest.main(verbosity=2)
