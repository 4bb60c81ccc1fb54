# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What is measured: the load of every scenario and the target it has to meet."""

from dataclasses import dataclass, field

IDLE = "idle"
IDLE_CONNECTIONS = 10_000
IDLE_KIB_TARGET = 4.0
IDLE_CHANGE_TARGET = 0.20

DURABLE_PUBLISHERS = (1, 10, 100)
DURABLE_LEAST = 0.4  # of the messages per second without a disk, with the most publishers
DURABLE_MOST_SYNCS = 0.02  # per message, likewise

FRAMED_TARGET = 1.5  # CPU per message over plain TCP, of one over MQTT at QoS 0

STARTUP_RETAINED = 100_000
STARTUP_SESSIONS = 10_000

PIPELINED_TARGET = 0.25
SINGLE_TARGET = 1.0


@dataclass(frozen=True)
class Scenario:
    name: str
    text: str
    arguments: tuple = field(default_factory=tuple)
    target: float | None = None  # CPU per message relative to mosquitto's, at most
    usual: bool = True  # runs when nothing is asked for


def _closed(name: str, text: str, *arguments: str) -> list:
    return [Scenario(f"{name}-w{window}", f"{text}, {window} in flight",
                     (*arguments, "--window", str(window)),
                     PIPELINED_TARGET if window == 16 else SINGLE_TARGET)
            for window in (1, 16)]


def _extra(name: str, text: str, *arguments: str) -> Scenario:
    return Scenario(name, text, arguments, None, False)


LOADS = [
    *_closed("p2p-qos0", "10 to 10, QoS 0", "--shape", "p2p", "--qos", "0"),
    *_closed("p2p-qos1", "10 to 10, QoS 1", "--shape", "p2p", "--qos", "1"),
    *_closed("fan-out", "1 to 100, QoS 0", "--shape", "fan-out", "--qos", "0"),
    *_closed("fan-in", "100 to 1, QoS 0", "--shape", "fan-in", "--qos", "0"),
    _extra("paced-p2p", "10 to 10, QoS 0, 20 000 messages/s", "--shape", "p2p", "--rate", "20000"),
    _extra("paced-p2p-qos1", "10 to 10, QoS 1, 10 000 messages/s",
           "--shape", "p2p", "--qos", "1", "--rate", "10000"),
    _extra("paced-fan-out", "1 to 100, QoS 0, 40 000 deliveries/s",
           "--shape", "fan-out", "--rate", "400"),
    _extra("paced-fan-in", "100 to 1, QoS 0, 20 000 messages/s",
           "--shape", "fan-in", "--rate", "20000"),
    _extra("large16k-p2p", "10 to 10, QoS 0, 16 KiB, 2 in flight",
           "--shape", "p2p", "--payload", "16384", "--window", "2"),
    _extra("large64k-p2p", "10 to 10, QoS 0, 64 KiB, 2 in flight",
           "--shape", "p2p", "--payload", "65536", "--window", "2"),
    _extra("large16k-fan-out", "1 to 100, QoS 0, 16 KiB, 2 in flight",
           "--shape", "fan-out", "--payload", "16384", "--window", "2"),
    _extra("large64k-fan-out", "1 to 100, QoS 0, 64 KiB, 2 in flight",
           "--shape", "fan-out", "--payload", "65536", "--window", "2"),
    _extra("wide-p2p", "2000 to 2000, QoS 0, 1 in flight",
           "--shape", "p2p", "--publishers", "2000", "--subscribers", "2000"),
    _extra("fan-out-qos1-w16", "1 to 100, QoS 1, 16 in flight",
           "--shape", "fan-out", "--qos", "1", "--window", "16"),
    _extra("fan-in-qos1-w16", "100 to 1, QoS 1, 16 in flight",
           "--shape", "fan-in", "--qos", "1", "--window", "16"),
    _extra("shared-w16", "10 to a shared subscription of 10, QoS 0, 16 in flight",
           "--shape", "shared", "--window", "16"),
    _extra("retained", "5000 retained messages to 200 fresh subscriptions, 10 at once",
           "--shape", "retained", "--retained-topics", "5000", "--subscribers", "200",
           "--window", "10"),
]

# The traffic whose cost idle connections must not change.
IDLE_TRAFFIC = [scenario for scenario in LOADS if scenario.name in ("p2p-qos0-w1", "p2p-qos0-w16")]

IDLE_TEXT = f"{IDLE_CONNECTIONS} idle connections: memory, and CPU per message with and without"

# SHIP devices in data exchange that say nothing.
QUIET_PEERS = 200
QUIET_KIB_TARGET = 64
