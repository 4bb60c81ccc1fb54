# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A broker that does what one test tells it, byte for byte."""

import socket
import struct
import threading

import wire

TIMEOUT = 60


class Gone(Exception):
    """The client closed the connection."""


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.stream.settimeout(TIMEOUT)
        self._buffer = bytearray()

    def send(self, *packets):
        self.stream.sendall(b"".join(packets))

    def receive(self, kind=None):
        """The next packet as (first byte, body); it has to be of that kind."""
        while (cut := wire.split(self._buffer)) is None:
            data = self.stream.recv(65536)
            if not data:
                raise Gone
            self._buffer += data
        first, body, size = cut
        del self._buffer[:size]
        if kind is not None and first >> 4 != kind:
            raise AssertionError(f"{wire.NAMES[first >> 4]} came instead of {wire.NAMES[kind]}")
        return first, body

    def accept(self, version, properties=None, reason=0, session_present=False):
        """Takes CONNECT and answers; returns its body."""
        body = self.receive(wire.CONNECT)[1]
        self.send(connack(version, properties, reason, session_present))
        return body

    def take_subscribe(self, *codes):
        """Takes SUBSCRIBE and answers with these codes."""
        body = self.receive(wire.SUBSCRIBE)[1]
        self.send(wire.packet(wire.SUBACK, 0, body[:2] + self.suback_middle + bytes(codes)))
        return body

    suback_middle = b"\x00"  # no properties; empty in MQTT 3

    def closed(self):
        """Whether the client closes now, after its last packets."""
        try:
            while True:
                self.receive()
        except (Gone, ConnectionError):
            return True


def connack(version, properties=None, reason=0, session_present=False):
    body = bytes([1 if session_present else 0, reason])
    return wire.packet(wire.CONNACK, 0, body + (wire.props(properties) if version == wire.V5 else b""))


def publish_parts(packet, version=wire.V5):
    """(dup, qos, retain, topic, packet id, payload) of a PUBLISH without properties of length >= 128."""
    first, body = packet
    size = struct.unpack(">H", body[:2])[0]
    topic, rest = body[2:2 + size].decode(), body[2 + size:]
    qos, packet_id = first >> 1 & 3, 0
    if qos:
        packet_id, rest = struct.unpack(">H", rest[:2])[0], rest[2:]
    if version == wire.V5:
        rest = rest[1 + rest[0]:]
    return bool(first & 8), qos, bool(first & 1), topic, packet_id, rest


class ScriptedBroker:
    """Runs `script(broker)` in a thread; the script calls `broker.next()` for each connection."""

    def __init__(self, script):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.port = self._listener.getsockname()[1]
        self.problem = None
        self._streams = []
        self._thread = threading.Thread(target=self._run, args=(script,), daemon=True)
        self._thread.start()

    def _run(self, script):
        try:
            script(self)
        except Exception as error:  # told to the test by join()
            self.problem = error
        finally:
            for stream in self._streams:
                stream.close()

    def next(self):
        stream, _ = self._listener.accept()
        self._streams.append(stream)
        return Connection(stream)

    def join(self):
        self._thread.join(TIMEOUT)
        self._listener.close()
        if self._thread.is_alive():
            raise AssertionError("the script did not end")
        if self.problem is not None:
            raise self.problem
