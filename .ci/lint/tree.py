# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""The files of the project, and how a lint step tells what it found."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY_FOLDERS = ("tests/fuzz/corpus/",)


def git(*arguments):
    """The output lines of a git command, or an empty list where git refuses."""
    # The checkout may belong to another user than the one who reads it.
    result = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return result.stdout.splitlines() if result.returncode == 0 else []


def files(*patterns):
    """Tracked and not ignored files, as paths relative to the root."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns)
    return sorted(
        name
        for name in set(names)
        if (ROOT / name).is_file() and not name.startswith(BINARY_FOLDERS)
    )


def text(name):
    """The content of a file, or None if it is not text."""
    data = (ROOT / name).read_bytes()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def report(findings, passed):
    """Prints the findings and ends the step: 1 if there are any."""
    for finding in findings:
        print(finding)
    if findings:
        sys.exit(1)
    print(passed)
