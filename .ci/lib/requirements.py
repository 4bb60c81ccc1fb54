#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the host's requirements and the tests that prove them.

A test proves a requirement by naming its identifier in a comment or a data tag of a C++ test, or in a
docstring or a comment of a Python one. Identifiers are the host's own (LC-07), SHIP's rules of
robustness (RR12) and its official test cases (TC_SHIP_HELLO_002). Only test programs count, not what
they share.
"""

import argparse
import pathlib
import re
import signal
import sys
from collections import defaultdict

TESTS = pathlib.Path(__file__).resolve().parents[2] / "tests"
GROUPS = ("LC", "RG", "SV", "HB", "SH", "DS", "RP", "BC", "AD", "PL", "OB", "TS")
IDENTIFIER = re.compile(rf"\b((?:{'|'.join(GROUPS)})-\d\d|RR\d{{1,2}}|TC_SHIP_[A-Z]+_\d{{3}})\b")
RANGE = re.compile(rf"\b((?:{'|'.join(GROUPS)})-)(\d\d)(?:\.\.| to )\1?(\d\d)\b")
CPP_FUNCTION = re.compile(r"^\s*void\s+(?:\w+::)?(\w+)\s*\(")
PYTHON_FUNCTION = re.compile(r"^\s*def\s+(test\w*)\s*\(")
COMMENT = {".cpp": ("//", "*", "/*"), ".py": ("#",)}


def read_rows(path):
    rows, problems = {}, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not IDENTIFIER.fullmatch(fields[0]) or not fields[1].isdigit():
            problems.append(f"{path.name}:{number}: not a requirement: {line}")
        elif fields[0] in rows:
            problems.append(f"{path.name}:{number}: {fields[0]} is there twice")
        else:
            rows[fields[0]] = (int(fields[1]), fields[2])
    return rows, problems


def is_test(path):
    if path.suffix == ".cpp":
        return path.name.startswith("tst_")
    return path.suffix == ".py" and "def test" in path.read_text(encoding="utf-8")


def named_in(line):
    for group, first, last in RANGE.findall(line):
        for number in range(int(first), int(last) + 1):
            yield f"{group}{number:02}"
    yield from IDENTIFIER.findall(line)


def proofs_in(path):
    """(identifier, test) for each mention: the test function it stands in, or for a comment between
    functions the one that follows."""
    lines = path.read_text(encoding="utf-8").splitlines()
    function = CPP_FUNCTION if path.suffix == ".cpp" else PYTHON_FUNCTION
    starts = [
        (number, match.group(1))
        for number, line in enumerate(lines)
        if (match := function.match(line)) and not line.rstrip().endswith(";")
    ]
    for number, line in enumerate(lines):
        for identifier in named_in(line):
            yield identifier, f"{path.stem}: {function_of(path, lines, starts, number)}"


def function_of(path, lines, starts, number):
    def is_code(text):
        return text.strip() and not text.strip().startswith(COMMENT[path.suffix])

    if not is_code(lines[number]):
        for start, name in starts:
            if start > number and not any(is_code(text) for text in lines[number + 1 : start]):
                return name.removesuffix("_data")
    before = [name for start, name in starts if start <= number]
    return before[-1].removesuffix("_data") if before else "all of it"


def collect():
    proofs = defaultdict(list)
    for path in sorted(TESTS.rglob("*")):
        if not path.is_file() or "node_modules" in path.parts or not is_test(path):
            continue
        for identifier, test in proofs_in(path):
            if test not in proofs[identifier]:
                proofs[identifier].append(test)
    return proofs


def print_table(rows, proofs):
    for identifier, (part, words) in rows.items():
        print(f"{identifier:5}  {words}")
        for test in proofs[identifier] or [f"- (part {part})"]:
            print(f"         {test}")


def main():
    parser = argparse.ArgumentParser(prog="dev requirements", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="print only what is missing, and fail if anything is")
    parser.add_argument("--part", type=int, default=5, help="the part up to which all must be there (5)")
    arguments = parser.parse_args()
    rows, problems = read_rows(TESTS / "requirements.tsv")
    proofs = collect()
    for identifier in sorted(set(proofs) - set(rows)):
        problems.append(f"{identifier} is no requirement, but named by {', '.join(proofs[identifier])}")
    wanted = [identifier for identifier, (part, _) in rows.items() if part <= arguments.part]
    missing = [identifier for identifier in wanted if not proofs[identifier]]
    problems += [f"{identifier} has no test: {rows[identifier][1]}" for identifier in missing]
    if not arguments.check:
        print_table(rows, proofs)
    for problem in problems:
        print(problem, file=sys.stderr if arguments.check else sys.stdout)
    print(f"{len(wanted) - len(missing)} of {len(wanted)} requirements up to part {arguments.part} have tests")
    return 1 if problems and arguments.check else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
