# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""What a host makes of mDNS: the daemon with an Avahi that does what it is told, and scripted peers."""

import json
import select
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bus  # noqa: E402
from controltest import kit  # noqa: E402
from shiptest import ShipTest, endpoint  # noqa: E402
from peer import ANNOUNCE_CLOSE, CONFIRM_CLOSE, DISCOVERY, DISCOVERY_PLAIN, data  # noqa: E402

kit.need(not bus.missing(), bus.missing() or "the bus")


class DiscoveryTest(ShipTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fairlead-bus-")
        self.addCleanup(folder.cleanup)
        self.bus = bus.Bus(folder.name)
        self.addCleanup(self.bus.stop)
        self.avahi = bus.FakeAvahi(self.bus, kit.DEADLINE)
        self.addCleanup(self.avahi.stop)

    def found_host(self, appear=True, **keys):
        if appear:
            self.avahi.tell("appear")
        return self.host(endpoint(url="ship://0.0.0.0:0", **keys),
                         environment=self.bus.environment)

    def found(self, device, port, name="Pump", address="127.0.0.1", **more):
        self.avahi.tell("found", name=name, address=address, port=port, interface=1, host="",
                        txt=bus.record(device.ski, **more))

    def connected(self, reader, device):
        state = self.state(reader, device.ski, "connected")
        self.assertEqual(state["role"], "client")

    def met(self, **announced):
        """A trusted device that was found, and is connected: what the test then goes on with."""
        device = self.identity()
        sock, port = self.listening()
        daemon = self.found_host(trusted=[device.ski])
        reader = self.reader(daemon)
        self.found(device, port, **announced)
        peer = self.accept(sock, device, daemon)
        peer.shake_hands_as_server()
        self.connected(reader, device)
        return SimpleNamespace(device=device, sock=sock, port=port, daemon=daemon, reader=reader, peer=peer)

    def discovered(self, reader, wanted):
        """The topic's next text that @p wanted is content with."""
        while True:
            text = json.loads(self.next(reader, "ship/$discovered/ship"))
            if wanted(text):
                return text


class Announcing(DiscoveryTest):
    def test_the_listener_is_announced(self):
        daemon = self.found_host(brand="Brand", model="X1", type="Gateway", serial="4711",
                                 categories=[2, 4], ship_id="i:1_fairlead")
        ski, ship_id, qr = self.identity_of(daemon)
        service = self.avahi.event("announced")
        self.assertEqual(service["label"], "Gateway Brand X1")
        self.assertEqual(service["type"], "_ship._tcp")
        self.assertEqual(service["port"], daemon.ports["ship"])
        self.assertEqual(service["txt"][0], "txtvers=1")
        self.assertEqual(
            set(service["txt"]),
            {"txtvers=1", "id=i:1_fairlead", "path=/ship/", f"ski={ski}", "register=false",
             "brand=Brand", "model=X1", "type=Gateway", "serial=4711", "cat=2,4"})
        self.assertEqual(qr, f"SHIP;SKI:{ski};ID:{ship_id};BRAND:Brand;TYPE:Gateway;MODEL:X1;"
                             "SERIAL:4711;CAT:2,4;ENDSHIP;")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.avahi.event("withdrawn")["label"], "Gateway Brand X1")

    def test_a_name_that_is_taken_gets_a_number(self):
        self.avahi.tell("set", taken=["HEMS"])
        daemon = self.found_host(type="HEMS")
        self.assertEqual(self.avahi.event("announced")["label"], "HEMS (2)")
        self.logged(daemon, "HEMS (2)")

    def test_a_daemon_that_comes_and_goes(self):
        daemon = self.found_host(appear=False)
        reader = self.reader(daemon)
        self.logged(daemon, "ship-mdns-down")
        self.assertEqual(self.discovered(reader, lambda text: True)["mdns"], "down")
        self.avahi.tell("appear")
        self.avahi.event("announced")
        self.discovered(reader, lambda text: text["mdns"] == "up" and "label" in text)
        self.avahi.tell("vanish")
        self.discovered(reader, lambda text: text["mdns"] == "down")
        self.avahi.tell("appear")
        self.avahi.event("announced")
        self.assertEqual(daemon.log().count("ship-mdns-down"), 2)

    def test_without_a_bus_the_host_runs_and_says_so(self):
        device = self.identity()
        daemon = self.host(endpoint(url="ship://0.0.0.0:0", trusted=[device.ski]),
                           environment=bus.without_bus())
        self.logged(daemon, "ship-mdns-down")
        peer = self.dial(daemon, device)
        peer.shake_hands_as_client()

    def test_it_may_be_off(self):
        daemon = self.found_host(mdns=False)
        self.assertEqual(daemon.stop(), 0)
        self.assertNotIn("ship-mdns", daemon.log())


class Finding(DiscoveryTest):
    def test_a_trusted_device_is_dialled(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.found_host(trusted=[f"{device.ski} Heat pump"])
        reader = self.reader(daemon)
        self.found(device, port, path="/eebus/x", brand="Brand", model="X1", type="HeatPump")
        peer = self.accept(sock, device, daemon)
        self.assertTrue(peer.request.startswith(b"GET /eebus/x HTTP/1.1\r\n"), peer.request)
        peer.shake_hands_as_server("device-1")
        self.connected(reader, device)
        info = json.loads(self.next(reader, f"ship/{device.ski}/info"))
        self.assertEqual((info["label"], info["brand"], info["model"], info["type"]),
                         ("Heat pump", "Brand", "X1", "HeatPump"))
        peer.send(data(DISCOVERY))
        self.assertEqual(self.next(reader, f"ship/{device.ski}/rx"), DISCOVERY_PLAIN)
        self.publish(daemon, f"ship/{device.ski}/tx", DISCOVERY_PLAIN)
        peer.expect(data(DISCOVERY))
        one = self.endpoint(self.rpc(daemon), f"ship/{device.ski}")
        self.assertEqual((one["role"], one["state"]), ("dial", "running"))
        self.assertEqual(daemon.stop(), 0)

    def test_a_stranger_is_shown_and_not_dialled(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.found_host()
        reader = self.reader(daemon)
        self.found(device, port, brand="Brand")
        text = self.discovered(reader, lambda text: text["peers"])
        one = text["peers"][0]
        self.assertEqual((one["ski"], one["brand"], one["trusted"], one["addresses"]),
                         (device.ski, "Brand", False, [f"127.0.0.1:{port}"]))
        # A dial would come within three seconds.
        self.assertEqual(select.select([sock], [], [], 3.5)[0], [])

    def test_a_report_that_flickers_keeps_the_link(self):
        one = self.met()
        self.avahi.tell("gone", name="Pump", interface=1)
        self.discovered(one.reader,
                        lambda text: text["peers"] and not text["peers"][0]["present"])
        self.found(one.device, one.port)
        self.discovered(one.reader, lambda text: text["peers"] and text["peers"][0]["present"])
        one.peer.send(data(DISCOVERY))
        self.assertEqual(self.next(one.reader, f"ship/{one.device.ski}/rx"), DISCOVERY_PLAIN)
        self.assertEqual(select.select([one.sock], [], [], 0)[0], [])

    def test_another_address_is_used_after_a_disconnect(self):
        one = self.met()
        other, other_port = self.listening()
        self.found(one.device, other_port)
        self.discovered(one.reader, lambda text: text["peers"]
                        and text["peers"][0]["addresses"] == [f"127.0.0.1:{other_port}"])
        one.peer.send(data(DISCOVERY))
        self.assertEqual(self.next(one.reader, f"ship/{one.device.ski}/rx"), DISCOVERY_PLAIN)
        one.peer.send(ANNOUNCE_CLOSE)
        one.peer.expect(CONFIRM_CLOSE)
        one.peer.close()
        self.state(one.reader, one.device.ski, "disconnected")
        self.accept(other, one.device, one.daemon).shake_hands_as_server()
        self.connected(one.reader, one.device)

    def test_who_moved_without_a_word_is_dialled_where_it_is(self):
        """RR19: it has ten seconds to answer from where it was; in the end it is the peer of one link."""
        one = self.met()
        other, other_port = self.listening()
        self.found(one.device, other_port)
        end = self.state(one.reader, one.device.ski, "disconnected")
        self.assertEqual(end["reason"], "heartbeat-timeout")
        self.assertLess(int(end["text"].split()[-2]), 50_000, "the ping of every link came first")
        self.accept(other, one.device, one.daemon).shake_hands_as_server()
        self.connected(one.reader, one.device)

    def test_who_vanished_is_dialled_at_its_last_address(self):
        one = self.met()
        self.avahi.tell("gone", name="Pump", interface=1)
        one.peer.close()
        self.accept(one.sock, one.device, one.daemon).shake_hands_as_server()

    def test_a_restart_remembers_where_a_device_was(self):
        """Some announce themselves once, and wait to be dialled."""
        device = self.identity()
        sock, port = self.listening()
        daemon = self.found_host(trusted=[device.ski])
        self.found(device, port, path="/eebus/x")
        peer = self.accept(sock, device, daemon)
        peer.shake_hands_as_server()
        self.avahi.tell("vanish")
        self.assertEqual(daemon.stop(), 0)
        peer.close()
        again = self.host(endpoint(url="ship://0.0.0.0:0", trusted=[device.ski]),
                          environment=self.bus.environment, folder=daemon.folder)
        peer = self.accept(sock, device, again)
        self.assertTrue(peer.request.startswith(b"GET /eebus/x HTTP/1.1\r\n"), peer.request)
        peer.shake_hands_as_server()

    def test_what_is_found_is_listed(self):
        device, stranger = self.identity(), self.identity()
        sock, port = self.listening()
        daemon = self.found_host(trusted=[device.ski])
        reader = self.reader(daemon)
        self.found(device, port, name="Pump", model="X1")
        self.found(stranger, port, name="Other", brand="Brand")
        self.discovered(reader, lambda text: len(text["peers"]) == 2)
        done = self.tool("ship", "list", "--json", "--control", daemon.socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        peers = {one["ski"]: one for one in json.loads(done.stdout)}
        self.assertEqual((peers[stranger.ski]["state"], peers[stranger.ski]["brand"]),
                         ("found", "Brand"))
        self.assertTrue(peers[device.ski]["present"])
        self.assertEqual(peers[device.ski]["addresses"], [f"127.0.0.1:{port}"])

    def test_what_a_connected_device_announces_reaches_its_info(self):
        one = self.met(model="X1")
        info = json.loads(self.next(one.reader, f"ship/{one.device.ski}/info"))
        self.assertEqual(info["model"], "X1")
        self.found(one.device, one.port, model="X2")
        info = json.loads(self.next(one.reader, f"ship/{one.device.ski}/info"))
        self.assertEqual(info["model"], "X2")

    def test_who_came_by_itself_is_not_dialled(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.found_host(trusted=[device.ski])
        reader = self.reader(daemon)
        peer = self.dial(daemon, device)
        peer.shake_hands_as_client()
        self.state(reader, device.ski, "connected")
        self.found(device, port)
        self.discovered(reader, lambda text: text["peers"])
        self.assertEqual(select.select([sock], [], [], 3.5)[0], [])
        # Once that connection is over it is.
        peer.close()
        peer = self.accept(sock, device, daemon)
        peer.shake_hands_as_server()
        self.connected(reader, device)
        self.assertEqual(daemon.stop(), 0)

    def test_somebody_else_at_the_address_is_not_the_device(self):
        device, other = self.identity(), self.identity()
        wrong, wrong_port = self.listening()
        right, right_port = self.listening()
        daemon = self.found_host(trusted=[device.ski])
        reader = self.reader(daemon)
        self.found(device, right_port, name="Pump")
        self.found(device, wrong_port, name="Liar")
        # Whichever is tried first, the device is reached in the end, and nobody else is let in.
        with self.assertRaises(Exception):
            self.accept(wrong, other, daemon).shake_hands_as_server()
        peer = self.accept(right, device, daemon)
        peer.shake_hands_as_server()
        self.connected(reader, device)

    def test_a_device_is_reached_by_any_of_its_addresses(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.found_host(trusted=[device.ski])
        dead, dead_port = self.listening()
        dead.close()
        self.found(device, dead_port, name="Dead")
        self.found(device, port, name="Pump")
        peer = self.accept(sock, device, daemon)
        peer.shake_hands_as_server()


if __name__ == "__main__":
    unittest.main(verbosity=2)
