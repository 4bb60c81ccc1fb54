# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""EEBUS devices that the host dials, and peers of both roles that fall silent."""

import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from controltest import kit  # noqa: E402
from peer import (  # noqa: E402
    ABORTED, ANNOUNCE_CLOSE, ANNOUNCE_MAX, CONFIRM_CLOSE, DISCOVERY, DISCOVERY_PLAIN, INIT,
    PENDING, PROTOCOL_TIMEOUT, READY, SELECT, Peer, Refused, data)
from shiptest import ShipTest, endpoint  # noqa: E402


class Dialling(ShipTest):
    def dialling(self, ski, port, **keys):
        return self.host(endpoint("pump", f"ship://127.0.0.1:{port}", role="dial", peer_key_id=ski,
                                  reconnect_delay=0.05, **keys))

    def test_a_device_that_is_dialled_exchanges_data(self):
        """TC_SHIP_ROLE_002"""
        device = self.identity()
        sock, port = self.listening()
        grouped = " ".join(device.ski[i:i + 4] for i in range(0, 40, 4)).upper()
        daemon = self.dialling(grouped, port)
        reader = self.reader(daemon)
        peer = self.accept(sock, device, daemon)
        self.assertTrue(peer.request.startswith(b"GET /ship/ HTTP/1.1\r\n"), peer.request)
        peer.shake_hands_as_server()
        state = self.state(reader, device.ski, "connected")
        self.assertEqual(state["role"], "client")
        peer.send(data(DISCOVERY))
        self.assertEqual(self.next(reader, f"ship/{device.ski}/rx"), DISCOVERY_PLAIN)
        self.publish(daemon, f"ship/{device.ski}/tx", DISCOVERY_PLAIN)
        peer.expect(data(DISCOVERY))

    def test_somebody_else_at_the_address_is_refused(self):
        """SV-14, TC_SHIP_SEC_002: a proper certificate, and not the wanted one."""
        wanted, other = self.identity(), self.identity()
        sock, port = self.listening()
        daemon = self.dialling(wanted.ski, port)
        with self.assertRaises(Refused):
            peer = self.accept(sock, other, daemon)
            self.fail(peer.receive())
        self.logged(daemon, "identity-mismatch")

    def test_a_device_whose_user_has_to_decide_is_waited_for(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.dialling(device.ski, port)
        peer = self.accept(sock, device, daemon)
        peer.expect(INIT)
        peer.send(INIT, PENDING)
        peer.expect_hello()
        self.logged(daemon, "ship-peer-decides")
        peer.send(READY)
        peer.expect(ANNOUNCE_MAX)

    def test_a_device_that_says_no_is_not_stormed(self):
        """RR15: it is asked again after a minute, not at once."""
        device = self.identity()
        sock, port = self.listening()
        daemon = self.dialling(device.ski, port)
        peer = self.accept(sock, device, daemon)
        peer.expect(INIT)
        peer.send(INIT, ABORTED)
        peer.expect_hello()
        peer.expect_end()
        rpc = self.rpc(daemon)
        self.assertTrue(kit.settle(
            lambda: (self.endpoint(rpc, "pump").get("nextRetrySeconds") or 0) > 30, kit.DEADLINE),
            self.endpoint(rpc, "pump"))
        self.assertEqual(self.endpoint(rpc, "pump")["reason"]["code"], "not-authorized")

    def test_a_device_without_the_path_is_asked_at_the_root(self):
        """RR15: some serve / whatever they announce, and count as dialled once."""
        device = self.identity()
        sock, port = self.listening()
        daemon = self.dialling(device.ski, port)
        refused = self.refusing(sock, device, daemon)
        self.assertTrue(refused.startswith(b"GET /ship/ HTTP/1.1"), refused)
        peer = self.accept(sock, device, daemon)
        self.assertTrue(peer.request.startswith(b"GET / HTTP/1.1\r\n"), peer.request)
        peer.shake_hands_as_server()
        peer.send(ANNOUNCE_CLOSE)
        peer.expect_end(CONFIRM_CLOSE)
        # Where it was served it is asked again.
        again = self.accept(sock, device, daemon)
        self.assertTrue(again.request.startswith(b"GET / HTTP/1.1\r\n"), again.request)

    def refusing(self, sock, device, daemon):
        """Answers one request with 404, and returns it."""
        return Peer.refuse(sock, device, daemon.folder / "state/identity/ship.pem", kit.DEADLINE)



class Stalling(ShipTest):
    """TC_SHIP_CMI_003, TC_SHIP_PROT_003, TC_SHIP_PROT_004: the state's own timer, with the protocol's own
    word."""

    def test_silence_instead_of_the_first_message(self):
        daemon = self.host(endpoint())
        peer = self.dial(daemon, self.identity())
        peer.expect_end()

    def test_silence_instead_of_a_proposal(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        peer = self.dial(daemon, device)
        peer.send(INIT, READY)
        peer.expect(INIT)
        peer.expect_hello()
        peer.expect_end(PROTOCOL_TIMEOUT)

    def test_silence_instead_of_a_confirmation(self):
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        peer = self.dial(daemon, device)
        peer.send(INIT, READY, ANNOUNCE_MAX)
        peer.expect(INIT)
        peer.expect_hello()
        peer.expect_end(SELECT, PROTOCOL_TIMEOUT)

    def test_silence_instead_of_a_choice(self):
        device = self.identity()
        sock, port = self.listening()
        daemon = self.host(endpoint("pump", f"ship://127.0.0.1:{port}", role="dial",
                                    peer_key_id=device.ski))
        peer = self.accept(sock, device, daemon)
        peer.expect(INIT)
        peer.send(INIT, READY)
        peer.expect_hello()
        peer.expect_end(ANNOUNCE_MAX, PROTOCOL_TIMEOUT)

    def test_silence_in_the_tls_handshake(self):
        """RR10"""
        daemon = self.host(endpoint(handshake_timeout=0.5))
        with socket.create_connection(("127.0.0.1", daemon.ports["ship"])) as sock:
            sock.settimeout(kit.DEADLINE)
            self.assertEqual(sock.recv(1), b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
