# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the tool that talk to a daemon (OB-04)."""

import json
import unittest

from controltest import TOOL, ControlTest, Daemon, kit

USAGE, NOT_SUPPORTED, REFUSED, NOT_READY, NOBODY = 1, 2, 4, 5, 8


class Tool(ControlTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = Daemon().wait_ready()
        cls.addClassCleanup(cls.shared.remove)

    def ask(self, *arguments, code=0):
        done = self.tool(arguments[0], "--control", self.shared.socket, *arguments[1:])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def table(self, *arguments):
        """Rows as dictionaries by title, cut at the titles' columns."""
        lines = self.ask(*arguments).stdout.splitlines()
        starts = [0] + [i for i in range(2, len(lines[0]))
                        if lines[0][i - 2:i] == "  " and lines[0][i] != " "]
        titles = [lines[0][a:b].strip() for a, b in zip(starts, starts[1:] + [None])]
        return [dict(zip(titles, (line[a:b].strip() for a, b in zip(starts, starts[1:] + [None]))))
                for line in lines[1:]]

    def test_every_list_is_a_table_and_json(self):
        name = kit.unique("peer")
        self.client(self.shared, name)
        for what in ("endpoints", "links", "sessions", "plugins"):
            self.assertGreaterEqual(len(self.ask(what).stdout.splitlines()), 2, what)
            self.assertGreaterEqual(len(json.loads(self.ask(what, "--json").stdout)[what]), 1)
        for what in ("links", "sessions"):
            self.assertIn(name, [row["PEER"] for row in self.table(what)])
        self.assertEqual(len(json.loads(self.ask("links", "--json", "--limit", "1").stdout)["links"]),
                         1)

    def test_columns_are_aligned(self):
        for i in range(3):
            self.client(self.shared, kit.unique("x" * (10 * i + 1)))
        lines = self.ask("links").stdout.splitlines()
        column = lines[0].index("STATE")
        for line in lines[1:]:
            self.assertEqual(line[column - 2:column], "  ", line)
            self.assertTrue(line[column:].startswith("ready"), line)

    def test_a_name_cannot_drive_the_terminal(self):
        name = kit.unique("\u009b31mred\u202eevil")
        self.client(self.shared, name)
        shown = self.ask("links").stdout
        self.assertNotIn("\u009b", shown)
        self.assertNotIn("\u202e", shown)
        self.assertIn("\\u009b31mred\\u202eevil", shown)
        # JSON is for machines: nothing is lost there.
        self.assertIn(name, {one["peerKey"] for one in
                             json.loads(self.ask("links", "--json").stdout)["links"]})

    def test_more_than_a_page_is_listed(self):
        for _ in range(510):
            self.client(self.shared)
        self.assertGreaterEqual(len(json.loads(self.ask("sessions", "--json").stdout)["sessions"]),
                                510)

    def test_status_and_health(self):
        shown = self.ask("status").stdout
        self.assertRegex(shown, r"(?m)^State +running$")
        self.assertRegex(shown, r"(?m)^Up for +\d+ (ms|s|min)")
        self.assertEqual(json.loads(self.ask("status", "--json").stdout)["state"], "running")
        self.assertRegex(self.ask("health").stdout, r"(?m)^Ready +yes$")

    def test_disconnect(self):
        one = self.client(self.shared, kit.unique("bye"))
        self.assertEqual(self.ask("disconnect", one.client_id, "--reason", "enough").stdout,
                         "disconnected: 1\n")
        done = self.ask("disconnect", "nobody-of-that-name", code=REFUSED)
        self.assertIn("[not-found]", done.stderr)
        # A peer whose name looks like an option.
        dashed = self.client(self.shared, "--json")
        self.ask("disconnect", "--", "--json")
        self.assertEqual(dashed.next().reason, 0x98)

    def test_events(self):
        name = kit.unique("event")
        watching = kit.Lines(TOOL, "events", "--control", self.shared.socket, "--kind",
                             "link-connected", "--key", name, "--count", "2", "--history")
        self.addCleanup(watching.process.stdout.close)
        self.addCleanup(watching.kill)
        for i in range(2):
            self.client(self.shared, f"{name}{i}")
        lines = watching.rest()
        self.assertEqual(watching.end(), 0)
        for i, line in enumerate(lines):
            self.assertRegex(line, rf"^20\S+Z link-connected key={name}{i} endpoint=mqtt ")
        self.assertEqual(len(lines), 2)
        one = json.loads(self.ask("events", "--json", "--history", "--count", "1", "--key",
                                  name).stdout)
        self.assertEqual(one["key"], f"{name}0")
        self.assertIn("[invalid-argument]",
                      self.ask("events", "--kind", "nonsense", code=REFUSED).stderr)

    def test_what_this_daemon_cannot_do(self):
        from controltest import Rpc
        control = Rpc(self.shared.socket)
        self.addCleanup(control.close)
        methods = control.call("version")["methods"]
        if "reload" not in methods:
            self.assertIn("[not-supported]", self.ask("reload", code=NOT_SUPPORTED).stderr)

    def test_no_daemon_is_named_with_its_path(self):
        for path in (self.shared.folder / "none.sock", self.shared.folder / "fairlead.toml"):
            done = self.tool("status", "--control", path)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(str(path), done.stderr)
            self.assertIn("[not-running]", done.stderr)
        dead = self.running()
        dead.kill()
        done = self.tool("health", f"--control={dead.socket}")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("nobody answers", done.stderr)

    def test_where_the_socket_is_looked_for(self):
        folder = self.shared.folder
        (folder / "fairlead").mkdir()
        (folder / "fairlead" / "control.sock").symlink_to(self.shared.socket)
        for variable in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
            done = self.tool("health", environment={variable: str(folder)})
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_endpoint_is_steered_by_its_name(self):
        daemon = self.running()

        def ask(*arguments, code=0):
            done = self.tool(arguments[0], "--control", daemon.socket, *arguments[1:])
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done

        self.assertIn("stopped", ask("stop", "mqtt").stdout)
        # BC-03: nobody is there to do it, and the status says so.
        for what in (("quiesce",), ("release-handles", "/var/lib/some")):
            done = ask(*what, code=NOBODY)
            self.assertIn("[no-live-targets]", done.stderr)
            self.assertIn("no-live-targets", done.stdout)
        self.assertIn("running", ask("start", "mqtt").stdout)
        self.assertIn("running", ask("restart", "mqtt").stdout)
        ask("quiesce")
        ask("resume")
        self.assertIn("[not-found]", ask("restart", "nobody", code=REFUSED).stderr)

    def test_mistakes(self):
        for arguments, name in ((("status", "--nonsense"), "unknown-option"),
                                (("status", "--limit", "1"), "unknown-option"),
                                (("status", "word"), "unexpected-argument"),
                                (("status", "--json=yes"), "unexpected-argument"),
                                (("status", "--control"), "missing-argument"),
                                (("links", "--limit", "0"), "value-out-of-range"),
                                (("links", "--limit", "many"), "value-out-of-range"),
                                (("status", "--timeout", "0"), "value-out-of-range"),
                                (("disconnect",), "missing-argument"),
                                (("disconnect", "a", "--generation", "1"), "missing-argument"),
                                (("disconnect", "a", "b"), "unexpected-argument"),
                                (("release-handles",), "missing-argument"),
                                (("start",), "missing-argument"),
                                (("stop", "a", "b"), "unexpected-argument")):
            with self.subTest(arguments):
                done = self.tool(*arguments)
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(f"[{name}]", done.stderr)
                self.assertIn(f"fairlead {arguments[0]} --help", done.stderr)

    def test_help(self):
        general = self.tool("help").stdout
        for name in ("status", "health", "endpoints", "links", "services", "plugins", "sessions",
                     "events", "disconnect", "quiesce", "resume", "release-handles", "reload",
                     "start", "stop", "restart"):
            self.assertRegex(general, rf"(?m)^  {name} ")
            for arguments in ((name, "--help"), (name, "-h"), ("help", name)):
                done = self.tool(*arguments)
                self.assertEqual(done.returncode, 0)
                self.assertIn(f"Usage: fairlead {name} ", done.stdout)
                self.assertIn("--json", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
