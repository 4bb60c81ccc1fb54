# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Trust that operators decide at run time: by the command-line tool and the control socket, with
scripted peers, over restarts of the host."""

import json
import subprocess
import sys
import unittest
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))

from shiptest import ShipTest, endpoint  # noqa: E402
from controltest import TOOL, kit  # noqa: E402
from peer import (  # noqa: E402
    ABORTED, ACCESS_REQUEST, ANNOUNCE_MAX, DISCOVERY, DISCOVERY_PLAIN, INIT, PIN_NONE, READY, SELECT,
    data)

USAGE, REFUSED = 1, 4
REMOVED = (b'\x03{"connectionClose":[{"phase":"announce"},{"maxTime":500},'
           b'{"reason":"removedConnection"}]}')
CONFIRM = b'\x03{"connectionClose":[{"phase":"confirm"}]}'
READY_NOW = b'\x01{"connectionHello":[{"phase":"ready"}]}'
PIN_REQUIRED = b'\x01{"connectionPinState":[{"pinState":"required"},{"inputPermission":"ok"}]}'
PIN_OK = b'\x01{"connectionPinState":[{"pinState":"pinOk"}]}'


def grouped(ski):
    return " ".join(ski[i:i + 4] for i in range(0, 40, 4)).upper()


class TrustTest(ShipTest):
    def ship(self, daemon, *arguments, code=0, given=None):
        """`fairlead ship`; what it printed, or complained."""
        done = subprocess.run([TOOL, "ship", *map(str, arguments), "--control", str(daemon.socket)],
                              input=given, stdin=None if given else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=kit.DEADLINE, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def peers(self, daemon):
        listed = json.loads(self.ship(daemon, "list", "--json"))
        return {one["ski"]: one for one in listed}

    def state_of(self, daemon, ski):
        return self.peers(daemon).get(ski, {"state": None})["state"]

    def waits_for(self, daemon, ski, state):
        self.assertTrue(kit.settle(lambda: self.state_of(daemon, ski) == state, kit.DEADLINE),
                        f"{ski} is {self.state_of(daemon, ski)}, not {state}\n{daemon.log()}")

    def pending(self, daemon, device, *first):
        """A stranger in the hello, ready itself."""
        peer = self.dial(daemon, device)
        peer.send(INIT, *(first or (READY,)))
        peer.expect(INIT)
        peer.expect_hello("pending")
        return peer

    def connected(self, daemon, device, ship_id="device-1"):
        peer = self.dial(daemon, device)
        peer.shake_hands_as_client(ship_id)
        return peer

    def finish_as_client(self, peer):
        """From the hello's end on."""
        peer.send(ANNOUNCE_MAX)
        peer.expect(SELECT)
        peer.send(SELECT, PIN_NONE)
        peer.expect(PIN_NONE, ACCESS_REQUEST)
        peer.exchange_ids("HeatPump-1")

    def again(self, daemon, *endpoints):
        return self.host(*(endpoints or (endpoint(),)), folder=daemon.folder)


class Pairing(TrustTest):
    def test_a_stranger_is_trusted_while_it_waits(self):
        device = self.identity()
        daemon = self.host(endpoint())
        reader = self.reader(daemon)
        board = self.reader(daemon, "ship/$pairing/#")
        peer = self.pending(daemon, device)
        self.waits_for(daemon, device.ski, "pending")
        waiting = self.peers(daemon)[device.ski]
        self.assertEqual((waiting["attempts"], waiting["endpoint"], waiting["connected"]),
                         (1, "ship", True))
        table = self.ship(daemon, "list").splitlines()
        self.assertEqual(table[0].split()[:2], ["SKI", "STATE"])
        self.assertEqual(table[1].split()[:2], [device.ski, "pending"])
        shown = json.loads(self.next(board, "ship/$pairing/ship"))["requests"]
        while not shown:
            shown = json.loads(self.next(board, "ship/$pairing/ship"))["requests"]
        self.assertEqual(shown[0]["ski"], device.ski)
        said = self.ship(daemon, "trust", grouped(device.ski), "--label", "Heat pump")
        self.assertIn("label: Heat pump", said)
        # The partner was ready already: nothing is left to wait for.
        peer.expect(READY_NOW)
        self.finish_as_client(peer)
        self.state(reader, device.ski, "connected")
        peer.send(data(DISCOVERY))
        self.assertEqual(self.next(reader, f"ship/{device.ski}/rx"), DISCOVERY_PLAIN)
        self.publish(daemon, f"ship/{device.ski}/tx", DISCOVERY_PLAIN)
        peer.expect(data(DISCOVERY))
        self.assertEqual(json.loads(self.next(board, "ship/$pairing/ship")), {"requests": []})
        one = self.peers(daemon)[device.ski]
        self.assertEqual((one["state"], one["source"], one["label"], one["shipId"]),
                         ("connected", "verified", "Heat pump", "HeatPump-1"))
        self.assertRegex(one["since"], r"^20\d\d-")
        told = self.rpc(daemon).call("events", kinds=["trust-requested", "trust-granted"])["events"]
        self.assertEqual([(event["kind"], event["key"]) for event in told],
                         [("trust-requested", device.ski), ("trust-granted", device.ski)])
        # It comes back like any other, with what waits for it.
        peer.close()
        self.state(reader, device.ski, "disconnected")
        self.publish(daemon, f"ship/{device.ski}/tx", '{"a":1}')
        back = self.connected(daemon, device, "HeatPump-1")
        self.assertEqual(back.early or [back.receive()], [data('{"a":1}')])

    def test_trust_outlives_the_host(self):
        device = self.identity()
        daemon = self.host(endpoint())
        self.ship(daemon, "trust", device.ski, "--label", "Pump")
        self.connected(daemon, device, "Pump-1")
        self.waits_for(daemon, device.ski, "connected")
        self.assertTrue(kit.settle(
            lambda: self.peers(daemon)[device.ski].get("shipId") == "Pump-1", kit.DEADLINE))
        self.assertEqual(daemon.stop(), 0)
        again = self.again(daemon)
        one = self.peers(again)[device.ski]
        self.assertEqual((one["state"], one["source"], one["label"], one["shipId"]),
                         ("disconnected", "entered", "Pump", "Pump-1"))
        self.connected(again, device, "Pump-1")
        self.waits_for(again, device.ski, "connected")

    def test_what_was_answered_is_kept_when_the_host_is_killed(self):
        devices = [self.identity() for _ in range(2)]
        daemon = self.host(endpoint())
        rpc = self.rpc(daemon)
        for one in devices:
            rpc.call("command", plugin="ship", command="trust", arguments={"ski": one.ski})
        rpc.call("command", plugin="ship", command="untrust", arguments={"ski": devices[0].ski})
        daemon.kill()
        again = self.again(daemon)
        self.assertEqual(list(self.peers(again)), [devices[1].ski])
        self.connected(again, devices[1])
        self.pending(again, devices[0])

    def test_a_rejected_stranger_is_refused_for_a_while(self):
        device = self.identity()
        daemon = self.host(endpoint())
        peer = self.pending(daemon, device)
        self.assertIn("seconds: 60", self.ship(daemon, "reject", device.ski))
        peer.expect_end(ABORTED)
        self.assertEqual(peer.close_code, 4452)
        self.assertEqual(self.state_of(daemon, device.ski), "rejected")
        second = self.dial(daemon, device)
        second.send(INIT)
        second.expect_end(INIT, ABORTED)
        # A decision may be taken back.
        self.ship(daemon, "trust", device.ski)
        self.connected(daemon, device)

    def test_the_window_lets_the_first_stranger_in(self):
        devices = [self.identity() for _ in range(3)]
        daemon = self.host(endpoint(trusted=[devices[0].ski]))
        self.assertIn("seconds: 90", self.ship(daemon, "window", "--seconds", 90))
        self.assertIn("window: yes", self.ship(daemon, "show"))
        self.connected(daemon, devices[0])  # known already: it does not count
        self.connected(daemon, devices[1])
        self.pending(daemon, devices[2])
        self.assertIn("window: no", self.ship(daemon, "show"))
        self.assertEqual(self.peers(daemon)[devices[1].ski]["source"], "auto-accept")
        daemon.kill()
        again = self.again(daemon)
        self.connected(again, devices[1])
        self.ship(again, "window", "--seconds", 121, code=REFUSED)


class Removal(TrustTest):
    def test_an_untrusted_peer_is_told_and_may_ask_again(self):
        device = self.identity()
        daemon = self.host(endpoint())
        reader = self.reader(daemon)
        self.ship(daemon, "trust", device.ski)
        peer = self.connected(daemon, device)
        self.state(reader, device.ski, "connected")
        self.assertIn(device.ski, self.ship(daemon, "untrust", device.ski))
        peer.expect(REMOVED)
        peer.send(CONFIRM)
        self.assertIsNone(peer.receive())
        self.assertEqual(self.state(reader, device.ski, "disconnected")["ship"],
                         "trust-removed-here")
        again = self.pending(daemon, device)
        # Paired anew it may even be somebody else.
        self.ship(daemon, "trust", device.ski)
        again.expect(READY_NOW)
        self.finish_as_client(again)
        self.waits_for(daemon, device.ski, "connected")
        self.assertIn("[not-found]", self.ship(daemon, "untrust", "b" * 40, code=REFUSED))

    def test_what_the_configuration_drops_is_told_so(self):
        stays, goes = self.identity(), self.identity()
        daemon = self.host(endpoint(trusted=[stays.ski, goes.ski]))
        kept, dropped = self.connected(daemon, stays), self.connected(daemon, goes)
        said = self.ship(daemon, "untrust", goes.ski, code=REFUSED)
        self.assertIn("[configured]", said)
        config = daemon.folder / "fairlead.toml"
        content = config.read_text(encoding="utf-8")
        config.write_text(content.replace(f', "{goes.ski}"', ""), encoding="utf-8")
        rpc = self.rpc(daemon)
        self.assertEqual(rpc.call("reload")["replaced"], ["ship"])
        dropped.expect(REMOVED)
        got = kept.receive()
        self.assertIn(b'"unspecific"', got)

        def port():
            one = self.endpoint(rpc, "ship")
            return urlsplit(one["url"]).port if one["state"] == "running" else None

        self.assertTrue(kit.settle(port, kit.DEADLINE))
        daemon.ports["ship"] = port()
        self.connected(daemon, stays)
        self.pending(daemon, goes)

    def test_whom_an_endpoint_dials_is_configured(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.host(endpoint("pump", f"ship://127.0.0.1:{port}", role="dial",
                                    peer_key_id=device.ski, reconnect_delay=0.05))
        self.assertEqual(self.peers(daemon)[device.ski]["source"], "configuration")
        self.assertIn("[configured]", self.ship(daemon, "untrust", device.ski, code=REFUSED))
        self.accept(sock, device, daemon).shake_hands_as_server()
        self.waits_for(daemon, device.ski, "connected")


class Pins(TrustTest):
    def test_a_pin_is_entered_at_run_time(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        peer = self.dial(daemon, device)
        peer.send(INIT)
        peer.expect(INIT)
        peer.expect_hello()
        peer.send(READY, ANNOUNCE_MAX)
        peer.expect(SELECT)
        peer.send(SELECT, PIN_REQUIRED)
        peer.expect(PIN_NONE)
        self.logged(daemon, "ship-pin-wanted")
        self.assertTrue(self.peers(daemon)[device.ski]["wantsPin"])
        self.assertIn("[invalid-argument]",
                      self.ship(daemon, "pin", device.ski, "12", code=REFUSED))
        self.assertIn("connections: 1",
                      self.ship(daemon, "pin", device.ski, "-", given="1234abcd\n"))
        peer.expect(b'\x01{"connectionPinInput":[{"pin":"1234abcd"}]}')
        peer.send(PIN_OK)
        peer.expect(ACCESS_REQUEST)
        self.waits_for(daemon, device.ski, "connected")
        self.assertNotIn("1234abcd", daemon.log())


class Mistakes(TrustTest):
    def test_mistakes_have_codes(self):
        daemon = self.host(endpoint())
        own, ship_id, qr = self.identity_of(daemon)
        said = self.ship(daemon, "trust", "0123", code=REFUSED)
        self.assertIn("40 hex digits", said)
        self.assertIn("[invalid-argument]", said)
        self.assertIn("this host itself", self.ship(daemon, "trust", own, code=REFUSED))
        self.assertIn("[unknown-command]", self.ship(daemon, "hug", code=USAGE))
        self.assertIn("[missing-argument]", self.ship(daemon, "trust", code=USAGE))
        self.assertIn("[unknown-option]", self.ship(daemon, "list", "--slowly", code=USAGE))
        self.assertIn("[not-found]", self.ship(daemon, "show", "b" * 40, code=REFUSED))
        shown = json.loads(self.ship(daemon, "show", "--json"))
        self.assertEqual((shown["ski"], shown["shipId"], shown["qr"]),
                         (grouped(own).lower(), ship_id, qr))

    def test_help_comes_from_the_plugin(self):
        daemon = self.host(endpoint())
        listed = self.ship(daemon, "--help")
        for command in ("list", "trust", "untrust", "reject", "show", "window", "pin"):
            self.assertRegex(listed, rf"(?m)^  {command} +\S")
        self.assertIn("--label value", self.ship(daemon, "trust", "--help"))
        rpc = self.rpc(daemon)
        offered = rpc.call("commands")["plugins"]
        self.assertEqual([one["transports"] for one in offered], [["ship"]])
        self.assertEqual(rpc.error("command", plugin="org.fairlead.ship", command="hug")["data"]
                         ["code"], "not-supported")
        self.assertEqual(rpc.error("command", plugin="mqtt", command="list")["data"]["code"],
                         "not-found")

    def test_without_its_daemon_nothing_is_asked(self):
        daemon = self.host(endpoint())
        self.assertEqual(daemon.stop(), 0)
        said = self.ship(daemon, "list", code=USAGE)
        self.assertIn("[not-running]", said)
        done = self.tool("nonsense", "--control", daemon.socket)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("nonsense", done.stderr)

    def test_without_an_endpoint_the_book_is_still_there(self):
        device = self.identity()
        daemon = self.host(endpoint())
        self.ship(daemon, "trust", device.ski)
        self.assertEqual(daemon.stop(), 0)
        bare = self.running(folder=daemon.folder)
        self.assertEqual(list(self.peers(bare)), [device.ski])
        self.assertIn("[not-running]", self.ship(bare, "show", code=REFUSED))
        self.ship(bare, "untrust", device.ski)
        self.assertEqual(self.peers(bare), {})
        self.assertIn("[unknown-command]",
                      self.tool("tcp", "list", "--control", bare.socket).stderr)

    def test_a_host_without_a_store_says_so(self):
        device = self.identity()
        daemon = self.host(endpoint(), store='engine = "none"')
        self.ship(daemon, "trust", device.ski)
        self.connected(daemon, device)
        self.assertEqual(daemon.log().count("records-not-kept"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
