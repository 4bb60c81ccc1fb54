# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the broker under test.

FAIRLEADD           path of the daemon; it is started once per test process with a configuration of
                    its own, a state folder of its own and port 0 everywhere
FAIRLEAD_REACTORS   the number of reactors it gets (default 1)
MQTT_PORT           a broker that already runs: used instead, only its default listener is there,
                    and what goes beyond the standard's MUST is not asked of it

Listener keys that tests rely on, with their defaults:
  allow_mqtt31 = false                    MQTT 3.1 ("MQIsdp", level 3)
  receive_maximum = 1024                  QoS 1 and 2 messages in flight from a client to us
  receive_maximum_enforcement = "strict"  or "warn": only log a client that exceeds it
  max_packet_size = 16777216              announced, larger packets close the connection
  topic_alias_max = 64                    aliases a client may use towards us
  topic_alias_max_outgoing = 64           aliases we use towards clients that allow any
  max_keep_alive = 0                      0: any; otherwise larger values and 0 are overridden
  max_qos = 2, retain_available = true, wildcard_available = true, shared_available = true
  handshake_timeout = 10                  seconds until CONNECT must be complete
Limits of the host, for all listeners:
  max_session_expiry = 2592000            longer requests are cut and the client is told
  queue_messages = 10000, queue_bytes = 67108864   what may wait for one session
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

FOREIGN = os.environ.get("MQTT_PORT")
START_TIMEOUT = 30
STOP_TIMEOUT = 30


class BrokerError(Exception):
    pass


def _toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)


class Broker:
    """A running broker with one listener per entry of `listeners` (name -> extra keys)."""

    def __init__(self, listeners=None, limits=None):
        self.listeners = {"mqtt": {}, **(listeners or {})}
        self.limits = limits or {}
        self.ports = {}
        self.process = None
        self.folder = None

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def start(self):
        if FOREIGN:
            self.ports = {"mqtt": int(FOREIGN)}
            return
        program = os.environ.get("FAIRLEADD")
        if not program:
            raise BrokerError("set FAIRLEADD to the daemon, or MQTT_PORT to a running broker")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-wire-"))
        config, ready = self.folder / "fairlead.toml", self.folder / "ready.json"
        config.write_text(self._config(), encoding="utf-8")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, "--config", str(config), "--ready-file", str(ready)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + START_TIMEOUT
        while True:
            found = self._read_ready(ready)
            if found is not None:
                self.ports = found
                return
            if self.process.poll() is not None:
                raise BrokerError(f"the daemon ended with {self.process.returncode} while "
                                  f"starting\n{self.log()}")
            if time.monotonic() > until:
                self.kill()
                raise BrokerError(f"no ready file after {START_TIMEOUT} s\n{self.log()}")
            time.sleep(0.01)

    def _config(self):
        lines = ["[host]", f"state_dir = {_toml(str(self.folder / 'state'))}",
                 f"reactors = {int(os.environ.get('FAIRLEAD_REACTORS', '1'))}"]
        lines += ["", "[limits]"] + [f"{key} = {_toml(value)}" for key, value in self.limits.items()]
        for name, keys in self.listeners.items():
            entry = {"name": name, "url": "mqtt://127.0.0.1:0", "allow_anonymous": True, **keys}
            lines += ["", "[[endpoint]]"]
            lines += [f"{key} = {_toml(value)}" for key, value in entry.items()]
        return "\n".join(lines) + "\n"

    def _read_ready(self, path):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        ports = {one["name"]: urlsplit(one["url"]).port for one in content["listeners"]}
        return ports if set(self.listeners) <= set(ports) else None

    def log(self):
        if self.folder is None:
            return ""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends the daemon in order. Problems as text, empty if there are none."""
        if self.process is None:
            return ""
        problem = ""
        if self.process.poll() is not None:
            problem = f"the daemon had already ended with {self.process.returncode}"
        else:
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(STOP_TIMEOUT)
                if code != 0:
                    problem = f"the daemon ended with {code} after SIGTERM"
            except subprocess.TimeoutExpired:
                self.kill()
                problem = f"the daemon did not end within {STOP_TIMEOUT} s after SIGTERM"
        return problem

    def remove(self):
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def resident(self):
        """Resident memory of the daemon in bytes, None for a foreign broker."""
        if self.process is None:
            return None
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BrokerError("no VmRSS")
