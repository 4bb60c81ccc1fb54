# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Drives the daemon with mosquitto_pub, mosquitto_sub and mosquitto_rr."""

# The runner takes the tests of this module.
# ruff: noqa: F401
import tools
import kit
from properties import Expiry, Properties, RequestResponse
from pubsub import Large, PublishSubscribe
from retained import Retained, Will
from sessions import Sessions, Shared, Takeover
from sys_topics import SysTopics
from versions import Versions

kit.need(tools.available(), "mosquitto-clients")
kit.main(listeners={"old": {"allow_mqtt31": True}, "small": {"max_packet_size": 1024}})
