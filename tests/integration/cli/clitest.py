# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the command-line tool.

FAIRLEAD            path of the tool
FAIRLEADD           path of the daemon, started once per test file; or
MQTT_PORT           a broker that already runs, any make
"""

import itertools
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance" / "mqtt"))

from daemon import Broker  # noqa: E402 (the path comes first)

TOOL = os.environ.get("FAIRLEAD", "fairlead")
DEADLINE = 60
VERSIONS = ("mqttv311", "mqttv5")
_count = itertools.count()
_salt = f"{random.SystemRandom().getrandbits(32):08x}"
_empty = tempfile.TemporaryDirectory(prefix="fairlead-cli-")


def unique(prefix="t"):
    return f"{prefix}{_salt}{next(_count)}"


def environment(config=None):
    """Without the options files of whoever runs the tests."""
    return {**os.environ, "XDG_CONFIG_HOME": config or _empty.name, "TZ": "UTC"}


class Running:
    """A tool in the background; `lines` is what it has printed, without the trace of packets."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment())
        self.lines = []
        self._changed = threading.Condition()
        self._trace = []
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            line = line.decode("utf-8", "replace").rstrip("\n")
            with self._changed:
                own = line.startswith(("Client ", "Subscribed:"))
                (self._trace if own else self.lines).append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def until(self, condition, what):
        with self._changed:
            met = self._changed.wait_for(lambda: condition() or self._ended, DEADLINE)
        if not met or not condition():
            raise AssertionError(f"{what}; it printed {self._trace + self.lines}")

    def until_traced(self, text):
        self.until(lambda: any(text in line for line in self._trace), f"no trace of {text}")

    def wait(self):
        """The exit code, once it has ended by itself."""
        try:
            code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"did not end; it printed {self._trace + self.lines}") from None
        self._reader.join(DEADLINE)
        return code

    def errors(self):
        return self.process.stderr.read().decode("utf-8", "replace")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(DEADLINE)
        self.process.stdout.close()
        self.process.stderr.close()


class CliTest(unittest.TestCase):
    """Base of all tests of the tool; `port` is the broker's."""

    port = 1883
    maxDiff = 4000

    def setUp(self):
        self.topic = unique()

    def at(self):
        return ("-h", "127.0.0.1", "-p", str(self.port))

    def run_tool(self, tool, *arguments, stdin=b"", config=None):
        return subprocess.run([TOOL, tool, *self.at(), *arguments], input=stdin, capture_output=True,
                              timeout=DEADLINE, env=environment(config), check=False)

    def tool(self, tool, *arguments, stdin=b"", code=0):
        """Runs it to its end and returns what it printed."""
        done = self.run_tool(tool, *arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout

    def pub(self, *arguments, stdin=b""):
        self.tool("pub", *arguments, stdin=stdin)

    def sub(self, *arguments):
        """What `sub` prints until it ends."""
        return self.tool("sub", *arguments).decode()

    def background(self, tool, *arguments):
        one = Running(tool, *self.at(), *arguments)
        self.addCleanup(one.close)
        return one

    def subscriber(self, *arguments):
        """A `sub` in the background that is subscribed."""
        one = self.background("sub", "-d", *arguments)
        one.until_traced("Subscribed:")
        return one

    def assertFails(self, done, code, name):
        """It ended with this code and with an error of this name."""
        errors = done.stderr.decode()
        self.assertEqual(done.returncode, code, errors)
        self.assertIn(f"[{name}]", errors)


def main():
    """Runs the tests of the calling file against one broker."""
    broker = Broker()
    broker.start()
    problem = "not stopped"
    try:
        CliTest.port = broker.ports["mqtt"]
        good = unittest.main(exit=False).result.wasSuccessful()
        problem = broker.stop()
        if problem or not good:
            print(problem, broker.log(), file=sys.stderr)
        sys.exit(0 if good and not problem else 1)
    finally:
        if problem == "not stopped":
            broker.stop()
        broker.remove()
