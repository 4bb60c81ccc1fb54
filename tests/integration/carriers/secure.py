# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""MQTT over TLS, with mosquitto's tools and Python's ssl."""

import signal
import socket
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mosquitto"))

import kit
import tools
from papers import PAPERS
from rawsocket import RawSocket, frame, wire


def context(name=None, ca=None, maximum=None):
    made = ssl.create_default_context(cafile=str(ca or PAPERS.ca))
    if name:
        made.load_cert_chain(str(PAPERS.certificate(name)), str(PAPERS.key(name)))
    if maximum:
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        made.maximum_version = maximum
    return made


class TlsCase(tools.Case):
    def dial_tls(self, listener, made):
        plain = socket.create_connection(("127.0.0.1", self.broker.ports[listener]),
                                         timeout=kit.DEADLINE)
        self.addCleanup(plain.close)
        one = made.wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(one.close)
        return one

    def connack(self, one, client_id=None):
        one.sendall(wire.connect(client_id or kit.unique()))
        return wire.parse(*wire.split(one.recv(1000)), wire.V5)

    def number(self, listener):
        """Of the certificate that the listener shows now."""
        return self.dial_tls(listener, context()).getpeercert()["serialNumber"]


class Secure(TlsCase):
    def test_mosquittos_tools(self):
        for listener in ("mqtts", "rsa"):
            port = self.broker.ports[listener]
            more = ["--cafile", PAPERS.ca, "-h", "localhost"]
            one = self.sub(self.topic(listener), port=port, more=more)
            for qos in (0, 1, 2):
                self.pub(self.topic(listener), f"{qos}", *more, port=port, qos=qos)
            self.assertEqual(one.payloads(3), ["0", "1", "2"])
            lines = [f"line {i}" for i in range(1000)]
            self.pub(self.topic(listener), "", "-l", *more, port=port,
                     stdin="\n".join(lines).encode())
            self.assertEqual(one.payloads(1000), lines)
            self.assertEqual(one.leave(), 0)

    def test_each_version(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            self.pub(self.topic("a"), "x", "--cafile", PAPERS.ca, "--tls-version", version,
                     "-h", "localhost", port=self.broker.ports["mqtts"])
        with self.assertRaises(ssl.SSLError):
            self.dial_tls("modern", context(maximum=ssl.TLSVersion.TLSv1_2))
        self.assertEqual(self.dial_tls("modern", context()).version(), "TLSv1.3")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            old = context(maximum=ssl.TLSVersion.TLSv1_1)
            old.set_ciphers("ALL:@SECLEVEL=0")
            self.dial_tls("mqtts", old)

    def test_large_messages(self):
        payload = kit.pattern(3 * kit.MIB)
        plain = self.client()
        plain.subscribe(self.topic("a"), qos=0)
        one = self.dial_tls("mqtts", context())
        self.assertEqual(self.connack(one).reason, 0)
        one.sendall(wire.publish(self.topic("a"), payload))
        self.assertEqual(plain.next().payload, payload)

    def test_a_client_without_certificate_is_refused(self):
        # AD-01: before any byte of MQTT.
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            one = self.dial_tls("known", context())
            one.sendall(wire.connect(kit.unique()))
            if one.recv(100) == b"":
                raise ConnectionError
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            one = self.dial_tls("known", context("stranger"))
            one.sendall(wire.connect(kit.unique()))
            if one.recv(100) == b"":
                raise ConnectionError

    def test_a_client_with_certificate_is_taken(self):
        one = self.sub(self.topic("a"), port=self.broker.ports["known"], more=[
            "--cafile", PAPERS.ca, "--cert", PAPERS.certificate("device"),
            "--key", PAPERS.key("device"), "-h", "localhost"])
        self.pub(self.topic("a"), "x")
        self.assertEqual(one.payloads(1), ["x"])

    def test_sessions_belong_to_the_certificate(self):
        # AD-01: the same client id under another name is another session.
        name = kit.unique()
        first = self.dial_tls("known", context("device"))
        self.assertEqual(self.connack(first, name).reason, 0)
        other = self.dial_tls("known", context("other"))
        self.assertEqual(self.connack(other, name).reason, 0)
        first.sendall(wire.pingreq())
        self.assertEqual(wire.split(first.recv(100))[0] >> 4, wire.PINGRESP)

    def test_websockets_over_tls(self):
        one = RawSocket(self.broker.ports["wss"], context())
        self.addCleanup(one.close)
        self.assertEqual(one.upgrade().status, 101)
        one.send(frame(wire.connect(kit.unique())))
        self.assertEqual(one.packet().reason, 0)
        payload = kit.pattern(500_000)
        one.send(frame(wire.subscribe(1, [(self.topic("a"), 0)])))
        self.assertEqual(one.packet().kind, wire.SUBACK)
        self.client().publish(self.topic("a"), payload, qos=1)
        self.assertEqual(one.packet().payload, payload)
        one.send(frame(wire.disconnect()))
        self.assertEqual(one.end(), 1000)

    def test_who_speaks_no_tls_is_refused(self):
        one = socket.create_connection(("127.0.0.1", self.broker.ports["mqtts"]),
                                       timeout=kit.DEADLINE)
        self.addCleanup(one.close)
        one.sendall(wire.connect(kit.unique()))
        got = b""
        while more := one.recv(100):
            got += more
        # At most an alert.
        self.assertIn(got[:1], (b"", b"\x15"))

    def test_who_does_not_finish_in_time_is_closed(self):
        # LC-08
        for start in (b"", b"\x16\x03\x01"):
            one = socket.create_connection(("127.0.0.1", self.broker.ports["hastytls"]),
                                           timeout=kit.DEADLINE)
            self.addCleanup(one.close)
            one.sendall(start)
            while one.recv(100):
                pass


class Renewal(TlsCase):
    serial = True

    def test_a_hangup_reads_the_certificate_again(self):
        kept = self.dial_tls("renewed", context())
        self.assertEqual(self.connack(kept).reason, 0)
        before = kept.getpeercert()["serialNumber"]
        PAPERS.issue("renewed")
        self.broker.process.send_signal(signal.SIGHUP)
        self.assertTrue(kit.settle(lambda: self.number("renewed") != before))
        now = self.number("renewed")
        # One that cannot be read changes nothing.
        PAPERS.certificate("renewed").write_text("nonsense", encoding="ascii")
        self.broker.process.send_signal(signal.SIGHUP)
        self.assertTrue(kit.settle(lambda: "certificates-kept" in self.broker.log()))
        self.assertEqual(self.number("renewed"), now)
        # And nobody was disconnected.
        kept.sendall(wire.pingreq())
        self.assertEqual(wire.split(kept.recv(100))[0] >> 4, wire.PINGRESP)
