# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon from start to stop: clients that come and go, and its end under load."""

import contextlib
import os
import signal
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import kit  # noqa: E402
from client import Client, Closed  # noqa: E402  (of the conformance tests)

wire = kit.wire
SERVER_SHUTTING_DOWN = 0x8B


class Life(unittest.TestCase):
    def setUp(self):
        self.broker = kit.Broker()
        self.broker.start()
        self.addCleanup(self.broker.remove)
        self.addCleanup(self._end)
        self.port = self.broker.ports["mqtt"]

    def _end(self):
        if self.broker.process.poll() is None:
            self.broker.kill()

    def client(self, version=wire.V5, client_id=None, **arguments):
        one = Client(self.port, version)
        self.addCleanup(one.drop)
        connack = one.connect(client_id or kit.unique(), **arguments)
        self.assertEqual(connack.reason, 0, connack)
        return one

    def open_files(self):
        return len(os.listdir(f"/proc/{self.broker.pid}/fd"))

    def stop(self):
        """SIGTERM; the exit code."""
        self.broker.process.send_signal(signal.SIGTERM)
        return self.broker.process.wait(kit.DEADLINE)

    def end_of(self, one):
        """What a client gets last: the reason of a DISCONNECT, None for an end without one.
        Then it lets go too, for which the daemon waits a little."""
        reason = None
        with contextlib.suppress(Closed):
            while True:
                packet = one.next()
                self.assertIsNone(reason, f"{packet} after DISCONNECT")
                if packet.kind == wire.DISCONNECT:
                    reason = packet.reason
        one.sock.settimeout(kit.DEADLINE)
        with contextlib.suppress(OSError):
            self.assertEqual(one.sock.recv(1), b"")
        one.drop()
        return reason

    def come_and_go(self, i):
        one = Client(self.port, wire.V311 if i % 2 else wire.V5)
        one.connect(f"cycle{i % 10}", clean=True)
        one.subscribe("own/#", qos=1)
        one.publish("count/x", b"%d" % i, qos=i % 3)
        if i % 4 != 3:
            one.disconnect()
        one.drop()

    def connections(self):
        """Sockets that are connected to the listener, the watcher's among them."""
        with open(f"/proc/{self.broker.pid}/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        return sum(row[1].endswith(f":{self.port:04X}") and row[3] == "01" for row in rows)

    def test_clients_that_come_and_go_leave_nothing(self):
        watcher = self.client()
        watcher.subscribe("count/#", qos=1)
        # The first ones may find threads that have yet to begin.
        for i in range(20):
            self.come_and_go(i)
        watcher.messages(20)
        self.assertTrue(kit.settle(lambda: self.connections() == 1))
        before = self.open_files()
        for i in range(200):
            self.come_and_go(i)
        got = sorted(int(p.payload) for p in watcher.messages(200))
        self.assertEqual(got, list(range(200)))
        # The last ones may still be on their way out.
        self.assertTrue(kit.settle(lambda: self.open_files() <= before),
                        f"{self.open_files()} open files, {before} before")
        watcher.drop()
        self.assertEqual(self.stop(), 0, self.broker.log())

    def test_stop_under_load(self):
        # Each client floods what all of them read.
        ready = threading.Barrier(9)
        stopping = threading.Event()
        ends, troubles = {}, []

        def run(name, version):
            try:
                one = self.client(version, name)
                one.subscribe("flood/#", qos=1)
                ready.wait(kit.DEADLINE)
                with contextlib.suppress(OSError, Closed):
                    while not stopping.is_set():
                        one.push("flood/" + name, b"x" * 500, qos=0)
                        one.publish("flood/" + name, b"x" * 500, qos=1)
                ends[name] = self.end_of(one)
            except Exception as error:  # told by the test's own thread
                troubles.append((name, error))

        versions = {f"c{i}": wire.V5 if i % 2 else wire.V311 for i in range(8)}
        threads = [threading.Thread(target=run, args=item) for item in versions.items()]
        for thread in threads:
            thread.start()
        ready.wait(kit.DEADLINE)
        watcher = self.client()
        watcher.subscribe("flood/#")
        watcher.messages(500)
        self.broker.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end_of(watcher), SERVER_SHUTTING_DOWN)
        stopping.set()
        self.assertEqual(self.broker.process.wait(kit.DEADLINE), 0, self.broker.log())
        for thread in threads:
            thread.join(kit.DEADLINE)
        self.assertEqual(troubles, [])
        self.assertIn("stopped cut-off=0", self.broker.log())
        self.assertEqual(ends, {name: SERVER_SHUTTING_DOWN if version == wire.V5 else None
                                for name, version in versions.items()})

    def test_each_version_is_told_as_it_can_be(self):
        peers = {wire.V5: self.client(wire.V5), wire.V311: self.client(wire.V311)}
        for one in peers.values():
            one.subscribe("a", qos=2)
        silent = Client(self.port, wire.V5)
        self.addCleanup(silent.drop)
        self.broker.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end_of(peers[wire.V5]), SERVER_SHUTTING_DOWN)
        # 3.1.1 has no word for it: the connection ends, and is not reset.
        self.assertEqual(peers[wire.V311].sock.recv(1), b"")
        self.assertIsNone(self.end_of(peers[wire.V311]))
        self.assertIsNone(self.end_of(silent))
        self.assertEqual(self.broker.process.wait(kit.DEADLINE), 0, self.broker.log())

    def test_a_client_that_does_not_let_go_is_not_waited_for(self):
        one = self.client()
        self.assertEqual(self.stop(), 0, self.broker.log())
        self.assertEqual(self.end_of(one), SERVER_SHUTTING_DOWN)

    def test_interrupt_stops_too(self):
        one = self.client()
        self.broker.process.send_signal(signal.SIGINT)
        self.assertEqual(self.end_of(one), SERVER_SHUTTING_DOWN)
        self.assertEqual(self.broker.process.wait(kit.DEADLINE), 0)

    def test_a_hangup_leaves_connections_alone(self):
        one = self.client()
        self.broker.process.send_signal(signal.SIGHUP)
        self.assertTrue(kit.settle(lambda: " reloaded " in self.broker.log()))
        self.assertEqual(one.ping(), [])
        one.disconnect()
        one.drop()
        self.assertEqual(self.stop(), 0)

    def test_other_peoples_clients_understand(self):
        tool = kit.Lines("mosquitto_sub", "-p", self.port, "-V", "5", "-t", "a", "-d")
        self.addCleanup(tool.process.stdout.close)
        self.addCleanup(tool.kill)
        tool.line("Subscribed")
        self.broker.process.send_signal(signal.SIGTERM)
        tool.line(f"Received DISCONNECT ({SERVER_SHUTTING_DOWN})")
        self.assertEqual(self.broker.process.wait(kit.DEADLINE), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
