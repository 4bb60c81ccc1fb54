# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What a host says of its store, and of what its endpoints promise (OB-04)."""

import json
import sqlite3
import unittest

from controltest import ControlTest, kit
from test_http import parse_metrics

PERSISTENT = {"session_expiry": 3600}


class StoreTest(ControlTest):
    def ask(self, daemon, *arguments, code=0):
        done = self.tool(arguments[0], "--control", daemon.socket, *arguments[1:])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def metrics(self, daemon):
        return parse_metrics(self.get(daemon, "/metrics")[2].decode())

    def owe(self, daemon, topic="owed", count=1, payload=b"12345"):
        """Has messages stored for somebody who is away."""
        name = kit.unique()
        away = self.client(daemon, name, properties=PERSISTENT)
        away.subscribe(topic, qos=1)
        away.disconnect()
        one = self.client(daemon)
        for _ in range(count):
            self.assertEqual(one.publish(topic, payload, qos=1).reason, 0)
        return name


class Figures(StoreTest):
    def test_the_store_is_in_status_metrics_and_sys(self):
        daemon = self.running()
        self.owe(daemon, "owed", count=3)
        store = self.rpc(daemon).call("status")["store"]
        self.assertEqual((store["engine"], store["state"], store["messages"], store["written"]),
                         ("sqlite", "ok", 3, 3))
        self.assertEqual(store["writtenBytes"], 3 * len("owed" + "12345"))
        self.assertEqual(store["path"], str(daemon.folder / "state" / "store.db"))
        self.assertGreater(store["bytes"], 0)
        self.assertGreaterEqual(store["syncs"], 3)
        self.assertGreaterEqual(store["commits"], store["syncs"])
        self.assertEqual((store["refused"], store["failures"], store["congested"]), (0, 0, False))
        self.assertNotIn("lastError", store)

        shown = self.ask(daemon, "status")
        self.assertRegex(shown, r"(?m)^Store +sqlite, ok$")
        self.assertRegex(shown, r"(?m)^  messages +3$")
        self.assertRegex(shown, r"(?m)^Durability +mqtt disk$")

        families = self.metrics(daemon)
        self.assertEqual(families["fairlead_store_state"][1],
                         {'state="none"': 0, 'state="ok"': 1, 'state="degraded"': 0,
                          'state="full"': 0})
        for name, value in (("messages", 3), ("messages_written_total", 3),
                            ("messages_written_bytes_total", 27),
                            ("messages_refused_total", 0), ("failures_total", 0),
                            ("congested", 0), ("waiting_bytes", 0)):
            self.assertEqual(families[f"fairlead_store_{name}"][1], {"": value}, name)
        for name in ("records_total", "commits_total", "syncs_total", "bytes"):
            self.assertGreaterEqual(families[f"fairlead_store_{name}"][1][""], 3, name)
        self.assertIn("fairlead_store_messages_cancelled_total", families)
        kind, samples = families["fairlead_store_commit_seconds"]
        self.assertEqual(kind, "histogram")
        self.assertEqual(samples["_count"], samples['le="+Inf"'])
        self.assertGreaterEqual(samples["_count"], 3)
        self.assertGreater(samples["_sum"], 0)

        wanted = {"store/engine": b"sqlite", "store/state": b"ok", "store/written/messages": b"3",
                  "store/durable/messages": b"3", "store/written/bytes": b"27",
                  "store/refused/messages": b"0", "store/failures": b"0",
                  "endpoints/mqtt/durability": b"disk"}
        self.sys(daemon, wanted)

    def sys(self, daemon, wanted):
        """Waits until the host has said all of it."""
        one = self.client(daemon)
        one.subscribe("$SYS/broker/store/#", "$SYS/broker/endpoints/#", "$SYS/broker/health")
        missing = {f"$SYS/broker/{name}": value for name, value in wanted.items()}
        while missing:
            got = one.message()
            if missing.get(got.topic) == got.payload:
                del missing[got.topic]

    def test_each_endpoint_says_what_it_promises(self):
        for level in ("disk", "written", "memory"):
            daemon = self.running(keys=f'durability = "{level}"', endpoints=("mqtt", "other"))
            endpoints = self.rpc(daemon).call("endpoints")["endpoints"]
            self.assertEqual([one["durability"] for one in endpoints], [level, level])
            self.assertEqual(self.rpc(daemon).call("status")["durability"],
                             {"mqtt": level, "other": level})
            self.assertRegex(self.ask(daemon, "endpoints"), rf"(?m)^mqtt .* {level} ")
            self.assertEqual(
                self.metrics(daemon)["fairlead_endpoint_durability"][1],
                {f'endpoint="{name}",transport="mqtt",level="{level}"': 1
                 for name in ("mqtt", "other")})
            self.sys(daemon, {"endpoints/other/durability": level.encode()})

    def test_without_a_store_all_is_memory(self):
        daemon = self.running(store='engine = "none"')
        self.assertEqual(self.rpc(daemon).call("status")["store"],
                         {"engine": "none", "state": "none"})
        self.assertRegex(self.ask(daemon, "status"), r"(?m)^Store +none$")
        self.assertRegex(self.ask(daemon, "status"), r"(?m)^Durability +mqtt memory$")
        families = self.metrics(daemon)
        self.assertEqual(families["fairlead_store_state"][1]['state="none"'], 1)
        self.assertNotIn("fairlead_store_bytes", families)
        self.assertEqual(self.get(daemon, "/readyz")[0], 200)
        self.sys(daemon, {"store/state": b"none", "endpoints/mqtt/durability": b"memory"})

    def test_a_full_store_is_said_everywhere_until_there_is_room(self):
        daemon = self.running(store="max_bytes = 1048576")
        name = self.owe(daemon)
        one = self.client(daemon)
        # Less than what the host tries the disk with, so that it stays full.
        while one.publish("owed", b"x" * 8192, qos=1).reason == 0:
            pass
        store = self.rpc(daemon).call("status")["store"]
        self.assertEqual((store["state"], store["lastError"]["code"]), ("full", "storage-full"))
        self.assertGreaterEqual(store["refused"], 1)
        self.assertGreaterEqual(store["failures"], 1)
        self.assertRegex(self.ask(daemon, "status"), r"(?m)^Store +sqlite, full$")
        self.assertRegex(self.ask(daemon, "status"), r"(?m)^  last error +\S+")
        families = self.metrics(daemon)
        self.assertEqual(families["fairlead_store_state"][1]['state="full"'], 1)
        self.assertGreaterEqual(families["fairlead_store_messages_refused_total"][1][""], 1)
        # Readiness includes that what is promised can be kept.
        status, _, body = self.get(daemon, "/readyz?verbose")
        found = json.loads(body)
        self.assertEqual((status, found["ready"], found["alive"]), (503, False, True))
        self.assertEqual(found["checks"]["store"], "failed")
        self.assertIn("nothing can be stored", found["reasons"][0])
        self.assertEqual(self.get(daemon, "/livez")[0], 200)
        watching = self.client(daemon)
        watching.subscribe("$SYS/broker/health")
        while json.loads(watching.message().payload)["ready"]:
            pass
        self.sys(daemon, {"store/state": b"full"})

        away = self.client(daemon, name, properties=PERSISTENT, clean=False)

        def has_room():
            away.ping()  # and acknowledges what came
            return self.get(daemon, "/readyz")[0] == 200
        self.assertTrue(kit.settle(has_room, kit.DEADLINE))
        store = self.rpc(daemon).call("status")["store"]
        self.assertEqual(store["state"], "ok")
        self.assertIn("lastError", store)


class Reading(StoreTest):
    """`fairlead store` of a running host, through its control socket."""

    def store(self, daemon, *arguments, code=0):
        done = self.tool("store", arguments[0], "--control", daemon.socket, *arguments[1:])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def of_file(self, daemon, *arguments):
        done = self.tool("store", arguments[0], "--state-dir", daemon.folder / "state",
                         *arguments[1:])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_running_host_says_what_its_file_says(self):
        daemon = self.running()
        self.owe(daemon, "owed", count=3)
        stats = json.loads(self.store(daemon, "stats", "--json").stdout)
        self.assertEqual((stats["messages"], stats["sessions"], stats["written"], stats["state"]),
                         (3, 1, 3, "ok"))
        of_file = json.loads(self.of_file(daemon, "stats", "--json"))
        self.assertLessEqual(set(of_file), set(stats))
        for name in ("messages", "message_bytes", "epoch", "path", "first_sequence"):
            self.assertEqual(stats[name], of_file[name], name)
        self.assertRegex(self.store(daemon, "stats").stdout, r"(?m)^messages +3$")

        self.assertEqual(self.store(daemon, "check").stdout,
                         f"{daemon.folder}/state/store.db: sound\n")
        self.assertEqual(json.loads(self.store(daemon, "check", "--json").stdout),
                         {"path": f"{daemon.folder}/state/store.db", "sound": True,
                          "findings": []})

        exported = self.store(daemon, "export").stdout
        self.assertEqual(exported, self.of_file(daemon, "export"))
        kinds = [json.loads(line)["kind"] for line in exported.splitlines()]
        self.assertEqual(kinds, ["session", "subscription"] + 3 * ["message"])

    def test_a_host_that_answers_is_asked_by_itself(self):
        daemon = self.running()
        self.owe(daemon)
        (daemon.folder / "fairlead").mkdir()
        (daemon.folder / "fairlead" / "control.sock").symlink_to(daemon.socket)
        done = self.tool("store", "stats", "--json",
                         environment={"XDG_RUNTIME_DIR": str(daemon.folder)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["state"], "ok")
        # Nobody there: the file, where a host would have it.
        daemon.stop()
        (daemon.folder / "state").rename(daemon.folder / "fairlead" / "state")
        done = self.tool("store", "stats", "--json",
                         environment={"XDG_RUNTIME_DIR": str(daemon.folder),
                                      "STATE_DIRECTORY": str(daemon.folder / "fairlead" / "state")})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("state", json.loads(done.stdout))
        done = self.tool("store", "stats", "--control", daemon.socket)
        self.assertEqual(done.returncode, 1)
        self.assertIn("[not-running]", done.stderr)

    def test_large_rows_and_texts_that_are_not_ascii_come_whole(self):
        daemon = self.running()
        # Longer than a line of the protocol may be, and quotes and characters of several bytes all
        # along, so that some piece is cut beside one.
        payload = ("\"\u00e4\u20ac\U0001f642" * 200_000).encode()
        self.owe(daemon, "owed", count=2, payload=payload)
        lines = self.store(daemon, "export").stdout.splitlines()
        self.assertEqual([json.loads(line).get("payload") for line in lines[-2:]],
                         2 * [payload.decode()])

    def test_an_export_is_read_at_the_pace_of_who_asks(self):
        daemon = self.running()
        self.owe(daemon, "owed", count=3, payload=b"x" * 300_000)
        one, other = self.rpc(daemon), self.rpc(daemon)
        first = one.call("store-export")
        self.assertFalse(first["last"])
        # The host goes on, and so does everybody's work, while nobody asks.
        self.owe(daemon, "more", count=50)
        self.assertEqual(other.error("store-export", export=first["export"])["data"]["code"],
                         "not-found")
        text = first["text"]
        piece = first
        while not piece["last"]:
            piece = one.call("store-export", export=first["export"])
            text += piece["text"]
        kinds = [json.loads(line)["kind"] for line in text.splitlines()]
        self.assertGreaterEqual(kinds.count("message"), 3)
        self.assertEqual(one.error("store-export", export=first["export"])["data"]["code"],
                         "not-found")

    def test_readings_are_bounded_and_end_with_their_connection(self):
        daemon = self.running()
        self.owe(daemon, "owed", payload=b"x" * 600_000)
        one = self.rpc(daemon)
        for _ in range(4):
            self.assertFalse(one.call("store-export")["last"])
        other = self.rpc(daemon)
        self.assertEqual(other.error("store-stats")["data"]["code"], "limit-reached")
        one.close()
        self.assertTrue(kit.settle(lambda: "result" in other.ask("store-stats"), kit.DEADLINE))
        # Ends promptly, with an export that nobody reads on.
        self.assertFalse(other.call("store-export")["last"])
        self.assertEqual(daemon.stop(), 0)

    def test_without_a_store(self):
        daemon = self.running(store='engine = "none"')
        for what in ("stats", "check", "export"):
            self.assertIn("[not-found]", self.store(daemon, what, code=10).stderr)

    def test_damage_is_found_by_the_running_host(self):
        daemon = self.running()
        self.owe(daemon, "owed", count=3)
        database = sqlite3.connect(daemon.folder / "state" / "store.db")
        with database:
            database.execute("DELETE FROM session")
        database.close()
        done = self.store(daemon, "check", code=9)
        self.assertIn("subscriptions of no session", done.stdout)
        found = json.loads(self.store(daemon, "check", "--json", code=9).stdout)
        self.assertFalse(found["sound"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
