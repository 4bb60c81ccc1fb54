# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""How the commands of the tool end when a part of the host, or of those they are for, does not do it
(BC-01, BC-03, OB-04)."""

import contextlib
import ctypes
import json
import os
import pathlib
import unittest

from controltest import REACTORS, ControlTest, kit

OK, USAGE, REFUSED, NOT_READY, PARTIAL, NOBODY, TIMEOUT = 0, 1, 4, 5, 6, 8, 27
BYSTANDER = os.environ["FAIRLEAD_BYSTANDER"]

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000


def threads(pid, name):
    """The threads of a process that are called so."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text(encoding="utf-8").strip() == name:
            yield int(task.name)


@contextlib.contextmanager
def held(pid, name):
    """Keeps one thread of a child process from running, the others untouched."""
    [thread] = threads(pid, name)
    if LIBC.ptrace(PTRACE_SEIZE, thread, None, None) != 0:
        raise unittest.SkipTest(f"no tracing here: {os.strerror(ctypes.get_errno())}")
    try:
        if LIBC.ptrace(PTRACE_INTERRUPT, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
        os.waitpid(thread, WALL)
        yield
    finally:
        LIBC.ptrace(PTRACE_DETACH, thread, None, None)


class ExitCodes(ControlTest):
    def ask(self, daemon, *arguments, code=OK):
        done = self.tool(arguments[0], "--control", daemon.socket, *arguments[1:])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def partly(self):
        """A host with an endpoint that takes part in operations and one that does not."""
        daemon = self.running(plugins=BYSTANDER,
                              endpoints=("mqtt", "aside"), schemes={"aside": "bystander"})
        states = {one["name"]: one["state"]
                  for one in self.rpc(daemon).call("endpoints")["endpoints"]}
        self.assertEqual(states, {"mqtt": "running", "aside": "running"})
        return daemon

    def test_quiesce_and_release_handles_that_some_did_not_do(self):
        daemon = self.partly()
        for arguments in (("quiesce",), ("release-handles", "/var/lib/some")):
            done = self.ask(daemon, *arguments, code=PARTIAL)
            self.assertIn("[partial]", done.stderr)
            self.assertIn("aside", done.stdout)
            self.assertIn("not-supported", done.stdout)
            report = json.loads(self.ask(daemon, *arguments, "--json", code=PARTIAL).stdout)
            self.assertEqual((report["outcome"], report["acks"]), ("partial", ["mqtt"]))
            self.assertEqual([(one["target"], one["code"]) for one in report["failures"]],
                             [("aside", "not-supported")])
        # Who did it did it: nobody is let in at the one, and the other never knew.
        states = {one["name"]: one["state"]
                  for one in self.rpc(daemon).call("endpoints")["endpoints"]}
        self.assertEqual(states["mqtt"], "quiesced")
        self.ask(daemon, "resume")
        self.ask(daemon, "health")

    def test_all_did_it_nobody_was_there_and_no(self):
        daemon = self.running()
        self.ask(daemon, "release-handles", "/var/lib/some")
        self.ask(daemon, "quiesce")
        # OB-04: a host whose only endpoint takes no work is not ready.
        self.assertIn("quiesced", self.ask(daemon, "health", code=NOT_READY).stdout)
        self.ask(daemon, "resume")
        self.ask(daemon, "health")
        self.ask(daemon, "quiesce", "--reason", "boredom", code=REFUSED)
        self.ask(daemon, "release-handles", "relative", code=REFUSED)
        self.ask(daemon, "disconnect", "nobody", code=REFUSED)
        self.ask(daemon, "disconnect", code=USAGE)
        self.ask(daemon, "stop", "mqtt")
        self.ask(daemon, "quiesce", code=NOBODY)
        self.ask(daemon, "release-handles", "/var/lib/some", code=NOBODY)

    def test_a_reactor_that_does_not_answer_makes_lists_and_disconnect_partial(self):
        daemon = self.running()
        name = kit.unique("here")
        one = self.client(daemon, name)
        [link] = self.rpc(daemon).call("links")["links"]
        last = REACTORS - 1
        with held(daemon.process.pid, f"reactor-{last}"):
            for command in ("links", "sessions"):
                done = self.ask(daemon, command, "--json", code=PARTIAL)
                self.assertIn("[partial]", done.stderr)
                self.assertEqual(json.loads(done.stdout)["missingReactors"], [last])
            done = self.ask(daemon, "disconnect", name, "--json", code=PARTIAL)
            self.assertIn("[partial]", done.stderr)
            answer = json.loads(done.stdout)
            self.assertEqual(answer["missingReactors"], [last])
            self.assertEqual(answer["disconnected"],
                             [] if link["reactor"] == last else [link["generation"]])
            # Nobody may say "not-found" of what it could not look for everywhere.
            self.ask(daemon, "disconnect", "nobody", code=PARTIAL)
            found = self.ask(daemon, "health", "--json", code=NOT_READY).stdout
            self.assertEqual(json.loads(found)["alive"], False)
            self.assertIn(f"reactor {last} has not turned", found)
            self.assertEqual(self.get(daemon, "/livez")[0], 503)
        # It does what it was asked once it can.
        self.assertEqual(one.next().reason, 0x98)
        self.ask(daemon, "disconnect", "nobody", code=REFUSED)
        self.ask(daemon, "health")

    def test_a_host_that_does_not_answer_is_a_timeout(self):
        daemon = self.running()
        with held(daemon.process.pid, "fairleadd"):
            done = self.ask(daemon, "status", "--timeout", "0.2", code=TIMEOUT)
            self.assertIn("[timeout]", done.stderr)
        self.ask(daemon, "status")


if __name__ == "__main__":
    unittest.main(verbosity=2)
