# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""The servers a benchmark runs against, each started fresh on a free loopback port."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

START_SECONDS = 20
STOP_SECONDS = 10
LOG_TAIL = 4000


class BenchFailure(Exception):
    """No result is possible; the code is stable and meant for scripts."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """One server process and its folder; use it in a with statement."""

    name = ""

    def __init__(self):
        self.port = 0
        self.pid = 0
        self._process = None
        self._folder = None
        self._log = None

    @property
    def folder(self) -> Path:
        return Path(self._folder.name)

    def command(self, folder: Path) -> list:
        raise NotImplementedError

    def poll_port(self, folder: Path) -> int:
        """The port once the server accepts connections on it, 0 before."""
        raise NotImplementedError

    def environment(self) -> dict:
        return {key: value for key, value in os.environ.items() if not key.startswith("FAIRLEAD__")}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="fairlead-bench-")
        try:
            self._log = open(self.folder / "server.log", "w+", encoding="utf-8", errors="replace")
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _start(self):
        folder = self.folder
        self._process = subprocess.Popen(
            self.command(folder), stdin=subprocess.PIPE, stdout=self._log, stderr=self._log,
            cwd=folder, env=self.environment())
        self.pid = self._process.pid
        self._wait_until_ready(folder)

    def restart(self) -> float:
        """Ends the server in order and starts it on what it stored; seconds until it listened."""
        self._end()
        begin = time.monotonic()
        self._start()
        return time.monotonic() - begin

    def _wait_until_ready(self, folder: Path):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchFailure(
                    "server-start",
                    f"{self.name} ended with code {self._process.returncode}\n{self.log_tail()}")
            self.port = self.poll_port(folder)
            if self.port:
                return
            time.sleep(0.02)
        raise BenchFailure(
            "server-start",
            f"{self.name} did not listen within {START_SECONDS} s\n{self.log_tail()}")

    def log_tail(self) -> str:
        self._log.flush()
        self._log.seek(0)
        return self._log.read()[-LOG_TAIL:]

    def _end(self):
        if not self._process:
            return
        self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _stop(self):
        self._end()
        if self._log:
            self._log.close()
        self._folder.cleanup()


class Fairleadd(Broker):
    """With a level of durability it also serves its metrics. @p more: of its configuration."""

    def __init__(self, bin_dir: Path, reactors: int, name: str, durability: str = "",
                 more: str = ""):
        super().__init__()
        self.name = name
        self._durability = durability
        self._more = more
        self._program = bin_dir / "fairleadd"
        self._reactors = reactors

    def command(self, folder: Path) -> list:
        config = folder / "fairlead.toml"
        state = folder / "state"
        state.mkdir(exist_ok=True)
        (folder / "ready.json").unlink(missing_ok=True)
        durable = self._durability
        config.write_text(
            "[host]\n"
            f"state_dir = {json.dumps(str(state))}\n"
            f"reactors = {self._reactors}\n"
            "\n"
            "[[endpoint]]\n"
            'name = "mqtt"\n'
            'url = "mqtt://127.0.0.1:0"\n'
            "allow_anonymous = true\n"
            + (f'durability = "{durable}"\n[control]\nhttp = "127.0.0.1:0"\n' if durable else "")
            + self._more,
            encoding="utf-8")
        return [str(self._program), "--config", str(config),
                "--ready-file", str(folder / "ready.json")]

    def poll_port(self, folder: Path) -> int:
        try:
            ready = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0
        for listener in ready["listeners"]:
            if listener["name"] == "mqtt":
                return urlsplit(listener["url"]).port
        raise BenchFailure("server-start", f"{self.name}'s ready file names no mqtt listener")

    def counter(self, name: str) -> int:
        """One of the server's metrics that has no labels."""
        ready = json.loads((self.folder / "ready.json").read_text(encoding="utf-8"))
        with urlopen(ready["control"]["http"] + "/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"fairlead_{name} "):
                    return int(float(line.split()[1]))
        raise BenchFailure("metric-missing", f"{self.name} has no metric {name}")


class Mosquitto(Broker):
    """Settings: no persistence and no logging, as the other side has none; nodelay, as latency is
    measured; no bound on what is queued or in flight (by default 1000 and 20 messages per client),
    so that nothing the load waits for is dropped or held back."""

    name = "mosquitto"

    def __init__(self, program: str):
        super().__init__()
        self._program = program
        self._wanted_port = free_port()

    def command(self, folder: Path) -> list:
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self._wanted_port} 127.0.0.1\n"
            "allow_anonymous true\n"
            "persistence false\n"
            "set_tcp_nodelay true\n"
            "max_inflight_messages 0\n"
            "max_queued_messages 0\n"
            "connection_messages false\n"
            "log_dest stderr\n"
            "log_type error\n", encoding="utf-8")
        return [self._program, "-c", str(config)]

    def poll_port(self, folder: Path) -> int:
        try:
            socket.create_connection(("127.0.0.1", self._wanted_port), 1).close()
        except ConnectionRefusedError:
            return 0
        return self._wanted_port


class NullBroker(Broker):
    """The generator's own least possible broker: the floor under everybody's figures."""

    name = "floor"

    def __init__(self, bench: Path, arguments: tuple = ()):
        super().__init__()
        self._bench = bench
        self._arguments = arguments

    def command(self, folder: Path) -> list:
        return [str(self._bench), "null-broker", *self._arguments]

    def poll_port(self, folder: Path) -> int:
        text = self.log_tail()
        return json.loads(text)["port"] if text.endswith("}\n") else 0


def find_mosquitto() -> str:
    # Debian installs it where a user's PATH does not look.
    program = (shutil.which("mosquitto")
               or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin"))
    if not program:
        raise BenchFailure("mosquitto-missing", "mosquitto is not installed: apt install mosquitto")
    return program
