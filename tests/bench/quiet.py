# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What a device costs that has connected over SHIP, exchanged its first messages, and is quiet."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from brokers import BenchFailure, Fairleadd
from figures import table
from measure import settled_kib
from scenarios import QUIET_KIB_TARGET, QUIET_PEERS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration" / "ship"))

import papers  # noqa: E402
from peer import ACCESS_REQUEST, DISCOVERY, Peer, data  # noqa: E402

WARM_UP = 8  # connected before the first look at the memory, so that it holds what they share
DEADLINE = 20


def make_identities(count: int) -> list:
    if not papers.available():
        raise BenchFailure("openssl-missing", "the devices' keys are made by openssl:"
                           " apt install openssl")
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda number: papers.Identity(f"quiet-{number}"), range(count)))


def ship_port(server: Fairleadd) -> int:
    ready = json.loads((server.folder / "ready.json").read_text(encoding="utf-8"))
    for listener in ready["listeners"]:
        if listener["name"] == "ship":
            return urlsplit(listener["url"]).port
    raise BenchFailure("server-start", "the server has no ship listener: build its plugin")


def connect(port: int, identities: list) -> tuple:
    """Devices in data exchange, and the seconds that each took to get there."""
    peers, seconds = [], []
    for identity in identities:
        begin = time.monotonic()
        try:
            peer = Peer.dial(port, identity, DEADLINE)
            peer.shake_hands_as_client(f"quiet-{identity.ski}")
        except (AssertionError, EOFError, OSError, RuntimeError) as error:
            raise BenchFailure("ship", f"no data exchange: {error}") from None
        seconds.append(time.monotonic() - begin)
        peer.send(data(DISCOVERY))
        peers.append(peer)
    return peers, seconds


def measure(bin_dir: Path, reactors: int, rounds: int, say) -> list:
    identities = make_identities(WARM_UP + QUIET_PEERS)
    trusted = json.dumps([one.ski for one in identities])
    endpoint = f'\n[[endpoint]]\nname = "ship"\nurl = "ship://127.0.0.1:0"\ntrusted = {trusted}\n'
    results = []
    for number in range(rounds):
        with Fairleadd(bin_dir, reactors, "fairleadd", "", endpoint) as server:
            results.append(measure_once(server, identities))
        say(f"round {number + 1}/{rounds}  {results[-1]['kib_per_peer']:.1f} KiB per peer")
    return results


def measure_once(server: Fairleadd, identities: list) -> dict:
    port = ship_port(server)
    warm, _ = connect(port, identities[:WARM_UP])
    before = settled_kib(server.pid)
    peers, seconds = connect(port, identities[WARM_UP:])
    after = settled_kib(server.pid)
    lost = sum(not is_alive(peer) for peer in warm + peers)
    for peer in warm + peers:
        peer.close()
    return {"kib_per_peer": (after - before) / QUIET_PEERS, "connections_lost": lost,
            "handshake_ms": median(seconds) * 1000, "slowest_ms": max(seconds) * 1000}


def is_alive(peer: Peer) -> bool:
    try:
        peer.send(ACCESS_REQUEST)
        return (peer.receive() or b"").startswith(b'\x01{"accessMethods"')
    except OSError:
        return False


def summarise(rounds: list) -> dict:
    summary = {name: median(result[name] for result in rounds)
               for name in ("kib_per_peer", "handshake_ms")}
    summary["slowest_ms"] = max(result["slowest_ms"] for result in rounds)
    summary["connections_lost"] = sum(result["connections_lost"] for result in rounds)
    return summary


def find_faults(summary: dict) -> list:
    lost = summary["connections_lost"]
    return [f"quiet peers: {lost} connections lost"] if lost else []


def find_misses(summary: dict) -> list:
    size = summary["kib_per_peer"]
    if size < QUIET_KIB_TARGET:
        return []
    return [f"quiet peers: {size:.1f} KiB each, less than {QUIET_KIB_TARGET} KiB wanted"]


def quiet_table(summary: dict) -> str:
    return table(["peers", "", "KiB/peer", "target", "handshake ms", "slowest ms", "lost"],
                 [[str(QUIET_PEERS), "", f"{summary['kib_per_peer']:.1f}",
                   f"< {QUIET_KIB_TARGET}", f"{summary['handshake_ms']:.1f}",
                   f"{summary['slowest_ms']:.1f}", str(summary["connections_lost"])]])
