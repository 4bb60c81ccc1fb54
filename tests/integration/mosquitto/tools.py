# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""mosquitto_sub, mosquitto_pub and mosquitto_rr as objects."""

import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import kit  # noqa: E402

MARK = "message "


class Pairs(dict):
    """An object with its members in order, also those that share a name."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.pairs = pairs


def available():
    return all(shutil.which(name) for name in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"))


class Subscriber(kit.Lines):
    """mosquitto_sub. Once made, all its subscriptions are acknowledged."""

    def __init__(self, port, *filters, version="5", qos=2, more=(), client_id=None, wait=True,
                 form="%j"):
        arguments = ["-p", port, "-V", version, "-q", qos, "-d", "-F", MARK + form]
        for one in filters:
            arguments += ["-t", one]
        if client_id:
            arguments += ["-i", client_id]
        super().__init__("mosquitto_sub", *arguments, *more)
        if wait:
            self.granted = [int(q) for q in self.line("Subscribed").split(": ")[2].split(", ")]

    def message(self):
        return json.loads(self.text(), object_pairs_hook=Pairs)

    def text(self):
        return self.line(MARK).removeprefix(MARK)

    def until(self, payload):
        """The messages before the one with this payload."""
        got = []
        while (one := self.message())["payload"] != payload:
            got.append(one)
        return got

    def payloads(self, count):
        return [self.message()["payload"] for _ in range(count)]

    def leave(self):
        """DISCONNECT, as for Ctrl-C."""
        self.process.terminate()
        self.rest()
        return self.end()


class Case(kit.Test):
    """A test with mosquitto's tools; what it started ends with it."""

    @property
    def port(self):
        return self.broker.ports["mqtt"]

    def sub(self, *filters, port=None, **more):
        one = Subscriber(port or self.port, *filters, **more)
        self.addCleanup(one.process.stdout.close)
        self.addCleanup(one.kill)
        return one

    def pub(self, topic, payload="", *more, version="5", qos=1, port=None, code=0, stdin=None):
        """Publishes one message and waits until it has been acknowledged."""
        command = ["mosquitto_pub", "-p", port or self.port, "-V", version, "-q", qos, "-t", topic,
                   *more]
        if stdin is None:
            command += ["-m", payload] if payload else ["-n"]
        done = kit.subprocess.run([str(part) for part in command], input=stdin,
                                  capture_output=True, timeout=kit.DEADLINE, check=False)
        self.assertEqual(done.returncode, code, done.stderr or done.stdout)
        return (done.stdout + done.stderr).decode()

    def rr(self, topic, payload, response, *more, version="5"):
        command = ["mosquitto_rr", "-p", self.port, "-V", version, "-q", 1, "-t", topic,
                   "-m", payload, "-e", response, "-W", int(kit.DEADLINE), *more]
        one = kit.Lines(*command)
        self.addCleanup(one.process.stdout.close)
        self.addCleanup(one.kill)
        return one
