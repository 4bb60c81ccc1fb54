# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""How long a start takes on a full store, and what a subscription to all of it costs."""

import subprocess
import time
from dataclasses import replace
from statistics import median

from brokers import BenchFailure, Fairleadd
from figures import table
from measure import Generator, peak_kib, settled_kib
from scenarios import STARTUP_RETAINED, STARTUP_SESSIONS

# One generator run sets at most as many as it has packet ids.
BATCH = 50_000
READ_SECONDS = 60


def measure(generator: Generator, bin_dir, reactors: int, rounds: int, say) -> list:
    results = []
    for number in range(rounds):
        with Fairleadd(bin_dir, reactors, "fairleadd", "disk") as server:
            result = measure_once(replace(generator, warmup=0), server)
        results.append(result)
        say(f"round {number + 1}/{rounds}  empty {result['empty_s']:.2f} s,"
            f" full {result['full_s']:.2f} s")
    return results


def measure_once(generator: Generator, server: Fairleadd) -> dict:
    empty = server.restart()
    for _ in range(STARTUP_RETAINED // BATCH):
        result = generator.run(
            server, "retained set", "--shape", "retained", "--retained-topics", str(BATCH),
            "--subscribers", "1", "--keep-retained")
        if result["tally"]["lost"]:
            raise BenchFailure("retained", f"{result['tally']['lost']} retained messages lost")
    with generator.idle(server, STARTUP_SESSIONS, "--persistent", "--subscribe"):
        pass
    full = server.restart()
    resident = settled_kib(server.pid)
    return {"empty_s": empty, "full_s": full, "resident_kib": resident,
            "read_s": read_everything(server), "peak_kib": peak_kib(server.pid)}


def read_everything(server: Fairleadd) -> float:
    """Seconds until somebody else's client had every retained message, each once."""
    begin = time.monotonic()
    done = subprocess.run(
        ["mosquitto_sub", "-p", str(server.port), "-t", "#", "-F", "%t",
         "-C", str(STARTUP_RETAINED), "-W", str(READ_SECONDS)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    topics = done.stdout.split()
    if len(set(topics)) != STARTUP_RETAINED or len(topics) != STARTUP_RETAINED:
        raise BenchFailure("retained", f"{len(set(topics))} of {STARTUP_RETAINED} topics were read")
    return time.monotonic() - begin


def startup_table(results: list) -> str:
    def middle(name):
        return median(result[name] for result in results)

    return (f"{STARTUP_RETAINED} retained messages, {STARTUP_SESSIONS} persistent sessions\n"
            + table(["", "", "seconds", "MiB"],
                    [["start, empty", "", f"{middle('empty_s'):.2f}", ""],
                     ["start, full", "", f"{middle('full_s'):.2f}",
                      f"{middle('resident_kib') / 1024:.1f}"],
                     ["read by one '#'", "", f"{middle('read_s'):.2f}",
                      f"{middle('peak_kib') / 1024:.1f}"]]))
