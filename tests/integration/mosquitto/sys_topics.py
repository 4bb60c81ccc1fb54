# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What the host says about itself, under the names that dashboards know from Mosquitto."""

import re

import tools

COUNTERS = (
    "bytes/received", "bytes/sent", "clients/active", "clients/connected", "clients/disconnected",
    "clients/expired", "clients/inactive", "clients/maximum", "clients/total", "messages/received",
    "messages/sent", "messages/stored", "publish/bytes/received", "publish/bytes/sent",
    "publish/messages/dropped", "publish/messages/received", "publish/messages/sent",
    "retained messages/count", "shared_subscriptions/count", "store/messages/bytes",
    "store/messages/count", "subscriptions/count")
LOADS = ("bytes/received", "bytes/sent", "connections", "messages/received", "messages/sent",
         "publish/dropped", "publish/received", "publish/sent", "sockets")


class SysTopics(tools.Case):
    def test_all_names_are_there(self):
        wanted = {f"$SYS/broker/{name}": r"\d+" for name in COUNTERS}
        wanted |= {f"$SYS/broker/load/{name}/{minutes}min": r"\d+\.\d\d"
                   for name in LOADS for minutes in (1, 5, 15)}
        wanted["$SYS/broker/uptime"] = r"\d+ seconds"
        wanted["$SYS/broker/version"] = r"fairlead version \d+\.\d+\.\d+"
        for version in ("5", "mqttv311"):
            one = self.sub("$SYS/#", version=version)
            missing = dict(wanted)
            while missing:
                got = one.message()
                form = missing.pop(got["topic"], None)
                if form is not None:
                    self.assertTrue(re.fullmatch(form, got["payload"]), got)
                    self.assertEqual(got["retain"], 1)
            one.leave()

    def test_figures_follow_what_happens(self):
        # They are written every ten seconds; this test waits for one round.
        one = self.sub("$SYS/broker/clients/connected", "$SYS/broker/publish/messages/received")
        before = {m["topic"]: int(m["payload"]) for m in (one.message(), one.message())}
        several = [self.client() for _ in range(40)]
        for i in range(1000):
            several[i % 40].push(self.topic("a"), b"x")
        several[0].publish(self.topic("a"), b"x", qos=1)
        most = dict(before)
        while (most["$SYS/broker/clients/connected"] < 40
               or most["$SYS/broker/publish/messages/received"]
               < before["$SYS/broker/publish/messages/received"] + 1000):
            got = one.message()
            self.assertEqual(got["retain"], 0)
            most[got["topic"]] = max(most[got["topic"]], int(got["payload"]))
