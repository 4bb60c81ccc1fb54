# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two hosts that find each other through real Avahi daemons, each in its own network namespace. Ends with
77 where namespaces are not permitted or Avahi is not installed, and says which."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pairofhosts import PairTest, state  # noqa: E402


class Neighbours(PairTest):
    def test_they_find_each_other_and_exchange_data(self):
        pair = self.pair()
        left, right = pair.hosts
        pair.start_paired()
        readers = []
        for host in pair.hosts:
            readers.append(host.subscribe("ship/+/+"))
            self.addCleanup(readers[-1].kill)
        state(readers[0], right.ski, "connected")
        state(readers[1], left.ski, "connected")
        pair.exchange()
        # Who leaves is withdrawn, and found again when it comes back.
        found = left.subscribe("ship/$discovered/ship")
        self.addCleanup(found.kill)
        self.present(found, right.ski, True)
        self.assertEqual(right.end(), 0)
        self.present(found, right.ski, False)
        right.start()
        self.present(found, right.ski, True)
        state(readers[0], right.ski, "connected")
        # They told each other by mDNS what they are.
        while True:
            info = json.loads(readers[0].line(f"ship/{right.ski}/info ").split(" ", 1)[1])
            if info.get("model"):
                break
        self.assertEqual(info["model"], "right")
        for host in pair.hosts:
            self.assertEqual(host.end(), 0)

    def present(self, reader, ski, wanted):
        while True:
            text = json.loads(reader.line("ship/$discovered/ship ").split(" ", 1)[1])
            for peer in text["peers"]:
                if peer["ski"] == ski and peer["present"] == wanted:
                    return


if __name__ == "__main__":
    unittest.main(verbosity=2)
