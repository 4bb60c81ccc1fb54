#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""clazy level 1 and the checks that keep signals and threads apart, on every source."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import compiledb
import tree

CHECKS = "level1,thread-with-slots,signal-with-return-value,qproperty-type-mismatch,no-non-pod-global-static"
commands = compiledb.load(sys.argv[1])


def check(source):
    result = subprocess.run(
        ["clazy-standalone", f"-checks={CHECKS}", "-ignore-included-files", f"-p={tree.ROOT / sys.argv[1]}",
         str(tree.ROOT / source)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in result.stderr.splitlines() if re.search(r"\[-Wclazy|error:", line)]


with ThreadPoolExecutor(os.cpu_count()) as pool:
    found = [line for lines in pool.map(check, sorted(commands)) for line in lines]
tree.report(sorted(set(found)), f"clazy read {len(commands)} sources")
