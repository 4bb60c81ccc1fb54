# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket and TLS: clients that others wrote, and some that do it wrong."""

# The runner takes the tests of this module.
# ruff: noqa: F401
from papers import PAPERS, kit
from pahos import PahoOverBoth, PahoOverTls, PahoOverWebSocket
from secure import Renewal, Secure
from websockets import WebSockets

kit.need(__import__("tools").available(), "mosquitto-clients")


def tls(name="server", url="mqtts://127.0.0.1:0", **more):
    return {"url": url, "certificate": str(PAPERS.certificate(name)),
            "key": str(PAPERS.key(name)), **more}


kit.main(listeners={
    "ws": {"url": "ws://127.0.0.1:0"},
    "bus": {"url": "ws://127.0.0.1:0/deep/bus"},
    "pages": {"url": "ws://127.0.0.1:0", "allowed_origins": ["https://app.example"]},
    "hasty": {"url": "ws://127.0.0.1:0", "handshake_timeout": 0.5},
    "mqtts": tls(),
    "rsa": tls("rsa"),
    "modern": tls(tls_min_version="1.3"),
    "known": tls(ca=str(PAPERS.ca), require_certificate=True),
    "renewed": tls("renewed"),
    "hastytls": tls(handshake_timeout=0.5),
    "wss": tls(url="wss://127.0.0.1:0"),
})
