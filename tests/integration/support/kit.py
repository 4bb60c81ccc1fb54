# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with other people's clients share: the daemon, the parallel test runner of the
conformance tests, and child processes whose output is awaited line by line."""

import contextlib
import importlib.util
import os
import pathlib
import queue
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance" / "mqtt"))

# The runner's bound for anything that must happen suits bare sockets; here processes start.
os.environ.setdefault("FAIRLEAD_WIRE_DEADLINE", "30")
os.environ.setdefault("FAIRLEAD_WIRE_THREADS", "8")

from daemon import Broker, BrokerError  # noqa: E402
from harness import DEADLINE, Test, main, settle, unique, wire  # noqa: E402

SKIPPED = 77
MIB = 1 << 20


def need(available, what):
    """Ends the program as skipped where the client is missing, as failed where it must be there."""
    if available:
        return
    print(f"{what} is not installed", flush=True)
    sys.exit(1 if os.environ.get("CI", "false") not in ("", "false") else SKIPPED)


def has_module(name):
    return importlib.util.find_spec(name) is not None


def pattern(size, seed=0):
    """Bytes of which every range differs: lost, doubled or swapped parts show."""
    block = b"".join(((seed + i) % 65521 * 40503 & 0xFFFFFFFF).to_bytes(4, "big")
                     for i in range(4096))
    return b"".join(i.to_bytes(4, "big") + block[4:] for i in range(size // len(block) + 1))[:size]


class Lines:
    """A child process. `line` waits for one line of its output, `end` for its exit code."""

    def __init__(self, *command, stdin=None):
        self.command = [str(part) for part in command]
        self.seen = []
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", "-eL", *self.command], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=stdin or subprocess.DEVNULL)
        self._queue = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._queue.put(line.decode("utf-8", "surrogateescape").rstrip("\n"))
        self._queue.put(None)

    def _fail(self, what):
        raise AssertionError(f"{what}: {' '.join(self.command)}\n" + "\n".join(self.seen))

    def next(self, wanted="any line", deadline=DEADLINE):
        try:
            line = self._queue.get(timeout=deadline)
        except queue.Empty:
            self._fail(f"no {wanted} within {deadline} s")
        if line is not None:
            self.seen.append(line)
        return line

    def line(self, start, deadline=DEADLINE):
        """The next line that starts with `start`; those before it are passed over."""
        while True:
            line = self.next(f"line '{start}'", deadline)
            if line is None:
                self._fail(f"ended with {self.end()} before a line '{start}'")
            if line.startswith(start):
                return line

    def rest(self):
        """All lines up to the end of the output."""
        lines = []
        while (line := self.next("end")) is not None:
            lines.append(line)
        return lines

    def end(self):
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            return self._fail(f"did not end within {DEADLINE} s")

    def kill(self):
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()


class Inbox:
    """What a client's own thread received; the test's thread takes it out in order."""

    def __init__(self):
        self._queue = queue.SimpleQueue()

    put = property(lambda self: self._queue.put)

    def take(self, what="message"):
        try:
            return self._queue.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError(f"no {what} within {DEADLINE} s") from None

    def empty(self):
        return self._queue.empty()


__all__ = ["Broker", "BrokerError", "DEADLINE", "Inbox", "Lines", "MIB", "SKIPPED", "Test",
           "has_module", "main", "need", "pattern", "settle", "subprocess",
           "unique", "wire"]
