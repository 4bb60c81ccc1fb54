#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Installs the build into a prefix of its own, moves that, and runs what is there."""

import argparse
import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("--cmake", required=True)
parser.add_argument("--version", required=True)
parser.add_argument("--libdir", required=True)
options, rest = parser.parse_known_args()

PLUGIN_MAY_NEED = re.compile(
    r"(libfairlead-sdk|libQt6Core|libQt6DBus|libQt6Network|libstdc\+\+|libgcc_s|libm|libc|libpthread|libdl|librt"
    r"|ld-linux[-\w]*|libasan|libubsan|libtsan)\.so[.\d]*$"
)
GUI = re.compile(r"libQt6(Gui|Widgets|Quick|Qml|OpenGL)|libX11|libxcb|libwayland|libGL\b")
CONFIGURATION = """
[host]
state_dir = "{state}"

[[endpoint]]
name = "mqtt"
url = "mqtt://127.0.0.1:0"
allow_anonymous = true
"""
CONNECT = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x0a\x00\x06staged"


def run(*command, **more):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=60, check=False, **more
    )


class Staged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(tempfile.mkdtemp(prefix="fairlead-staged-"))
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        first = cls.scratch / "first"
        result = run(options.cmake, "--install", options.build, "--prefix", first)
        if result.returncode != 0:
            raise RuntimeError(result.stdout + result.stderr)
        # Nothing may remember where it was installed to; a blank in the path is part of the bargain.
        cls.prefix = cls.scratch / "second place"
        first.rename(cls.prefix)
        cls.daemon = cls.prefix / "bin" / "fairleadd"
        cls.plugins = sorted((cls.prefix / options.libdir / "fairlead" / "plugins").glob("*.so"))
        cls.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FAIRLEAD", "LD_", "XDG_", "QT_")) and name != "NOTIFY_SOCKET"
        }
        cls.environment["HOME"] = str(cls.scratch)

    def start(self, *arguments):
        return run(self.daemon, *arguments, env=self.environment, cwd=self.scratch)

    def configuration(self, text):
        path = self.scratch / f"{self.id().rsplit('.', 1)[-1]}.toml"
        path.write_text(text)
        return path

    def programs(self):
        return [path for path in (self.prefix / "bin").iterdir() if path.is_file()]

    def dynamic(self, path, tag):
        lines = run("readelf", "--dynamic", "--wide", path).stdout.splitlines()
        return [re.search(r"\[(.*)\]", line).group(1) for line in lines if f"({tag})" in line]

    def test_daemon_tells_its_version(self):
        result = self.start("--version")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(options.version, result.stdout)

    def test_installed_default_configuration_passes_the_check(self):
        result = self.start("--check", "--config", self.prefix / "etc" / "fairlead" / "fairlead.toml")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_wrong_configuration_fails_the_check_and_names_its_line(self):
        path = self.configuration('[host]\nreactors = "many"\n')
        result = self.start("--check", "--config", path)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(f"{path.name}:2", result.stdout + result.stderr)

    def test_daemon_serves_with_the_plugins_next_to_it_and_stops_when_told(self):
        ready = self.scratch / "ready.json"
        path = self.configuration(CONFIGURATION.format(state=self.scratch / "state"))
        log = (self.scratch / "daemon.log").open("w+")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [self.daemon, "--config", path, "--ready-file", ready],
            env=self.environment, cwd=self.scratch, stdout=log, stderr=log,
        )
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 20
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        log.seek(0)
        self.assertTrue(ready.exists(), log.read())

        answer = ready.read_text()
        json.loads(answer)
        port = int(re.search(r"mqtt://127\.0\.0\.1:(\d+)", answer).group(1))
        self.assertNotEqual(port, 0)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
            peer.sendall(CONNECT)
            self.assertEqual(peer.recv(4), b"\x20\x02\x00\x00")

        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        self.assertIn(str(self.prefix / options.libdir / "fairlead" / "plugins" / "fairlead_mqtt.so"), mapped)
        self.assertNotIn(f"{options.build}/", mapped)

        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20), 0)

    def test_daemon_and_tool_need_no_window_system(self):
        for program in self.programs():
            listed = run("ldd", program, env=self.environment).stdout
            self.assertIn("libQt6Core", listed, program)
            self.assertNotIn("not found", listed, program)
            self.assertIsNone(GUI.search(listed), listed)

    def test_plugins_need_the_sdk_and_nothing_of_the_host(self):
        self.assertIn("fairlead_mqtt.so", [plugin.name for plugin in self.plugins])
        for plugin in self.plugins:
            needed = self.dynamic(plugin, "NEEDED")
            self.assertTrue(any(name.startswith("libfairlead-sdk.so") for name in needed), plugin)
            foreign = [name for name in needed if not PLUGIN_MAY_NEED.match(name)]
            self.assertEqual(foreign, [], plugin.name)

    def test_third_party_builds_a_plugin_from_the_installed_package(self):
        source = Path(__file__).resolve().parents[1] / "fixtures" / "outoftree"
        build = self.scratch / "outoftree"
        for command in (
            ("-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
             "-DCMAKE_BUILD_TYPE=Release"),
            ("--build", build),
        ):
            result = run(options.cmake, *command, env=self.environment)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        plugin = build / "lib" / "fairlead" / "plugins" / "fairlead_outoftree.so"
        self.assertIn("libfairlead-sdk.so.1", self.dynamic(plugin, "NEEDED"))

    def test_search_paths_are_relative_to_the_files(self):
        for path in self.programs() + self.plugins:
            for tag in ("RUNPATH", "RPATH"):
                for entry in ":".join(self.dynamic(path, tag)).split(":"):
                    self.assertTrue(entry == "" or entry.startswith("$ORIGIN"), f"{path.name}: {entry}")

    def test_service_is_confined(self):
        unit = self.prefix / "lib" / "systemd" / "system" / "fairleadd.service"
        text = unit.read_text()
        for line in ("Type=notify", "WatchdogSec=30", "ProtectSystem=strict", "NoNewPrivileges=yes"):
            self.assertIn(line, text.splitlines())
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        result = run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def completed(self, *words):
        """What bash offers after these words."""
        script = self.prefix / "share/bash-completion/completions" / words[0]
        line = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_$1"; '
                'printf "%s\\n" "${COMPREPLY[@]}"')
        return set(run("bash", "-c", line, "bash", script, *words, "-").stdout.split())

    def told(self, program, *arguments):
        """The options that a program's help names, and its manual page's text."""
        text = run(self.prefix / "bin" / program, *arguments, env=self.environment).stdout
        options = set(re.findall(r"^ {2,6}(--?[A-Za-z][\w-]*)|, (--[a-z][\w-]*)", text, re.MULTILINE))
        return {name for pair in options for name in pair if name}

    def manual(self, page):
        path = self.prefix / "share" / "man" / page
        return gzip.decompress(path.read_bytes()).decode().replace("\\-", "-")

    def test_completion_and_manual_know_every_option_of_the_daemon(self):
        options = self.told("fairleadd", "--help")
        self.assertIn("--ready-file", options)
        self.assertEqual(options - self.completed("fairleadd"), set())
        self.assertEqual({name for name in options if name not in self.manual("man8/fairleadd.8.gz")}, set())

    def test_completion_and_manual_know_every_option_of_the_tool(self):
        if not (self.prefix / "bin" / "fairlead").exists():
            self.skipTest("the command-line tool is not built")
        manual = self.manual("man1/fairlead.1.gz")
        for tool in ("pub", "sub", "rr"):
            with self.subTest(tool=tool):
                options = self.told("fairlead", "help", tool)
                self.assertIn("--topic", options)
                self.assertEqual(options - self.completed("fairlead", tool), set())
                self.assertEqual({name for name in options if name not in manual}, set())

    def test_manual_pages_are_there(self):
        manual = self.prefix / "share" / "man"
        for page in ("man8/fairleadd.8.gz", "man1/fairlead.1.gz", "man5/fairlead.toml.5.gz"):
            self.assertTrue((manual / page).is_file(), page)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
