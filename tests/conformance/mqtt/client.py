# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A blocking MQTT client for tests: does exactly what a test says and checks all it receives."""

import os
import socket
import struct
import time
from collections import deque

import wire

# Upper bound for anything that must happen; a test goes on as soon as it has happened.
DEADLINE = float(os.environ.get("FAIRLEAD_WIRE_DEADLINE", "10"))


class Closed(AssertionError):
    """The server closed the connection while a packet was expected."""


class Silence(AssertionError):
    """Nothing arrived before the deadline."""


class Client:
    """One network connection.

    With `auto` set, arriving QoS 1 and 2 messages are acknowledged at once, and PUBREL is answered
    and not handed out. Packets that arrive while another is waited for stay in `inbox`, in order.
    """

    def __init__(self, port, version=wire.V5, auto=True, receive_buffer=None):
        self.version, self.auto = version, auto
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.inbox = deque()
        self.connack = None
        self.client_id = None
        self.max_packet = None
        self.quota = 65535
        self.alias_max = 0
        self.aliases = {}
        self.held = set()
        self.next_pid = 0
        self.fences = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    # --- sending ---

    def send(self, *packets):
        self.sock.settimeout(DEADLINE)
        self.sock.sendall(b"".join(packets))

    def pid(self):
        self.next_pid = self.next_pid % 65535 + 1
        return self.next_pid

    def start(self, client_id, properties=None, **arguments):
        """Sends CONNECT and remembers what it promised to the server."""
        self.client_id = client_id
        known = dict(properties) if properties and not isinstance(properties, bytes) else {}
        self.max_packet = known.get("max_packet_size")
        self.quota = known.get("receive_maximum", 65535)
        self.alias_max = known.get("topic_alias_max", 0)
        self.send(wire.connect(client_id, version=self.version, properties=properties,
                               **arguments))

    def connect(self, client_id, properties=None, **arguments):
        """CONNECT and its CONNACK, whatever that says."""
        self.start(client_id, properties, **arguments)
        return self.take_connack()

    def take_connack(self):
        self.connack = self.expect(wire.CONNACK)
        if self.connack.get("assigned_client_id"):
            self.client_id = self.connack.get("assigned_client_id")
        return self.connack

    def subscribe(self, *filters, qos=0, properties=None, **opts):
        """Filters are strings (with the given options) or (filter, options byte). SUBACK."""
        pid = self.pid()
        pairs = [f if isinstance(f, tuple) else (f, wire.options(qos, **opts)) for f in filters]
        self.send(wire.subscribe(pid, pairs, properties, self.version))
        return self.take(lambda p: p.kind == wire.SUBACK and p.pid == pid)

    def unsubscribe(self, *filters, properties=None):
        pid = self.pid()
        self.send(wire.unsubscribe(pid, filters, properties, self.version))
        return self.take(lambda p: p.kind == wire.UNSUBACK and p.pid == pid)

    def push(self, topic, payload=b"", qos=0, retain=False, dup=False, pid=None, properties=None):
        """Sends PUBLISH and does not wait. Returns the packet identifier."""
        if qos and pid is None:
            pid = self.pid()
        self.send(wire.publish(topic, payload, qos, retain, dup, pid, properties, self.version))
        return pid

    def publish(self, topic, payload=b"", qos=0, **more):
        """PUBLISH with its whole handshake. The last acknowledgement, None for QoS 0."""
        pid = self.push(topic, payload, qos, **more)
        if qos == 1:
            return self.answer(wire.PUBACK, pid)
        if qos == 2:
            received = self.answer(wire.PUBREC, pid)
            if received.reason >= 0x80:
                return received
            self.send(wire.ack(wire.PUBREL, pid))
            return self.answer(wire.PUBCOMP, pid)
        return None

    def puback(self, pid, reason=None):
        self.held.discard(pid)
        self.send(wire.ack(wire.PUBACK, pid, reason))

    def pubrec(self, pid, reason=None):
        if reason is not None and reason >= 0x80:
            self.held.discard(pid)
        self.send(wire.ack(wire.PUBREC, pid, reason))

    def pubcomp(self, pid):
        self.held.discard(pid)
        self.send(wire.ack(wire.PUBCOMP, pid))

    def disconnect(self, reason=None, properties=None):
        """DISCONNECT, then waits until the server has let go too."""
        self.auto = False
        self.send(wire.disconnect(reason, properties))
        self.sock.shutdown(socket.SHUT_WR)
        return self.closed()

    def drop(self):
        """Closes without DISCONNECT."""
        self.sock.close()

    def reset(self):
        """Closes with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    # --- receiving ---

    def expect(self, kind, timeout=None):
        """The next packet, which must be of this kind."""
        got = self.next(timeout)
        if got.kind != kind:
            raise wire.Violation(f"expected {wire.NAMES[kind]}, got {got}")
        return got

    def answer(self, kind, pid, timeout=None):
        return self.take(lambda p: p.kind == kind and p.pid == pid, timeout)

    def message(self, timeout=None):
        return self.take(lambda p: p.kind == wire.PUBLISH, timeout)

    def messages(self, count):
        return [self.message() for _ in range(count)]

    def take(self, wanted, timeout=None):
        """The first packet that `wanted` accepts; others stay in the inbox."""
        for index, got in enumerate(self.inbox):
            if wanted(got):
                del self.inbox[index]
                return got
        until = time.monotonic() + (DEADLINE if timeout is None else timeout)
        while True:
            got = self._receive(until)
            if wanted(got):
                return got
            self.inbox.append(got)

    def next(self, timeout=None):
        if self.inbox:
            return self.inbox.popleft()
        return self._receive(time.monotonic() + (DEADLINE if timeout is None else timeout))

    def ping(self):
        """PINGREQ to PINGRESP. All that arrived before the PINGRESP, inbox included."""
        self.send(wire.pingreq())
        self.take(lambda p: p.kind == wire.PINGRESP)
        before = list(self.inbox)
        self.inbox.clear()
        return before

    def fence(self, publisher, qos=1):
        """What the server sent before a marker that `publisher` publishes now.

        A PINGRESP alone proves nothing about messages that another connection published: they may
        still be on their way inside the server. A marker on the same way cannot overtake them.
        """
        topic = f"fence/{id(self)}/{publisher.pid()}/{time.monotonic_ns()}"
        self.subscribe(topic, qos=qos)
        publisher.publish(topic, b"fence", qos)
        self.take(lambda p: p.kind == wire.PUBLISH and p.topic == topic)
        return self.ping()

    def closed(self, timeout=None):
        """Waits for the end of the connection. The packets that came before it."""
        until = time.monotonic() + (DEADLINE if timeout is None else timeout)
        while True:
            try:
                self.inbox.append(self._receive(until))
            except Closed:
                got = list(self.inbox)
                self.inbox.clear()
                return got

    def _receive(self, until):
        while True:
            cut = wire.split(self.buffer)
            if cut is not None:
                first, body, size = cut
                del self.buffer[:size]
                if self.max_packet is not None and size > self.max_packet:
                    raise wire.Violation(f"{size} bytes sent to a client that takes "
                                         f"{self.max_packet}")
                got = wire.parse(first, body, size, self.version)
                self._track(got)
                if self.auto and got.kind == wire.PUBREL:
                    self.pubcomp(got.pid)
                    continue
                return got
            self.sock.settimeout(max(0.001, until - time.monotonic()))
            try:
                data = self.sock.recv(65536)
            except (TimeoutError, BlockingIOError):
                raise Silence(f"nothing in time; inbox {list(self.inbox)}") from None
            except OSError as error:
                raise Closed(f"{error}; inbox {list(self.inbox)}") from None
            if not data:
                if self.buffer:
                    raise wire.Violation(f"closed inside a packet: {bytes(self.buffer[:64])!r}")
                raise Closed(f"closed by the server; inbox {list(self.inbox)}")
            self.buffer += data

    def _track(self, got):
        if got.kind != wire.PUBLISH:
            return
        alias = got.get("topic_alias")
        if alias is not None:
            if alias > self.alias_max:
                raise wire.Violation(f"topic alias {alias} above {self.alias_max}")
            if got.wire_topic:
                self.aliases[alias] = got.wire_topic
            elif alias not in self.aliases:
                raise wire.Violation(f"topic alias {alias} was never given a topic")
            got.topic = self.aliases[alias]
        if not got.qos:
            return
        if got.pid in self.held and not got.dup:
            raise wire.Violation(f"packet identifier {got.pid} is still in use")
        self.held.add(got.pid)
        if self.version == wire.V5 and len(self.held) > self.quota:
            raise wire.Violation(f"{len(self.held)} in flight, receive maximum is {self.quota}")
        if self.auto:
            if got.qos == 1:
                self.puback(got.pid)
            else:
                self.pubrec(got.pid)
