# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What the host refuses and what the service protocol's schema refuses are the same: every example of
the description, and each with every member changed, judged by both."""

import copy
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from services import ServiceTest, kit  # noqa: E402

PROTOCOL = Path(__file__).resolve().parents[3] / "plugins/tcp/service"
VALUES = (None, True, 0, 1, -1, 1.5, 2.0, 1e300, 2 ** 53, 4294967295, 4294967296, "", "x", "x" * 129,
          "é" * 128, "é" * 129, [], [1], ["a"], ["a", "b"], {}, {"a": 1}, {"message": "m"},
          [["a", "b"]], [["a"]], "auto", {"timeout_ms": -1}, {"user": [["a", "b", "c"]]},
          {"correlation": "a", "correlation_base64": "YQ=="})
# What the schema has no words for: the host says these of members that it found good.
BEYOND = ("must be a topic", "must be base64", "names no policy", "is for qos 1", "can be manual")

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Schema:
    """JSON Schema, of which it knows what the document uses."""

    def __init__(self, document):
        self.definitions = document["$defs"]

    def fits(self, value, rule):
        return all(self.check(word, what, value, rule) for word, what in rule.items())

    def check(self, word, what, value, rule):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        lengths = {"minLength": str, "maxLength": str, "minItems": list, "maxItems": list}
        if word in lengths:
            if not isinstance(value, lengths[word]):
                return True
            return len(value) >= what if word.startswith("min") else len(value) <= what
        if word in ("minimum", "maximum"):
            return not is_number or (value >= what if word == "minimum" else value <= what)
        if word in ("$ref", "type", "const", "enum", "oneOf", "not"):
            return {
                "$ref": lambda: self.fits(value, self.definitions[what.removeprefix("#/$defs/")]),
                "type": lambda: any(self.is_a(value, one)
                                    for one in ([what] if isinstance(what, str) else what)),
                "const": lambda: value == what,
                "enum": lambda: value in what,
                "oneOf": lambda: sum(self.fits(value, one) for one in what) == 1,
                "not": lambda: not self.fits(value, what),
            }[word]()
        if word == "items":
            return not isinstance(value, list) or all(self.fits(one, what) for one in value)
        if word in ("required", "properties"):
            if not isinstance(value, dict):
                return True
            if word == "required":
                return all(name in value for name in what)
            return all(self.fits(value[name], one) for name, one in what.items() if name in value)
        if word not in ("description", "title"):
            raise ValueError(f"unknown keyword {word} in {rule}")
        return True

    @staticmethod
    def is_a(value, name):
        if name == "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or isinstance(value, float) and value.is_integer())
        return isinstance(value, TYPES[name])


class Agreement(ServiceTest):
    def examples(self, mark):
        text = (PROTOCOL / "PROTOCOL.md").read_text(encoding="utf-8")
        return [json.loads(line[2:]) for line in text.splitlines() if line.startswith(mark + " {")]

    def changed(self, message, names):
        for name in names:
            if name != "op":
                yield {key: value for key, value in message.items() if key != name}
                for value in VALUES:
                    yield {**copy.deepcopy(message), name: value}

    def test_the_host_judges_as_the_schema_does(self):
        document = json.loads((PROTOCOL / "protocol.schema.json").read_text(encoding="utf-8"))
        schema = Schema(document)
        for mark, name in ((">", "from-peer"), ("<", "from-host")):
            for message in self.examples(mark):
                self.assertTrue(schema.fits(message, document["$defs"][name]), message)
        peer = self.peer(self.host(), "judge")
        judged = 0
        for example in self.examples(">"):
            rule = document["$defs"]["peer-" + example["op"]]
            if example["op"] in ("hello", "bye"):
                continue  # one is the first alone, the other the last
            for message in self.changed(example, rule["properties"]):
                peer.send_bytes(json.dumps(message).encode() + b'\n{"op":"ping"}\n')
                said = []
                while (answer := peer.next(kit.DEADLINE))["op"] != "pong":
                    said.append(answer)
                refused = any(one.get("code") == "invalid-argument" and "message" in one
                              and not any(words in one["message"] for words in BEYOND)
                              and "member" in one.get("details", {}) for one in said)
                self.assertEqual(not refused, schema.fits(message, rule), (message, said))
                judged += 1
        self.assertGreater(judged, 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2, defaultTest="Agreement")
