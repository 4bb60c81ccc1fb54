# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the compile commands of a build folder."""

import json
import re
import shlex

import tree


def load(build):
    """Maps each source, relative to the root, to its compile arguments and folder."""
    commands = {}
    for entry in json.loads((tree.ROOT / build / "compile_commands.json").read_text()):
        name = entry["file"]
        if name.startswith(f"{tree.ROOT}/") and not name.startswith(f"{tree.ROOT}/build/"):
            arguments = entry.get("arguments") or shlex.split(entry["command"])
            commands[name[len(str(tree.ROOT)) + 1 :]] = (arguments, entry["directory"])
    return commands


def flags(arguments):
    """The arguments that say how to read a source, without what to write where."""
    kept = []
    skip = False
    for argument in arguments[1:]:
        if skip:
            skip = False
        elif argument in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif not re.match(r"-(c|MD|MMD)$|.*\.(cpp|o)$|.*clang\+\+[^/]*$|.*g\+\+[^/]*$", argument):
            kept.append(argument)
    return kept
