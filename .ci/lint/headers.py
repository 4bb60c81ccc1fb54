#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Every public header compiles alone, with the warnings of the project as errors."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import compiledb
import tree

build = sys.argv[1]
commands = compiledb.load(build)
models = sorted(name for name in commands if name.startswith("sdk/src/"))
if not models:
    sys.exit(f"{build}: no source of the SDK is in the compile commands")
arguments, folder = commands[models[0]]
compiler = next(word for word in arguments if "clang++" in word or "g++" in word)


def compile_alone(header):
    result = subprocess.run(
        [compiler, *compiledb.flags(arguments), "-Werror", "-fsyntax-only", "-x", "c++", "-"],
        cwd=folder,
        input=f'#include "{tree.ROOT / header}"\n#include "{tree.ROOT / header}"\n',
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{header}: does not compile alone:\n{result.stderr}" if result.returncode else None


headers = tree.files("sdk/include/fairlead/*.h")
with ThreadPoolExecutor(os.cpu_count()) as pool:
    findings = [finding for finding in pool.map(compile_alone, headers) if finding]
tree.report(findings, f"{len(headers)} public headers compile alone")
