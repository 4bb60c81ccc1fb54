#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""C++ is as clang-format 14 writes it; all text ends its lines and files cleanly."""

import subprocess

import tree

findings = []
sources = tree.files("*.h", "*.cpp")
for start in range(0, len(sources), 50):
    result = subprocess.run(
        ["clang-format-14", "--dry-run", "--ferror-limit=1", *sources[start : start + 50]],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    findings += [line for line in result.stderr.splitlines() if "warning:" in line or "error:" in line]
texts = 0
for name in tree.files():
    content = tree.text(name)
    if not content or name == "LICENSE":
        continue
    texts += 1
    if not content.endswith("\n"):
        findings.append(f"{name}: the last line has no end")
    if "\r\n" in content:
        findings.append(f"{name}: lines end in CR LF")
    for number, line in enumerate(content.split("\n"), 1):
        if line.endswith((" ", "\t")):
            findings.append(f"{name}:{number}: white space at the end of the line")
if findings:
    findings.append("./dev format puts C++ right")
tree.report(findings, f"{len(sources)} C++ files and {texts} text files are in form")
