#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Shared subscriptions (4.8.2)."""

import time

from harness import Test, main, unique, wire


class Syntax(Test):
    def test_names_and_filters(self):
        """[MQTT-4.8.2-1] [MQTT-4.8.2-2] No share name, wildcards in it, or nothing behind it: the
        filter is refused, by code or by closing."""
        for bad in ("$share/", "$share//t", "$share/g", "$share/g/", "$share/+/t", "$share/#/t",
                    "$share/a+/t", "$share/a#b/t", "$share/#"):
            with self.subTest(bad):
                one = self.client()
                one.send(wire.subscribe(7, [(bad, 0)]))
                got = one.next()
                if got.kind == wire.SUBACK:
                    self.assertGreaterEqual(got.codes[0], 0x80)
                else:
                    self.assertEqual(got.kind, wire.DISCONNECT)
                    self.assertIn(got.reason, (0x81, 0x82, 0x8F))
                    self.assertEqual(one.closed(), [])

    def test_inner_filters_follow_the_rules(self):
        """[MQTT-4.8.2-2] [MQTT-4.7.1-1] [MQTT-4.7.1-2] What stands behind the share name is a
        filter like any other."""
        one = self.client()
        good = ["$share/g/#", "$share/g/+/" + self.root, "$share/g/" + self.topic("a", "#"),
                "$share/" + "n" * 200 + "/" + self.topic("b"), "$share/\u20ac/" + self.topic("c"),
                "$share/g//" + self.root]
        self.assertEqual(one.subscribe(*good).codes, [0] * len(good))
        self.assertEqual(one.unsubscribe(*good).codes, [0] * len(good))
        for bad in ("a#", "a/#/b", "+a"):
            two = self.client()
            two.send(wire.subscribe(7, [("$share/g/" + bad, 0)]))
            got = two.next()
            self.assertGreaterEqual(got.codes[0] if got.kind == wire.SUBACK else got.reason, 0x80)


class Distribution(Test):
    def share(self, tail="a", group="g"):
        return f"$share/{group}{self.root}/{self.topic(tail)}"

    def test_each_message_goes_to_one_member(self):
        """[MQTT-3.3.2-3] [MQTT-4.8.2-3] [MQTT-4.5.0-1] Every message reaches exactly one member of
        each group, and every ordinary subscriber."""
        publisher, plain = self.client(), self.client()
        members = [self.client() for _ in range(4)]
        others = [self.client() for _ in range(2)]
        plain.subscribe(self.topic("a"), qos=1)
        for one in members:
            one.subscribe(self.share(), qos=1)
        for one in others:
            one.subscribe(self.share(group="h"), qos=1)
        sent = [b"%d" % i for i in range(60)]
        for payload in sent:
            publisher.publish(self.topic("a"), payload, 1)
        for group in (members, others):
            got = [one.fence(publisher) for one in group]
            self.assertEqual(sorted(p.payload for g in got for p in g), sorted(sent))
            self.assertTrue(all(got), "a member was left without any message")
        self.assertEqual(self.payloads(plain.fence(publisher)), sent)

    def test_granted_qos_of_the_chosen_member(self):
        """[MQTT-4.8.2-3] Each member gets its messages at its own granted QoS."""
        publisher = self.client()
        members = [self.client() for _ in range(3)]
        for qos, one in enumerate(members):
            self.assertEqual(one.subscribe(self.share(), qos=qos).codes, [qos])
        for _ in range(30):
            publisher.publish(self.topic("a"), b"x", 2)
        total = 0
        for qos, one in enumerate(members):
            got = one.fence(publisher)
            total += len(got)
            self.assertEqual({p.qos for p in got} - {qos}, set())
        self.assertEqual(total, 30)

    def test_shared_and_plain_are_two_subscriptions(self):
        """[MQTT-3.8.4-3] [MQTT-4.8.2-3] The same client may hold both; both deliver, each with its
        identifier, and one can be deleted without the other."""
        publisher, one = self.client(), self.client()
        one.subscribe(self.share(), qos=1, properties={"subscription_id": 1})
        one.subscribe(self.topic("a"), qos=1, properties={"subscription_id": 2})
        publisher.publish(self.topic("a"), b"x", 1)
        got = one.fence(publisher)
        self.assertEqual(sorted(i for p in got for i in p.all("subscription_id")), [1, 2])
        self.assertEqual(one.unsubscribe(self.topic("a")).codes, [0])
        publisher.publish(self.topic("a"), b"y", 1)
        got = one.fence(publisher)
        self.assertEqual([p.all("subscription_id") for p in got], [[1]])

    def test_only_own_identifiers(self):
        """[MQTT-3.3.4-3] A member sees the identifier of its own SUBSCRIBE, never another's."""
        publisher = self.client()
        members = [self.client() for _ in range(2)]
        for number, one in enumerate(members, 1):
            one.subscribe(self.share(), qos=1, properties={"subscription_id": number})
        for _ in range(20):
            publisher.publish(self.topic("a"), b"x", 1)
        for number, one in enumerate(members, 1):
            for packet in one.fence(publisher):
                self.assertEqual(packet.all("subscription_id"), [number])

    def test_leaving_members_get_nothing_more(self):
        """[MQTT-3.10.4-2] [MQTT-3.10.4-1] After UNSUBSCRIBE or the end of its session a member is
        passed over."""
        publisher = self.client()
        stays, leaves, ends = self.client(), self.client(), self.client()
        for one in (stays, leaves, ends):
            one.subscribe(self.share(), qos=1)
        self.assertEqual(leaves.unsubscribe(self.share()).codes, [0])
        ends.disconnect()
        sent = [b"%d" % i for i in range(12)]
        for payload in sent:
            publisher.publish(self.topic("a"), payload, 1)
        self.assertEqual(self.payloads(stays.fence(publisher)), sent)
        self.assertEqual(leaves.fence(publisher), [])

    def test_connected_members_are_preferred(self):
        """[MQTT-4.5.0-1] A message for a group is not lost because one of its members is away."""
        publisher = self.client()
        away = self.client(properties={"session_expiry": 60})
        away.subscribe(self.share(), qos=1)
        stays = self.client()
        stays.subscribe(self.share(), qos=1)
        away.disconnect()
        sent = [b"%d" % i for i in range(10)]
        for payload in sent:
            publisher.publish(self.topic("a"), payload, 1)
        got = self.payloads(stays.fence(publisher))
        back = self.resumed(away.client_id)
        got += self.payloads(back.fence(publisher))
        self.assertEqual(sorted(got), sorted(sent))


class Unfinished(Test):
    """A member goes away while it has a QoS 2 message."""

    def start(self, expiry, second=True):
        """Members of one group, one of which got a QoS 2 message: (publisher, it, other,
        packet)."""
        publisher = self.client()
        members = [self.client(auto=False, properties={"session_expiry": expiry})
                   for _ in range(2 if second else 1)]
        for one in members:
            one.subscribe(f"$share/g{self.root}/" + self.topic("a"), qos=2)
        publisher.publish(self.topic("a"), b"x", 2)
        holders = []
        for one in members:
            got = one.fence(publisher, 0)
            if got:
                holders.append((one, got[0]))
        self.assertEqual(len(holders), 1)
        holder, packet = holders[0]
        others = [one for one in members if one is not holder]
        return publisher, holder, others[0] if others else None, packet

    def test_delivery_is_completed_when_it_returns(self):
        """[MQTT-4.8.2-4] The message waits for the client that it was given to, before and after
        PUBREC, and goes to nobody else."""
        for recorded in (False, True):
            with self.subTest(recorded=recorded):
                self.root = unique("t")
                publisher, holder, other, packet = self.start(60)
                if recorded:
                    holder.pubrec(packet.pid)
                    holder.answer(wire.PUBREL, packet.pid)
                holder.disconnect()
                self.assertEqual(other.fence(publisher, 0), [])
                back = self.resumed(holder.client_id, auto=False)
                got = back.next()
                if recorded:
                    self.assertEqual((got.kind, got.pid), (wire.PUBREL, packet.pid))
                else:
                    self.assertEqual((got.kind, got.pid, got.payload, got.dup),
                                     (wire.PUBLISH, packet.pid, b"x", True))
                    back.pubrec(got.pid)
                    back.answer(wire.PUBREL, got.pid)
                back.pubcomp(packet.pid)
                self.assertEqual(back.ping(), [])

    def test_message_ends_with_the_session(self):
        """[MQTT-4.8.2-5] If the session ends first, no other member gets the message: with the
        connection, by clean start, and by expiry."""
        for how in ("connection", "clean start", "expiry"):
            with self.subTest(how):
                self.root = unique("t")
                expiry = {"connection": 0, "expiry": 1}.get(how, 60)
                publisher, holder, other, _ = self.start(expiry)
                holder.disconnect()
                if how == "clean start":
                    self.client(holder.client_id, clean=True).disconnect()
                elif how == "expiry":
                    time.sleep(2.2)
                self.assertEqual(other.fence(publisher, 0), [])

    def test_refused_messages_are_discarded(self):
        """[MQTT-4.8.2-6] PUBACK or PUBREC with an error: the message goes to no other member and
        does not come again."""
        for qos in (1, 2):
            with self.subTest(qos=qos):
                self.root = unique("t")
                publisher = self.client()
                members = [self.client(auto=False, properties={"session_expiry": 60})
                           for _ in range(2)]
                for one in members:
                    one.subscribe(f"$share/g{self.root}/" + self.topic("a"), qos=qos)
                publisher.publish(self.topic("a"), b"x", qos)
                for one in members:
                    for packet in one.fence(publisher, 0):
                        (one.puback if qos == 1 else one.pubrec)(packet.pid, 0x83)
                for one in members:
                    self.assertEqual(one.fence(publisher, 0), [])
                    one.disconnect()
                    self.assertEqual(self.resumed(one.client_id).fence(publisher), [])


if __name__ == "__main__":
    main()
