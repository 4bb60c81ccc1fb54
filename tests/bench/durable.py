# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What it costs that acknowledged means stored: QoS 1 to persistent sessions at each level."""

from statistics import median

from brokers import Fairleadd, Mosquitto, find_mosquitto
from figures import CPU, FAULTS, count_faults, table
from measure import Generator
from scenarios import DURABLE_LEAST, DURABLE_MOST_SYNCS, DURABLE_PUBLISHERS

REFERENCE = "fairleadd/memory"
JUDGED = "fairleadd/disk"
LEVELS = ("disk", "written", "memory")


def make_servers(bin_dir, reactors: int) -> dict:
    servers = {f"fairleadd/{level}": lambda level=level: Fairleadd(
        bin_dir, reactors, f"fairleadd/{level}", level) for level in LEVELS}
    program = find_mosquitto()
    servers["mosquitto"] = lambda: Mosquitto(program)
    return servers


def measure(generator: Generator, servers: dict, rounds: int, say) -> dict:
    """All rounds by number of publishers and server."""
    results = {count: {name: [] for name in servers} for count in DURABLE_PUBLISHERS}
    for number in range(rounds):
        for count in DURABLE_PUBLISHERS:
            order = list(servers)[number % len(servers):] + list(servers)[:number % len(servers)]
            for name in order:
                results[count][name].append(measure_once(generator, servers[name], count))
            rates = ", ".join(f"{name} {results[count][name][-1]['messages_per_s']}/s"
                              for name in servers)
            say(f"round {number + 1}/{rounds}  {count} publishers: {rates}")
    return results


def measure_once(generator: Generator, make_server, publishers: int) -> dict:
    with make_server() as server:
        counts = isinstance(server, Fairleadd)
        before = server.counter("store_syncs_total") if counts else 0
        result = generator.run(
            server, f"{publishers} durable publishers", "--persistent", "--shape", "p2p",
            "--qos", "1", "--window", "16", "--payload", "256",
            "--publishers", str(publishers), "--subscribers", str(publishers),
            "--warmup", str(generator.warmup), "--duration", str(generator.duration))
        if counts:
            # The syncs are those of the whole run, and so is the tally.
            result["syncs_per_message"] = ((server.counter("store_syncs_total") - before)
                                           / max(1, result["tally"]["delivered"]))
    return result


def summarise(results: dict) -> dict:
    summaries = {}
    for count, by_server in results.items():
        summaries[count] = {}
        for name, rounds in by_server.items():
            summary = {"messages_per_s": median(one["messages_per_s"] for one in rounds),
                       "cpu_us": median(one[CPU] for one in rounds),
                       "p50_us": median(one["latency_us"]["p50"] for one in rounds),
                       "p99_us": median(one["latency_us"]["p99"] for one in rounds),
                       "ratio": median(one["messages_per_s"] / max(1, other["messages_per_s"])
                                       for one, other in zip(rounds, by_server[REFERENCE])),
                       "faults": count_faults(rounds)}
            if "syncs_per_message" in rounds[0]:
                summary["syncs_per_message"] = median(one["syncs_per_message"] for one in rounds)
            summaries[count][name] = summary
    return summaries


def find_faults(summaries: dict) -> list:
    return [f"{count} publishers on {name}: {summary['faults'][fault]} {fault.replace('_', ' ')}"
            for count, by_server in summaries.items()
            for name, summary in by_server.items()
            for fault in FAULTS if summary["faults"][fault]]


def find_misses(summaries: dict) -> list:
    missed = []
    most = max(summaries)
    summary = summaries[most][JUDGED]
    if summary["ratio"] < DURABLE_LEAST:
        missed.append(f"{most} publishers: {summary['ratio']:.2f} of {REFERENCE}, at least"
                      f" {DURABLE_LEAST:.2f} wanted")
    if summary["syncs_per_message"] > DURABLE_MOST_SYNCS:
        missed.append(f"{most} publishers: {summary['syncs_per_message']:.4f} syncs per message, at"
                      f" most {DURABLE_MOST_SYNCS} wanted")
    return missed


def durable_table(summaries: dict) -> str:
    rows = []
    for count, by_server in summaries.items():
        for index, (name, summary) in enumerate(by_server.items()):
            syncs = summary.get("syncs_per_message")
            rows.append([str(count) if index == 0 else "", name,
                         f"{summary['messages_per_s']:.0f}", f"{summary['ratio']:.2f}",
                         "" if syncs is None else f"{syncs:.4f}", f"{summary['cpu_us']:.2f}",
                         f"{summary['p50_us']:.0f}", f"{summary['p99_us']:.0f}",
                         f"{summary['faults']['lost']}/{summary['faults']['duplicated']}"])
    return table(["publishers", "server", "msgs/s", "of memory", "syncs/msg", "CPU-µs/msg",
                  "p50 µs", "p99 µs", "lost/dup"], rows)
