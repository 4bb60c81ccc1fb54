# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client that does what it is told, also what is wrong."""

import base64
import contextlib
import hashlib
import os
import socket
import struct

import kit

wire = kit.wire
BINARY, TEXT, CONTINUATION, CLOSE, PING, PONG = 2, 1, 0, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload=b"", opcode=BINARY, final=True, mask=True, reserved=0, length=None):
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


class Answer:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.fields[name.strip().lower()] = value.strip()


class RawSocket:
    """A connection to a WebSocket listener; `upgrade()` makes it one."""

    def __init__(self, port, context=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=kit.DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        self.payload = b""
        self.closed_with = None
        self.pongs = []

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def bytewise(self, data):
        for i in range(len(data)):
            self.socket.sendall(data[i:i + 1])

    @staticmethod
    def request(path="/mqtt", protocols=("mqtt",), drop=(), **fields):
        key = base64.b64encode(os.urandom(16)).decode()
        all_fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade",
                      "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}
        if protocols:
            all_fields["Sec-WebSocket-Protocol"] = ", ".join(protocols)
        for name, value in fields.items():
            all_fields[name.replace("_", "-")] = value
        lines = [f"GET {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in all_fields.items() if name not in drop]
        return ("\r\n".join(lines) + "\r\n\r\n").encode(), key

    def answer(self):
        while b"\r\n\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError(f"closed without an answer, after {self.buffer!r}")
            self.buffer += more
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        answer = Answer(head)
        answer.body = self._take(int(answer.fields.get("content-length", "0")))
        return answer

    def upgrade(self, bytewise=False, **arguments):
        request, key = self.request(**arguments)
        (self.bytewise if bytewise else self.send)(request)
        answer = self.answer()
        if answer.status == 101:
            proof = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
            if answer.fields["sec-websocket-accept"] != proof:
                raise AssertionError(f"wrong proof: {answer.fields}")
        return answer

    def _take(self, size):
        while len(self.buffer) < size:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.buffer += more
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def next_frame(self):
        """(opcode, payload), None at the end of the connection."""
        head = self._take(2)
        if head is None:
            return None
        if head[1] & 0x80:
            raise AssertionError("a server's frame is masked")
        if head[0] & 0x70 or not head[0] & 0x80:
            raise AssertionError(f"unexpected frame {head!r}")
        size = head[1] & 0x7F
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        return head[0] & 0x0F, self._take(size)

    def packet(self, version=wire.V5):
        """The next MQTT packet, wherever frames end; None at the end."""
        while True:
            found = wire.split(self.payload)
            if found is not None:
                first, body, size = found
                self.payload = self.payload[size:]
                return wire.parse(first, body, size, version)
            got = self.next_frame()
            if got is None:
                return None
            opcode, payload = got
            if opcode == BINARY:
                self.payload += payload
            elif opcode == PONG:
                self.pongs.append(payload)
            elif opcode == CLOSE:
                self.closed_with = struct.unpack(">H", payload[:2])[0] if payload else 1005
                with contextlib.suppress(OSError):
                    self.send(frame(payload[:2], CLOSE))
            else:
                raise AssertionError(f"unexpected opcode {opcode}")

    def end(self):
        """Reads to the end of the connection; the close code, None if none came."""
        try:
            while self.packet() is not None:
                pass
        except ConnectionResetError:
            pass
        return self.closed_with
