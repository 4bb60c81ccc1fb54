#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""fairlead.toml(5) names every key of the configuration, and its defaults are the real ones."""

import json
import re
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "packaging/man/fairlead.toml.5").read_text()
DEFAULTS = ROOT / "packaging/config/fairlead.toml"


def schemas():
    """The properties of every table that the configuration may hold."""
    source = (ROOT / "host/core/config/hostschema.cpp").read_text()
    host, endpoint = (json.loads(text) for text in re.findall(r'R"\((.*?)\)"', source, re.DOTALL))
    for name in ("host", "limits", "store", "control"):
        yield name, host["properties"][name]["properties"]
    yield "stream", host["properties"]["stream"]["additionalProperties"]["properties"]
    yield "endpoint", endpoint["properties"]
    for plugin in (ROOT / "plugins").glob("*/plugin.json.in"):
        for transport in json.loads(plugin.read_text())["transports"]:
            yield transport["type"], transport.get("config", {}).get("properties", {})


def described(key):
    """The manual's text about a key."""
    found = re.search(rf"^\.B {re.escape(key)}\n(.*?)(?=^\.TP|^\.S[SH]|\Z)", MANUAL, re.DOTALL | re.MULTILINE)
    return found.group(1) if found else None


class Manual(unittest.TestCase):
    def test_every_key_is_described_with_its_default(self):
        keys = [(table, key, rule) for table, properties in schemas() for key, rule in properties.items()]
        self.assertGreater(len(keys), 20)
        for table, key, rule in keys:
            with self.subTest(table=table, key=key):
                text = described(key)
                self.assertIsNotNone(text, "not in fairlead.toml(5)")
                default = rule.get("default")
                if isinstance(default, bool):
                    self.assertIn(f"Default: {str(default).lower()}", text)
                elif isinstance(default, int) and default != 0:
                    self.assertIn(f"Default: {default}", text)

    def test_the_shipped_file_shows_real_keys_and_defaults(self):
        shown = re.sub(r"^# (\w+ = )", r"\1", DEFAULTS.read_text().split("# For programs on other")[0], flags=re.M)
        tables = dict(schemas())
        for table, content in tomllib.loads(shown).items():
            for entry in content if isinstance(content, list) else [content]:
                rules = {**tables[table], **(tables["mqtt"] if table == "endpoint" else {})}
                for key, value in entry.items():
                    self.assertIn(key, rules)
                    if "default" in rules[key]:
                        self.assertEqual(value, rules[key]["default"], key)


if __name__ == "__main__":
    unittest.main(verbosity=2)
