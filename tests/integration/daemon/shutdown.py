# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while a thousand clients are busy (SH-01, SH-02)."""

import json
import selectors
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))

from controltest import ControlTest, kit  # noqa: E402
from client import Client  # noqa: E402  (of the conformance tests)

wire = kit.wire
CLIENTS, PUBLISHERS, STUCK = 1000, 20, 2
RATE, SECONDS = 5000, 2
# For a machine that does other things too: what takes so long hangs.
WATCHDOG = 90
SERVER_SHUTTING_DOWN = 0x8B
PHASES = ["refuse-new", "cancel-attempts", "stop-listeners", "quiesce", "stop-reading",
          "commit-storage", "drain-outbound", "close-links", "complete-leases", "close-store",
          "flush-events", "unload-plugins"]


class Peer:
    """One client on a socket that does not block."""

    def __init__(self, port, number):
        self.number = number
        self.version = wire.V5 if number % 2 else wire.V311
        self.sock = socket.create_connection(("127.0.0.1", port), WATCHDOG)
        self.sock.sendall(wire.connect(f"load{number}", version=self.version)
                          + wire.subscribe(1, [(f"load/{number}", wire.options(number % 2))],
                                           None, self.version))
        self.sock.setblocking(False)
        self.buffer = bytearray()
        self.output = bytearray()
        self.acks = 0
        self.got = 0
        self.is_ready = False
        self.reason = None  # of a DISCONNECT
        self.end = None  # "closed", or what went wrong
        self.pid = 1

    def read(self):
        """What came, up to the end of the connection."""
        try:
            data = self.sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            self.finish(f"{error}")
            return
        if not data:
            self.finish("closed" if not self.buffer else "closed inside a packet")
            return
        self.buffer += data
        while (cut := wire.split(self.buffer)) is not None:
            first, body, size = cut
            del self.buffer[:size]
            self.take(wire.parse(first, body, size, self.version))

    def take(self, packet):
        if self.reason is not None:
            raise wire.Violation(f"{packet} after DISCONNECT")
        if packet.kind == wire.CONNACK and packet.reason != 0:
            raise wire.Violation(f"refused: {packet}")
        if packet.kind == wire.SUBACK:
            self.is_ready = True
        elif packet.kind == wire.PUBLISH:
            self.got += 1
            if packet.qos:
                self.output += wire.ack(wire.PUBACK, packet.pid)
        elif packet.kind == wire.PUBACK:
            self.acks += 1
        elif packet.kind == wire.DISCONNECT:
            self.reason = packet.reason

    def publish(self, count):
        """Half at QoS 1, to everybody in turn."""
        for _ in range(count):
            self.pid = self.pid % 65535 + 1
            self.output += wire.publish(f"load/{self.pid * 7 % CLIENTS}", b"x" * 100, self.pid % 2,
                                        False, False, self.pid if self.pid % 2 else None, None,
                                        self.version)

    def flush(self):
        if self.output and self.end is None:
            try:
                del self.output[:self.sock.send(self.output)]
            except BlockingIOError:
                pass
            except OSError:
                self.output.clear()  # what the daemon said last is still to be read

    def finish(self, end):
        self.end = end
        self.sock.close()


class Shutdown(ControlTest):
    def setUp(self):
        self.host = self.running()
        self.selector = selectors.DefaultSelector()
        self.addCleanup(self.selector.close)
        self.peers = []
        self.until = time.monotonic() + WATCHDOG

    def join(self):
        for number in range(CLIENTS):
            peer = Peer(self.host.ports["mqtt"], number)
            self.addCleanup(peer.sock.close)
            self.peers.append(peer)
            self.selector.register(peer.sock, selectors.EVENT_READ, peer)
        self.turn_until(lambda: all(peer.is_ready for peer in self.peers), "not all subscribed")

    def turn(self):
        """Reads and writes what goes."""
        for key, _ in self.selector.select(0.005):
            peer, sock = key.data, key.fileobj
            peer.read()
            if peer.end is not None:
                self.selector.unregister(sock)
        for peer in self.peers:
            peer.flush()

    def turn_until(self, condition, what):
        while not condition():
            self.assertLess(time.monotonic(), self.until, f"{what}\n{self.host.log()[-4000:]}")
            self.turn()

    def hang(self, rpc):
        """Clients that never read, and more for them than the connection holds."""
        names = {}
        for version in (wire.V5, wire.V311):
            one = Client(self.host.ports["mqtt"], version, receive_buffer=4096)
            self.addCleanup(one.drop)
            name = kit.unique("stuck")
            self.assertEqual(one.connect(name).reason, 0)
            one.subscribe("stuck")
            names[name] = one
        sender = self.client(self.host)

        def unsent():
            links = {one["peerKey"]: one for one in every(rpc, "links")}
            return [links[name]["unsentBytes"] for name in names]
        while min(unsent()) == 0:
            self.assertLess(time.monotonic(), self.until, "everything was taken")
            sender.publish("stuck", b"x" * (1 << 18), qos=1)
        sender.disconnect()
        sender.drop()
        self.assertEqual(len(names), STUCK)
        return names

    def report(self):
        """Of the shutdown, as the log has it."""
        lines = [line for line in self.host.log().splitlines() if "report={" in line]
        self.assertEqual(len(lines), 1, self.host.log()[-4000:])
        return json.JSONDecoder().raw_decode(lines[0].split("report=", 1)[1])[0]

    def load(self):
        """Publishes for some time at a rate, or as fast as this machine lets it."""
        publishers = self.peers[:PUBLISHERS]
        start, sent = time.monotonic(), 0
        while (passed := time.monotonic() - start) < SECONDS:
            due = (int(RATE * passed) - sent) // PUBLISHERS
            for peer in publishers:
                if due > 0 and len(peer.output) < 1 << 16:
                    peer.publish(min(due, 50))
                    sent += min(due, 50)
            self.turn()
        self.turn_until(lambda: sum(peer.got for peer in self.peers) >= RATE // 2, "no load")

    def test_a_thousand_clients(self):
        rpc = self.rpc(self.host)
        self.join()
        stuck = self.hang(rpc)
        self.load()
        self.assertEqual([peer.end for peer in self.peers if peer.end], [])
        self.host.process.send_signal(signal.SIGTERM)
        # Those who publish go on until they are told.
        busy = self.peers[:PUBLISHERS]
        while any(peer.end is None for peer in self.peers):
            self.assertLess(time.monotonic(), self.until, "some did not end")
            for peer in busy:
                if peer.end is None and peer.reason is None and len(peer.output) < 4096:
                    peer.publish(5)
            self.turn()
        try:
            code = self.host.process.wait(WATCHDOG)
        except subprocess.TimeoutExpired:
            self.fail(f"it hangs\n{self.host.log()[-4000:]}")
        self.assertEqual(code, 0, self.host.log()[-4000:])

        self.assertEqual({peer.end for peer in self.peers}, {"closed"})
        for version, reason in ((wire.V5, SERVER_SHUTTING_DOWN), (wire.V311, None)):
            told = [peer.reason for peer in self.peers if peer.version == version]
            self.assertEqual((len(told), set(told)), (CLIENTS // 2, {reason}))

        report = self.report()
        self.assertEqual([phase["name"] for phase in report["phases"]], PHASES)
        phases = {phase["name"]: phase for phase in report["phases"]}
        self.assertEqual(report["reason"], f"signal {int(signal.SIGTERM)}")
        self.assertFalse(report["clean"])
        drain = phases["drain-outbound"]
        self.assertEqual(drain["outcome"], "over-budget", drain)
        self.assertEqual((drain.get("stragglerCount"), len(drain.get("stragglers", ()))),
                         (STUCK, STUCK), drain)
        others = {name: phase["outcome"] for name, phase in phases.items()
                  if name != "drain-outbound"}
        self.assertLessEqual(set(others.values()), {"done", "empty"}, report)
        self.assertIn(f"stopped cut-off={STUCK}", self.host.log())
        for one in stuck.values():
            one.drop()


def every(rpc, what):
    """All pages of a list."""
    found, more = [], {}
    while True:
        page = rpc.call(what, limit=1000, **more)
        found += page[what]
        if "next" not in page:
            return found
        more = {"after": page["next"]}


if __name__ == "__main__":
    unittest.main(verbosity=2)
