# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Equipment that speaks plain TCP, on the bus: bare sockets at one end, the command-line tool at the
other."""

import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "carriers"))

import certificates  # noqa: E402
from controltest import TOOL, ControlTest, kit, wire  # noqa: E402


def endpoint(name, url="tcp://127.0.0.1:0", **keys):
    """One [[endpoint]] as TOML."""
    lines = ["[[endpoint]]", f'name = "{name}"', f'url = "{url}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


class Device:
    """A socket that knows who it is on the bus."""

    def __init__(self, sock, name=None):
        self.sock = sock
        self.sock.settimeout(kit.DEADLINE)
        self.name = name or "{}:{}".format(*self.sock.getsockname())
        self._rest = b""

    def send(self, data):
        self.sock.sendall(data)

    def read(self, size):
        while len(self._rest) < size:
            got = self.sock.recv(1 << 16)
            if not got:
                raise AssertionError(f"the host closed after {self._rest!r}")
            self._rest += got
        got, self._rest = self._rest[:size], self._rest[size:]
        return got

    def is_closed(self):
        """Waits for the end; what comes before it does not matter."""
        try:
            while self.sock.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.sock.close()


class FramedTest(ControlTest):
    def host(self, *endpoints):
        return self.running(keys="\n" + "".join(endpoints))

    def device(self, daemon, name):
        one = Device(socket.create_connection(("127.0.0.1", daemon.ports[name])))
        self.addCleanup(one.close)
        return one

    def reader(self, daemon, filter_="tcp/#"):
        """`fairlead sub -v`, subscribed."""
        one = kit.Lines(TOOL, "sub", "-p", daemon.ports["mqtt"], "-t", filter_, "-v", "-d")
        self.addCleanup(one.kill)
        one.line("Subscribed")
        return one

    def publish(self, daemon, topic, payload, *more):
        done = self.tool("pub", "-p", daemon.ports["mqtt"], "-t", topic, "-m", payload, *more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def connected(self, daemon, reader, endpoint_name, device):
        """The host knows the device and sends it what is published for it."""
        state = self.state(reader, endpoint_name, device.name)
        self.assertEqual(state["state"], "connected")
        return state

    def state(self, reader, endpoint_name, peer):
        topic = f"tcp/{endpoint_name}/{peer}/state"
        return json.loads(reader.line(topic + " ")[len(topic) + 1:])


class Framing(FramedTest):
    def test_lines_go_both_ways(self):
        daemon = self.host(endpoint("scanner"))
        reader = self.reader(daemon)
        device = self.device(daemon, "scanner")
        self.connected(daemon, reader, "scanner", device)
        device.send(b"4006381333931\r\nsecond\n")
        self.assertEqual(reader.line("tcp/scanner/" + device.name + "/rx"),
                         f"tcp/scanner/{device.name}/rx 4006381333931")
        self.assertEqual(reader.line("tcp/scanner/" + device.name + "/rx"),
                         f"tcp/scanner/{device.name}/rx second")
        self.publish(daemon, f"tcp/scanner/{device.name}/tx", "beep")
        self.assertEqual(device.read(5), b"beep\n")
        device.close()
        state = self.state(reader, "scanner", device.name)
        self.assertEqual(state["state"], "disconnected")
        self.assertEqual(state["reason"], "connection-closed")
        self.assertEqual(state["address"], device.name)
        self.assertEqual((state["counters"]["rxFrames"], state["counters"]["txFrames"]), (2, 1))

    def test_lengths_go_both_ways(self):
        for size, order in ((1, "big"), (2, "big"), (4, "little")):
            with self.subTest(size=size, order=order):
                daemon = self.host(endpoint("meter", framing="length-prefix", length_size=size,
                                            length_order=order))
                reader = self.reader(daemon)
                device = self.device(daemon, "meter")
                self.connected(daemon, reader, "meter", device)
                for part in (5).to_bytes(size, order) + b"hello":
                    device.send(bytes([part]))
                topic = f"tcp/meter/{device.name}/"
                self.assertEqual(reader.line(topic + "rx"), topic + "rx hello")
                self.publish(daemon, topic + "tx", "world!")
                self.assertEqual(device.read(size + 6), (6).to_bytes(size, order) + b"world!")

    def test_delimiters_go_both_ways(self):
        daemon = self.host(endpoint("plc", framing="delimiter", frame_start="\\x02",
                                    frame_end="\\x03"))
        reader = self.reader(daemon)
        device = self.device(daemon, "plc")
        self.connected(daemon, reader, "plc", device)
        device.send(b"noise\x02one\x03\r\n\x02two\x03")
        topic = f"tcp/plc/{device.name}/"
        self.assertEqual(reader.line(topic + "rx"), topic + "rx one")
        self.assertEqual(reader.line(topic + "rx"), topic + "rx two")
        self.publish(daemon, topic + "tx", "go")
        self.assertEqual(device.read(4), b"\x02go\x03")

    def test_silence_ends_raw_frames(self):
        daemon = self.host(endpoint("serial", framing="raw", idle_gap=0.02))
        reader = self.reader(daemon)
        device = self.device(daemon, "serial")
        self.connected(daemon, reader, "serial", device)
        topic = f"tcp/serial/{device.name}/"
        for text in ("first", "second"):
            device.send(text.encode())
            self.assertEqual(reader.line(topic + "rx"), f"{topic}rx {text}")

    def test_a_large_frame_arrives_whole(self):
        daemon = self.host(endpoint("camera", framing="length-prefix", length_size=4,
                                    max_frame=4 * kit.MIB, rx_topic="image"))
        image = kit.pattern(3 * kit.MIB)
        reader = self.client(daemon)
        reader.subscribe("image")
        device = self.device(daemon, "camera")
        device.send(len(image).to_bytes(4, "big") + image)
        self.assertEqual(reader.next().payload, image)

    def test_an_over_long_line_ends_the_connection(self):
        daemon = self.host(endpoint("scanner", max_frame=1000))
        reader = self.reader(daemon)
        device = self.device(daemon, "scanner")
        self.connected(daemon, reader, "scanner", device)
        device.send(b"x" * 1002)
        self.assertTrue(device.is_closed())
        state = self.state(reader, "scanner", device.name)
        self.assertEqual((state["state"], state["reason"]), ("disconnected", "packet-too-large"))


class Names(FramedTest):
    def test_a_peer_names_itself_and_the_newer_of_one_name_stays(self):
        daemon = self.host(endpoint("scanner", peer_name="first-frame"))
        reader = self.reader(daemon)
        older = self.device(daemon, "scanner")
        older.send(b"dock 1\nearly\n")
        self.assertEqual(self.state(reader, "scanner", "dock%201")["state"], "connected")
        self.assertEqual(reader.line("tcp/scanner/dock%201/rx"), "tcp/scanner/dock%201/rx early")
        newer = self.device(daemon, "scanner")
        newer.send(b"dock 1\n")
        self.assertTrue(older.is_closed())
        while self.state(reader, "scanner", "dock%201")["state"] != "connected":
            pass
        self.publish(daemon, "tcp/scanner/dock%201/tx", "hello")
        self.assertEqual(newer.read(6), b"hello\n")

    def test_a_certificate_names_its_peer(self):
        kit.need(certificates.available(), "openssl")
        papers = certificates.Papers()
        papers.issue("server")
        papers.issue("device", common_name="Dock 7")
        daemon = self.host(endpoint(
            "scanner", "tcps://127.0.0.1:0", peer_name="certificate", require_certificate=True,
            certificate=str(papers.certificate("server")), key=str(papers.key("server")),
            ca=str(papers.ca)))
        reader = self.reader(daemon)
        context = ssl.create_default_context(cafile=str(papers.ca))
        context.load_cert_chain(papers.certificate("device"), papers.key("device"))
        plain = socket.create_connection(("127.0.0.1", daemon.ports["scanner"]))
        device = Device(context.wrap_socket(plain, server_hostname="127.0.0.1"), "Dock%207")
        self.addCleanup(device.close)
        # It is known before it has said anything.
        self.connected(daemon, reader, "scanner", device)
        self.publish(daemon, "tcp/scanner/Dock%207/tx", "hello")
        self.assertEqual(device.read(6), b"hello\n")
        device.send(b"scan\n")
        self.assertEqual(reader.line("tcp/scanner/Dock%207/rx"), "tcp/scanner/Dock%207/rx scan")


class Dialled(FramedTest):
    def test_a_device_is_dialled_again(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(kit.DEADLINE)
            port = listening.getsockname()[1]
            peer = f"127.0.0.1:{port}"
            daemon = self.host(endpoint("meter", f"tcp://{peer}", role="dial",
                                        reconnect_delay=0.05, reconnect_max_delay=0.1))
            reader = self.reader(daemon)
            for turn in ("one", "two"):
                device = Device(listening.accept()[0], peer)
                self.addCleanup(device.close)
                while self.state(reader, "meter", peer)["state"] != "connected":
                    pass
                device.send(turn.encode() + b"\n")
                self.assertEqual(reader.line(f"tcp/meter/{peer}/rx"), f"tcp/meter/{peer}/rx {turn}")
                self.publish(daemon, f"tcp/meter/{peer}/tx", turn)
                self.assertEqual(device.read(4), turn.encode() + b"\n")
                device.close()
                self.assertEqual(self.state(reader, "meter", peer)["state"], "disconnected")


class Flow(FramedTest):
    def flood(self, client, topic, payloads):
        """Publishes at QoS 0 from a thread, as fast as the host reads."""
        data = b"".join(wire.publish(topic, payload, version=wire.V5) for payload in payloads)
        client.sock.settimeout(kit.DEADLINE)

        def run():
            with contextlib.suppress(OSError):
                client.sock.sendall(data)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, kit.DEADLINE)

    def test_a_flood_arrives_whole_and_in_order(self):
        count = 50000
        daemon = self.host(endpoint("scanner", rx_topic="flood"))
        reader = self.client(daemon)
        reader.subscribe("flood")
        device = self.device(daemon, "scanner")
        device.send(b"".join(b"%d\n" % i for i in range(count)))
        # What was sent before the end comes before it.
        device.close()
        for i in range(count):
            self.assertEqual(reader.next().payload, b"%d" % i)

    def test_a_slow_device_gets_everything_in_order(self):
        count = 20000
        daemon = self.host(endpoint("printer"))
        reader = self.reader(daemon, "tcp/printer/+/state")
        device = self.device(daemon, "printer")
        self.connected(daemon, reader, "printer", device)
        lines = [b"%d" % i + b"x" * 200 for i in range(count)]
        self.flood(self.client(daemon), f"tcp/printer/{device.name}/tx", lines)
        for line in lines:
            self.assertEqual(device.read(len(line) + 1), line + b"\n")

    def test_a_device_that_does_not_read_loses_its_link(self):
        daemon = self.host(endpoint("printer"), "[limits]\nqueue_messages = 100\n")
        reader = self.reader(daemon, "tcp/printer/+/state")
        device = self.device(daemon, "printer")
        self.connected(daemon, reader, "printer", device)
        self.flood(self.client(daemon), f"tcp/printer/{device.name}/tx", [b"x" * 60000] * 1000)
        state = self.state(reader, "printer", device.name)
        self.assertEqual((state["state"], state["reason"]), ("disconnected", "queue-overflow"))

    def test_a_reset_is_told(self):
        daemon = self.host(endpoint("scanner"))
        reader = self.reader(daemon)
        device = self.device(daemon, "scanner")
        self.connected(daemon, reader, "scanner", device)
        device.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        device.close()
        state = self.state(reader, "scanner", device.name)
        self.assertEqual((state["state"], state["reason"]), ("disconnected", "connection-reset"))

    def test_the_host_says_goodbye_for_its_peers(self):
        daemon = self.host(endpoint("scanner"))
        reader = self.reader(daemon)
        device = self.device(daemon, "scanner")
        self.connected(daemon, reader, "scanner", device)
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(device.is_closed())

    def test_no_port_is_open_unless_configured(self):
        daemon = self.running()
        self.assertEqual(list(daemon.ports), ["mqtt"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
