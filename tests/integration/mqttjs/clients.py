# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the daemon with MQTT.js: starts it and runs areas.mjs under node."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import kit  # noqa: E402

TIMEOUT = 100

node = shutil.which("node")
kit.need(node, "node")
kit.need((HERE / "node_modules" / "mqtt").is_dir(), "MQTT.js (npm ci)")

broker = kit.Broker(listeners={
    "old": {"allow_mqtt31": True}, "ws": {"url": "ws://127.0.0.1:0"},
    "oldws": {"url": "ws://127.0.0.1:0", "allow_mqtt31": True},
    "info": {"response_information": "answers"},
    "plain": {"wildcard_available": False, "shared_available": False, "max_qos": 1,
              "retain_available": False}})
broker.start()
try:
    done = subprocess.run(
        [node, str(HERE / "areas.mjs"), *sys.argv[1:]], timeout=TIMEOUT, check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "FAIRLEAD_PORTS": json.dumps(broker.ports)})
    code = done.returncode
except subprocess.TimeoutExpired:
    print(f"node did not end within {TIMEOUT} s")
    code = 1
if problem := broker.stop():
    print(problem)
if code or problem:
    print(f"--- log of the broker ---\n{broker.log()}")
broker.remove()
sys.exit(1 if code or problem else 0)
