# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""An MQTT client and a device on plain TCP that both speak and both read: nothing is lost between them,
and nothing changes its place."""

import json
import os
import socket
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))

from controltest import ControlTest, kit, wire  # noqa: E402
from client import Client  # noqa: E402  (of the conformance tests)

COUNT = int(os.environ.get("FAIRLEAD_EXCHANGE", "100000"))
WINDOW = 200
SECONDS = 200

# A reader slower than who speaks loses nothing as long as there is room for what it has to read.
ENDPOINT = """
[[endpoint]]
name = "meter"
url = "tcp://127.0.0.1:0"
rx_topic = "from/meter"
tx_topic = "to/meter"
state_topic = "state/{peer}"
qos = 1
[limits]
queue_messages = 200000
"""


class Device:
    """Says its lines and reads those of others, each in a thread."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.settimeout(SECONDS)
        self.lines = []
        self.failure = None
        self._threads = [threading.Thread(target=self._guarded, args=(run,), daemon=True)
                         for run in (self._speak, self._read)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join(SECONDS)
        if self.failure:
            raise self.failure

    def _guarded(self, run):
        try:
            run()
        except OSError as error:
            self.failure = error

    def _speak(self):
        for first in range(0, COUNT, 500):
            self.sock.sendall(b"".join(b"%d\n" % number for number in range(first, first + 500)))

    def _read(self):
        rest = b""
        while len(self.lines) < COUNT:
            got = self.sock.recv(1 << 16)
            if not got:
                return
            *lines, rest = (rest + got).split(b"\n")
            self.lines += lines


class Exchange(ControlTest):
    def test_all_of_it_arrives_in_order_both_ways(self):
        daemon = self.running(keys="\n" + ENDPOINT)
        one = Client(daemon.ports["mqtt"])
        self.addCleanup(one.drop)
        connack = one.connect(kit.unique(), properties=[("receive_maximum", WINDOW)])
        window = min(WINDOW, connack.get("receive_maximum") or 65535)
        self.assertEqual(one.subscribe("from/meter", qos=1).codes, [1])
        self.assertEqual(one.subscribe("state/+").codes, [0])
        device = Device(daemon.ports["meter"])
        self.addCleanup(device.sock.close)
        self.assertEqual(json.loads(one.message().payload)["state"], "connected")
        one.unsubscribe("state/+")

        device.start()
        until = time.monotonic() + SECONDS
        said = acknowledged = 0
        heard = []
        while acknowledged < COUNT or len(heard) < COUNT:
            self.assertLess(time.monotonic(), until, f"{acknowledged} said, {len(heard)} heard")
            if said < COUNT and said - acknowledged <= window // 2:
                upto = min(COUNT, acknowledged + window)
                one.send(*(wire.publish("to/meter", b"%d" % number, 1, pid=one.pid())
                           for number in range(said, upto)))
                said = upto
            got = one.next()
            if got.kind == wire.PUBACK:
                self.assertLess(got.reason, 0x80)
                acknowledged += 1
            elif got.kind == wire.PUBLISH:
                self.assertEqual((got.topic, got.qos), ("from/meter", 1))
                heard.append(got.payload)
        device.join()

        wanted = [b"%d" % number for number in range(COUNT)]
        self.assertEqual(heard, wanted)
        self.assertEqual(device.lines, wanted)
        self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
