# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon whose configuration changes while it runs, and what it says about itself then."""

import contextlib
import json
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))

from controltest import ControlTest, kit  # noqa: E402
from client import Client, Closed  # noqa: E402  (of the conformance tests)

wire = kit.wire


def endpoint(name, url="mqtt://127.0.0.1:0", **keys):
    """One [[endpoint]] as TOML."""
    lines = ["[[endpoint]]", f'name = "{name}"', f'url = "{url}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


class HostedTest(ControlTest):
    def config(self, daemon):
        return daemon.folder / "fairlead.toml"

    def edit(self, daemon, *changes, more=""):
        """Replaces texts in the configuration and appends to it."""
        text = self.config(daemon).read_text(encoding="utf-8")
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.config(daemon).write_text(text + more, encoding="utf-8")

    def reload(self, daemon):
        """By the tool; what changed."""
        done = self.tool("reload", "--control", daemon.socket, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def hang_up(self, daemon, event):
        """By SIGHUP; the log's line on how it went."""
        before = daemon.log().count(f" {event} ")
        daemon.process.send_signal(signal.SIGHUP)
        self.wait(lambda: daemon.log().count(f" {event} ") > before, daemon, f"no {event}")
        return [line for line in daemon.log().splitlines() if f" {event} " in line][-1]

    def wait(self, condition, daemon, what):
        self.assertTrue(kit.settle(condition, kit.DEADLINE), f"{what}\n{daemon.log()}")

    def endpoints(self, rpc):
        return {one["name"]: one for one in rpc.call("endpoints")["endpoints"]}

    def port(self, rpc, name):
        return urlsplit(self.endpoints(rpc)[name]["url"]).port

    def guest(self, port, version=wire.V5, **arguments):
        """A connected client."""
        one = Client(port, version)
        self.addCleanup(one.drop)
        self.assertEqual(one.connect(kit.unique(), **arguments).reason, 0)
        return one

    def end_of(self, one):
        """The reason of the DISCONNECT that a client gets, None without one; fails on a reset."""
        reason = None
        with contextlib.suppress(Closed):
            while True:
                packet = one.next()
                self.assertIsNone(reason, f"{packet} after DISCONNECT")
                if packet.kind == wire.DISCONNECT:
                    reason = packet.reason
        one.sock.settimeout(kit.DEADLINE)
        self.assertEqual(one.sock.recv(1), b"")
        one.drop()
        return reason

    def is_refused(self, port):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) != 0
