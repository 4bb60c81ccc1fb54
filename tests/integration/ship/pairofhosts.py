# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two machines on one cable, each with a message bus, a real Avahi and fairleadd. Importing it runs the
program again inside namespaces; it ends with 77 and says why where that cannot be."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import namespaces  # noqa: E402

for program in ("avahi-daemon", "dbus-daemon"):
    if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
        namespaces.skip(f"{program} is not installed")
namespaces.enter()

import bus  # noqa: E402
from controltest import DAEMON, REACTORS, TOOL, Client, Rpc, kit, wire  # noqa: E402

PORT = 4712
RECORD = """<service-group><name>Somebody</name><service><type>_ship._tcp</type><port>%d</port>
<txt-record>txtvers=1</txt-record><txt-record>id=%s</txt-record><txt-record>path=/ship/</txt-record>
<txt-record>ski=%s</txt-record><txt-record>register=false</txt-record></service></service-group>
"""
LATE = 120  # for what the protocol's own times make slow: 60 s of silence, and the dial after it
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
url = "ship://0.0.0.0:%(port)s"
model = "%(model)s"
trusted = %(trusted)s
%(more)s
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
        self.trusted = []
        self.more = ""
        self.ski = None

    def start_avahi(self, *services):
        """@p services: files of services that it announces by itself."""
        self.machine.run("mount", "-t", "tmpfs", "tmpfs", "/etc/avahi")
        self.machine.run("mkdir", "/etc/avahi/services")
        for number, service in enumerate(services):
            path = self.folder / f"{number}.service"
            path.write_text(service, encoding="utf-8")
            self.machine.run("cp", str(path), "/etc/avahi/services/")
        config = self.folder / "avahi.conf"
        config.write_text(AVAHI % self.name, encoding="utf-8")
        self.machine.run("mkdir", "-p", "/run/avahi-daemon")
        with open(self.folder / "avahi.log", "ab") as log:
            self.avahi = subprocess.Popen(
                [*self.machine.prefix, "avahi-daemon", "-f", str(config), "--no-drop-root",
                 "--no-chroot", "--no-rlimits", "--no-proc-title"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, **self.bus.environment})

    def identity(self):
        """The file with its key and certificate."""
        return self.folder / "state/identity/ship.pem"

    def configure(self, trusted=None, more=None):
        """@p more: TOML after the keys of the endpoint "ship"."""
        self.trusted = self.trusted if trusted is None else list(trusted)
        self.more = self.more if more is None else more
        config = self.folder / "fairlead.toml"
        config.write_text(HOST % {"folder": self.folder, "reactors": REACTORS, "port": PORT,
                                  "model": self.name, "trusted": json.dumps(self.trusted),
                                  "more": self.more}, encoding="utf-8")
        return config

    def start(self, trusted=None, more=None):
        config = self.configure(trusted, more)
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.machine.prefix, DAEMON, "--config", str(config), "--ready-file", str(ready),
                 "--control", str(self.folder / "control.sock")], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, **self.bus.environment})
        if not kit.settle(lambda: ready.exists() or self.process.poll() is not None,
                          kit.DEADLINE) or not ready.exists():
            raise AssertionError(self.text())
        self.ski = re.findall(r"ship-identity.*?ski=([0-9a-f]{40})", self.text())[-1]

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def count(self, pattern):
        return len(re.findall(pattern, self.text()))

    def end(self):
        """SIGTERM; the exit code."""
        if not self.process:
            return None
        self.process.terminate()
        return self._over()

    def kill(self):
        """SIGKILL: nsenter became the daemon itself."""
        self.process.kill()
        self._over()

    def _over(self):
        process, self.process = self.process, None
        return process.wait(kit.DEADLINE)

    def stop_avahi(self):
        if self.avahi:
            self.avahi.terminate()
            self.avahi.wait(kit.DEADLINE)
            self.avahi = None

    def stop(self):
        if self.process:
            self.kill()
        self.stop_avahi()
        self.bus.stop()
        self.machine.stop()

    # What operators do.

    def call(self, method, **arguments):
        with contextlib.closing(Rpc(self.folder / "control.sock")) as rpc:
            return rpc.call(method, **arguments)

    def ship(self, *arguments):
        """`fairlead ship`; what it printed."""
        done = subprocess.run(
            [TOOL, "ship", *arguments, "--control", str(self.folder / "control.sock")],
            capture_output=True, text=True, timeout=kit.DEADLINE, check=False)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    def peer(self, ski):
        """What `fairlead ship list` tells of one."""
        listed = json.loads(self.ship("list", "--json"))
        return next((one for one in listed if one["ski"] == ski), {"state": None})

    def links(self, ski):
        return [one for one in self.call("links")["links"] if one.get("peerKey") == ski]

    def sockets(self, kind="established"):
        """Connections of SHIP, as the kernel tells: pairs of own and other place."""
        lines = self.machine.output("ss", "-Htn", "state", kind, "exclude", "listening", "exclude",
                                    "time-wait", f"( sport = :{PORT} or dport = :{PORT} )")
        return sorted(tuple(line.split()[-2:]) for line in lines.splitlines())

    # What clients do.

    def client(self):
        with self.machine.inside():
            one = Client(1883, wire.V5)
        connack = one.connect(kit.unique())
        assert connack.reason == 0, connack
        return one

    def subscribe(self, filter_):
        one = kit.Lines(*self.machine.prefix, TOOL, "sub", "-t", filter_, "-v", "-d", "-q", 1)
        one.line("Subscribed")
        return one

    def publish(self, topic, payload):
        self.machine.run(TOOL, "pub", "-t", topic, "-m", payload, "-q", "1")


class Pair:
    """`left` and `right`, with a cable; not started."""

    def __init__(self, folder, has_mdns=True):
        self.has_mdns = has_mdns
        self.hosts = []
        try:
            for name in ("left", "right"):
                self.hosts.append(Host(name, Path(folder) / name))
            self.left, self.right = self.hosts
            self.cable = namespaces.Cable(self.left.machine, self.right.machine)
        except BaseException:
            self.stop()
            raise
        self._number = 0

    def stop(self):
        for host in self.hosts:
            host.stop()

    def other(self, host):
        return self.hosts[1 - self.hosts.index(host)]

    def make_keys(self):
        """Starts and ends each: then it is known who they are."""
        for host in self.hosts:
            host.start([])
            self.must(host.end() == 0)

    def start_paired(self, more=""):
        self.make_keys()
        for host in self.hosts:
            if self.has_mdns:
                host.start_avahi()
            host.start([self.other(host).ski], more)

    def start_strangers(self):
        for host in self.hosts:
            if self.has_mdns:
                host.start_avahi()
            host.start([])

    def told(self):
        return "\n".join(f"--- {host.name} {host.sockets()}\n{host.text()}" for host in self.hosts)

    def within(self, condition, seconds=kit.DEADLINE, step=0.05):
        self.must(kit.settle(condition, seconds, step))

    def must(self, fact):
        if not fact:
            raise AssertionError(self.told())

    def is_one_link(self):
        """Exactly one, and the same, on both: of the product and of the kernel."""
        links = [host.links(self.other(host).ski) for host in self.hosts]
        if [len(one) for one in links] != [1, 1] or not all(one[0].get("session") for one in links):
            return False
        if {one[0]["direction"] for one in links} != {"accepted", "dialled"}:
            return False
        sockets = [host.sockets() for host in self.hosts]
        return (len(sockets[0]) == len(sockets[1]) == 1
                and sockets[0][0] == tuple(reversed(sockets[1][0])))

    def is_connected(self):
        return self.is_one_link() and all(
            host.peer(self.other(host).ski)["state"] == "connected" for host in self.hosts)

    def wait_connected(self, seconds=LATE):
        self.within(self.is_connected, seconds)

    def exchange(self):
        """One message each way comes once, and nothing with it."""
        for host in self.hosts:
            other = self.other(host)
            with host.client() as sender, other.client() as reader:
                topic = f"ship/{host.ski}/rx"
                reader.subscribe((topic, wire.options(1)))
                self._number += 1
                payload = b'{"datagram":{"number":%d}}' % self._number
                sender.publish(f"ship/{other.ski}/tx", payload, qos=1)
                try:
                    got = reader.take(lambda one: one.kind == wire.PUBLISH)
                except AssertionError as failure:
                    raise AssertionError(f"no {payload} at {topic}\n{self.told()}") from failure
                if (got.topic, got.payload) != (topic, payload):
                    raise AssertionError(f"{got} instead of {payload} at {topic}\n{self.told()}")


def together(*calls):
    """Each in a thread of its own, at the same moment; the first failure is raised, all are printed."""
    start, failures = threading.Barrier(len(calls)), []

    def run(call):
        start.wait()
        try:
            call()
        except Exception as failure:  # pylint: disable=broad-except  # raised below
            failures.append(failure)
            traceback.print_exc()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def state(reader, ski, wanted, deadline=kit.DEADLINE):
    """The next @p wanted that the state topic tells."""
    while True:
        told = json.loads(reader.line(f"ship/{ski}/state ", deadline).split(" ", 1)[1])
        if told["state"] == wanted:
            return told


class PairTest(unittest.TestCase):
    maxDiff = None
    has_mdns = True

    def pair(self):
        folder = tempfile.TemporaryDirectory(prefix="fairlead-ns-")
        self.addCleanup(folder.cleanup)
        one = Pair(folder.name, self.has_mdns)
        self.addCleanup(one.stop)
        return one


__all__ = ["LATE", "PORT", "RECORD", "Host", "Pair", "PairTest", "kit", "namespaces", "state", "together", "wire"]
