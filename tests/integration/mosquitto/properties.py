# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT 5 properties with mosquitto's tools."""

import kit
import tools


def of(command, **properties):
    """Options for -D: names with _ for -, a list of pairs for user properties."""
    out = []
    for name, value in properties.items():
        for one in value if isinstance(value, list) else [value]:
            rest = one if isinstance(one, tuple) else (one,)
            out += ["-D", command, name.replace("_", "-"), *rest]
    return out


class Properties(tools.Case):
    def test_all_of_a_publish_arrive_unchanged(self):
        pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", ""), ("ü", "水"), ("a", "")]
        one = self.sub(self.topic("a"), more=of("subscribe", user_property=[("s", "1")]))
        for qos in (0, 1, 2):
            self.pub(self.topic("a"), "x", *of(
                "publish", user_property=pairs, content_type="text/plain; charset=utf-8",
                correlation_data="0123", response_topic="answers/here",
                payload_format_indicator="1", message_expiry_interval="1000"), qos=qos)
            got = one.message()["properties"]
            self.assertEqual(got.pop("user-properties").pairs, pairs)
            self.assertIn(got.pop("message-expiry-interval"), range(900, 1001))
            self.assertEqual(got, {"content-type": "text/plain; charset=utf-8",
                                   "correlation-data": "0123", "response-topic": "answers/here",
                                   "payload-format-indicator": 1})

    def test_all_of_a_kept_message_arrive_unchanged(self):
        pairs = [("z", "1"), ("y", "2"), ("z", "3")]
        self.pub(self.topic("a"), "x", "-r", *of(
            "publish", user_property=pairs, content_type="c", correlation_data="d",
            response_topic="r", payload_format_indicator="0"))
        got = self.sub(self.topic("a")).message()["properties"]
        self.assertEqual(got.pop("user-properties").pairs, pairs)
        got.pop("payload-format-indicator", None)
        self.assertEqual(got, {"content-type": "c", "correlation-data": "d", "response-topic": "r"})

    def test_older_clients_get_the_message_without_them(self):
        one = self.sub(self.topic("a"), version="mqttv311")
        self.pub(self.topic("a"), "x", *of("publish", user_property=[("a", "1")]))
        self.assertNotIn("properties", one.message())

    def test_many_user_properties_keep_their_order(self):
        pairs = [(f"name{i * 7 % 10}", str(i)) for i in range(100)]
        one = self.sub(self.topic("a"))
        self.pub(self.topic("a"), "x", *of("publish", user_property=pairs))
        self.assertEqual(one.message()["properties"]["user-properties"].pairs, pairs)

    def test_a_topic_alias_ends_with_its_connection(self):
        one = self.sub(self.topic("#"))
        for name in ("a", "b"):
            # With each line the tool repeats alias and topic.
            self.pub(self.topic(name), "", "-l", *of("publish", topic_alias="3"), stdin=b"1\n2\n3")
        got = [one.message() for _ in range(6)]
        self.assertEqual([m["topic"] for m in got], [self.topic("a")] * 3 + [self.topic("b")] * 3)
        self.assertFalse([m for m in got if "topic-alias" in m.get("properties", {})])

    def test_an_alias_above_the_maximum_is_the_clients_mistake(self):
        self.pub(self.topic("a"), "x", *of("publish", topic_alias="65535"), code=4)

    def test_subscription_identifier(self):
        one = self.sub(self.topic("#"), form="%S %p", more=of(
            "subscribe", subscription_identifier="268435455"))
        self.pub(self.topic("a"), "x")
        self.assertEqual(one.text(), "268435455 x")

    def test_all_of_a_connect_are_understood(self):
        one = self.sub(self.topic("a"), more=of(
            "connect", receive_maximum="1", maximum_packet_size="2000",
            request_problem_information="1", request_response_information="1",
            user_property=[("a", "1"), ("a", "2")]))
        self.pub(self.topic("a"), "x" * 3000)
        texts = [f"{i}" for i in range(50)]
        self.pub(self.topic("a"), "", "-l", stdin="\n".join(texts).encode())
        self.assertEqual(one.payloads(50), texts)

    def test_disconnect_may_change_the_expiry(self):
        # The will waits for the end of the session, and so tells of it.
        name = kit.unique()
        watcher = self.sub(self.topic("will"))
        self.sub(self.topic("a"), client_id=name, more=[
            "-c", "-x", "1000", *of("disconnect", session_expiry_interval="0"),
            "--will-topic", self.topic("will"), "--will-payload", "ended",
            *of("will", will_delay_interval="1000")]).leave()
        self.assertEqual(watcher.payloads(1), ["ended"])
        self.pub(self.topic("a"), "missed")
        back = self.sub(self.topic("b"), client_id=name, more=["-c"])
        self.pub(self.topic("a"), "not subscribed")
        self.pub(self.topic("b"), "end")
        self.assertEqual(back.until("end"), [])

    def test_an_unknown_authentication_method_is_refused(self):
        one = self.sub(self.topic("a"), wait=False, more=of(
            "connect", authentication_method="none-of-ours", authentication_data="x"))
        self.assertIn("Bad authentication method", "\n".join(one.rest()))
        self.assertNotEqual(one.end(), 0)


class Expiry(tools.Case):
    def test_the_interval_counts_down_while_a_message_waits(self):
        name = kit.unique()
        self.sub(self.topic("a"), client_id=name, more=["-c"]).leave()
        self.pub(self.topic("a"), "waits", *of("publish", message_expiry_interval="1000"))
        # A message that expires, and is seen to have gone from the retained store, tells the time.
        self.pub(self.topic("clock"), "x", "-r", *of("publish", message_expiry_interval="2"))
        self.assertTrue(kit.settle(lambda: not self.retained(self.topic("clock"))))
        one = self.sub(self.topic("a"), client_id=name, more=["-c"], wait=False)
        self.assertIn(one.message()["properties"]["message-expiry-interval"], range(900, 1000))

    def test_an_expired_message_is_not_delivered(self):
        name = kit.unique()
        self.sub(self.topic("a"), client_id=name, more=["-c"]).leave()
        self.pub(self.topic("a"), "expires", *of("publish", message_expiry_interval="1"))
        self.pub(self.topic("a"), "stays")
        self.pub(self.topic("clock"), "x", "-r", *of("publish", message_expiry_interval="1"))
        self.assertTrue(kit.settle(lambda: not self.retained(self.topic("clock"))))
        one = self.sub(self.topic("a"), client_id=name, more=["-c"], wait=False)
        self.assertEqual(one.until("stays"), [])


class RequestResponse(tools.Case):
    def answer_to(self, request):
        """Answers as a service would: to the topic and with the data that the request names."""
        got = request["properties"]
        self.pub(got["response-topic"], "answer to " + request["payload"], *of(
            "publish", correlation_data=got.get("correlation-data", "none")))

    def test_a_request_finds_its_answer(self):
        service = self.sub(self.topic("ask"))
        asking = self.rr(self.topic("ask"), "question", self.topic("answers"))
        self.answer_to(service.message())
        self.assertEqual(asking.rest(), ["answer to question"])
        self.assertEqual(asking.end(), 0)

    def test_two_that_ask_at_once_get_each_their_own(self):
        service = self.sub(self.topic("ask"))
        asking = {text: self.rr(self.topic("ask"), text, self.topic("answers", text),
                                *of("publish", correlation_data=text)) for text in ("a", "b")}
        for _ in asking:
            self.answer_to(service.message())
        for text, one in asking.items():
            self.assertEqual(one.rest(), ["answer to " + text])

    def test_without_properties(self):
        service = self.sub(self.topic("ask"), version="mqttv311")
        asking = self.rr(self.topic("ask"), "question", self.topic("answers"), version="mqttv311")
        self.assertEqual(service.message()["payload"], "question")
        self.pub(self.topic("answers"), "answer", version="mqttv311")
        self.assertEqual(asking.rest(), ["answer"])
