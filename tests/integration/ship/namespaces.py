# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two machines on one cable, as network namespaces of this process. What they are made of ends with it."""

import os
import shutil
import subprocess
import sys

INSIDE = "FAIRLEAD_IN_NAMESPACE"


def enter():
    """Runs this program again where it may make namespaces; says why if it cannot, and ends."""
    if os.environ.get(INSIDE):
        return
    for program in ("unshare", "nsenter", "ip"):
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


class Machine:
    """A namespace with its own /run. `prefix` runs a command there."""

    def __init__(self):
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
             "mount -t tmpfs tmpfs /run && ip link set lo up && echo up && exec sleep 3600"],
            stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"up\n":
            raise AssertionError("no namespace")
        self.prefix = ("nsenter", "--target", str(self.holder.pid), "--net", "--mount")

    def run(self, *command):
        run(*self.prefix, *command)

    def stop(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class Cable:
    """Between two machines: 10.9.0.1 and 10.9.0.2, and link-local IPv6."""

    def __init__(self, one, other):
        run("ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1")
        for number, machine in enumerate((one, other)):
            run("ip", "link", "set", f"cable{number}", "netns", str(machine.holder.pid))
            machine.run("ip", "link", "set", f"cable{number}", "name", "eth0")
            machine.run("ip", "address", "add", f"10.9.0.{number + 1}/24", "dev", "eth0")
            machine.run("ip", "link", "set", "eth0", "multicast", "on", "up")

