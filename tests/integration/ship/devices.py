# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""EEBUS devices that come to the host, and two hosts with each other: scripted peers at one end, the
command-line tool at the other."""

import json
import ssl
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import papers  # noqa: E402
from controltest import kit  # noqa: E402
from peer import (  # noqa: E402
    ABORTED, ACCESS_REQUEST, ANNOUNCE_CLOSE, ANNOUNCE_MAX, CONFIRM_CLOSE, DISCOVERY,
    DISCOVERY_PLAIN, INIT, PIN_NONE, READY, SELECT, TEXT, Refused, access_methods, data)
from shiptest import ShipTest, endpoint  # noqa: E402


class Listening(ShipTest):
    def met(self, is_connected=True):
        """A trusted device that came, and what the test then goes on with: a host, a reader, the device."""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        reader = self.reader(daemon)
        peer = self.dial(daemon, device)
        if is_connected:
            peer.shake_hands_as_client()
            self.state(reader, device.ski, "connected")
        return SimpleNamespace(device=device, daemon=daemon, reader=reader, peer=peer)

    def test_a_device_that_connects_exchanges_data(self):
        """TC_SHIP_ROLE_001"""
        for version, ciphers in ((None, None),
                                 (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256")):
            with self.subTest(ciphers=ciphers):
                device = self.identity()
                daemon = self.host(endpoint(trusted=[f"{device.ski} Heat pump"]))
                reader = self.reader(daemon)
                peer = self.dial(daemon, device, version=version, ciphers=ciphers)
                ship_id = peer.shake_hands_as_client("HeatPump-4711")
                ski, own_id, qr = self.identity_of(daemon)
                self.assertEqual(ship_id, own_id)
                self.assertEqual(ship_id, "Fairlead-" + ski)
                self.assertEqual(qr, f"SHIP;SKI:{ski};ID:{ship_id};ENDSHIP;")
                state = self.state(reader, device.ski, "connected")
                self.assertEqual((state["phase"], state["role"]), ("data", "server"))
                info = json.loads(self.next(reader, f"ship/{device.ski}/info"))
                self.assertEqual((info["ski"], info["shipId"], info["label"], info["trust"]),
                                 (device.ski, "HeatPump-4711", "Heat pump", "configuration"))
                peer.send(data(DISCOVERY))
                self.assertEqual(self.next(reader, f"ship/{device.ski}/rx"), DISCOVERY_PLAIN)
                self.publish(daemon, f"ship/{device.ski}/tx", DISCOVERY_PLAIN)
                peer.expect(data(DISCOVERY))
                peer.close()
                state = self.state(reader, device.ski, "disconnected")
                self.assertEqual((state["counters"]["rxMessages"],
                                  state["counters"]["txMessages"]), (1, 1))

    def test_data_before_the_access_methods_is_delivered(self):
        """TC_SHIP_AMDATA_001: one of the recorded stacks does so."""
        one = self.met(is_connected=False)
        one.peer.shake_hands_as_client(own_data=DISCOVERY)
        self.assertEqual(self.next(one.reader, f"ship/{one.device.ski}/rx"), DISCOVERY_PLAIN)

    def test_everything_may_come_at_once(self):
        """RR7: a burst of what need not wait for an answer."""
        one = self.met(is_connected=False)
        one.peer.send(INIT, READY, ANNOUNCE_MAX)
        one.peer.expect(INIT)
        one.peer.expect_hello()
        one.peer.expect(SELECT)
        one.peer.send(SELECT, PIN_NONE, data(DISCOVERY), ACCESS_REQUEST, access_methods("x"))
        one.peer.expect(PIN_NONE)
        self.assertEqual(self.next(one.reader, f"ship/{one.device.ski}/rx"), DISCOVERY_PLAIN)

    def test_the_bus_may_have_the_eebus_form(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski], json="eebus", topic_root="home/eebus"))
        reader = self.reader(daemon, "home/#")
        peer = self.dial(daemon, device)
        peer.shake_hands_as_client()
        peer.send(data(DISCOVERY))
        self.assertEqual(self.next(reader, f"home/eebus/{device.ski}/rx"), DISCOVERY)
        self.publish(daemon, f"home/eebus/{device.ski}/tx", DISCOVERY)
        peer.expect(data(DISCOVERY))

    def test_messages_wait_for_the_data_exchange(self):
        one = self.met(is_connected=False)
        one.peer.send(INIT)
        one.peer.expect(INIT)
        one.peer.expect_hello()
        self.state(one.reader, one.device.ski, "connecting")
        self.publish(one.daemon, f"ship/{one.device.ski}/tx", '{"a":{"b":1}}')
        self.publish(one.daemon, f"ship/{one.device.ski}/tx", '{"a":{"b":2}}')
        while not self.state(one.reader, one.device.ski, "connecting")["waiting"]:
            pass
        one.peer.send(READY, ANNOUNCE_MAX)
        one.peer.expect(SELECT)
        one.peer.send(SELECT, PIN_NONE)
        one.peer.expect(PIN_NONE, ACCESS_REQUEST, data('{"a":[{"b":1}]}'), data('{"a":[{"b":2}]}'))
        self.assertFalse(self.state(one.reader, one.device.ski, "connected")["waiting"])

    def test_messages_wait_for_a_device_that_returns(self):
        one = self.met()
        one.peer.close()
        self.state(one.reader, one.device.ski, "disconnected")
        self.publish(one.daemon, f"ship/{one.device.ski}/tx", '{"a":1}')
        again = self.dial(one.daemon, one.device)
        again.shake_hands_as_client()
        self.assertEqual(again.early or [again.receive()], [data('{"a":1}')])

    def test_what_is_not_json_is_not_sent(self):
        one = self.met()
        self.publish(one.daemon, f"ship/{one.device.ski}/tx", "not json")
        self.publish(one.daemon, f"ship/{one.device.ski}/tx", "{}")
        one.peer.expect(data("{}"))
        self.logged(one.daemon, "ship-message-dropped")

    def test_the_device_closes_in_order(self):
        one = self.met(is_connected=False)
        one.peer.shake_hands_as_client()
        one.peer.send(ANNOUNCE_CLOSE)
        one.peer.expect_end(CONFIRM_CLOSE)
        self.assertEqual(one.peer.close_code, 4001)
        state = self.state(one.reader, one.device.ski, "disconnected")
        self.assertEqual(state["ship"], "peer-closed")

    def test_the_host_announces_its_end(self):
        """RR24, TC_SHIP_TERM_001."""
        one = self.met()
        one.daemon.process.terminate()
        one.peer.expect(ANNOUNCE_CLOSE)
        # What was under way is not taken any more, and the answer ends the wait at once.
        one.peer.send(data(DISCOVERY), CONFIRM_CLOSE)
        one.peer.expect_end()
        self.assertEqual(one.peer.close_code, 4001)
        one.peer.close()
        self.assertEqual(one.daemon.process.wait(kit.DEADLINE), 0)

    def test_a_device_that_does_not_confirm_is_left(self):
        """RR24: the announced time is all that it gets."""
        one = self.met()
        self.rpc(one.daemon).call("disconnect", peerKey=one.device.ski)
        one.peer.expect_end(ANNOUNCE_CLOSE)
        self.assertEqual(one.peer.close_code, 4001)

    def test_a_newer_connection_takes_the_place_of_an_older(self):
        """RR13: a device that was reset does not wait for its former connection."""
        one = self.met()
        second = self.dial(one.daemon, one.device)
        second.shake_hands_as_client()
        one.peer.expect_end(ANNOUNCE_CLOSE)
        self.assertEqual(one.peer.close_code, 1000)
        second.send(data(DISCOVERY))
        self.assertEqual(self.next(one.reader, f"ship/{one.device.ski}/rx"), DISCOVERY_PLAIN)
        self.publish(one.daemon, f"ship/{one.device.ski}/tx", "{}")
        second.expect(data("{}"))

    def test_another_ship_id_under_the_same_key_is_refused(self):
        """RR16"""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        first = self.dial(daemon, device)
        first.shake_hands_as_client("one")
        self.logged(daemon, "ship-connected")
        first.close()
        second = self.dial(daemon, device)
        second.shake_hands_as_client("another")
        second.expect_end(ANNOUNCE_CLOSE)
        self.assertEqual(second.close_code, 4450)

    def test_a_text_frame_ends_the_connection(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        peer = self.dial(daemon, device)
        peer.sock.sendall(peer.frame(TEXT, b"hello"))
        while peer.receive() is not None:
            pass
        self.assertEqual(peer.close_code, 1003)


class Strangers(ShipTest):
    def test_a_stranger_is_kept_pending_and_named(self):
        device = self.identity()
        daemon = self.host(endpoint())
        reader = self.reader(daemon)
        peer = self.dial(daemon, device)
        peer.send(INIT, READY)
        peer.expect(INIT)
        hello = peer.expect_hello("pending")
        self.assertTrue(58000 <= hello[1]["waiting"] <= 240000, hello)
        requests = []
        while not requests:  # what it shows first is that nobody waits
            requests = json.loads(self.next(reader, "ship/$pairing/ship"))["requests"]
        request = requests[0]
        self.assertEqual((request["ski"], request["attempts"]), (device.ski, 1))
        self.logged(daemon, "ship-pairing-request")
        peer.send(ABORTED)
        peer.expect_end()
        # Nothing of it stays on the bus.
        self.publish(daemon, "ship/last", "x")
        lines = []
        while not (lines and lines[-1].startswith("ship/last")):
            lines.append(reader.next())
        self.assertFalse([line for line in lines if device.ski + "/" in line], lines)

    def test_a_stranger_is_refused_where_nobody_decides(self):
        daemon = self.host(endpoint(strangers="refused"))
        peer = self.dial(daemon, self.identity())
        peer.send(INIT)
        peer.expect_end(INIT, ABORTED)
        self.assertEqual(peer.close_code, 4452)

    def test_trust_comes_with_a_reload(self):
        device = self.identity()
        daemon = self.host(endpoint())
        peer = self.dial(daemon, device)
        peer.send(INIT, READY)
        peer.expect(INIT)
        peer.expect_hello("pending")
        config = daemon.folder / "fairlead.toml"
        content = config.read_text(encoding="utf-8")
        config.write_text(content + f'trusted = ["{device.ski}"]\n', encoding="utf-8")
        rpc = self.rpc(daemon)
        self.assertEqual(rpc.call("reload")["replaced"], ["ship"])
        while peer.receive() is not None:
            pass

        def port():
            one = self.endpoint(rpc, "ship")
            return urlsplit(one["url"]).port if one["state"] == "running" else None

        self.assertTrue(kit.settle(port, kit.DEADLINE))
        daemon.ports["ship"] = port()
        self.dial(daemon, device).shake_hands_as_client()


class Identities(ShipTest):
    def refused(self, daemon, identity, text):
        try:
            peer = self.dial(daemon, identity)
        except Refused:
            pass
        else:
            self.fail(f"not refused: {peer.receive()}")
        if text:
            self.logged(daemon, "certificate-refused")
            self.logged(daemon, text)

    def test_a_key_identifier_that_is_not_the_keys_is_refused(self):
        """RR3, TC_SHIP_SEC_001: in the handshake, before an HTTP byte, also with another's SKI."""
        victim = self.identity()
        daemon = self.host(endpoint(trusted=[victim.ski]))
        spoofed = ":".join(victim.ski[i:i + 2] for i in range(0, 40, 2))
        self.refused(daemon, self.identity(ski=spoofed),
                     f"its key identifier {victim.ski} is not that of its key")
        self.refused(daemon, self.identity(ski=None), "it has no key identifier")
        self.refused(daemon, None, None)
        self.dial(daemon, victim).shake_hands_as_client()

    def test_an_expired_certificate_is_accepted_and_logged(self):
        """RR2"""
        device = self.identity(days=-1)
        daemon = self.host(endpoint(trusted=[device.ski]))
        self.dial(daemon, device).shake_hands_as_client()
        self.logged(daemon, "certificate-odd")
        self.logged(daemon, "it has expired")

    def test_the_identity_outlives_the_process(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        before = self.identity_of(daemon)
        pem = daemon.folder / "state/identity/ship.pem"
        self.assertEqual(pem.stat().st_mode & 0o777, 0o600)
        content = pem.read_bytes()
        self.assertEqual(daemon.stop(), 0)
        again = self.host(endpoint(trusted=[device.ski]), folder=daemon.folder)
        self.assertEqual(self.identity_of(again), before)
        self.assertEqual(pem.read_bytes(), content)
        self.assertEqual(papers.ski_of(pem), before[0])
        self.assertEqual(again.stop(), 0)
        # What is damaged is not replaced.
        pem.write_bytes(content[:100])
        broken = self.daemon(keys="\n" + endpoint(), folder=daemon.folder)
        self.logged(broken, "config-range")
        self.assertEqual(pem.read_bytes(), content[:100])

    def test_only_the_sub_protocol_is_served(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        for arguments in ({"sub_protocol": "other"}, {"sub_protocol": None}, {"path": "/other"}):
            with self.subTest(**arguments), self.assertRaises(Refused):
                self.dial(daemon, device, **arguments)


class TwoHosts(ShipTest):
    def test_two_hosts_exchange_messages(self):
        dialler = self.host(endpoint("seed"))
        dialler_ski = self.identity_of(dialler)[0]
        self.assertEqual(dialler.stop(), 0)
        listener = self.host(endpoint(trusted=[f"{dialler_ski} The other one"]))
        listener_ski = self.identity_of(listener)[0]
        self.assertNotEqual(listener_ski, dialler_ski)
        at_listener = self.reader(listener, f"ship/{dialler_ski}/#")
        dialler = self.host(
            endpoint("other", f"ship://127.0.0.1:{listener.ports['ship']}", role="dial",
                     peer_key_id=listener_ski), folder=dialler.folder)
        self.assertEqual(self.identity_of(dialler)[0], dialler_ski)
        at_dialler = self.reader(dialler, f"ship/{listener_ski}/#")
        self.state(at_listener, dialler_ski, "connected")
        self.state(at_dialler, listener_ski, "connected")
        count = 200
        for daemon, to in ((listener, dialler_ski), (dialler, listener_ski)):
            client = self.client(daemon)
            for i in range(count):
                client.publish(f"ship/{to}/tx", b'{"number":%d,"list":[{"x":[]}]}' % i, qos=0)
        for reader, of in ((at_dialler, listener_ski), (at_listener, dialler_ski)):
            for i in range(count):
                self.assertEqual(self.next(reader, f"ship/{of}/rx"),
                                 '{"number":%d,"list":[{"x":{}}]}' % i)
        self.assertEqual(listener.stop(), 0)
        state = self.state(at_dialler, listener_ski, "disconnected")
        self.assertEqual(state["ship"], "peer-closed")
        self.assertEqual(dialler.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
