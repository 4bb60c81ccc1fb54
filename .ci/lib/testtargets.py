#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Prints what must be built to run the tests of one label: they, what they are given, the plugins."""

import json
import re
import subprocess
import sys
from pathlib import Path

build, label = Path(sys.argv[1]).resolve(), sys.argv[2]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


known = {line.rsplit(":", 1)[0] for line in output("ninja", "-C", build, "-t", "targets", "all").splitlines()}
tests = json.loads(
    output("ctest", "--test-dir", build, "--show-only=json-v1", "-L", label, "-LE", "^(slow|network)$")
)["tests"]
if not tests:
    sys.exit(f"no test carries the label {label}")

wanted = {name for name in known if re.fullmatch(r"fairlead_plugin_[a-z]+", name)}
for test in tests:
    # A program that is not built yet has no command here, but its target has the test's name.
    wanted.add(test["name"])
    wanted.update(word.removeprefix(f"{build}/") for word in test.get("command", ()))
print("\n".join(sorted(wanted & known)))
