# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""From the rounds' raw results to medians, ratios, verdicts and tables."""

from math import inf
from statistics import median

from scenarios import (IDLE, IDLE_CHANGE_TARGET, IDLE_KIB_TARGET, IDLE_TEXT, IDLE_TRAFFIC)

REFERENCE = "mosquitto"
FAULTS = ("lost", "duplicated", "reordered", "misrouted", "corrupted", "ack_errors",
          "connections_lost")
CPU = "server_cpu_us_per_message"


def summarise(rounds: list) -> dict:
    """The medians of one scenario on one server; faults are summed, not averaged away."""
    cpu = [result[CPU] for result in rounds]
    summary = {
        "cpu_us": median(cpu), "cpu_us_least": min(cpu), "cpu_us_most": max(cpu),
        "messages_per_s": median(result["messages_per_s"] for result in rounds),
        "p50_us": median(result["latency_us"]["p50"] for result in rounds),
        "p99_us": median(result["latency_us"]["p99"] for result in rounds),
        "generator_cpu_us": median(result["generator_cpu_us_per_message"] for result in rounds),
        "faults": count_faults(rounds),
    }
    reasons = [result["loss_reason"] for result in rounds if "loss_reason" in result]
    if reasons:
        summary["loss_reason"] = reasons[0]
    if any("held_back" in result for result in rounds):
        summary["held_back"] = sum(result["held_back"] for result in rounds)
        summary["most_behind_us"] = max(result["most_behind_us"] for result in rounds)
    return summary


def count_faults(rounds: list) -> dict:
    return {fault: sum(result["tally"][fault] for result in rounds) for fault in FAULTS}


def summarise_load(by_peer: dict) -> dict:
    summaries = {peer: summarise(rounds) for peer, rounds in by_peer.items()}
    for peer, summary in summaries.items():
        if REFERENCE in by_peer and peer != REFERENCE:
            summary["ratio"] = paired_ratio(by_peer[peer], by_peer[REFERENCE])
    return summaries


def paired_ratio(rounds: list, reference: list) -> float:
    """The median of the rounds' ratios: what slows the machine for a while slows both sides of a
    round. Without any delivery to divide by, the ratio is infinite."""
    return median(ours[CPU] / theirs[CPU] if theirs[CPU] else inf
                  for ours, theirs in zip(rounds, reference))


def summarise_idle(rounds: list) -> dict:
    summary = {
        "kib_per_connection": median(result["kib_per_connection"] for result in rounds),
        "connect_cpu_us": median(result["connect_cpu_us"] for result in rounds),
        "idle_connections_lost": sum(result["connections_lost"] for result in rounds),
        "traffic": {},
    }
    every = []
    for scenario in IDLE_TRAFFIC:
        without, crowded = (
            [load for result in rounds for load in result["traffic"][kind][scenario.name]]
            for kind in ("without", "with"))
        every += without + crowded
        base, burdened = summarise(without), summarise(crowded)
        summary["traffic"][scenario.name] = {
            "without": base, "with": burdened,
            "change": paired_ratio(crowded, without) - 1}
    summary["faults"] = count_faults(every)
    summary["faults"]["connections_lost"] += summary["idle_connections_lost"]
    return summary


def faults_of(summary: dict) -> str:
    """Empty when nothing is wrong."""
    return ", ".join(f"{count} {fault.replace('_', ' ')}"
                     for fault, count in summary["faults"].items() if count)


def find_faults(loads: dict, idle: dict) -> list:
    found = []
    for name, peers in [*loads.items(), (IDLE, idle)]:
        for peer, summary in peers.items():
            text = faults_of(summary)
            if text:
                reason = summary.get("loss_reason", "")
                found.append(f"{name} on {peer}: {text}" + (f" ({reason})" if reason else ""))
    return found


def find_misses(scenarios: list, loads: dict, idle: dict, judged: str) -> list:
    """What the judged server fails to meet, a target that could not be judged included."""
    missed = []
    for scenario in scenarios:
        if scenario.target is None or scenario.name not in loads:
            continue
        ratio = loads[scenario.name].get(judged, {}).get("ratio")
        if ratio is None:
            missed.append(f"{scenario.name}: no ratio without {judged} and {REFERENCE}")
        elif ratio > scenario.target:
            missed.append(f"{scenario.name}: {ratio:.3f}x {REFERENCE}, at most"
                          f" {scenario.target:.2f}x wanted")
    summary = idle.get(judged)
    if summary:
        size = summary["kib_per_connection"]
        if size > IDLE_KIB_TARGET:
            missed.append(f"{IDLE}: {size:.2f} KiB per connection, at most"
                          f" {IDLE_KIB_TARGET:.0f} KiB wanted")
        for name, traffic in summary["traffic"].items():
            if traffic["change"] > IDLE_CHANGE_TARGET:
                missed.append(f"{IDLE}: {name} costs {traffic['change']:+.0%} CPU per message, at"
                              f" most {IDLE_CHANGE_TARGET:+.0%} wanted")
    return missed


def table(header: list, rows: list) -> str:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(row):
        cells = [cell.ljust(width) if i < 2 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        return "  ".join(cells).rstrip()

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, rows)])


def load_table(scenarios: list, loads: dict) -> str:
    rows = []
    for scenario in scenarios:
        for index, (peer, summary) in enumerate(loads.get(scenario.name, {}).items()):
            ratio = summary.get("ratio")
            target = "" if scenario.target is None or ratio is None else f"{scenario.target:.2f}"
            faults = summary["faults"]
            rows.append([
                scenario.name if index == 0 else "", peer, f"{summary['cpu_us']:.3f}",
                f"{summary['cpu_us_least']:.3f}..{summary['cpu_us_most']:.3f}",
                "" if ratio is None else f"{ratio:.3f}", target,
                f"{summary['messages_per_s']:.0f}", f"{summary['p50_us']:.0f}",
                f"{summary['p99_us']:.0f}", f"{summary['generator_cpu_us']:.3f}",
                f"{faults['lost']}/{faults['duplicated']}/{faults['reordered']}"])
    return table(["scenario", "server", "CPU-µs/msg", "spread", "ratio", "target", "msgs/s",
                   "p50 µs", "p99 µs", "gen µs/msg", "lost/dup/reord"], rows)


def idle_table(idle: dict) -> str:
    rows = []
    for peer, summary in idle.items():
        for index, (name, traffic) in enumerate(summary["traffic"].items()):
            rows.append([
                peer if index == 0 else "", name,
                f"{summary['kib_per_connection']:.2f}" if index == 0 else "",
                f"{summary['connect_cpu_us']:.1f}" if index == 0 else "",
                f"{traffic['without']['cpu_us']:.3f}", f"{traffic['with']['cpu_us']:.3f}",
                f"{traffic['change']:+.1%}"])
    return IDLE_TEXT + "\n" + table(
        ["server", "traffic", "KiB/conn", "CPU-µs/connect", "without", "with", "change"], rows)
