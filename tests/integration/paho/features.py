# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT 5 properties, topic aliases and flow control with paho clients."""

import re

from peer import V311, Case, SubscribeOptions, kit, props


class Properties(Case):
    def test_all_of_a_publish_arrive_unchanged(self):
        pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", ""), ("ü", "水")]
        one, other = self.peer(), self.peer()
        one.listen(self.topic("a"))
        for qos in (0, 1, 2):
            other.send(self.topic("a"), "x", qos, UserProperty=pairs, ContentType="text/plain",
                       CorrelationData=bytes(range(256)), ResponseTopic="answers/here",
                       PayloadFormatIndicator=1, MessageExpiryInterval=1000)
            got = one.message().properties.json()
            self.assertIn(got.pop("MessageExpiryInterval"), range(900, 1001))
            self.assertEqual([tuple(p) for p in got.pop("UserProperty")], pairs)
            self.assertEqual(got, {"ContentType": "text/plain",
                                   "CorrelationData": bytes(range(256)).hex(),
                                   "ResponseTopic": "answers/here", "PayloadFormatIndicator": 1})

    def test_older_clients_get_the_message_without_them(self):
        one, other = self.peer(version=V311), self.peer()
        one.listen(self.topic("a"))
        other.send(self.topic("a"), "x", UserProperty=("a", "1"))
        self.assertEqual(one.payloads(1), [b"x"])

    def test_identifiers_of_all_subscriptions_that_match(self):
        one = self.peer()
        for number, name in enumerate(("a/#", "a/+", "b"), 1):
            asked = props("SUBSCRIBE", SubscriptionIdentifier=number)
            one.listen(self.topic(name), properties=asked)
        one.send(self.topic("a/x"), "once or twice")
        one.send(self.topic("b"), "end")
        got = one.until(b"end")
        numbers = sum((m.properties.SubscriptionIdentifier for m in got), [])
        self.assertEqual(sorted(numbers), [1, 2])

    def test_what_the_server_tells(self):
        one = self.peer()
        told = one.answer.json()
        self.assertEqual(told["ReceiveMaximum"], 1024)
        self.assertEqual(told["MaximumPacketSize"], 16 * kit.MIB)
        self.assertEqual(told["TopicAliasMaximum"], 64)
        self.assertTrue(told["AssignedClientIdentifier"])
        for name in ("RetainAvailable", "WildcardSubscriptionAvailable",
                     "SubscriptionIdentifierAvailable", "SharedSubscriptionAvailable"):
            self.assertEqual(told.get(name, 1), 1)
        self.assertNotIn("ServerKeepAlive", told)

    def test_the_server_overrides_the_keep_alive(self):
        one = self.peer(port=self.broker.ports["strict"], keep_alive=1000)
        self.assertEqual(one.answer.ServerKeepAlive, 30)

    def test_the_server_cuts_the_session_expiry(self):
        one = self.peer(properties=props("CONNECT", SessionExpiryInterval=0xFFFFFFFF))
        self.assertEqual(one.answer.SessionExpiryInterval, 2592000)

    def test_response_information(self):
        asked = props("CONNECT", RequestResponseInformation=1)
        one = self.peer("asks" + kit.unique(), port=self.broker.ports["info"], properties=asked)
        mine = one.answer.ResponseInformation
        self.assertTrue(mine.startswith("answers"), mine)
        service = self.peer()
        service.listen(self.topic("ask"))
        one.listen(mine)
        one.send(self.topic("ask"), "question", ResponseTopic=mine, CorrelationData=b"1")
        got = service.message()
        service.send(got.properties.ResponseTopic, "answer",
                     CorrelationData=got.properties.CorrelationData)
        got = one.message()
        self.assertEqual((got.payload, got.properties.CorrelationData), (b"answer", b"1"))
        self.assertFalse(hasattr(self.peer(port=self.broker.ports["info"]).answer,
                                 "ResponseInformation"))

    def test_a_refused_subscription_has_a_code_of_its_own(self):
        one = self.peer()
        codes = one.listen(self.topic("a"), (self.topic("b"), SubscribeOptions(qos=1)))
        self.assertEqual(codes, [2, 1])
        one = self.peer(port=self.broker.ports["plain"])
        self.assertEqual(one.answer.WildcardSubscriptionAvailable, 0)
        self.assertEqual(one.answer.SharedSubscriptionAvailable, 0)
        codes = one.listen(self.topic("a/#"), "$share/a/" + self.topic("b"), self.topic("c"))
        self.assertEqual(codes, [0xA2, 0x9E, 2])


class Aliases(Case):
    def test_a_clients_aliases(self):
        one, other = self.peer(), self.peer()
        one.listen(self.topic("#"))
        count = other.answer.TopicAliasMaximum
        for round_ in range(3):
            for alias in range(1, count + 1):
                topic = self.topic("long/name", str(alias)) if round_ == 0 else ""
                other.publish(topic, f"{round_}", alias % 3,
                              properties=props("PUBLISH", TopicAlias=alias))
        got = {}
        for _ in range(3 * count):
            message = one.message()
            got.setdefault(message.topic, []).append(message.payload)
        self.assertEqual(got, {self.topic("long/name", str(alias)): [b"0", b"1", b"2"]
                               for alias in range(1, count + 1)})

    def test_the_servers_aliases(self):
        # paho hands out what the wire had, so the test keeps the table. No QoS 2: those are handed
        # out late.
        one, other = self.peer(properties=props("CONNECT", TopicAliasMaximum=10)), self.peer()
        one.listen(self.topic("#"))
        sent = [self.topic("long/name/of/a/topic", str(i // 10)) for i in range(40)]
        for i, topic in enumerate(sent):
            other.send(topic, f"{i}", qos=i % 2)
        table, got, short = {}, {}, 0
        for _ in sent:
            message = one.message()
            alias = getattr(message.properties, "TopicAlias", None)
            if alias is not None:
                self.assertIn(alias, range(1, 11))
                if message.topic:
                    table[alias] = message.topic
                else:
                    short += 1
            got[int(message.payload)] = message.topic or table[alias]
        self.assertEqual([got[i] for i in range(len(sent))], sent)
        self.assertGreater(short, 20)


class Flow(Case):
    def test_the_server_heeds_the_receive_maximum(self):
        limit = 5
        one = self.peer(start=False, properties=props("CONNECT", ReceiveMaximum=limit))
        in_flight, most = set(), 0

        def watch(_client, _data, _level, text):
            nonlocal most
            if match := re.match(r"Received PUBLISH \(d\d, q[12], r\d, m(\d+)\)", text):
                in_flight.add(match[1])
                most = max(most, len(in_flight))
            elif match := re.match(r"Sending (?:PUBACK|PUBCOMP) \(Mid: (\d+)\)", text):
                in_flight.discard(match[1])

        one.on_log = watch
        one.start()
        one.listen(self.topic("a"))
        other = self.peer()
        for i in range(500):
            other.publish(self.topic("a"), f"{i}", 2)
        self.assertEqual(one.payloads(500), [b"%d" % i for i in range(500)])
        # How much of the window is used depends on how the client's reads fall.
        self.assertTrue(0 < most <= limit, most)

    def test_a_slow_reader_gets_all_and_holds_up_nobody(self):
        slow, fast, other = self.peer(), self.peer(), self.peer()
        gate = kit.Inbox()
        slow.on_message = lambda _client, _data, message: (
            slow.messages.put(message), gate.take() if message.payload == b"0" else None)
        for one in (slow, fast):
            one.listen(self.topic("a"), qos=1)
        for i in range(1000):
            other.publish(self.topic("a"), f"{i}", 1)
        self.assertEqual(fast.payloads(1000), [b"%d" % i for i in range(1000)])
        gate.put("go on")
        self.assertEqual(slow.payloads(1000), [b"%d" % i for i in range(1000)])

    def test_too_large_for_a_client_is_left_out(self):
        one, other = self.peer(properties=props("CONNECT", MaximumPacketSize=200)), self.peer()
        one.listen(self.topic("a"))
        for size in (1, 1000, 2):
            other.send(self.topic("a"), b"x" * size)
        self.assertEqual(one.payloads(2), [b"x", b"xx"])
