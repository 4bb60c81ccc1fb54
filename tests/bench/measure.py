# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the generator once against a running broker."""

import json
import random
import resource
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from brokers import BenchFailure, Broker
from scenarios import IDLE_CONNECTIONS, IDLE_TRAFFIC, Scenario

SETTLE_SECONDS = 10
SETTLE_STEP = 0.25
SETTLE_KIB = 16
CONNECT_SECONDS = 120
SPARE_FILES = 200
IDLE_SLICES = 3


@dataclass
class Generator:
    program: Path
    mqtt5: bool
    threads: int
    warmup: float
    duration: float

    def _call(self, command: str, broker: Broker, *arguments: str) -> list:
        return [str(self.program), command, "--port", str(broker.port),
                "--server-pid", str(broker.pid), "--run", str(random.randrange(1 << 31)),
                *(["--mqtt5"] if self.mqtt5 else []), *arguments]

    def load(self, scenario: Scenario, broker: Broker) -> dict:
        return self.run(broker, scenario.name, *scenario.arguments,
                        "--threads", str(self.threads),
                        "--warmup", str(self.warmup), "--duration", str(self.duration))

    def warm(self, broker: Broker):
        """Lets the server touch its code and buffers once."""
        self.run(broker, "warm-up", "--publishers", "1", "--subscribers", "1",
                 "--warmup", "0", "--duration", "0.1")

    def run(self, broker: Broker, what: str, *arguments: str) -> dict:
        limit = self.warmup + self.duration + CONNECT_SECONDS
        try:
            done = subprocess.run(
                self._call("load", broker, *arguments), stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=limit, check=False)
            result = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            raise BenchFailure(
                "generator", f"{what} on {broker.name} did not end in {limit:.0f} s\n"
                f"{broker.log_tail()}") from None
        except ValueError:
            raise BenchFailure(
                "generator", f"{what} on {broker.name}: {done.stderr.strip() or done.returncode}\n"
                f"{broker.log_tail()}") from None
        return result

    def idle(self, broker: Broker, connections: int = IDLE_CONNECTIONS,
             *arguments: str) -> "IdleHolder":
        return IdleHolder(
            self._call("idle", broker, "--connections", str(connections), *arguments), broker)


class IdleHolder:
    """A generator process that holds idle connections while the with statement lasts."""

    def __init__(self, command: list, broker: Broker):
        self._command = command
        self._broker = broker
        self._process = None
        self.connect_cpu_us = 0.0
        self.connections_lost = 0

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        line = self._process.stdout.readline()
        if not line:
            reason = self._process.communicate()[1].strip()
            raise BenchFailure("generator", f"idle on {self._broker.name}: {reason}\n"
                               f"{self._broker.log_tail()}")
        self.connect_cpu_us = json.loads(line)["server_cpu_us_per_connect"]
        return self

    def __exit__(self, *_):
        try:
            out, _ = self._process.communicate(timeout=30)
            self.connections_lost = json.loads(out)["connections_lost"]
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise BenchFailure("generator", "the idle connections did not close") from None
        except ValueError:
            raise BenchFailure("generator", "the holder of the idle connections ended early with"
                               f" code {self._process.returncode}") from None


def resident_kib(pid: int) -> int:
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Rss:"):
                return int(line.split()[1])
    raise BenchFailure("server-memory", f"no resident size for process {pid}")


def peak_kib(pid: int) -> int:
    """The most that was resident since the process began."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise BenchFailure("server-memory", f"no peak size for process {pid}")


def settled_kib(pid: int) -> int:
    """The resident size once it has stopped changing."""
    deadline = time.monotonic() + SETTLE_SECONDS
    last = resident_kib(pid)
    while time.monotonic() < deadline:
        time.sleep(SETTLE_STEP)
        size = resident_kib(pid)
        if abs(size - last) < SETTLE_KIB:
            return size
        last = size
    return last


def raise_file_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def require_files_for_idle():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    needed = IDLE_CONNECTIONS + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BenchFailure("file-limit", f"the idle scenario needs {needed} open files per process,"
                           f" the hard limit is {hard}")


def measure_idle(generator: Generator, make_broker, crowded_first: bool) -> dict:
    """One round with two fresh servers: one gets the idle connections, and the same traffic goes to
    both in turn, so that they differ in nothing else, the moment included."""
    traffic = {kind: {scenario.name: [] for scenario in IDLE_TRAFFIC}
               for kind in ("with", "without")}
    slices = replace(generator, duration=generator.duration / 2)
    with make_broker() as crowded, make_broker() as empty:
        generator.warm(crowded)
        generator.warm(empty)
        before = settled_kib(crowded.pid)
        with generator.idle(crowded) as holder:
            after = settled_kib(crowded.pid)
            order = [("with", crowded), ("without", empty)]
            for scenario in IDLE_TRAFFIC * IDLE_SLICES:
                for kind, broker in order if crowded_first else reversed(order):
                    traffic[kind][scenario.name].append(slices.load(scenario, broker))
    return {"kib_per_connection": (after - before) / IDLE_CONNECTIONS,
            "connect_cpu_us": holder.connect_cpu_us,
            "connections_lost": holder.connections_lost,
            "traffic": traffic}
