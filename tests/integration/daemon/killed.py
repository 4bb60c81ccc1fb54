# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon that is killed under load, again and again: what it acknowledged is there, QoS 2 once."""

import collections
import pathlib
import random
import selectors
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "control"))

from controltest import Daemon, kit  # noqa: E402
from client import Client, Closed  # noqa: E402  (of the conformance tests)

wire = kit.wire
ROUNDS = 20
WINDOW = 32
TOPICS = 8
# Acknowledged per round at most: how long the reading takes hangs on the disk, and this is no race.
MOST = 1600
# One subscriber stays away: all of it waits for him.
CONTROL = 'http = "127.0.0.1:0"\n[limits]\nqueue_messages = 1000000\n'


class Peer:
    """A client whose session outlives its connections, and the daemon."""

    def __init__(self, name):
        self.name = name
        self.client = None

    def connect(self, port):
        self.client = Client(port, wire.V311, auto=False)
        connack = self.client.connect(self.name, clean=False)
        assert connack.reason == 0, connack
        self.buffer = bytearray(self.client.buffer)
        self.client.sock.setblocking(False)
        return connack

    def drop(self):
        if self.client:
            self.client.drop()
        self.client = None

    def send(self, data):
        if data:
            self.client.sock.settimeout(kit.DEADLINE)
            self.client.sock.sendall(data)
            self.client.sock.setblocking(False)

    def packets(self):
        """What has arrived; Closed when the daemon is gone."""
        try:
            got = self.client.sock.recv(1 << 18)
            if not got:
                raise Closed
            self.buffer += got
        except BlockingIOError:
            pass
        while (cut := wire.split(self.buffer)) is not None:
            first, body, size = cut
            del self.buffer[:size]
            yield wire.parse(first, body, size, wire.V311)


class Publisher(Peer):
    """Publishes numbers at QoS 1 and 2, and sends again what was not acknowledged."""

    def __init__(self, name):
        super().__init__(name)
        self.open = collections.OrderedDict()  # packet id -> [number, qos, was PUBREC seen]
        self.number = self.pid = 0
        self.acknowledged = set()
        self.sent = {}

    def publish(self, number, qos, pid, dup=False):
        retain = number % 5 == 0
        topic = f"k/{self.name}/{number % TOPICS}"
        return wire.publish(topic, str(number).encode(), qos, retain, dup, pid, version=wire.V311)

    def resume(self):
        out = b""
        for pid, (number, qos, received) in self.open.items():
            out += (wire.ack(wire.PUBREL, pid) if received
                    else self.publish(number, qos, pid, dup=True))
        self.send(out)

    def fill(self):
        out = b""
        while len(self.open) < WINDOW:
            self.number += 1
            self.pid = self.pid % 65535 + 1
            qos = 1 + self.number % 2
            self.open[self.pid] = [self.number, qos, False]
            self.sent[self.number] = qos
            out += self.publish(self.number, qos, self.pid)
        self.send(out)

    def step(self):
        out = b""
        for packet in self.packets():
            if packet.kind == wire.PUBREC:
                self.open[packet.pid][2] = True
                out += wire.ack(wire.PUBREL, packet.pid)
            elif packet.kind in (wire.PUBACK, wire.PUBCOMP):
                self.acknowledged.add(self.open.pop(packet.pid)[0])
        self.send(out)


class Subscriber(Peer):
    def __init__(self, name):
        super().__init__(name)
        self.held = set()
        self.got = collections.Counter()

    def step(self):
        out = b""
        for packet in self.packets():
            if packet.kind == wire.PUBREL:
                self.held.discard(packet.pid)
                out += wire.ack(wire.PUBCOMP, packet.pid)
            elif packet.kind == wire.PUBLISH:
                if packet.qos == 2:
                    out += wire.ack(wire.PUBREC, packet.pid)
                    if packet.pid in self.held:
                        continue
                    self.held.add(packet.pid)
                elif packet.qos == 1:
                    out += wire.ack(wire.PUBACK, packet.pid)
                if packet.topic == "$notice/gap":
                    raise AssertionError(packet.payload)
                if not packet.retain:
                    self.got[(packet.topic, int(packet.payload))] += 1
        self.send(out)


class Killed(unittest.TestCase):
    def setUp(self):
        self.seed = random.randrange(1 << 30)
        self.random = random.Random(self.seed)
        self.folder = tempfile.TemporaryDirectory(prefix="fairlead-kill-")
        self.addCleanup(self.folder.cleanup)

    def start(self):
        daemon = Daemon(control=CONTROL, folder=self.folder.name)
        self.addCleanup(daemon.remove)
        return daemon.wait_ready()

    def load(self, port, publishers, subscribers, until):
        """Until `until` says so, or the daemon is gone."""
        with selectors.DefaultSelector() as selector:
            for peer in (*publishers, *subscribers):
                selector.register(peer.client.sock, selectors.EVENT_READ, peer)
                peer.step()  # what came with the CONNACK
            while not until():
                for key, _ in selector.select(0.02):
                    key.data.step()

    def test_what_was_acknowledged_survives(self):
        """DS, promise 1: acknowledged means stored."""
        publishers = [Publisher("a"), Publisher("b")]
        watching, away = Subscriber("watching"), Subscriber("away")
        daemon = self.start()
        port = daemon.ports["mqtt"]
        for one in (watching, away):
            one.connect(port)
            one.client.sock.settimeout(kit.DEADLINE)
            suback = one.client.subscribe("k/#", qos=2)
            self.assertEqual(suback.codes, [2])
            one.drop()
        for _ in range(ROUNDS):
            for one in (*publishers, watching):
                one.connect(port)
            for one in publishers:
                one.resume()
            until_end = self.kill_point(publishers)
            try:
                while not until_end():
                    for one in publishers:
                        one.fill()
                    self.load(port, publishers, [watching],
                              lambda: until_end() or any(len(one.open) < WINDOW // 2
                                                         for one in publishers))
            finally:
                daemon.kill()
            for one in (*publishers, watching):
                one.drop()
            daemon = self.start()
            port = daemon.ports["mqtt"]
        self.finish(port, publishers, [watching, away])
        self.check_retained(port, publishers)
        self.assertEqual(daemon.stop(), 0, daemon.log())

    def finish(self, port, publishers, subscribers):
        for one in publishers:
            one.connect(port)
            one.resume()
        stalls = self.stall(lambda: sum(len(one.open) for one in publishers))
        self.load(port, publishers, [],
                  lambda: not any(one.open for one in publishers) or stalls())
        for one in publishers:
            self.assertFalse(one.open, f"seed {self.seed}: never acknowledged")
            one.drop()
        wanted = {(f"k/{one.name}/{number % TOPICS}", number): one.sent[number]
                  for one in publishers for number in one.acknowledged}
        self.assertGreater(len(wanted), ROUNDS)
        for one in subscribers:
            one.connect(port)
            stalls = self.stall(lambda one=one: len(one.got))
            self.load(port, [], [one], lambda one=one, stalls=stalls:
                      stalls()
                      or (len(one.got) >= len(wanted) and wanted.keys() <= one.got.keys()))
            self.load(port, [], [one], self.quiet())
            one.drop()
            lost = [key for key in wanted if key not in one.got]
            twice = [key for key, qos in wanted.items() if qos == 2 and one.got[key] > 1]
            self.assertEqual((len(lost), len(twice)), (0, 0),
                             f"seed {self.seed}, {one.name}: of {len(wanted)} lost {lost[:5]}, "
                             f"twice {twice[:5]}")
        print(f"{len(wanted)} acknowledged over {ROUNDS} kills", file=sys.stderr)

    def kill_point(self, publishers):
        """A random moment under load: after some time or some acknowledgements."""
        def acknowledged():
            return sum(len(one.acknowledged) for one in publishers)
        ends = time.monotonic() + self.random.uniform(0.02, 0.3)
        most = acknowledged() + self.random.randrange(MOST)
        return lambda: time.monotonic() >= ends or acknowledged() >= most

    @staticmethod
    def stall(progress):
        """Whether what is counted has stood still for too long."""
        state = [progress(), time.monotonic() + kit.DEADLINE]

        def stalls():
            if (now := progress()) != state[0]:
                state[:] = now, time.monotonic() + kit.DEADLINE
            return time.monotonic() > state[1]
        return stalls

    @staticmethod
    def quiet():
        """A moment in which late repetitions would come."""
        ends = time.monotonic() + 0.3
        return lambda: time.monotonic() > ends

    def check_retained(self, port, publishers):
        expected = {}
        for one in publishers:
            for number in sorted(one.acknowledged):
                if number % 5 == 0:
                    expected[f"k/{one.name}/{number % TOPICS}"] = number
        with Client(port, wire.V311) as reader:
            reader.connect("reader")
            reader.subscribe("k/#", qos=1)
            found = {got.topic: int(got.payload) for got in reader.ping() if got.retain}
        self.assertEqual(found, expected, f"seed {self.seed}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
