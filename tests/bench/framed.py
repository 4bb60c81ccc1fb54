# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What a message costs that comes over plain TCP, a line each, against one over MQTT: from one peer to
one reader, through the same server."""

import json
import socket
import struct
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from brokers import BenchFailure, Fairleadd
from figures import CPU, table
from measure import Generator
from scenarios import FRAMED_TARGET

REFERENCE = "mqtt to mqtt"
ROUTES = {REFERENCE: ("mqtt", "mqtt"), "line to mqtt": ("line", "mqtt"),
          "line to line": ("line", "line"), "mqtt to line": ("mqtt", "line")}
JUDGED = ("line to mqtt", "line to line")
WINDOWS = (1, 16)
TOPIC = "bench/framed/rx"
PAYLOAD = 64
BLOCKS = 512  # different ones, before they come again
DEADLINE = 20

ENDPOINTS = f"""
[[endpoint]]
name = "source"
url = "tcp://127.0.0.1:0"
rx_topic = "{TOPIC}"
tx_topic = ""
[[endpoint]]
name = "sink"
url = "tcp://127.0.0.1:0"
rx_topic = ""
tx_topic = "{TOPIC}"
"""


def cpu_ns(pid: int) -> int:
    """On-CPU time of all threads of a process."""
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0])
               for task in Path(f"/proc/{pid}/task").iterdir())


def text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()


def packet(head: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes([head]) + bytes(length) + body


def frame(kind: str, payload: bytes) -> bytes:
    """A message as it is on the wire, in both directions."""
    return payload + b"\n" if kind == "line" else packet(0x30, text(TOPIC) + payload)


def make_blocks(kind: str, window: int) -> list:
    return [b"".join(frame(kind, b"%0*d" % (PAYLOAD, block * window + place))
                     for place in range(window)) for block in range(BLOCKS)]


class Peer:
    """A blocking connection of one kind."""

    def __init__(self, port: int, name: str):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def read(self, size: int) -> bytes:
        parts = []
        while size > 0:
            part = self.socket.recv(min(size, 1 << 18))
            if not part:
                raise BenchFailure("connection-lost", f"the server closed the link of {self.name}")
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def connect(self):
        self.send(packet(0x10, text("MQTT") + b"\x04\x02\x00\x00" + text(self.name)))
        self.expect(b"\x20\x02\x00\x00")

    def subscribe(self):
        self.send(packet(0x82, b"\x00\x01" + text(TOPIC) + b"\x00"))
        self.expect(b"\x90\x03\x00\x01\x00")

    def expect(self, answer: bytes):
        if (got := self.read(len(answer))) != answer:
            raise BenchFailure("protocol", f"{self.name} was answered {got.hex()}")


def ports_of(server: Fairleadd) -> dict:
    ready = json.loads((server.folder / "ready.json").read_text(encoding="utf-8"))
    return {one["name"]: urlsplit(one["url"]).port for one in ready["listeners"]}


def open_route(ports: dict, source: str, sink: str) -> tuple:
    reader = Peer(ports["mqtt" if sink == "mqtt" else "sink"], "the reader")
    writer = Peer(ports["mqtt" if source == "mqtt" else "source"], "the writer")
    if sink == "mqtt":
        reader.connect()
        reader.subscribe()
    if source == "mqtt":
        writer.connect()
    return writer, reader


def await_route(writer: Peer, reader: Peer, source: str, sink: str):
    """Until the server knows the reader, whose kind may have no word for it, first messages may go
    nowhere; what comes of them is read up to the last."""
    for number in range(DEADLINE * 20):
        writer.send(frame(source, b"try %05d" % number))
        reader.socket.settimeout(0.05)
        try:
            first = reader.socket.recv(1, socket.MSG_PEEK)
        except socket.timeout:
            continue
        finally:
            reader.socket.settimeout(DEADLINE)
        if not first:
            break
        size = len(frame(sink, b"try 00000"))
        while reader.read(size) != frame(sink, b"try %05d" % number):
            pass
        return
    raise BenchFailure("no-route", f"nothing comes from {source} to {sink}")


def measure_route(server: Fairleadd, route: str, window: int, seconds: float) -> dict:
    source, sink = ROUTES[route]
    sent, wanted = make_blocks(source, window), make_blocks(sink, window)
    writer, reader = open_route(ports_of(server), source, sink)
    messages = wrong = 0
    with writer, reader:
        await_route(writer, reader, source, sink)
        before, begin = cpu_ns(server.pid), time.monotonic()
        while time.monotonic() < begin + seconds:
            for block in range(0, BLOCKS):
                writer.send(sent[block])
                wrong += reader.read(len(wanted[block])) != wanted[block]
            messages += BLOCKS * window
        spent, took = cpu_ns(server.pid) - before, time.monotonic() - begin
    return {CPU: spent / 1000 / messages, "messages_per_s": messages / took, "wrong": wrong}


def measure(generator: Generator, bin_dir: Path, reactors: int, rounds: int, say) -> dict:
    """All rounds by window and route."""
    results = {window: {route: [] for route in ROUTES} for window in WINDOWS}
    for number in range(rounds):
        turn = number % len(ROUTES)
        order = list(ROUTES)[turn:] + list(ROUTES)[:turn]
        with Fairleadd(bin_dir, reactors, "fairleadd", more=ENDPOINTS) as server:
            for route in order:
                measure_route(server, route, max(WINDOWS), generator.warmup)
            for window in WINDOWS:
                for route in order:
                    results[window][route].append(
                        measure_route(server, route, window, generator.duration))
        for window in WINDOWS:
            costs = ", ".join(f"{route} {results[window][route][-1][CPU]:.3f} µs"
                              for route in ROUTES)
            say(f"round {number + 1}/{rounds}  {window} in flight: {costs}")
    return results


def summarise(results: dict) -> dict:
    summaries = {}
    for window, by_route in results.items():
        summaries[window] = {}
        for route, rounds in by_route.items():
            cpu = [one[CPU] for one in rounds]
            summaries[window][route] = {
                "cpu_us": median(cpu), "cpu_us_least": min(cpu), "cpu_us_most": max(cpu),
                "messages_per_s": median(one["messages_per_s"] for one in rounds),
                "ratio": median(one[CPU] / other[CPU]
                                for one, other in zip(rounds, by_route[REFERENCE])),
                "wrong": sum(one["wrong"] for one in rounds)}
    return summaries


def find_faults(summaries: dict) -> list:
    return [f"{route}, {window} in flight: {summary['wrong']} runs of messages lost, repeated,"
            " reordered or altered"
            for window, by_route in summaries.items()
            for route, summary in by_route.items() if summary["wrong"]]


def find_misses(summaries: dict) -> list:
    return [f"{route}, {window} in flight: {by_route[route]['ratio']:.2f} of {REFERENCE}, at most"
            f" {FRAMED_TARGET:.2f} wanted"
            for window, by_route in summaries.items()
            for route in JUDGED if by_route[route]["ratio"] > FRAMED_TARGET]


def framed_table(summaries: dict) -> str:
    rows = []
    for window, by_route in summaries.items():
        for index, (route, summary) in enumerate(by_route.items()):
            rows.append([
                f"{window} in flight" if index == 0 else "", route, f"{summary['cpu_us']:.3f}",
                f"{summary['cpu_us_least']:.3f}..{summary['cpu_us_most']:.3f}",
                f"{summary['ratio']:.3f}", f"{FRAMED_TARGET:.2f}" if route in JUDGED else "",
                f"{summary['messages_per_s']:.0f}", str(summary["wrong"])])
    return table(["window", "route", "CPU-µs/msg", "spread", "ratio", "target", "msgs/s", "wrong"],
                 rows)
