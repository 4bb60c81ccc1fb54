# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the service protocol's fuzz target: every example of its description, and texts
that are no messages. Run by hand when messages are added: writeservicecorpus.py <source folder>/corpus/service"""

import json
import sys
from pathlib import Path

DESCRIPTION = Path(__file__).resolve().parents[2] / "plugins/tcp/service/PROTOCOL.md"
ODD = {
    "escapes": b'{"op":"bye","reason":"\\u00e9\\ud83d\\ude00\\n\\"\\\\\\/"}',
    "half-pair": b'{"op":"bye","reason":"\\ud83d"}',
    "member-twice": b'{"op":"ping","\\u006fp":"pong"}',
    "numbers": b"[0,-0,1.5e-3,1E+2,1e400,01]",
    "nested": b"[[[[{},[]]]]]",
    "cut": b'{"op":"publish","topic":"a","payload":"',
    "no-utf8": b'{"op":"\xc0\xaf"}',
    "white-space": b' \t\r\n{ "op" : "pong" }\r',
    "trailing": b'{"op":"ping"}{}',
}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    seen = {}
    for line in DESCRIPTION.read_text(encoding="utf-8").splitlines():
        if line.startswith(("> {", "< {")):
            name = ("peer-" if line[0] == ">" else "host-") + json.loads(line[2:])["op"]
            seen[name] = seen.get(name, 0) + 1
            (folder / f"{name}-{seen[name]}").write_text(line[2:], encoding="utf-8")
    for name, text in ODD.items():
        (folder / name).write_bytes(text)


main()
