#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy on what changed since the main branch, within a time budget; --all for every file.

A changed header is read through its own source, or through the first source that includes it. What
the budget leaves out is named, so that nobody takes silence for a pass.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import compiledb
import tree

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--all", action="store_true")
parser.add_argument("--seconds", type=int, default=240)
parser.add_argument("--files", type=int, default=40)
parser.add_argument("--sample", type=int, default=12, help="files read where there is no base")
options = parser.parse_args()

commands = compiledb.load(options.build)


def base():
    """The commit to compare with: where main was left, or the one before."""
    head = tree.git("rev-parse", "HEAD")
    for reference in ("origin/main", "HEAD~1"):
        found = tree.git("merge-base", reference, "HEAD")
        if found and found != head:
            return found[0]
    return None


def sources_for(header):
    own = header[:-2] + ".cpp"
    if own in commands:
        return [own]
    include = header.rsplit("/", 1)[-1]
    for source in sorted(commands):
        if f'{include}"' in (tree.text(source) or "") or f"{include}>" in (tree.text(source) or ""):
            return [source]
    return []


def chosen():
    """The sources to read, and in words why these."""
    everything = sorted(commands)
    if options.all:
        return everything, "every source"
    start = base()
    if start is None:
        spread = sorted(everything, key=lambda name: hashlib.sha256(name.encode()).digest())
        return spread[: options.sample], "a sample, as there is no commit to compare with"
    changed = tree.git("diff", "--name-only", "--diff-filter=d", start)
    changed += tree.git("ls-files", "--others", "--exclude-standard")
    picked = [name for name in changed if name in commands]
    for name in changed:
        if name.endswith(".h"):
            picked += sources_for(name)
    # Shipped code first: if the budget ends early, it ends in the tests.
    picked = sorted(set(picked), key=lambda name: (name.startswith("tests/"), name))
    return picked, f"changed since {start[:12]}"


def check(source):
    if not options.all and time.monotonic() - began > options.seconds:
        return source, None
    arguments, folder = commands[source]
    result = subprocess.run(
        [
            "clang-tidy-14", "--quiet", "--warnings-as-errors=*",
            f"--header-filter=^{tree.ROOT}/(sdk|host|plugins)/",
            f"-p={tree.ROOT / options.build}", str(tree.ROOT / source),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return source, ""
    return source, (result.stdout.strip() or result.stderr.strip())


began = time.monotonic()
names, why = chosen()
left = [] if options.all else names[options.files :]
names = names if options.all else names[: options.files]
with ThreadPoolExecutor(os.cpu_count()) as pool:
    results = list(pool.map(check, names))
left += [name for name, found in results if found is None]
read = len(results) - sum(1 for _, found in results if found is None)
seen = set()
failed = 0
for name, found in results:
    if not found:
        continue
    failed += 1
    if found not in seen:
        print(found)
    seen.add(found)
if left:
    print(f"not read within {options.seconds} s and {options.files} files: {' '.join(left)}")
print(f"clang-tidy read {read} sources ({why}), {failed} with findings")
sys.exit(1 if failed else 0)
