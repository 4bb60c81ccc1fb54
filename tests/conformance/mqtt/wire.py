# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1, 3.1.1 and 5.0 packets as bytes, written from the standard alone.

It shares nothing with the broker's codec: a fault there must not be able to hide here. The builders
send whatever they are asked to, legal or not; the parser accepts only what a server may send and
raises Violation otherwise, so every packet of every test is held to the standard.
"""

import struct

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE,
 UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH) = range(1, 16)

NAMES = ["0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE",
         "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]

V31, V311, V5 = 3, 4, 5

PROPERTIES = {
    "payload_format": (0x01, "u8"), "message_expiry": (0x02, "u32"), "content_type": (0x03, "str"),
    "response_topic": (0x08, "str"), "correlation_data": (0x09, "bin"),
    "subscription_id": (0x0B, "var"), "session_expiry": (0x11, "u32"),
    "assigned_client_id": (0x12, "str"), "server_keep_alive": (0x13, "u16"),
    "auth_method": (0x15, "str"), "auth_data": (0x16, "bin"), "request_problem": (0x17, "u8"),
    "will_delay": (0x18, "u32"), "request_response": (0x19, "u8"), "response_info": (0x1A, "str"),
    "server_reference": (0x1C, "str"), "reason_string": (0x1F, "str"),
    "receive_maximum": (0x21, "u16"), "topic_alias_max": (0x22, "u16"),
    "topic_alias": (0x23, "u16"), "max_qos": (0x24, "u8"), "retain_available": (0x25, "u8"),
    "user": (0x26, "pair"),
    "max_packet_size": (0x27, "u32"), "wildcard_available": (0x28, "u8"),
    "subscription_id_available": (0x29, "u8"), "shared_available": (0x2A, "u8"),
}
BY_ID = {number: (name, kind) for name, (number, kind) in PROPERTIES.items()}
REPEATABLE = {"user", "subscription_id"}
NON_ZERO = {"receive_maximum", "max_packet_size", "topic_alias", "subscription_id"}
BOOLEAN = {"payload_format", "max_qos", "retain_available", "wildcard_available",
           "subscription_id_available", "shared_available"}

_ANSWER = {"reason_string", "user"}
FROM_SERVER = {
    CONNACK: _ANSWER | {
        "session_expiry", "receive_maximum", "max_qos", "retain_available", "max_packet_size",
        "assigned_client_id", "topic_alias_max", "wildcard_available", "subscription_id_available",
        "shared_available", "server_keep_alive", "response_info", "server_reference",
        "auth_method", "auth_data"},
    PUBLISH: {"payload_format", "message_expiry", "content_type", "response_topic",
              "correlation_data", "subscription_id", "topic_alias", "user"},
    PUBACK: _ANSWER, PUBREC: _ANSWER, PUBREL: _ANSWER, PUBCOMP: _ANSWER,
    SUBACK: _ANSWER, UNSUBACK: _ANSWER,
    DISCONNECT: _ANSWER | {"server_reference"},
    AUTH: _ANSWER | {"auth_method", "auth_data"},
}

_PUBLISHED = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}
REASONS = {
    CONNACK: {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90,
              0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F},
    PUBACK: _PUBLISHED, PUBREC: _PUBLISHED, PUBREL: {0x00, 0x92}, PUBCOMP: {0x00, 0x92},
    SUBACK: {0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2},
    UNSUBACK: {0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91},
    DISCONNECT: {0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93,
                 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1,
                 0xA2},
    AUTH: {0x00, 0x18},
}
MAX_VAR = 268435455


class Violation(AssertionError):
    """The server sent something the standard forbids."""


# --- building -----------------------------------------------------------------------------------

def var(value):
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def padded_var(value, width):
    """A variable byte integer stretched over more bytes than it needs."""
    return bytes(((value >> 7 * i) & 0x7F) | (0x80 if i < width - 1 else 0) for i in range(width))


def raw(value):
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def text(value):
    data = raw(value)
    return struct.pack(">H", len(data)) + data


def prop(name, value):
    number, kind = PROPERTIES[name]
    body = {"u8": lambda v: struct.pack(">B", v), "u16": lambda v: struct.pack(">H", v),
            "u32": lambda v: struct.pack(">I", v), "var": var, "str": text, "bin": text,
            "pair": lambda v: text(v[0]) + text(v[1])}[kind](value)
    return bytes([number]) + body


def props(values):
    """Property block with its length. Takes a dict (a list value repeats the property), a list of
    (name, value), or ready bytes without the length."""
    if values is None:
        values = b""
    if isinstance(values, dict):
        values = [(name, one) for name, many in values.items()
                  for one in (many if isinstance(many, list) else [many])]
    if not isinstance(values, bytes):
        values = b"".join(prop(name, value) for name, value in values)
    return var(len(values)) + values


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + var(len(body)) + body


class Will:
    def __init__(self, topic, payload=b"", qos=0, retain=False, properties=None):
        self.topic, self.payload, self.qos, self.retain = topic, payload, qos, retain
        self.properties = properties


def connect(client_id, version=V5, clean=True, keep_alive=0, properties=None, will=None,
            user=None, password=None, name=None, flags=None, level=None):
    """`flags` and `level` override what would be sent, for malformed packets."""
    if name is None:
        name = "MQIsdp" if version == V31 else "MQTT"
    bits = 0x02 if clean else 0
    payload = text(client_id)
    if will is not None:
        bits |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        if version == V5:
            payload += props(will.properties)
        payload += text(will.topic) + text(will.payload)
    if user is not None:
        bits |= 0x80
        payload += text(user)
    if password is not None:
        bits |= 0x40
        payload += text(password)
    header = text(name) + bytes([version if level is None else level])
    header += bytes([bits if flags is None else flags]) + struct.pack(">H", keep_alive)
    if version == V5:
        header += props(properties)
    return packet(CONNECT, 0, header + payload)


def publish(topic, payload=b"", qos=0, retain=False, dup=False, pid=None, properties=None,
            version=V5):
    body = text(topic)
    if pid is not None:
        body += struct.pack(">H", pid)
    if version == V5:
        body += props(properties)
    flags = (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    return packet(PUBLISH, flags, body + raw(payload))


def ack(kind, pid, reason=None, properties=None, flags=None):
    body = struct.pack(">H", pid)
    if reason is not None:
        body += bytes([reason])
        if properties is not None:
            body += props(properties)
    return packet(kind, (2 if kind == PUBREL else 0) if flags is None else flags, body)


def options(qos=0, no_local=False, rap=False, handling=0):
    return qos | (4 if no_local else 0) | (8 if rap else 0) | handling << 4


def subscribe(pid, filters, properties=None, version=V5, flags=2):
    """filters: list of (filter, options byte)."""
    body = struct.pack(">H", pid) + (props(properties) if version == V5 else b"")
    return packet(SUBSCRIBE, flags, body + b"".join(text(f) + bytes([o]) for f, o in filters))


def unsubscribe(pid, filters, properties=None, version=V5, flags=2):
    body = struct.pack(">H", pid) + (props(properties) if version == V5 else b"")
    return packet(UNSUBSCRIBE, flags, body + b"".join(text(f) for f in filters))


def pingreq():
    return b"\xc0\x00"


def disconnect(reason=None, properties=None):
    body = b"" if reason is None else bytes([reason])
    return packet(DISCONNECT, 0, body + (b"" if properties is None else props(properties)))


def auth(reason=None, properties=None):
    body = b"" if reason is None else bytes([reason])
    return packet(AUTH, 0, body + (b"" if properties is None else props(properties)))


# --- parsing what a server sent -----------------------------------------------------------------

class Packet:
    """One packet from the server; which attributes it has depends on `kind`."""

    def __init__(self, kind, flags, size):
        self.kind, self.flags, self.size = kind, flags, size
        self.pid = self.reason = None
        self.properties = []
        self.codes = []

    def get(self, name, default=None):
        for key, value in self.properties:
            if key == name:
                return value
        return default

    def all(self, name):
        return [value for key, value in self.properties if key == name]

    def __repr__(self):
        fields = {k: v for k, v in vars(self).items() if k not in ("kind", "size") and v}
        if len(fields.get("payload", b"")) > 40:
            fields["payload"] = fields["payload"][:40] + b"..."
        return f"{NAMES[self.kind]}{fields}"


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Violation(f"packet ends inside a field: {self.data[:64].hex()}")
        self.at += count
        return self.data[self.at - count:self.at]

    def left(self):
        return len(self.data) - self.at

    def u8(self):
        return self.take(1)[0]

    def u16(self):
        return struct.unpack(">H", self.take(2))[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def bin(self):
        return self.take(self.u16())

    def str(self):
        data = self.bin()
        try:
            value = data.decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            raise Violation(f"string is not UTF-8: {data!r}") from error
        if "\0" in value:
            raise Violation(f"string holds U+0000: {data!r}")
        return value

    def pair(self):
        return (self.str(), self.str())

    def var(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                if byte == 0 and shift > 7:
                    raise Violation("variable byte integer is longer than it needs to be")
                return value
            if shift == 28:
                raise Violation("variable byte integer has more than four bytes")

    def properties(self, kind):
        block = _Reader(self.take(self.var()))
        found, seen = [], set()
        while block.left():
            number = block.var()
            if number not in BY_ID:
                raise Violation(f"unknown property 0x{number:02x} in {NAMES[kind]}")
            name, form = BY_ID[number]
            value = getattr(block, form)()
            if name not in FROM_SERVER[kind]:
                raise Violation(f"server may not send {name} in {NAMES[kind]}")
            if name in seen and name not in REPEATABLE:
                raise Violation(f"{name} appears twice in {NAMES[kind]}")
            if name in NON_ZERO and value == 0:
                raise Violation(f"{name} is 0 in {NAMES[kind]}")
            if name in BOOLEAN and value > 1:
                raise Violation(f"{name} is {value} in {NAMES[kind]}")
            seen.add(name)
            found.append((name, value))
        return found


def split(buffer):
    """Cuts one packet off: (first byte, body, size) or None while incomplete."""
    if len(buffer) < 2:
        return None
    length = shift = 0
    at = 1
    while True:
        if at >= len(buffer):
            return None
        byte = buffer[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            if byte == 0 and shift > 7:
                raise Violation("remaining length is longer than it needs to be")
            break
        if shift == 28:
            raise Violation("remaining length has more than four bytes")
    if len(buffer) < at + length:
        return None
    return buffer[0], bytes(buffer[at:at + length]), at + length


def parse(first, body, size, version):
    kind, flags = first >> 4, first & 0x0F
    result = Packet(kind, flags, size)
    if kind not in (CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, PINGRESP,
                    DISCONNECT, AUTH) or (version != V5 and kind in (DISCONNECT, AUTH)):
        raise Violation(f"a server never sends packet type {kind} to version {version}")
    if kind != PUBLISH and flags != (2 if kind == PUBREL else 0):
        raise Violation(f"{NAMES[kind]} with flags {flags:04b}")
    reader = _Reader(body)
    _PARSERS[kind](result, reader, version)
    if reader.left():
        raise Violation(f"{NAMES[kind]} has {reader.left()} bytes left over")
    codes = result.codes if kind in (SUBACK, UNSUBACK) else [result.reason]
    if kind in REASONS and result.reason is not None or result.codes:
        allowed = REASONS[kind] if version == V5 else {CONNACK: set(range(6)),
                                                       SUBACK: {0, 1, 2, 0x80}}.get(kind, {0})
        for code in codes:
            if code not in allowed:
                raise Violation(f"{NAMES[kind]} with reason code 0x{code:02x}")
    return result


def _connack(result, reader, version):
    acknowledge = reader.u8()
    if acknowledge & 0xFE or (version == V31 and acknowledge):
        raise Violation(f"CONNACK with reserved flags set: {acknowledge:08b}")
    result.session_present = bool(acknowledge)
    result.reason = reader.u8()
    if version == V5:
        result.properties = reader.properties(CONNACK)
    if result.reason and result.session_present:
        raise Violation("CONNACK refuses and says that a session is present")


def _publish(result, reader, version):
    result.dup, result.qos, result.retain = (bool(result.flags & 8), result.flags >> 1 & 3,
                                             bool(result.flags & 1))
    if result.qos == 3:
        raise Violation("PUBLISH with QoS 3")
    if result.qos == 0 and result.dup:
        raise Violation("PUBLISH of QoS 0 with DUP set")
    result.topic = result.wire_topic = reader.str()
    if any(c in result.topic for c in "+#"):
        raise Violation(f"PUBLISH to a topic with wildcards: {result.topic}")
    if result.qos:
        result.pid = reader.u16()
        if not result.pid:
            raise Violation("PUBLISH with packet identifier 0")
    if version == V5:
        result.properties = reader.properties(PUBLISH)
        if any(c in result.get("response_topic", "") for c in "+#"):
            raise Violation("PUBLISH with a wildcard in its response topic")
    if not result.topic and result.get("topic_alias") is None:
        raise Violation("PUBLISH with neither topic nor alias")
    result.payload = reader.take(reader.left())


def _answer(result, reader, version):
    result.pid = reader.u16()
    result.reason = 0
    if version == V5 and reader.left():
        result.reason = reader.u8()
        if reader.left():
            result.properties = reader.properties(result.kind)


def _codes(result, reader, version):
    result.pid = reader.u16()
    if version == V5:
        result.properties = reader.properties(result.kind)
    if version == V5 or result.kind == SUBACK:
        result.codes = list(reader.take(reader.left()))
        if not result.codes:
            raise Violation(f"{NAMES[result.kind]} without reason codes")


def _reasoned(result, reader, _version):
    result.reason = 0
    if reader.left():
        result.reason = reader.u8()
        if reader.left():
            result.properties = reader.properties(result.kind)


_PARSERS = {CONNACK: _connack, PUBLISH: _publish, PUBACK: _answer, PUBREC: _answer,
            PUBREL: _answer, PUBCOMP: _answer, SUBACK: _codes, UNSUBACK: _codes,
            PINGRESP: lambda result, reader, version: None,
            DISCONNECT: _reasoned, AUTH: _reasoned}
