# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Eclipse paho's client for Python over WebSocket and TLS."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "paho"))

import peer  # noqa: E402
from papers import PAPERS, kit  # noqa: E402


class PahoCase(peer.Case):
    listener, arguments = "ws", {}

    def meet(self):
        port = self.broker.ports[self.listener]
        for version in (peer.V5, peer.V311):
            one = self.peer(port=port, version=version, **self.arguments)
            other = self.peer(port=port, version=version, **self.arguments)
            topic = self.topic(str(version))
            one.listen(topic)
            for qos in (0, 1, 2):
                other.send(topic, b"%d" % qos, qos=qos)
            self.assertEqual(one.payloads(3), [b"0", b"1", b"2"])
            large = kit.pattern(kit.MIB)
            other.send(topic, large)
            self.assertEqual(one.payloads(1), [large])
            one.cut()
            one.connected()

    def peer(self, client_id="", start=True, **more):
        one = super().peer(client_id, start=False, **more)
        if self.listener in ("mqtts", "wss"):
            one.tls_set(ca_certs=str(PAPERS.ca))
        if start:
            one.start()
        return one


class PahoOverWebSocket(PahoCase):
    """[MQTT-6.0.0-3] [MQTT-6.0.0-4] PL-04"""

    arguments = {"transport": "websockets"}

    def test_messages(self):
        self.meet()


class PahoOverTls(PahoCase):
    listener = "mqtts"

    def test_messages(self):
        self.meet()


class PahoOverBoth(PahoCase):
    listener, arguments = "wss", {"transport": "websockets"}

    def test_messages(self):
        self.meet()
