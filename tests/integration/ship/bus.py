# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""A message bus of one's own, and an Avahi daemon on it that does what it is told."""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path

FAKE = Path(__file__).resolve().parent / "fakeavahi.py"


def missing():
    """What is not installed; empty: all that is needed is there."""
    if not shutil.which("dbus-daemon"):
        return "dbus-daemon"
    try:
        import dbus  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
        from gi.repository import GLib  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
    except ImportError:
        return "python3-dbus and python3-gi"
    return ""


class Bus:
    """dbus-daemon in @p folder; `environment` makes it the system bus of a process."""

    def __init__(self, folder, *prefix):
        self.address = f"unix:path={folder}/bus"
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self.process = subprocess.Popen(
            [*prefix, "dbus-daemon", "--session", "--nofork", "--print-address",
             f"--address={self.address}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class FakeAvahi:
    def __init__(self, bus, deadline):
        self.deadline = deadline
        self.process = subprocess.Popen([sys.executable, str(FAKE), bus.address],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._events = queue.SimpleQueue()
        self._waiting = []
        threading.Thread(target=self._read, daemon=True).start()
        self.event("ready")

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def event(self, kind):
        """The next one of that kind; others are kept for later."""
        for index, one in enumerate(self._waiting):
            if one["event"] == kind:
                return self._waiting.pop(index)
        while True:
            try:
                one = self._events.get(timeout=self.deadline)
            except queue.Empty:
                raise AssertionError(f"no '{kind}' came; waiting: {self._waiting}") from None
            if one["event"] == kind:
                return one
            self._waiting.append(one)

    def tell(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        self.event("done")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def record(ski, ship_id="device-1", path="/ship/", **more):
    """What a device announces."""
    fields = {"txtvers": "1", "id": ship_id, "path": path, "ski": ski, "register": "false", **more}
    return [f"{key}={value}" for key, value in fields.items()]


def without_bus():
    """For a process that is to find no system bus."""
    return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={os.devnull}/none"}
