#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""JSON, YAML, TOML and XML files parse; a lock file names no registry."""

import json
import tomllib
import xml.dom.minidom

import tree
import yaml


class UniqueKeys(dict):
    """Refuses an object that names a key twice: parsers differ in which one they take."""

    def __init__(self, pairs):
        super().__init__(pairs)
        if len(self) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the key {twice!r} appears twice")


PARSERS = {
    ".json": lambda content: json.loads(content, object_pairs_hook=UniqueKeys),
    ".toml": tomllib.loads,
    ".yaml": lambda content: list(yaml.safe_load_all(content)),
    ".yml": lambda content: list(yaml.safe_load_all(content)),
    ".xml": xml.dom.minidom.parseString,
}

findings = []
count = 0
# Fixtures are allowed to be wrong: that is what they are for.
for name in tree.files():
    suffix = "." + name.rsplit(".", 1)[-1]
    if suffix not in PARSERS or name.startswith("tests/fixtures/"):
        continue
    content = tree.text(name)
    if content is None:
        findings.append(f"{name}: not UTF-8 text")
        continue
    count += 1
    try:
        PARSERS[suffix](content)
    except Exception as error:  # each parser has its own
        findings.append(f"{name}: {error}")
    if name.endswith("package-lock.json") and '"resolved"' in content:
        findings.append(f"{name}: names registry addresses; npm needs only the integrity values")
tree.report(findings, f"{count} data files parse")
