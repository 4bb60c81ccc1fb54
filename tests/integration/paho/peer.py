# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A paho client whose callbacks are awaited."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import kit  # noqa: E402

kit.need(kit.has_module("paho"), "python3-paho-mqtt")

import paho.mqtt.client as mqtt  # noqa: E402
from paho.mqtt.packettypes import PacketTypes  # noqa: E402
from paho.mqtt.properties import Properties  # noqa: E402
from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: E402

V31, V311, V5 = mqtt.MQTTv31, mqtt.MQTTv311, mqtt.MQTTv5
SESSION_TAKEN_OVER = 0x8E


def props(packet, **values):
    """Properties of a packet, under paho's names."""
    out = Properties(getattr(PacketTypes, packet))
    for name, value in values.items():
        setattr(out, name, value)
    return out


def will_props(**values):
    return props("WILLMESSAGE", **values)


class Peer(mqtt.Client):
    """Reconnects by itself, at once, unless `stay` is false."""

    def __init__(self, port, client_id="", version=V5, clean=True, will=None, stay=True,
                 properties=None, keep_alive=60, transport="tcp"):
        super().__init__(client_id, None if version == V5 else clean, protocol=version,
                         transport=transport)
        self.port, self.stay = port, stay
        self._clean, self._asked, self._keep_alive = clean, properties, keep_alive
        self.messages, self.connects, self.disconnects, self.log = (kit.Inbox() for _ in range(4))
        self._subacks, self._unsubacks = {}, {}
        self._acks = kit.Inbox()
        self.reconnect_delay_set(0.01, 1)
        if will:
            topic, payload, qos, retain, more = (*will, *(0, False, None)[len(will) - 2:])
            self.will_set(topic, payload, qos, retain, **({"properties": more} if more else {}))
        self.on_connect = self._connected
        self.on_disconnect = self._disconnected
        self.on_message = lambda _client, _data, message: self.messages.put(message)
        self.on_subscribe = lambda _client, _data, mid, codes, *_: self._acks.put((mid, codes))
        self.on_unsubscribe = lambda _client, _data, mid, *more: self._acks.put((mid, more))
        self.answer = None

    def _connected(self, _client, _data, flags, code, properties=None):
        self.connects.put((flags["session present"], getattr(code, "value", code), properties))

    def _disconnected(self, _client, _data, code, properties=None):
        if not self.stay:
            self.disconnect()
        self.disconnects.put((getattr(code, "value", code), properties))

    def start(self):
        """Connects, and returns whether the server still had the session."""
        more = {}
        if self._protocol == V5:
            clean = mqtt.MQTT_CLEAN_START_FIRST_ONLY if self._clean else False
            more = {"clean_start": clean, "properties": self._asked}
        self.connect("127.0.0.1", self.port, self._keep_alive, **more)
        self.loop_start()
        return self.connected()

    def connected(self):
        present, code, self.answer = self.connects.take("CONNACK")
        if code != 0:
            raise AssertionError(f"refused with {code}")
        return bool(present)

    def listen(self, *filters, qos=2, properties=None):
        """Subscribes to filters or (filter, SubscribeOptions) and returns the granted codes."""
        pairs = [one if isinstance(one, tuple) else (one, qos) for one in filters]
        more = {"properties": properties} if properties else {}
        _, mid = self.subscribe(pairs, **more)
        acked, codes = self._acks.take("SUBACK")
        if acked != mid:
            raise AssertionError(f"SUBACK for {acked}, not {mid}")
        return [getattr(code, "value", code) for code in codes]

    def ignore(self, topic):
        _, mid = self.unsubscribe(topic)
        acked, more = self._acks.take("UNSUBACK")
        if acked != mid:
            raise AssertionError(f"UNSUBACK for {acked}, not {mid}")
        return more[1].value if more else None

    def send(self, topic, payload=b"", qos=1, retain=False, **properties):
        """Publishes and waits until the server has acknowledged."""
        more = {"properties": props("PUBLISH", **properties)} if properties else {}
        info = self.publish(topic, payload, qos, retain, **more)
        info.wait_for_publish(kit.DEADLINE)
        if not info.is_published():
            raise AssertionError(f"not acknowledged within {kit.DEADLINE} s")

    def message(self):
        return self.messages.take("message")

    def payloads(self, count):
        return [self.message().payload for _ in range(count)]

    def until(self, payload):
        """The messages before the one with this payload."""
        got = []
        while (one := self.message()).payload != payload:
            got.append(one)
        return got

    def cut(self):
        """Loses the connection as a network would."""
        sock = self.socket()
        if sock is not None:
            try:
                # That of a WebSocket is wrapped.
                getattr(sock, "_socket", sock).shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def leave(self, code=None, properties=None):
        self.stay = False
        self.disconnect(code, properties)
        self.loop_stop()

    def die(self):
        """Ends without DISCONNECT."""
        self.stay = False
        self.cut()
        self.loop_stop()


class Case(kit.Test):
    """A test with paho clients; those that are left end with it."""

    @property
    def port(self):
        return self.broker.ports["mqtt"]

    def peer(self, client_id="", start=True, port=None, **more):
        one = Peer(port or self.port, client_id, **more)
        self.addCleanup(one.leave)
        if start:
            one.start()
        return one


__all__ = ["Case", "PacketTypes", "Peer", "Properties", "SESSION_TAKEN_OVER", "SubscribeOptions",
           "V31", "V311", "V5", "kit", "mqtt", "props", "will_props"]
