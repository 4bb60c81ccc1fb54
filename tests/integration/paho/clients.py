# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the daemon with Eclipse paho's client for Python."""

# The runner takes the tests of this module.
# ruff: noqa: F401
from peer import kit
from basics import PublishSubscribe, Retained, Will
from features import Aliases, Flow, Properties
from sessions import Resume, Sessions, Shared, Takeover

kit.main(listeners={"old": {"allow_mqtt31": True}, "info": {"response_information": "answers"},
                    "strict": {"max_keep_alive": 30},
                    "plain": {"wildcard_available": False, "shared_available": False}})
