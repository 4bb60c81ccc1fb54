# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Streams that only so many may subscribe to, with paho's client for Python."""

import os

from peer import SESSION_TAKEN_OVER, V5, V311, Case, kit, props

os.environ["FAIRLEAD__STREAM__ORDERS__FILTER"] = "orders/#"
os.environ["FAIRLEAD__STREAM__ORDERS__EXCLUSIVE"] = "true"
os.environ["FAIRLEAD__STREAM__FEW__FILTER"] = "few/#"
os.environ["FAIRLEAD__STREAM__FEW__MAX_SUBSCRIBERS"] = "2"

QUOTA = 0x97
REFUSED_V311 = 0x80


def lasting():
    return props("CONNECT", SessionExpiryInterval=600)


class Exclusive(Case):
    # DS-08
    def check_the_second_waits_for_the_first_to_leave(self):
        first, second, old = self.peer(), self.peer(), self.peer(version=V311)
        self.assertEqual(first.listen("orders/new", qos=1), [1])
        self.assertEqual(first.listen("orders/#", qos=1), [1])
        for asked in ("orders/new", "orders/+", "#", "$share/g/orders/new", "$replay/0/orders/new"):
            self.assertEqual(second.listen(asked, qos=1), [QUOTA], asked)
            self.assertEqual(old.listen(asked, qos=1), [REFUSED_V311], asked)
        self.assertEqual(second.listen("others/#", "orders/new", qos=1), [1, QUOTA])
        self.source.send("orders/new", "1")
        self.source.send("others/new", "2")
        self.assertEqual(first.payloads(1), [b"1"])
        self.assertEqual(second.payloads(1), [b"2"])
        first.ignore("orders/new")
        self.assertEqual(second.listen("orders/new", qos=1), [QUOTA])
        first.ignore("orders/#")
        self.assertEqual(second.listen("orders/new", qos=1), [1])
        second.leave()
        self.assertEqual(self.eventually(old, "orders/new"), 1)
        old.leave()

    # DS-08, RP-07
    def check_the_holder_comes_back(self):
        name = kit.unique()
        first = self.peer(name, properties=lasting())
        self.assertEqual(self.eventually(first, "orders/#"), 1)
        first.cut()
        self.assertTrue(first.connected())
        self.assertEqual(first.listen("orders/+", qos=1), [1])
        first.die()
        second = self.peer()
        self.source.send("orders/1", "kept")
        self.assertEqual(second.listen("orders/#", qos=1), [QUOTA])
        again = self.peer(name, start=False, clean=False, stay=False, properties=lasting())
        self.assertTrue(again.start())
        self.assertEqual(again.payloads(1), [b"kept"])
        # On another link at once: the former one ends.
        taking = self.peer(name, start=False, clean=False, properties=props("CONNECT"))
        self.assertTrue(taking.start())
        self.assertEqual(again.disconnects.take("DISCONNECT")[0], SESSION_TAKEN_OVER)
        self.assertEqual(taking.listen("orders/1", qos=1), [1])
        self.source.send("orders/1", "once")
        # Whether the former link's acknowledgement came before its end is a race.
        got = taking.payloads(1)
        self.assertEqual(taking.payloads(1) if got == [b"kept"] else got, [b"once"])
        self.assertTrue(again.messages.empty())
        taking.leave()
        self.assertEqual(self.eventually(second, "orders/#"), 1)
        second.leave()

    # DS-08
    def check_a_cap_of_two_and_an_observer(self):
        one, two, three = self.peer(), self.peer(version=V311), self.peer(version=V5)
        watching = self.peer(port=self.broker.ports["watch"])
        self.assertEqual(watching.listen("few/#", qos=1), [1])
        self.assertEqual(one.listen("few/1", qos=1), [1])
        self.assertEqual(two.listen("few/2", qos=1), [1])
        self.assertEqual(three.listen("few/3", qos=1), [QUOTA])
        two.leave()
        self.assertEqual(self.eventually(three, "few/3"), 1)
        self.source.send("few/3", "x")
        self.assertEqual(three.payloads(1), [b"x"])
        self.assertEqual(watching.payloads(1), [b"x"])

    def eventually(self, peer, topic):
        """Who leaves is gone once the host has seen it."""
        for _ in range(1000):
            code = peer.listen(topic, qos=1)[0]
            if code not in (QUOTA, REFUSED_V311):
                return code
        return code

    def test_seats(self):
        # One after the other: they share the seats.
        self.source = self.peer()
        self.check_the_second_waits_for_the_first_to_leave()
        self.check_the_holder_comes_back()
        self.check_a_cap_of_two_and_an_observer()


if __name__ == "__main__":
    kit.main(listeners={"watch": {"observer": True}})
