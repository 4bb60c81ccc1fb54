# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two hosts that find each other through real Avahi daemons, each in its own network namespace. Ends with
77 where namespaces are not permitted or Avahi is not installed, and says which."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import namespaces  # noqa: E402

for program in ("avahi-daemon", "dbus-daemon"):
    if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
        namespaces.skip(f"{program} is not installed")
namespaces.enter()

import bus  # noqa: E402
import kit  # noqa: E402

DAEMON = os.environ["FAIRLEADD"]
TOOL = os.environ["FAIRLEAD"]
REACTORS = os.environ.get("FAIRLEAD_REACTORS", "1")
PLAIN = '{"datagram":{"header":{"msgCounter":%d}}}'
AVAHI = """[server]
host-name=%s
use-ipv4=yes
use-ipv6=yes
allow-interfaces=eth0
[publish]
publish-hinfo=no
publish-workstation=no
"""
HOST = """[host]
state_dir = "%(folder)s/state"
reactors = %(reactors)s
[control]
[[endpoint]]
name = "mqtt"
url = "mqtt://127.0.0.1:1883"
allow_anonymous = true
[[endpoint]]
name = "ship"
url = "ship://0.0.0.0:4712"
model = "%(model)s"
trusted = %(trusted)s
"""


class Host:
    """A machine with a message bus, Avahi and fairleadd."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = Path(folder)
        self.folder.mkdir()
        self.machine = namespaces.Machine()
        self.bus = bus.Bus(self.folder, *self.machine.prefix)
        self.avahi = None
        self.process = None
        self.log = self.folder / "log"

    def start_avahi(self):
        config = self.folder / "avahi.conf"
        config.write_text(AVAHI % self.name, encoding="utf-8")
        self.machine.run("mkdir", "-p", "/run/avahi-daemon")
        with open(self.folder / "avahi.log", "ab") as log:
            self.avahi = subprocess.Popen(
                [*self.machine.prefix, "avahi-daemon", "-f", str(config), "--no-drop-root",
                 "--no-chroot", "--no-rlimits", "--no-proc-title"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, **self.bus.environment})

    def start(self, trusted=()):
        config = self.folder / "fairlead.toml"
        config.write_text(HOST % {"folder": self.folder, "reactors": REACTORS, "model": self.name,
                                  "trusted": json.dumps(list(trusted))}, encoding="utf-8")
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.machine.prefix, DAEMON, "--config", str(config), "--ready-file", str(ready),
                 "--control", str(self.folder / "control.sock")], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, **self.bus.environment})
        if not kit.settle(ready.exists, kit.DEADLINE):
            raise AssertionError(self.text())

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ski(self):
        return re.findall(r"ship-identity.*?ski=([0-9a-f]{40})", self.text())[-1]

    def end(self):
        if self.process:
            self.process.terminate()
            code = self.process.wait(kit.DEADLINE)
            self.process = None
            return code
        return None

    def stop(self):
        self.end()
        if self.avahi:
            self.avahi.kill()
            self.avahi.wait()
        self.bus.stop()
        self.machine.stop()

    def subscribe(self, filter_):
        one = kit.Lines(*self.machine.prefix, TOOL, "sub", "-t", filter_, "-v", "-d", "-q", 1)
        one.line("Subscribed")
        return one

    def publish(self, topic, payload):
        self.machine.run(TOOL, "pub", "-t", topic, "-m", payload, "-q", "1")


class Neighbours(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fairlead-ns-")
        self.addCleanup(folder.cleanup)
        self.hosts = []
        for name in ("left", "right"):
            host = Host(name, Path(folder.name) / name)
            self.addCleanup(host.stop)
            self.hosts.append(host)
        namespaces.Cable(self.hosts[0].machine, self.hosts[1].machine)

    def connected(self, reader, ski):
        while True:
            line = reader.line(f"ship/{ski}/state ")
            state = json.loads(line.split(" ", 1)[1])
            if state["state"] == "connected":
                return state

    def test_they_find_each_other_and_exchange_data(self):
        for host in self.hosts:
            host.start_avahi()
            host.start()  # makes its key
            self.assertEqual(host.end(), 0)
        left, right = self.hosts
        skis = left.ski(), right.ski()
        readers = []
        for host, other in zip(self.hosts, reversed(skis)):
            host.start([other])
            readers.append(host.subscribe("ship/+/+"))
            self.addCleanup(readers[-1].kill)
        self.connected(readers[0], skis[1])
        self.connected(readers[1], skis[0])
        left.publish(f"ship/{skis[1]}/tx", PLAIN % 1)
        self.assertEqual(readers[1].line(f"ship/{skis[0]}/rx ").split(" ", 1)[1], PLAIN % 1)
        right.publish(f"ship/{skis[0]}/tx", PLAIN % 2)
        self.assertEqual(readers[0].line(f"ship/{skis[1]}/rx ").split(" ", 1)[1], PLAIN % 2)
        # Who leaves is withdrawn, and found again when it comes back.
        found = left.subscribe("ship/$discovered/ship")
        self.addCleanup(found.kill)
        self.assertEqual(right.end(), 0)
        self.present(found, skis[1], False)
        right.start([skis[0]])
        self.present(found, skis[1], True)
        self.connected(readers[0], skis[1])
        # They told each other by mDNS what they are.
        while True:
            info = json.loads(readers[0].line(f"ship/{skis[1]}/info ").split(" ", 1)[1])
            if info.get("model"):
                break
        self.assertEqual(info["model"], "right")
        for host in self.hosts:
            self.assertEqual(host.end(), 0)

    def present(self, reader, ski, wanted):
        while True:
            text = json.loads(reader.line("ship/$discovered/ship ").split(" ", 1)[1])
            for peer in text["peers"]:
                if peer["ski"] == ski and peer["present"] == wanted:
                    return


if __name__ == "__main__":
    unittest.main(verbosity=2)
