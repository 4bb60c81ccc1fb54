# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of EEBUS devices share: a real daemon, scripted peers, the command-line tool."""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import papers  # noqa: E402
from controltest import TOOL, ControlTest, kit  # noqa: E402
from peer import Peer, listening  # noqa: E402

kit.need(papers.available(), "openssl")

IDENTITY = re.compile(r"ship-identity.*?ski=([0-9a-f]{40}) id=(\S+) qr=(SHIP;\S+)")


def endpoint(name="ship", url="ship://127.0.0.1:0", **keys):
    """One [[endpoint]] as TOML."""
    lines = ["[[endpoint]]", f'name = "{name}"', f'url = "{url}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


class ShipTest(ControlTest):
    def host(self, *endpoints, **more):
        return self.running(keys="\n" + "".join(endpoints), **more)

    def identity(self, **arguments):
        return papers.Identity(**arguments)

    def dial(self, daemon, identity, name="ship", **arguments):
        one = Peer.dial(daemon.ports[name], identity, kit.DEADLINE, **arguments)
        self.addCleanup(one.close)
        return one

    def accept(self, listener, identity, daemon):
        one = Peer.accept(listener, identity, daemon.folder / "state/identity/ship.pem",
                          kit.DEADLINE)
        self.addCleanup(one.close)
        return one

    def listening(self):
        sock, port = listening()
        self.addCleanup(sock.close)
        return sock, port

    def reader(self, daemon, filter_="ship/#"):
        """`fairlead sub -v`, subscribed."""
        one = kit.Lines(TOOL, "sub", "-p", daemon.ports["mqtt"], "-t", filter_, "-v", "-d", "-q", 1)
        self.addCleanup(one.kill)
        one.line("Subscribed")
        return one

    def publish(self, daemon, topic, payload, *more):
        done = self.tool("pub", "-p", daemon.ports["mqtt"], "-t", topic, "-m", payload, "-q", 1,
                         *more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def next(self, reader, topic):
        line = reader.line(topic + " ")
        return line[len(topic) + 1:]

    def state(self, reader, ski, wanted):
        """The state topic's next @p wanted."""
        while True:
            state = json.loads(self.next(reader, f"ship/{ski}/state"))
            if state["state"] == wanted:
                return state

    def identity_of(self, daemon):
        """SKI, SHIP ID and QR text of a host."""
        return IDENTITY.findall(daemon.log())[-1]

    def endpoint(self, rpc, name):
        return next(one for one in rpc.call("endpoints")["endpoints"] if one["name"] == name)

    def logged(self, daemon, text):
        self.assertTrue(kit.settle(lambda: text in daemon.log(), kit.DEADLINE),
                        f"'{text}' is not in the log\n{daemon.log()}")
