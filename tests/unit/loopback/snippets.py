#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the snippets of a page with the code they were taken from."""

import pathlib
import re
import sys


def main() -> int:
    page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    sources = {path: path.read_text() for path in sorted(folder.iterdir()) if path.is_file()}
    snippets = re.findall(r"^```(?:cpp|cmake)\n(.*?)^```$", page.read_text(), re.S | re.M)
    if not snippets:
        print(f"{page}: there is no snippet")
        return 1
    strange = [one for one in snippets if not any(one in text for text in sources.values())]
    for snippet in strange:
        print(f"{page}: not in {folder}:\n{snippet}")
    print(f"{len(snippets) - len(strange)} of {len(snippets)} snippets are true to the code")
    return 1 if strange else 0


if __name__ == "__main__":
    sys.exit(main())
