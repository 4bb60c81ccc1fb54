# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon with its control socket and HTTP, and clients for both."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import kit  # noqa: E402
from client import Client  # noqa: E402  (of the conformance tests)

wire = kit.wire
DAEMON = os.environ["FAIRLEADD"]
TOOL = os.environ["FAIRLEAD"]
REACTORS = int(os.environ.get("FAIRLEAD_REACTORS", "1"))


class Daemon:
    """One run of fairleadd in a folder of its own."""

    def __init__(self, control='http = "127.0.0.1:0"\n', endpoints=("mqtt",), arguments=(),
                 environment=None, folder=None, store="", keys="", schemes=None, plugins=None):
        """@p endpoints: names, with a port behind a colon if it matters; @p keys: for each; @p
        schemes: of those that are not MQTT; @p plugins: a folder with more of them."""
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="fairlead-ctl-")
        self.folder = pathlib.Path(folder or self._own.name)
        self.socket = self.folder / "control.sock"
        self.ready_file = self.folder / "ready.json"
        self.log_file = self.folder / "log"
        lines = ["[host]", f'state_dir = "{self.folder}/state"', f"reactors = {REACTORS}",
                 *(["[store]", store] if store else []), "[control]", control]
        for name in endpoints:
            name, _, port = name.partition(":")
            scheme = (schemes or {}).get(name)
            url = f"{scheme}://{name}" if scheme else f"mqtt://127.0.0.1:{port or 0}"
            lines += ["[[endpoint]]", f'name = "{name}"', f'url = "{url}"', keys]
        config = self.folder / "fairlead.toml"
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if not arguments:
            arguments = ("--control", str(self.socket))
        if plugins:
            arguments = (*arguments, "--plugin-path", plugins)
        variables = {key: value for key, value in os.environ.items()
                     if key not in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR")}
        self.ready_file.unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [DAEMON, "--config", str(config), "--ready-file", str(self.ready_file),
                 *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**variables, **(environment or {})})

    def wait_ready(self):
        ready = kit.settle(lambda: self.ready_file.exists() or self.process.poll() is not None,
                           kit.DEADLINE)
        if not ready or self.process.poll() is not None:
            raise AssertionError(f"the daemon did not start\n{self.log()}")
        self.facts = json.loads(self.ready_file.read_text(encoding="utf-8"))
        self.ports = {one["name"]: urlsplit(one["url"]).port for one in self.facts["listeners"]}
        self.http = urlsplit(self.facts["control"]["http"]).port
        return self

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def stop(self):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(kit.DEADLINE)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def remove(self):
        if self.process.poll() is None:
            self.kill()
        if self._own:
            self._own.cleanup()


class Rpc:
    """A client of the control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(kit.DEADLINE)
        self.sock.connect(str(path))
        self._rest = b""
        self._id = 0

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        """The next object; None at the end."""
        while b"\n" not in self._rest:
            try:
                got = self.sock.recv(1 << 16)
            except ConnectionResetError:
                got = b""
            if not got:
                return None
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def ask(self, method, **params):
        """The whole answer."""
        self._id += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method,
                              "params": params}).encode() + b"\n")
        while True:
            answer = self.line()
            if answer is None or answer.get("id") == self._id:
                return answer

    def call(self, method, **params):
        answer = self.ask(method, **params)
        if "result" not in answer:
            raise AssertionError(f"{method}: {answer}")
        return answer["result"]

    def error(self, method, **params):
        answer = self.ask(method, **params)
        if "error" not in answer:
            raise AssertionError(f"{method}: {answer}")
        return answer["error"]

    def close(self):
        self.sock.close()


class ControlTest(unittest.TestCase):
    maxDiff = 4000

    def daemon(self, **arguments):
        one = Daemon(**arguments)
        self.addCleanup(one.remove)
        return one

    def running(self, **arguments):
        return self.daemon(**arguments).wait_ready()

    def rpc(self, daemon):
        one = Rpc(daemon.socket)
        self.addCleanup(one.close)
        return one

    def client(self, daemon, client_id=None, **arguments):
        one = Client(daemon.ports["mqtt"], wire.V5)
        self.addCleanup(one.drop)
        self.assertEqual(one.connect(client_id or kit.unique(), **arguments).reason, 0)
        return one

    def get(self, daemon, path, method="GET", headers=None):
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", daemon.http, timeout=kit.DEADLINE)
        self.addCleanup(connection.close)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    def tool(self, *arguments, environment=None):
        variables = {key: value for key, value in os.environ.items()
                     if key not in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR")}
        return subprocess.run([TOOL, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=kit.DEADLINE, check=False,
                              env={**variables, **(environment or {})})
