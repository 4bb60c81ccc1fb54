# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1, 3.1.1 and 5 as mosquitto's tools speak them."""

import kit
import tools


class Versions(tools.Case):
    def test_31_where_the_listener_allows_it(self):
        old = self.broker.ports["old"]
        for qos in (0, 1, 2):
            one = self.sub(self.topic("a"), version="mqttv31", port=old, qos=qos)
            self.pub(self.topic("a"), "x", version="mqttv31", port=old, qos=qos)
            got = one.message()
            self.assertEqual((got["payload"], got["qos"]), ("x", qos))
            one.leave()

    def test_31_session(self):
        old, name = self.broker.ports["old"], kit.unique()[:23]
        keep = {"version": "mqttv31", "port": old, "client_id": name, "more": ["-c"]}
        self.sub(self.topic("a"), **keep).leave()
        self.pub(self.topic("a"), "missed")
        self.assertEqual(self.sub(self.topic("a"), wait=False, **keep).payloads(1), ["missed"])

    def test_31_elsewhere_is_told_that_its_version_is_refused(self):
        one = self.sub(self.topic("a"), version="mqttv31", wait=False)
        one.line("Connection error: Connection Refused: unacceptable protocol version.")
        self.assertNotEqual(one.end(), 0)

    def test_names_are_given_to_those_without(self):
        one = self.sub(self.topic("a"))
        other = self.sub(self.topic("a"), version="mqttv311")
        self.pub(self.topic("a"), "x")
        self.assertEqual([s.message()["payload"] for s in (one, other)], ["x", "x"])

    def test_a_keep_alive_is_answered(self):
        # The shortest that the tool takes is five seconds.
        one = self.sub(self.topic("a"), more=["-k", "5"])
        while "received PINGRESP" not in one.next():
            pass
        self.pub(self.topic("a"), "still there")
        self.assertEqual(one.message()["payload"], "still there")
