# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two machines on one cable, as network namespaces of this process. What they are made of ends with it."""

import contextlib
import ctypes
import itertools
import os
import shutil
import subprocess
import sys

INSIDE = "FAIRLEAD_IN_NAMESPACE"
CLONE_NEWNET = 0x40000000


def enter():
    """Runs this program again where it may make namespaces; says why if it cannot, and ends."""
    if os.environ.get(INSIDE):
        return
    for program in ("unshare", "nsenter", "ip", "ss", "tc"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            skip(f"{program} is not installed")
    command = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc",
               "--kill-child"]
    if os.geteuid() == 0:
        command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    probe = subprocess.run([*command, "ip", "link", "add", "a0", "type", "veth", "peer", "name",
                            "b0"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        skip("network namespaces are not permitted: " + probe.stderr.strip())
    os.environ[INSIDE] = "1"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(77)


def run(*command):
    subprocess.run(command, check=True)


def _enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, "setns: " + os.strerror(error))


class Machine:
    """A namespace with its own /run. `prefix` runs a command there."""

    def __init__(self):
        self.address = None
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
             "mount -t tmpfs tmpfs /run && ip link set lo up && echo up && exec sleep 3600"],
            stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"up\n":
            raise AssertionError("no namespace")
        self.prefix = ("nsenter", "--target", str(self.holder.pid), "--net", "--mount")

    def run(self, *command):
        run(*self.prefix, *command)

    def output(self, *command):
        return subprocess.run([*self.prefix, *command], check=True, capture_output=True,
                              text=True).stdout

    def move(self, address):
        """To another address; whatever used the one of before is told nothing."""
        if self.address:
            self.run("ip", "address", "delete", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        self.address = address

    def set(self, name, value):
        """Of the kernel, for this machine's network."""
        self.run("sh", "-c", f"echo {value} > /proc/sys/{name}")

    def counter(self, protocol, name):
        """Of the kernel, for this machine's network."""
        names, values = (line.split()[1:] for line in self.output("cat", "/proc/net/snmp").splitlines()
                         if line.startswith(protocol + ":"))
        return int(values[names.index(name)])

    @contextlib.contextmanager
    def inside(self):
        """Sockets that this thread makes meanwhile belong to the machine."""
        with open("/proc/thread-self/ns/net", "rb") as home, \
                open(f"/proc/{self.holder.pid}/ns/net", "rb") as there:
            _enter(there)
            try:
                yield
            finally:
                _enter(home)

    def stop(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class Cable:
    """Between two machines, through a switch: 10.9.0.1 and 10.9.0.2, and link-local IPv6."""

    _numbers = itertools.count()

    def __init__(self, one, other):
        number = next(self._numbers)
        self.ports = {}
        switch = f"switch{number}"
        probe = subprocess.run(["ip", "link", "add", switch, "type", "bridge", "mcast_snooping", "0"],
                               capture_output=True, text=True, check=False)
        if probe.returncode != 0:
            skip("there are no bridges here: " + probe.stderr.strip())
        run("ip", "link", "set", switch, "up")
        for index, machine in enumerate((one, other)):
            port = self.ports[machine] = f"port{number}.{index}"
            machine.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns",
                        str(os.getpid()))
            run("ip", "link", "set", port, "master", switch, "up")
            machine.move(f"10.9.0.{index + 1}")
            machine.run("ip", "link", "set", "eth0", "multicast", "on", "up")

    def cut(self, *machines):
        """What these send is lost on the way, without a word to anybody: behind the switch there is a
        queue with no room. All links stay up."""
        for machine, port in self.ports.items():
            if any(one is not machine for one in machines or self.ports):
                run("tc", "qdisc", "replace", "dev", port, "root", "pfifo", "limit", "0")

    def mend(self):
        for port in self.ports.values():
            shown = subprocess.run(["tc", "qdisc", "show", "dev", port], check=True, capture_output=True,
                                   text=True).stdout
            if "pfifo" in shown:
                run("tc", "qdisc", "delete", "dev", port, "root")
