# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""How the daemon starts, and how it says that it cannot."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import kit  # noqa: E402

PROGRAM = os.environ["FAIRLEADD"]
FAILED, BAD_CONFIGURATION = 1, 2

LISTENER = '[[endpoint]]\nname = "a"\nurl = "mqtt://127.0.0.1:0"\n'


class Start(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fairlead-start-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def config(self, text, name="fairlead.toml"):
        path = self.folder / name
        path.write_text(f'[host]\nstate_dir = "{self.folder}/{name}.state"\n' + text,
                        encoding="utf-8")
        return path

    def run_to_end(self, *arguments):
        """Exit code and all that was said."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=kit.DEADLINE, check=False)
        return done.returncode, done.stdout

    def running(self):
        broker = kit.Broker()
        broker.start()
        self.addCleanup(broker.remove)
        self.addCleanup(lambda: self.assertEqual(broker.stop(), ""))
        return broker

    def test_a_good_configuration_is_called_good(self):
        path = self.config(LISTENER + LISTENER.replace('"a"', '"b"'))
        self.assertEqual(self.run_to_end("--check", "--config", path),
                         (0, "configuration ok: 2 endpoint(s)\n"))
        self.assertFalse((self.folder / "fairlead.toml.state").exists(), "--check left something")

    def test_the_packaged_configuration_is_good(self):
        path = Path(__file__).parents[3] / "packaging" / "config" / "fairlead.toml"
        self.assertEqual(self.run_to_end("--check", "--config", path)[0], 0)

    def test_mistakes_are_shown_where_they_are(self):
        # Text, its line (two of [host] come before), error code, what must be named.
        for text, line, code, named in (
                ("reactorz = 1\n", 3, "config-unknown-key", '"reactors"'),
                ('reactors = "many"\n', 3, "config-type", "integer"),
                ("reactors = -1\n", 3, "config-range", "reactors"),
                ("reactors = = 1\n", 3, "config-syntax", ""),
                ("[hosts]\n", 3, "config-unknown-key", '"host"'),
                (LISTENER + "max_qos = 3\n", 6, "config-range", "max_qos"),
                (LISTENER + "max_qoss = 1\n", 6, "config-unknown-key", '"max_qos"'),
                (LISTENER + LISTENER, 7, "config-range", ":3:1"),
                (LISTENER.replace("mqtt:", "nope:"), 5, "unknown-scheme", "mqtt"),
                (LISTENER.replace("127.0.0.1", "0.0.0.0"), 5, "config-insecure",
                 "allow_anonymous = true")):
            path = self.config(text)
            for more in (("--check",), ()):
                with self.subTest(text, more=more):
                    exit_code, said = self.run_to_end(*more, "--config", path)
                    self.assertEqual(exit_code, BAD_CONFIGURATION, said)
                    self.assertRegex(said, rf"(?m)^fairleadd: [a-z-]+: {path}:{line}:\d+: ")
                    self.assertIn(code, said)
                    self.assertIn(named, said)

    def test_all_mistakes_are_told_at_once(self):
        path = self.config("reactorz = 1\n" + LISTENER + "max_qos = 3\nx = 1\n")
        _, said = self.run_to_end("--check", "--config", path)
        self.assertEqual(len(said.splitlines()), 3, said)

    def test_a_named_file_must_be_there(self):
        code, said = self.run_to_end("--check", "--config", self.folder / "none.toml")
        self.assertEqual(code, BAD_CONFIGURATION)
        self.assertIn("none.toml", said)

    def test_one_daemon_for_each_state_folder(self):
        first = self.running()
        path = first.folder / "fairlead.toml"
        code, said = self.run_to_end("--config", path)
        self.assertEqual(code, FAILED)
        self.assertIn("already-exists", said)
        self.assertIn(f"process {first.pid}", said)
        self.assertIn(str(first.folder / "state"), said)

    def test_a_state_folder_is_free_again_after_a_kill(self):
        first = kit.Broker()
        first.start()
        self.addCleanup(first.remove)
        first.kill()
        ready = self.folder / "ready"
        again = subprocess.Popen([PROGRAM, "--config", str(first.folder / "fairlead.toml"),
                                  "--ready-file", str(ready)], stderr=subprocess.DEVNULL)
        self.addCleanup(again.wait)
        self.addCleanup(again.terminate)
        self.assertTrue(kit.settle(ready.exists, kit.DEADLINE))

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            path = self.config(LISTENER.replace(":0", f":{port}"))
            code, said = self.run_to_end("--config", path)
            self.assertEqual(code, FAILED)
            self.assertIn("endpoint-failed name=a", said)
            self.assertIn("address-in-use", said)
            self.assertIn(str(port), said)

    def test_one_of_two_ports_is_taken(self):
        # The other endpoint serves, and the host says that it is not whole; --strict refuses.
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            path = self.config(LISTENER.replace(":0", f":{port}") + LISTENER.replace('"a"', '"b"'))
            self.assertEqual(self.run_to_end("--strict", "--config", path)[0], FAILED)
            ready = self.folder / "ready"
            daemon = subprocess.Popen([PROGRAM, "--config", str(path), "--ready-file", str(ready)],
                                      stderr=subprocess.DEVNULL)
            self.addCleanup(daemon.wait)
            self.addCleanup(daemon.terminate)
            self.assertTrue(kit.settle(ready.exists, kit.DEADLINE))
            told = json.loads(ready.read_text(encoding="utf-8"))
            self.assertEqual(told["state"], "degraded")
            self.assertEqual([one["name"] for one in told["listeners"]], ["b"])

    def test_version_and_unknown_arguments(self):
        code, said = self.run_to_end("--version")
        self.assertEqual(code, 0)
        self.assertRegex(said, r"^fairleadd \d+\.\d+\.\d+\n$")
        for wrong in ("--nonsense", "word"):
            code, said = self.run_to_end(wrong)
            self.assertNotEqual(code, 0)
            self.assertIn(wrong.strip("-"), said)

    def test_no_gui_library_is_linked(self):
        done = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True)
        self.assertIn("libQt6Core", done.stdout)
        for name in ("libQt6Gui", "libQt6Widgets", "libQt6Qml", "libX11", "libxcb", "libwayland",
                     "libGL", "libEGL"):
            self.assertNotIn(name, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
