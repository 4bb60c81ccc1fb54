#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""No open promises in the tree, and no path of one machine."""

import re

import tree

# Written so that the patterns do not find themselves.
OPEN = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
MACHINE = re.compile(r"(?<![\w.$\)}*/-])/(wo" + r"rk|ro" + r"ot|ho" + r"me|tm" + r"p)/[A-Za-z0-9_.]")

findings = []
count = 0
for name in tree.files():
    if name == "LICENSE":
        continue
    content = tree.text(name)
    if content is None:
        continue
    count += 1
    for number, line in enumerate(content.splitlines(), 1):
        if OPEN.search(line):
            findings.append(f"{name}:{number}: an open promise: {line.strip()[:100]}")
        if MACHINE.search(line):
            findings.append(f"{name}:{number}: a path of one machine: {line.strip()[:100]}")
tree.report(findings, f"{count} files hold no open promise and no machine's path")
