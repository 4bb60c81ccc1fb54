# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions that were ended just before the daemon was killed."""

import unittest

from hosted import Client, HostedTest, kit

wire = kit.wire
PERSISTENT = [("session_expiry", 3600)]
ROUNDS = 5


class Sessions(HostedTest):
    def connect(self, port, name, version, clean, lasting=True):
        one = Client(port, version)
        self.addCleanup(one.drop)
        properties = PERSISTENT if version == wire.V5 and lasting else None
        connack = one.connect(name, clean=clean, properties=properties)
        self.assertEqual(connack.reason, 0)
        return one, connack.session_present

    def leave_messages(self, port, name, version):
        one, _ = self.connect(port, name, version, clean=False)
        one.subscribe("old/#", qos=1)
        one.drop()
        publisher = self.guest(port)
        for number in range(3):
            self.assertEqual(publisher.publish("old/t", b"%d" % number, qos=1).reason, 0)
        publisher.disconnect()

    def started_clean(self, version, lasting):
        """The daemon is killed when the clean start was answered; it and the client that comes back."""
        name = kit.unique()
        daemon = self.running()
        self.leave_messages(daemon.ports["mqtt"], name, version)
        self.connect(daemon.ports["mqtt"], name, version, clean=True, lasting=lasting)
        daemon.kill()
        daemon = self.running(folder=daemon.folder)
        one, present = self.connect(daemon.ports["mqtt"], name, version, clean=False)
        publisher = self.guest(daemon.ports["mqtt"])
        publisher.publish("old/t", b"after", qos=1)
        self.assertEqual(one.ping(), [], "what was ended came back")
        self.assertEqual(daemon.stop(), 0, daemon.log())
        return present

    def test_what_a_clean_start_ended_does_not_come_back(self):
        """[MQTT-3.1.2-4] [MQTT311-3.1.2-6], over a kill."""
        for _ in range(ROUNDS):
            for version in (wire.V311, wire.V5):
                with self.subTest(version=version):
                    self.assertFalse(self.started_clean(version, lasting=False))

    def test_the_session_of_a_clean_start_stays(self):
        for _ in range(ROUNDS):
            self.assertTrue(self.started_clean(wire.V5, lasting=True))


if __name__ == "__main__":
    unittest.main(verbosity=2)
