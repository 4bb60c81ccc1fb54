#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Proves that the generator sees what a broker does wrong, and that run.py says so."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import durable
import framed
import quiet
from brokers import NullBroker
from figures import (CPU, FAULTS, find_faults, find_misses, paired_ratio, summarise_idle,
                     summarise_load)
from scenarios import IDLE, IDLE_TRAFFIC, LOADS

BENCH = Path()
HERE = Path(__file__).resolve().parent

SHAPES = ("p2p", "fan-out", "fan-in", "shared", "retained")

# Serves like the null broker and reports its port like fairleadd.
STUB = """#!{python}
import json, os, sys
ready = sys.argv[sys.argv.index("--ready-file") + 1]
reader, writer = os.pipe()
if os.fork() == 0:
    os.close(writer)
    with os.fdopen(reader) as lines:
        port = json.loads(lines.readline())["port"]
    with open(ready + ".part", "w") as file:
        json.dump({{"listeners": [{{"name": "mqtt", "url": f"mqtt://127.0.0.1:{{port}}"}}]}}, file)
    os.rename(ready + ".part", ready)
    os._exit(0)
os.dup2(writer, 1)
os.execv({bench!r}, [{bench!r}, "null-broker", *{arguments!r}])
"""


def load(port: int, *arguments: str) -> tuple:
    """The exit code and the tally of a load bounded by its number of messages."""
    done = subprocess.run(
        [str(BENCH), "load", "--port", str(port), "--warmup", "0", "--duration", "60",
         "--max-messages", "3000", "--retained-topics", "300", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)
    return done.returncode, json.loads(done.stdout)["tally"]


class GeneratorTest(unittest.TestCase):
    def test_an_honest_broker_is_found_clean(self):
        with NullBroker(BENCH) as broker:
            for shape in SHAPES:
                for version in ((), ("--mqtt5",)):
                    for qos in ("0", "1"):
                        with self.subTest(shape=shape, version=version, qos=qos):
                            code, tally = load(broker.port, "--shape", shape, "--qos", qos,
                                               "--window", "8", "--stall", "30", *version)
                            self.assertEqual(code, 0, tally)
                            self.assertGreater(tally["delivered"], 0)
                            self.assertEqual(sum(tally.values()), tally["delivered"])

    def test_a_paced_load_and_several_threads_are_clean(self):
        with NullBroker(BENCH) as broker:
            for arguments in (("--rate", "50000"), ("--threads", "2", "--qos", "1"),
                              ("--payload", "65536", "--window", "4")):
                with self.subTest(arguments=arguments):
                    code, tally = load(broker.port, "--stall", "30", *arguments)
                    self.assertEqual(code, 0, tally)
                    self.assertGreater(tally["delivered"], 0)

    def expect(self, fault: str, symptom: str, *arguments: str):
        with NullBroker(BENCH, ("--fault", fault, "--every", "500")) as broker:
            code, tally = load(broker.port, "--window", "16", "--stall", "0.5", *arguments)
        self.assertEqual(code, 1, tally)
        self.assertGreater(tally[symptom], 0, tally)

    def test_a_lost_message_is_counted_in_every_shape(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                self.expect("drop", "lost", "--shape", shape)

    def test_a_duplicate_is_counted_in_every_shape(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                self.expect("duplicate", "duplicated", "--shape", shape)

    def test_a_broken_order_is_counted(self):
        for qos in ("0", "1"):
            with self.subTest(qos=qos):
                self.expect("reorder", "reordered", "--qos", qos)

    def test_an_altered_payload_is_counted(self):
        self.expect("corrupt", "corrupted")

    def test_a_message_to_the_wrong_subscriber_is_counted(self):
        self.expect("misroute", "misrouted")

    def test_a_closed_connection_is_counted(self):
        self.expect("disconnect", "connections_lost")

    def test_bad_options_give_a_coded_error(self):
        for arguments in (["jump"], ["load", "--qos", "3"], ["load", "--port"],
                          ["load", "--hold", "1"], ["load", "--payload", "8"],
                          ["load", "--duration", "nan"],
                          ["load", "--publishers", "3", "--subscribers", "2"], []):
            with self.subTest(arguments=arguments):
                done = subprocess.run([str(BENCH), *arguments], stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(done.returncode, 2)
                self.assertIn("[usage]", done.stderr)

    def test_a_server_that_is_not_there_gives_a_coded_error(self):
        with NullBroker(BENCH) as broker:
            port = broker.port
        done = subprocess.run([str(BENCH), "load", "--port", str(port)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("[connect]", done.stderr)


def result(cpu: float, **faults: int) -> dict:
    tally = dict.fromkeys(("delivered", "lost", "duplicated", "reordered", "misrouted", "corrupted",
                           "ack_errors", "connections_lost"), 0)
    return {"server_cpu_us_per_message": cpu, "generator_cpu_us_per_message": 0.1,
            "messages_per_s": 1000, "latency_us": {"p50": 1, "p99": 2, "max": 3},
            "tally": {**tally, **faults}}


class FiguresTest(unittest.TestCase):
    def test_the_ratio_is_the_median_of_the_pairs(self):
        ours = [result(1), result(10), result(3)]
        theirs = [result(2), result(20), result(3)]
        self.assertEqual(paired_ratio(ours, theirs), 0.5)

    def test_a_target_is_met_up_to_its_edge_and_missed_beyond(self):
        for scenario in LOADS:
            if scenario.target is None:
                continue
            for cpu, missed in ((4 * scenario.target, 0), (4.1 * scenario.target, 1)):
                loads = {scenario.name: summarise_load({"fairleadd": [result(cpu)],
                                                        "mosquitto": [result(4)]})}
                self.assertEqual(len(find_misses(LOADS, loads, {}, "fairleadd")), missed)

    def test_a_target_without_a_reference_is_not_met(self):
        loads = {LOADS[0].name: summarise_load({"fairleadd": [result(1)]})}
        self.assertEqual(len(find_misses(LOADS, loads, {}, "fairleadd")), 1)

    def test_idle_targets_are_judged(self):
        def summary(kib, cpu):
            names = [scenario.name for scenario in IDLE_TRAFFIC]
            return {"fairleadd": summarise_idle([{
                "kib_per_connection": kib, "connect_cpu_us": 1, "connections_lost": 0,
                "traffic": {"without": {name: [result(1)] for name in names},
                            "with": {name: [result(cpu)] for name in names}}}])}

        self.assertEqual(find_misses([], {}, summary(4.0, 1.2), "fairleadd"), [])
        self.assertEqual(len(find_misses([], {}, summary(4.1, 1.2), "fairleadd")), 1)
        self.assertEqual(len(find_misses([], {}, summary(4.0, 1.3), "fairleadd")),
                         len(IDLE_TRAFFIC))

    def test_one_lost_message_in_one_round_is_a_fault(self):
        loads = {"p2p": summarise_load({"fairleadd": [result(1), result(1, lost=1), result(1)]})}
        self.assertEqual(len(find_faults(loads, {})), 1)
        idle = {"fairleadd": {"faults": {"connections_lost": 2}}}
        self.assertIn(IDLE, find_faults({}, idle)[0])


class RunTest(unittest.TestCase):
    def run_bench(self, stub_arguments: list, *arguments: str) -> tuple:
        with tempfile.TemporaryDirectory() as folder:
            if stub_arguments is not None:
                stub = Path(folder) / "fairleadd"
                stub.write_text(STUB.format(python=sys.executable, bench=str(BENCH),
                                            arguments=stub_arguments), encoding="utf-8")
                stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
            report = Path(folder) / "report.json"
            done = subprocess.run(
                [sys.executable, str(HERE / "run.py"), "--bin-dir", folder, "--bench", str(BENCH),
                 "--peers", "fairleadd", "--rounds", "1", "--duration", "0.05",
                 "--json", str(report), *arguments],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
            written = json.loads(report.read_text("utf-8")) if report.exists() else {}
        return done, written

    def test_a_clean_run_succeeds_and_writes_its_results(self):
        done, written = self.run_bench([], "--only", "paced-p2p", "--reactors", "1,3")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(list(written["loads"]["paced-p2p"]), ["fairleadd/1", "fairleadd/3"])

    def test_faults_fail_the_run(self):
        done, written = self.run_bench(["--fault", "duplicate", "--every", "50"],
                                       "--only", "p2p-qos0-w16")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("duplicated", written["faults"][0])

    def test_a_missed_target_fails_the_run_only_with_check(self):
        self.assertEqual(self.run_bench([], "--only", "p2p-qos0-w1")[0].returncode, 0)
        self.assertEqual(self.run_bench([], "--only", "p2p-qos0-w1", "--check")[0].returncode, 3)

    def test_what_is_missing_is_named(self):
        done, _ = self.run_bench(None, "--only", "p2p-qos0-w1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("[fairleadd-missing]", done.stderr)
        done, _ = self.run_bench([], "--only", "nothing")
        self.assertEqual(done.returncode, 2)
        self.assertIn("[usage]", done.stderr)
        done, _ = self.run_bench(["--fault", "nonsense"], "--only", "p2p-qos0-w1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("[server-start]", done.stderr)


class DurableTest(unittest.TestCase):
    def rounds(self, rate: int, syncs: float | None, lost: int = 0) -> list:
        tally = dict.fromkeys(FAULTS, 0) | {"lost": lost}
        result = {"messages_per_s": rate, CPU: 1.0, "latency_us": {"p50": 1.0, "p99": 2.0},
                  "tally": tally}
        return [result if syncs is None else result | {"syncs_per_message": syncs}]

    def summary(self, disk: int, syncs: float, lost: int = 0) -> dict:
        return durable.summarise({100: {
            "fairleadd/disk": self.rounds(disk, syncs, lost),
            "fairleadd/memory": self.rounds(1000, 0.0), "mosquitto": self.rounds(500, None)}})

    def test_a_slow_disk_and_too_many_syncs_are_missed_targets(self):
        self.assertEqual(durable.find_misses(self.summary(400, 0.02)), [])
        self.assertIn("0.39", durable.find_misses(self.summary(390, 0.02))[0])
        self.assertIn("syncs", durable.find_misses(self.summary(400, 0.03))[0])

    def test_a_lost_message_is_a_fault(self):
        self.assertEqual(durable.find_faults(self.summary(400, 0.02)), [])
        self.assertEqual(durable.find_faults(self.summary(400, 0.02, 3)),
                         ["100 publishers on fairleadd/disk: 3 lost"])
        self.assertIn("3/0", durable.durable_table(self.summary(400, 0.02, 3)))


class FramedTest(unittest.TestCase):
    def summary(self, line: float, wrong: int = 0) -> dict:
        costs = {route: line if route in framed.JUDGED else 2.0 for route in framed.ROUTES}
        return framed.summarise({16: {route: [{CPU: cost, "messages_per_s": 1000, "wrong": wrong}]
                                      for route, cost in costs.items()}})

    def test_lines_that_cost_too_much_miss_the_target(self):
        self.assertEqual(framed.find_misses(self.summary(3.0)), [])
        self.assertEqual([miss.split(",")[0] for miss in framed.find_misses(self.summary(3.1))],
                         list(framed.JUDGED))

    def test_what_came_otherwise_is_a_fault(self):
        self.assertEqual(framed.find_faults(self.summary(3.0)), [])
        self.assertEqual(len(framed.find_faults(self.summary(3.0, 1))), len(framed.ROUTES))
        self.assertIn("1.50", framed.framed_table(self.summary(3.0)))

    def test_frames_are_those_of_the_protocols(self):
        self.assertEqual(framed.frame("line", b"x"), b"x\n")
        self.assertEqual(framed.frame("mqtt", b"x" * 200)[:5], b"\x30\xd9\x01\x00\x0f")


class QuietTest(unittest.TestCase):
    def summary(self, kib: float, lost: int = 0) -> dict:
        return quiet.summarise([{"kib_per_peer": kib, "handshake_ms": 4.0, "slowest_ms": 9.0,
                                 "connections_lost": lost}])

    def test_a_peer_that_costs_too_much_misses_the_target(self):
        self.assertEqual(quiet.find_misses(self.summary(63.9)), [])
        self.assertIn("64.0 KiB", quiet.find_misses(self.summary(64.0))[0])
        self.assertIn("63.9", quiet.quiet_table(self.summary(63.9)))

    def test_a_peer_that_is_gone_is_a_fault(self):
        self.assertEqual(quiet.find_faults(self.summary(40.0)), [])
        self.assertEqual(quiet.find_faults(self.summary(40.0, 2)),
                         ["quiet peers: 2 connections lost"])


if __name__ == "__main__":
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("usage: selftest.py PATH-OF-FAIRLEAD-BENCH [unittest options]")
    BENCH = Path(sys.argv.pop(1)).resolve()
    unittest.main()
