# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A device that plays a script: TLS, WebSocket and the messages that recorded devices sent. It knows
no protocol; each test says what it sends and what it wants to see."""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct

BINARY, TEXT, CLOSE, PING, PONG = 2, 1, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

INIT = b"\x00\x00"
READY = b'\x01{"connectionHello":[{"phase":"ready"},{"waiting":60000}]}'
PENDING = b'\x01{"connectionHello":[{"phase":"pending"},{"waiting":60000}]}'
ABORTED = b'\x01{"connectionHello":[{"phase":"aborted"}]}'
ANNOUNCE_MAX = (b'\x01{"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":'
                b'[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]}')
SELECT = ANNOUNCE_MAX.replace(b"announceMax", b"select")
PROTOCOL_TIMEOUT = b'\x01{"messageProtocolHandshakeError":[{"error":1}]}'
PIN_NONE = b'\x01{"connectionPinState":[{"pinState":"none"}]}'
ACCESS_REQUEST = b'\x01{"accessMethodsRequest":[]}'
ANNOUNCE_CLOSE = (b'\x03{"connectionClose":[{"phase":"announce"},{"maxTime":500},'
                  b'{"reason":"unspecific"}]}')
CONFIRM_CLOSE = b'\x03{"connectionClose":[{"phase":"confirm"}]}'


def access_methods(ship_id):
    return b'\x01{"accessMethods":[{"id":"' + ship_id.encode() + b'"}]}'


def data(payload):
    """A payload in EEBUS form as a message."""
    return (b'\x02{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":'
            + payload.encode() + b'}]}')


# Recorded: the first message of a device, and what it is in plain JSON.
DISCOVERY = ('{"datagram":[{"header":[{"specificationVersion":"1.3.0"},{"addressSource":[{"device":'
             '"d:_i:peer"},{"entity":[0]},{"feature":0}]},{"addressDestination":[{"entity":[0]},'
             '{"feature":0}]},{"msgCounter":1},{"cmdClassifier":"read"}]},{"payload":[{"cmd":[[{'
             '"nodeManagementDetailedDiscoveryData":[]}]]}]}]}')
DISCOVERY_PLAIN = ('{"datagram":{"header":{"specificationVersion":"1.3.0","addressSource":{"device":'
                   '"d:_i:peer","entity":[0],"feature":0},"addressDestination":{"entity":[0],'
                   '"feature":0},"msgCounter":1,"cmdClassifier":"read"},"payload":{"cmd":[{'
                   '"nodeManagementDetailedDiscoveryData":{}}]}}}')


class Refused(Exception):
    """The other side ended it before the WebSocket was open."""


class Peer:
    """One connection in either role."""

    def __init__(self, sock, masks):
        self.sock = sock
        self._masks = masks
        self._rest = b""
        self.close_code = None
        self.pings = 0
        self.early = []  # data that came before the host's access methods

    # How it begins.

    @classmethod
    def dial(cls, port, identity, deadline, path="/ship/", version=None, ciphers=None,
             sub_protocol="ship"):
        """As the client of a listener on this machine."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if identity:
            context.load_cert_chain(identity.certificate, identity.key)
        if version:
            context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        plain = socket.create_connection(("127.0.0.1", port), timeout=deadline)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            peer = cls(context.wrap_socket(plain), masks=True)
            nonce = base64.b64encode(os.urandom(16))
            protocol = f"Sec-WebSocket-Protocol: {sub_protocol}\r\n" if sub_protocol else ""
            peer.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket"
                              f"\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{protocol}"
                              f"Sec-WebSocket-Key: {nonce.decode()}\r\n\r\n".encode())
            head = peer._head()
        except (ssl.SSLError, ConnectionError) as error:
            plain.close()
            raise Refused(str(error)) from error
        if not head.startswith(b"HTTP/1.1 101"):
            raise Refused(head.split(b"\r\n")[0].decode() or "closed")
        accept = base64.b64encode(hashlib.sha1(nonce + GUID).digest())
        assert accept in head and b"protocol: ship" in head.lower(), head
        return peer

    @classmethod
    def accept(cls, listener, identity, authority, deadline):
        """As the server of one that dials; @p authority: the file of who is expected."""
        peer = cls._asked(listener, identity, authority, deadline)
        head = peer.request
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        fields = {name.lower(): value for name, value in fields.items()}
        assert fields[b"sec-websocket-protocol"] == b"ship", head
        accept = base64.b64encode(
            hashlib.sha1(fields[b"sec-websocket-key"] + GUID).digest()).decode()
        peer.sock.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                          f"Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: "
                          f"ship\r\n\r\n".encode())
        return peer

    @classmethod
    def refuse(cls, listener, identity, authority, deadline):
        """Answers the request of one that dials with 404, and returns it."""
        peer = cls._asked(listener, identity, authority, deadline)
        peer.sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
                          b"Connection: close\r\n\r\n")
        peer.close()
        return peer.request

    @classmethod
    def _asked(cls, listener, identity, authority, deadline):
        """The server of one that dials, with its request."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority)
        listener.settimeout(deadline)
        plain, _ = listener.accept()
        plain.settimeout(deadline)
        try:
            peer = cls(context.wrap_socket(plain, server_side=True), masks=False)
            peer.request = peer._head()
        except (ssl.SSLError, ConnectionError) as error:
            plain.close()
            raise Refused(str(error)) from error
        if not peer.request:
            raise Refused("closed")
        return peer

    def _head(self):
        while b"\r\n\r\n" not in self._rest:
            got = self.sock.recv(1 << 14)
            if not got:
                return b""
            self._rest += got
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        return head

    # Messages.

    def frame(self, opcode, payload, final=True):
        mask = os.urandom(4) if self._masks else b""
        size = len(payload)
        head = bytes([(0x80 if final else 0) | opcode])
        bit = 0x80 if self._masks else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 1 << 16:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        if self._masks:
            payload = bytes(one ^ mask[i & 3] for i, one in enumerate(payload))
        return head + mask + payload

    def send(self, *messages):
        """All in one write."""
        self.sock.sendall(b"".join(self.frame(BINARY, one) for one in messages))

    def _take(self, size):
        while len(self._rest) < size:
            try:
                got = self.sock.recv(1 << 16)
            except (ConnectionError, ssl.SSLError):
                got = b""
            if not got:
                raise EOFError
            self._rest += got
        got, self._rest = self._rest[:size], self._rest[size:]
        return got

    def _frame(self):
        head = self._take(2)
        size = head[1] & 0x7F
        assert bool(head[1] & 0x80) != self._masks, "masked the wrong way round"
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        mask = self._take(4) if head[1] & 0x80 else b"\0\0\0\0"
        body = self._take(size)
        return head[0], bytes(one ^ mask[i & 3] for i, one in enumerate(body))

    def receive(self):
        """The next message; None at the end."""
        message = b""
        while True:
            try:
                head, body = self._frame()
            except EOFError:
                return None
            opcode = head & 0x0F
            if opcode == CLOSE:
                self.close_code = struct.unpack(">H", body[:2])[0] if body else None
                return None
            if opcode == PING:
                self.pings += 1
                self.sock.sendall(self.frame(PONG, body))
                continue
            if opcode == PONG:
                continue
            assert opcode in (0, BINARY), f"a frame of type {opcode}"
            message += body
            if head & 0x80:
                return message

    def expect(self, *messages):
        for wanted in messages:
            got = self.receive()
            assert got == wanted, f"expected {wanted!r}, got {got!r}"

    def expect_end(self, *messages):
        """These, and nothing more."""
        self.expect(*messages)
        got = self.receive()
        assert got is None, f"expected the end, got {got!r}"

    def close(self):
        self.sock.close()

    # The script of the recorded sessions.

    def shake_hands_as_client(self, ship_id="device-1", own_data=None):
        """Up to the data exchange, as recorded; with @p own_data before the access methods."""
        self.send(INIT)
        self.expect(INIT)
        self.expect_hello()
        self.send(READY, ANNOUNCE_MAX)
        self.expect(SELECT)
        self.send(SELECT, PIN_NONE)
        self.expect(PIN_NONE, ACCESS_REQUEST)
        if own_data:
            self.send(data(own_data))
        return self.exchange_ids(ship_id)

    def shake_hands_as_server(self, ship_id="device-1"):
        self.expect(INIT)
        self.send(INIT, READY)
        self.expect_hello()
        self.expect(ANNOUNCE_MAX)
        self.send(SELECT)
        self.expect(SELECT)
        self.send(PIN_NONE)
        self.expect(PIN_NONE, ACCESS_REQUEST)
        return self.exchange_ids(ship_id)

    def exchange_ids(self, ship_id):
        """The id of the host."""
        self.send(ACCESS_REQUEST, access_methods(ship_id))
        while (got := self.receive()) and got[:1] == b"\x02":
            self.early.append(got)
        assert got and got.startswith(b'\x01{"accessMethods":[{"id":"'), got
        return json.loads(got[1:])["accessMethods"][0]["id"]

    def expect_hello(self, phase="ready"):
        got = self.receive()
        assert got and got[:1] == b"\x01", got
        hello = json.loads(got[1:])["connectionHello"]
        assert hello[0] == {"phase": phase}, got
        return hello


def listening():
    """A socket for one that will be dialled."""
    sock = socket.create_server(("127.0.0.1", 0))
    return sock, sock.getsockname()[1]
