# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Peers that stall, crumble, reset and do not read."""

import os
import socket
import ssl
import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import papers  # noqa: E402
from controltest import kit  # noqa: E402
from shiptest import ShipTest, endpoint  # noqa: E402
from peer import (  # noqa: E402
    ABORTED, ACCESS_REQUEST, ANNOUNCE_CLOSE, ANNOUNCE_MAX, BINARY, CONFIRM_CLOSE, DISCOVERY,
    DISCOVERY_PLAIN, INIT, PIN_NONE, READY, SELECT, Peer, access_methods, data)

RESETS = 30
SILENT = 20
PROTOCOL_ERROR = b'\x01{"messageProtocolHandshakeError":[{"error":2}]}'
UPGRADE = (b"GET /ship/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ship\r\n")


def secured(port, identity):
    """TLS is up, and nothing was said above it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(identity.certificate, identity.key)
    plain = socket.create_connection(("127.0.0.1", port), timeout=kit.DEADLINE)
    return context.wrap_socket(plain)


def ends(sock):
    """Whether the other side ends it, whatever it says before."""
    sock.settimeout(kit.DEADLINE)
    try:
        while sock.recv(1 << 16):
            pass
    except (ConnectionError, ssl.SSLError):
        pass
    return True


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Crumbs(ShipTest):
    def test_one_byte_per_record(self):
        """RR7"""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        reader = self.reader(daemon)
        peer = self.dial(daemon, device)
        whole = b"".join(peer.frame(BINARY, one) for one in (INIT, READY, ANNOUNCE_MAX, SELECT,
                                                             PIN_NONE, data(DISCOVERY)))
        for byte in whole:
            peer.sock.sendall(bytes([byte]))
        self.assertEqual(self.next(reader, f"ship/{device.ski}/rx"), DISCOVERY_PLAIN)

    def test_messages_in_many_frames(self):
        """RR7"""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        reader = self.reader(daemon)
        peer = self.dial(daemon, device)
        for message in (INIT, READY, ANNOUNCE_MAX, SELECT, PIN_NONE, data(DISCOVERY)):
            parts = [message[i:i + 7] for i in range(0, len(message), 7)]
            for i, part in enumerate(parts):
                peer.sock.sendall(peer.frame(BINARY if i == 0 else 0, part, i == len(parts) - 1))
        self.assertEqual(self.next(reader, f"ship/{device.ski}/rx"), DISCOVERY_PLAIN)


class LastWords(ShipTest):
    def test_a_confirmation_behind_a_backlog_arrives(self):
        """RR8: what was accepted before comes first, whole and in order, and then the last word."""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        reader = self.reader(daemon, f"ship/{device.ski}/state")
        peer = self.dial(daemon, device)
        peer.shake_hands_as_client()
        self.state(reader, device.ski, "connected")
        # More than sockets hold, to one that does not read yet.
        client = self.client(daemon)
        for number in range(200):
            client.publish(f"ship/{device.ski}/tx", b'"%03d%s"' % (number, b"y" * 60_000), qos=1)
        peer.send(ANNOUNCE_CLOSE)
        number = 0
        while (got := peer.receive()) != CONFIRM_CLOSE:
            self.assertEqual(got, data('"%03d%s"' % (number, "y" * 60_000)))
            number += 1
        self.assertGreater(number, 0)
        self.assertIsNone(peer.receive())
        self.assertEqual(peer.close_code, 4001)

    def test_a_refusal_arrives_before_the_end(self):
        """RR8"""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        for number in range(10):
            with self.subTest(number=number):
                peer = self.dial(daemon, device)
                # What the host does not read any more must not cost its last word.
                peer.send(INIT, ANNOUNCE_MAX, *[data(DISCOVERY)] * 200)
                peer.expect(INIT)
                peer.expect_hello()
                peer.expect_end(ABORTED)
                peer.close()

    def test_the_host_does_not_wait_for_the_peer_to_close(self):
        """RR9: after the peer's last word the connection ends by itself."""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        handshake = (INIT, READY, ANNOUNCE_MAX, SELECT, PIN_NONE)
        for told, last in ((1, ABORTED), (2, PROTOCOL_ERROR), (3, PROTOCOL_ERROR),
                           (3, CONFIRM_CLOSE), (5, CONFIRM_CLOSE), (5, ABORTED),
                           (5, PROTOCOL_ERROR)):
            with self.subTest(told=told, last=last):
                peer = self.dial(daemon, device)
                peer.send(*handshake[:told], last)
                while peer.receive() is not None:
                    pass
                self.assertEqual(peer.close_code, 4001)
                self.assertTrue(ends(peer.sock))
                peer.close()


class Silence(ShipTest):
    def test_the_silent_end_and_nobody_waits_for_them(self):
        """RR10: in TCP, in TLS, in the upgrade and before the first message."""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski], handshake_timeout=3))
        port = daemon.ports["ship"]
        silent = []
        for _ in range(SILENT):
            silent.append(socket.create_connection(("127.0.0.1", port), timeout=kit.DEADLINE))
            hello = socket.create_connection(("127.0.0.1", port), timeout=kit.DEADLINE)
            hello.sendall(b"\x16\x03\x01\x02\x00\x01\x00")  # of a ClientHello
            silent.append(hello)
            silent.append(secured(port, device))
            silent.append(secured(port, device))
            silent[-1].sendall(UPGRADE)
        for one in silent:
            self.addCleanup(one.close)
        peer = self.dial(daemon, device)
        peer.shake_hands_as_client()
        # They are all there still.
        self.assertGreaterEqual(len(self.rpc(daemon).call("links")["links"]), len(silent))
        for one in silent:
            self.assertTrue(ends(one))
        peer.send(ACCESS_REQUEST)
        self.assertTrue(peer.receive().startswith(b'\x01{"accessMethods"'))


    def test_a_device_that_is_dialled_and_silent_is_given_up(self):
        """RR10, RR21: in TCP and in TLS; it is dialled again, and found once it speaks."""
        device = self.identity()
        sock, port = self.listening()
        daemon = self.host(endpoint("pump", f"ship://127.0.0.1:{port}", role="dial",
                                    peer_key_id=device.ski, reconnect_delay=0.05,
                                    handshake_timeout=1))
        sock.settimeout(kit.DEADLINE)
        silent, _ = sock.accept()
        self.addCleanup(silent.close)
        self.assertTrue(ends(silent))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(device.certificate, device.key)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(daemon.folder / "state/identity/ship.pem")
        plain, _ = sock.accept()
        plain.settimeout(kit.DEADLINE)
        mute = context.wrap_socket(plain, server_side=True)
        self.addCleanup(mute.close)
        self.assertTrue(ends(mute))
        self.accept(sock, device, daemon).shake_hands_as_server()


class Resets(ShipTest):
    def resets(self, device, daemon):
        def dialled(*messages):
            peer = self.dial(daemon, device)
            if messages:
                peer.send(*messages)
                peer.expect(INIT)
            return peer.sock

        def connected():
            peer = Peer.dial(daemon.ports["ship"], device, kit.DEADLINE)
            peer.shake_hands_as_client()
            return peer.sock

        def half_secured():
            sock = socket.create_connection(("127.0.0.1", daemon.ports["ship"]), kit.DEADLINE)
            sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
            return sock

        def half_upgraded():
            sock = secured(daemon.ports["ship"], device)
            sock.sendall(UPGRADE)
            return sock

        return {
            "TCP": lambda: socket.create_connection(("127.0.0.1", daemon.ports["ship"]),
                                                    kit.DEADLINE),
            "TLS": half_secured,
            "secured": lambda: secured(daemon.ports["ship"], device),
            "upgrade": half_upgraded,
            "upgraded": dialled,
            "hello": lambda: dialled(INIT),
            "protocol": lambda: dialled(INIT, READY),
            "confirmation": lambda: dialled(INIT, READY, ANNOUNCE_MAX),
            "PIN": lambda: dialled(INIT, READY, ANNOUNCE_MAX, SELECT),
            "data": connected,
            "access methods": lambda: dialled(INIT, READY, ANNOUNCE_MAX, SELECT, PIN_NONE,
                                              ACCESS_REQUEST, access_methods("device-1")),
            "close": lambda: dialled(INIT, READY, ANNOUNCE_MAX, SELECT, PIN_NONE,
                                     ANNOUNCE_CLOSE)}

    def test_resets_leave_nothing_behind(self):
        """RR21: in each phase, many times, and then somebody connects as usual."""
        device = self.identity()
        daemon = self.host(endpoint(trusted=[device.ski]))
        rpc = self.rpc(daemon)

        def links():
            return [one for one in rpc.call("links")["links"] if one["endpoint"] == "ship"]

        def descriptors():
            return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

        def round_trip():
            peer = Peer.dial(daemon.ports["ship"], device, kit.DEADLINE)
            peer.shake_hands_as_client()
            peer.send(ACCESS_REQUEST)
            self.assertTrue(peer.receive().startswith(b'\x01{"accessMethods"'))
            peer.send(ANNOUNCE_CLOSE)
            peer.expect_end(CONFIRM_CLOSE)
            peer.close()
            self.assertTrue(kit.settle(lambda: not links(), kit.DEADLINE), links())

        round_trip()
        before = descriptors()
        for phase, begin in self.resets(device, daemon).items():
            with self.subTest(phase=phase):
                for _ in range(RESETS):
                    reset(begin())
                round_trip()
                self.assertTrue(kit.settle(lambda: descriptors() == before, kit.DEADLINE),
                                f"{before} descriptors, then {descriptors()}")
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    kit.need(papers.available(), "openssl")
    unittest.main(verbosity=2)
