# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that the host launches, and speaks with over their standard input and output."""

import json
import os
import signal
import socket
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "control"))

from controltest import ControlTest, kit  # noqa: E402

HEALTHY = HERE.parents[2] / "fixtures" / "services" / "healthy.py"
SHELL = ["/bin/sh", "-c"]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def group(leader):
    """Who of the process group still runs; what is only to be reaped does not."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, of = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it ended meanwhile
        if int(of) == leader and state != "Z":
            members.append(stat.parent.name)
    return members


class Launched(ControlTest):
    def host(self, command, **keys):
        values = {"name": "tool", "role": "dial", "url": "stdio:", "command": command, **keys}
        return self.running(keys='[[endpoint]]\n' + "".join(
            f"{key} = {json.dumps(value)}\n" for key, value in values.items()))

    def link(self, control):
        """The address of the program's connection, "pid:<number>"; None without one."""
        links = [one for one in control.call("links")["links"] if one["endpoint"] == "tool"]
        return links[0]["peerAddress"] if links else None

    def pid(self, control):
        found = []
        self.assertTrue(kit.settle(lambda: found.append(self.link(control)) or found[-1],
                                   kit.DEADLINE))
        return int(found[-1].removeprefix("pid:"))

    def endpoint(self, control):
        return next(one for one in control.call("endpoints")["endpoints"] if one["name"] == "tool")

    def service(self, control):
        return next((one for one in control.call("services")["services"]
                     if one["id"] == "service/worker"), {"status": "none", "generation": 0})

    def await_running(self, control, after=0):
        def is_back():
            one = self.service(control)
            return one["status"] == "running" and one["generation"] > after
        self.assertTrue(kit.settle(is_back, kit.DEADLINE), self.service(control))
        return self.service(control)

    def test_one_that_dies_is_launched_again_and_then_left_alone_for_a_while(self):
        """SV-15: a quick retry after the first crash, unavailable after the second."""
        daemon = self.host([sys.executable, "-B", str(HEALTHY), "--stdio", "--identity", "worker"],
                           mode="service")
        control = self.rpc(daemon)
        first = self.await_running(control)
        pid = self.pid(control)
        os.kill(pid, signal.SIGKILL)
        second = self.await_running(control, first["generation"])
        self.assertFalse(is_running(pid))
        self.assertEqual(second["id"], first["id"])
        os.kill(self.pid(control), signal.SIGKILL)
        self.assertTrue(kit.settle(lambda: self.service(control)["status"] == "unavailable",
                                   kit.DEADLINE), self.service(control))
        self.assertTrue(kit.settle(lambda: self.endpoint(control)["state"] == "reconnecting",
                                   kit.DEADLINE), self.endpoint(control))
        self.assertIn("signal 9", json.dumps(self.endpoint(control)))
        # On demand it is launched at once.
        control.call("restart", name="tool")
        self.await_running(control, second["generation"])

    def test_none_is_left_when_the_host_ends(self):
        """SH-01: those that ignore the end of their input and SIGTERM too."""
        for script in ("echo up; exec cat", "trap '' TERM; echo up; sleep 300 & sleep 300"):
            with self.subTest(script):
                daemon = self.host([*SHELL, script])
                pid = self.pid(self.rpc(daemon))
                self.assertTrue(is_running(pid))
                self.assertEqual(daemon.stop(), 0)
                self.assertFalse(is_running(pid))
                self.assertTrue(kit.settle(lambda: not group(pid), kit.DEADLINE), group(pid))

    def test_its_lines_are_messages_and_messages_its_lines(self):
        daemon = self.host([*SHELL, "echo started; exec cat"], rx_retain=True)
        reader = kit.Lines(os.environ["FAIRLEAD"], "sub", "-p", daemon.ports["mqtt"], "-v",
                           "-t", "tcp/tool/tool/rx")
        self.addCleanup(reader.process.stdout.close)
        self.addCleanup(reader.kill)
        self.assertEqual(reader.line("tcp/"), "tcp/tool/tool/rx started")
        self.tool("pub", "-p", str(daemon.ports["mqtt"]), "-t", "tcp/tool/tool/tx", "-m", "echo me")
        self.assertEqual(reader.line("tcp/"), "tcp/tool/tool/rx echo me")

    def free_port(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return probe.getsockname()[1]

    def test_one_that_listens_is_dialled(self):
        """SV-15: a service over TCP, launched again after a crash, and ended with the host."""
        port = self.free_port()
        daemon = self.host([sys.executable, "-B", str(HEALTHY), "--listen", "--identity", "worker",
                            "--service-version", "2.0.0"],
                           url=f"tcp://127.0.0.1:{port}", mode="service",
                           service_min_version="2.0.0")
        control = self.rpc(daemon)
        first = self.await_running(control)
        self.assertEqual(self.link(control), f"127.0.0.1:{port}")
        program = self.children(daemon)
        self.assertEqual(len(program), 1)
        os.kill(program[0], signal.SIGKILL)
        self.await_running(control, first["generation"])
        again = self.children(daemon)
        self.assertNotEqual(again, program)
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(kit.settle(lambda: not group(again[0]), kit.DEADLINE), group(again[0]))

    def test_one_that_does_not_listen_is_told(self):
        """SV-15: it ends before it could be reached, or never can be."""
        port = self.free_port()
        daemon = self.host([*SHELL, "exit 3"], url=f"tcp://127.0.0.1:{port}")
        control = self.rpc(daemon)
        self.assertTrue(kit.settle(lambda: "status 3" in json.dumps(self.endpoint(control)),
                                   kit.DEADLINE), self.endpoint(control))
        self.assertEqual(self.endpoint(control)["state"], "reconnecting")
        daemon.stop()
        daemon = self.host([*SHELL, "sleep 300"], url=f"tcp://127.0.0.1:{port}", dial_timeout=0.5)
        control = self.rpc(daemon)
        self.assertTrue(kit.settle(lambda: self.endpoint(control)["state"] == "reconnecting",
                                   kit.DEADLINE), self.endpoint(control))
        daemon.stop()

    def test_a_stranger_in_its_place_is_left(self):
        """The program ended, for somebody else listens there; the host does not stay with him."""
        stranger = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(stranger.close)
        port = stranger.getsockname()[1]
        daemon = self.host([*SHELL, "sleep 0.2; exit 3"], url=f"tcp://127.0.0.1:{port}")
        stranger.settimeout(kit.DEADLINE)
        taken, _ = stranger.accept()
        self.addCleanup(taken.close)
        taken.settimeout(kit.DEADLINE)
        self.assertEqual(taken.recv(1), b"")
        control = self.rpc(daemon)
        self.assertIn("status 3", json.dumps(self.endpoint(control)))

    def children(self, daemon):
        """The programs that the daemon launched and that run."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue  # it ended meanwhile
            if int(parent) == daemon.process.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def test_one_that_is_missing_is_named_and_tried_again(self):
        daemon = self.host(["/does/not/exist"])
        one = self.endpoint(self.rpc(daemon))
        self.assertEqual(one["state"], "reconnecting", one)
        self.assertIn("/does/not/exist", json.dumps(one))


if __name__ == "__main__":
    unittest.main()
