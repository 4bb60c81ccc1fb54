#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Every file whose format has comments opens with the copyright and licence lines."""

import re

import tree

# These formats have no comments; .reuse/dep5 speaks for them. The licence speaks for itself.
WITHOUT = re.compile(
    r"\.(json|json\.in|svg|png|pem|der)$|^(LICENSE|\.reuse/dep5)$|^packaging/debian/(changelog|.*\.conffiles)$"
)
# After these lines a script's interpreter, a roff or XML prologue may stand.
WITHIN = 6
# Split, so that this file's own lines are the only ones found in it.
COPYRIGHT = "SPDX-" + "FileCopyrightText: The Fairlead authors"
LICENCE = "SPDX-" + "License-Identifier: Apache-2.0"

findings = []
count = 0
for name in tree.files():
    if WITHOUT.search(name):
        continue
    content = tree.text(name)
    if content is None or not content.strip():
        continue
    count += 1
    head = "\n".join(content.splitlines()[:WITHIN])
    if COPYRIGHT not in head or LICENCE not in head:
        findings.append(f"{name}:1: the two SPDX lines are missing")
tree.report(findings, f"{count} files carry their licence")
