#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Measures fairleadd against mosquitto in one run; README.md says how to read the figures.

Exit codes: 0 good, 1 messages lost, duplicated, reordered or altered, 2 no result, 3 a target
missed (only with --check).
"""

import argparse
import fnmatch
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

import durable
import framed
import quiet
import startup
from brokers import BenchFailure, Fairleadd, Mosquitto, NullBroker, find_mosquitto
from figures import (find_faults, find_misses, idle_table, load_table, summarise_idle,
                     summarise_load)
from measure import Generator, measure_idle, raise_file_limit, require_files_for_idle
from scenarios import IDLE, IDLE_TEXT, LOADS

EXIT_FAULTS, EXIT_NO_RESULT, EXIT_MISSED = 1, 2, 3
PEERS = ("fairleadd", "mosquitto", "floor")


def count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 100")
    return value


def duration(text: str) -> float:
    value = float(text)
    if not 0.05 <= value <= 600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.05 and 600")
    return value


def reactor_list(text: str) -> list:
    values = [int(part) for part in text.split(",")]
    if not all(0 <= value <= 256 for value in values) or len(set(values)) != len(values):
        raise argparse.ArgumentTypeError(f"{text} is no list of different reactor counts")
    return values


def peer_list(text: str) -> list:
    values = text.split(",")
    for value in values:
        if value not in PEERS or values.count(value) > 1:
            raise argparse.ArgumentTypeError(f"'{value}' is no server, or named twice; there are"
                                             f" {', '.join(PEERS)}")
    return values


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measures fairleadd against mosquitto in one run.",
        epilog="Exit codes: 0 good, 1 messages lost, duplicated, reordered or altered, 2 no result,"
               " 3 a target missed with --check.")
    parser.add_argument("what", nargs="?", choices=("traffic", "durable", "framed", "quiet", "start-up"),
                        default="traffic",
                        help="traffic (the default): CPU per message of every shape; durable:"
                             " QoS 1 to persistent sessions at each level of durability; framed:"
                             " lines over plain TCP beside MQTT; quiet: memory of SHIP devices that"
                             " say nothing; start-up: a start on a full store")
    parser.add_argument("--bin-dir", type=Path, default=Path("build/release/bin"),
                        help="where fairleadd is; build/release/bin by default")
    parser.add_argument("--bench", type=Path,
                        help="the generator; by default tests/bin/fairlead-bench next to --bin-dir")
    parser.add_argument("--quick", action="store_true",
                        help="3 short rounds: a first look, not a verdict")
    parser.add_argument("--rounds", type=count, help="interleaved rounds, 5 by default")
    parser.add_argument("--duration", type=duration, metavar="SECONDS",
                        help="measured time of one round, 1.5 by default")
    parser.add_argument("--only", action="append", metavar="NAME", default=[],
                        help="run this scenario, * and ? allowed; may be given several times")
    parser.add_argument("--extra", action="store_true", help="run the extra scenarios too")
    parser.add_argument("--list", action="store_true", help="list the scenarios and exit")
    parser.add_argument("--mqtt5", action="store_true", help="speak MQTT 5.0 instead of 3.1.1")
    parser.add_argument("--reactors", type=reactor_list, default=[1], metavar="N[,N]",
                        help="fairleadd once with each number of reactors; targets are judged on"
                             " the first; 1 by default, 0 is fairleadd's own choice")
    parser.add_argument("--threads", type=count, default=1,
                        help="generator threads, each with the whole load; 1 by default")
    parser.add_argument("--peers", type=peer_list, default=["fairleadd", "mosquitto"],
                        metavar="NAME[,NAME]", help=f"servers to run: {', '.join(PEERS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results there")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    return parser.parse_args()


def select(arguments: argparse.Namespace) -> tuple:
    """The chosen loads, and whether idle is chosen."""
    if not arguments.only:
        return [scenario for scenario in LOADS if scenario.usual or arguments.extra], True
    names = [scenario.name for scenario in LOADS] + [IDLE]
    for pattern in arguments.only:
        if not fnmatch.filter(names, pattern):
            raise BenchFailure("usage", f"no scenario is called '{pattern}'; --list names them")

    def chosen(name):
        return any(fnmatch.fnmatch(name, pattern) for pattern in arguments.only)

    return [scenario for scenario in LOADS if chosen(scenario.name)], chosen(IDLE)


def make_peers(arguments: argparse.Namespace, bench: Path) -> dict:
    """Functions that make a fresh server, by the name the tables show."""
    peers = {}
    bin_dir = arguments.bin_dir.resolve()
    if "fairleadd" in arguments.peers:
        if not os.access(bin_dir / "fairleadd", os.X_OK):
            raise BenchFailure("fairleadd-missing", f"no fairleadd in {bin_dir}: build it first")
        for reactors in arguments.reactors:
            name = "fairleadd" if len(arguments.reactors) == 1 else f"fairleadd/{reactors}"
            peers[name] = lambda name=name, reactors=reactors: Fairleadd(bin_dir, reactors, name)
    if "mosquitto" in arguments.peers:
        program = find_mosquitto()
        peers["mosquitto"] = lambda: Mosquitto(program)
    if "floor" in arguments.peers:
        peers["floor"] = lambda: NullBroker(bench)
    return peers


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def run_rounds(generator: Generator, peers: dict, scenarios: list, rounds: int) -> dict:
    """Rounds go round all scenarios and servers, so that a slow minute of the machine falls on
    all of them alike."""
    results = {scenario.name: {peer: [] for peer in peers} for scenario in scenarios}
    for number in range(rounds):
        for scenario in scenarios:
            # The server that begins changes from round to round.
            order = list(peers)[number % len(peers):] + list(peers)[:number % len(peers)]
            costs = []
            for peer in order:
                with peers[peer]() as broker:
                    result = generator.load(scenario, broker)
                results[scenario.name][peer].append(result)
                costs.append(f"{peer} {result['server_cpu_us_per_message']:.3f} µs")
            say(f"round {number + 1}/{rounds}  {scenario.name}: {', '.join(costs)}")
    return results


def run_idle(generator: Generator, peers: dict, rounds: int) -> dict:
    require_files_for_idle()
    results = {peer: [] for peer in peers}
    for number in range(rounds):
        costs = []
        for peer, make_broker in peers.items():
            result = measure_idle(generator, make_broker, number % 2 == 0)
            results[peer].append(result)
            costs.append(f"{peer} {result['kib_per_connection']:.2f} KiB")
        say(f"round {number + 1}/{rounds}  {IDLE}: {', '.join(costs)}")
    return results


def describe_machine() -> dict:
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(),
            "load_average": os.getloadavg()}


def run_other(arguments: argparse.Namespace, generator: Generator, rounds: int) -> int:
    """The runs that are about one part."""
    bin_dir = arguments.bin_dir.resolve()
    machine = describe_machine()
    if arguments.what == "start-up":
        require_files_for_idle()
        raw = startup.measure(generator, bin_dir, arguments.reactors[0], rounds, say)
        print(startup.startup_table(raw))
        summary, faults, misses = {}, [], []
    elif arguments.what == "quiet":
        raw = quiet.measure(bin_dir, arguments.reactors[0], rounds, say)
        summary = quiet.summarise(raw)
        faults, misses = quiet.find_faults(summary), quiet.find_misses(summary)
        print(quiet.quiet_table(summary))
    elif arguments.what == "framed":
        raw = framed.measure(generator, bin_dir, arguments.reactors[0], rounds, say)
        summary = framed.summarise(raw)
        faults, misses = framed.find_faults(summary), framed.find_misses(summary)
        print(f"{machine['cpus']} CPUs ({machine['cpu']}), {rounds} rounds of"
              f" {generator.duration} s, medians, {framed.PAYLOAD} bytes, QoS 0\n\n"
              + framed.framed_table(summary))
    else:
        servers = durable.make_servers(bin_dir, arguments.reactors[0])
        raw = durable.measure(generator, servers, rounds, say)
        summary = durable.summarise(raw)
        faults, misses = durable.find_faults(summary), durable.find_misses(summary)
        print(f"{machine['cpus']} CPUs ({machine['cpu']}), {rounds} rounds of"
              f" {generator.duration} s, medians, 256 bytes, 16 in flight\n\n"
              + durable.durable_table(summary))
    for line in faults:
        print(f"FAULT   {line}")
    for line in misses:
        print(f"MISSED  {line}")
    if arguments.json:
        arguments.json.write_text(json.dumps(
            {"machine": machine, "summary": summary, "faults": faults, "missed": misses,
             "rounds": raw}, indent=1) + "\n", encoding="utf-8")
    if faults:
        return EXIT_FAULTS
    return EXIT_MISSED if misses and arguments.check else 0


def run(arguments: argparse.Namespace) -> int:
    if arguments.list:
        for scenario in LOADS:
            print(f"{scenario.name:18} {scenario.text}{'' if scenario.usual else ' (extra)'}")
        print(f"{IDLE:18} {IDLE_TEXT}")
        return 0
    bench = arguments.bench or arguments.bin_dir.parent / "tests" / "bin" / "fairlead-bench"
    bench = bench.resolve()
    if not os.access(bench, os.X_OK):
        raise BenchFailure("generator-missing", f"no fairlead-bench at {bench}: build it first")
    raise_file_limit()
    rounds = arguments.rounds or (3 if arguments.quick else 5)
    measured = arguments.duration or (0.5 if arguments.quick else 1.5)
    generator = Generator(bench, arguments.mqtt5, arguments.threads,
                          0.2 if arguments.quick else 0.5, measured)
    if arguments.what != "traffic":
        return run_other(arguments, generator, rounds)
    scenarios, with_idle = select(arguments)
    peers = make_peers(arguments, bench)
    machine = describe_machine()
    begin = time.monotonic()

    raw_loads = run_rounds(generator, peers, scenarios, rounds)
    raw_idle = run_idle(generator, peers, rounds) if with_idle else {}
    loads = {name: summarise_load(by_peer) for name, by_peer in raw_loads.items()}
    idle = {peer: summarise_idle(results) for peer, results in raw_idle.items()}

    print(f"{machine['cpus']} CPUs ({machine['cpu']}), load {machine['load_average'][0]:.1f} at the"
          f" start, {rounds} round{'' if rounds == 1 else 's'} of {measured} s, medians,"
          f" MQTT {'5.0' if arguments.mqtt5 else '3.1.1'}, {time.monotonic() - begin:.0f} s in all")
    if loads:
        print("\n" + load_table(scenarios, loads))
    if idle:
        print("\n" + idle_table(idle))

    judged = next(iter(peers))
    faults = find_faults(loads, idle)
    misses = find_misses(scenarios, loads, idle, judged) if judged.startswith("fairleadd") else []
    for line in faults:
        print(f"FAULT   {line}")
    for line in misses:
        print(f"MISSED  {line}")
    if not faults and not misses and judged.startswith("fairleadd"):
        print("\nNothing lost, duplicated or reordered; every target met.")
    if arguments.json:
        arguments.json.write_text(json.dumps({
            "machine": machine,
            "settings": {"rounds": rounds, "duration_s": measured,
                         "mqtt": "5.0" if arguments.mqtt5 else "3.1.1",
                         "reactors": arguments.reactors, "threads": arguments.threads},
            "loads": loads, "idle": idle, "faults": faults, "missed": misses,
            "rounds": {"loads": raw_loads, "idle": raw_idle}}, indent=1) + "\n", encoding="utf-8")
    if faults:
        return EXIT_FAULTS
    return EXIT_MISSED if misses and arguments.check else 0


def main() -> int:
    # A kill must still run the clean-up that stops the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(parse_arguments())
    except BenchFailure as failure:
        say(f"bench: [{failure.code}] {failure}")
        return EXIT_NO_RESULT
    except OSError as error:
        say(f"bench: [system] {error}")
        return EXIT_NO_RESULT
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
