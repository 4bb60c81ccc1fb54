# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Health and metrics over HTTP (OB-04)."""

import json
import os
import re
import socket
import unittest

from controltest import REACTORS, ControlTest, Daemon, kit

NAME = r"fairlead_[a-z0-9_]+"
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.]+)$")


def parse_metrics(text):
    """Family -> (type, {labels: value}); checks the form on the way."""
    families, name = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in families, f"{name} twice"
            assert len(line.split(" ", 3)[3]) > 3, line
            families[name] = (None, {})
        elif line.startswith("# TYPE "):
            _, _, typed, kind = line.split(" ")
            assert typed == name and kind in ("counter", "gauge", "histogram"), line
            families[name] = (kind, {})
        else:
            found = SAMPLE.match(line)
            assert found, line
            kind, samples = families[name]
            assert kind is not None, line
            suffix = found.group(1).removeprefix(name)
            assert suffix in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",)), line
            assert kind != "counter" or name.endswith("_total"), line
            labels = found.group(2) or suffix
            assert labels not in samples, line
            samples[labels] = float(found.group(3))
    return families


class Http(ControlTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = Daemon().wait_ready()
        cls.addClassCleanup(cls.shared.remove)

    def raw(self, data, half_close=False):
        """All that comes back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.shared.http), kit.DEADLINE) as one:
            one.settimeout(kit.DEADLINE)
            try:
                one.sendall(data)
                if half_close:
                    one.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            got = b""
            try:
                while chunk := one.recv(1 << 16):
                    got += chunk
            except ConnectionResetError:
                pass
            return got

    def test_health_pages(self):
        for path in ("/livez", "/readyz", "/healthz"):
            status, headers, body = self.get(self.shared, path)
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(headers["Cache-Control"], "no-store")
            found = json.loads(body)
            self.assertEqual(found, {"alive": True, "ready": True, "state": "running",
                                     "reasons": []})
            checks = json.loads(self.get(self.shared, path + "?verbose")[2])["checks"]
            self.assertEqual(checks, {"endpoint mqtt": "ok", "store": "ok",
                                      **{f"reactor {i}": "ok" for i in range(REACTORS)}})

    def test_metrics_are_prometheus_text(self):
        one = self.client(self.shared)
        one.subscribe("m/#")
        one.publish("m/x", b"12345", qos=1)
        one.messages(1)
        status, headers, body = self.get(self.shared, "/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertTrue(body.endswith(b"\n"))
        families = parse_metrics(body.decode())
        # Names are a promise: dashboards and alerts are made of them.
        self.assertLessEqual({
            "fairlead_build_info", "fairlead_uptime_seconds", "fairlead_state",
            "fairlead_reactors", "fairlead_resident_memory_bytes", "fairlead_endpoint_up",
            "fairlead_endpoint_attempts_total", "fairlead_links", "fairlead_peers_connected",
            "fairlead_sessions", "fairlead_subscriptions", "fairlead_retained_messages",
            "fairlead_retained_bytes", "fairlead_received_bytes_total",
            "fairlead_sent_bytes_total", "fairlead_frames_received_total",
            "fairlead_frames_sent_total", "fairlead_messages_published_total",
            "fairlead_messages_published_bytes_total", "fairlead_messages_delivered_total",
            "fairlead_messages_delivered_bytes_total", "fairlead_messages_dropped_total",
            "fairlead_links_accepted_total", "fairlead_links_closed_total",
            "fairlead_links_connected_total", "fairlead_handshakes_failed_total",
            "fairlead_sessions_expired_total", "fairlead_subscribers_refused_total",
            "fairlead_stale_calls_total",
            "fairlead_registry_registered_total", "fairlead_registry_replaced_total",
            "fairlead_registry_rejected_total", "fairlead_links_refused_total",
            "fairlead_descriptors_exhausted", "fairlead_descriptor_exhaustions_total",
            "fairlead_publish_to_ack_seconds", "fairlead_control_connections",
            "fairlead_control_calls_total", "fairlead_control_errors_total",
            "fairlead_http_requests_total"}, set(families))
        self.assertEqual(families["fairlead_state"][1]['state="running"'], 1)
        self.assertEqual(families["fairlead_endpoint_up"][1],
                         {'endpoint="mqtt",transport="mqtt"': 1})
        self.assertGreaterEqual(families["fairlead_messages_published_total"][1][""], 1)
        self.assertGreaterEqual(families["fairlead_messages_published_bytes_total"][1][""], 5)
        self.assertEqual(families["fairlead_reactors"][1][""], REACTORS)
        self.assertIn('reason="queue-full"', families["fairlead_messages_dropped_total"][1])
        # AD-05: by reason, at 0 too.
        for reason in ("address", "rate", "capacity", "descriptors", "shutting-down"):
            self.assertEqual(families["fairlead_links_refused_total"][1][f'reason="{reason}"'], 0)

    def test_histograms_count_upwards(self):
        one = self.client(self.shared)
        for _ in range(5):
            one.publish("h", b"", qos=1)
        one.ping()
        kind, samples = parse_metrics(self.get(self.shared, "/metrics")[2].decode())[
            "fairlead_publish_to_ack_seconds"]
        self.assertEqual(kind, "histogram")
        buckets = {float(label[4:-1]): count for label, count in samples.items()
                   if label.startswith("le=")}
        self.assertEqual(sorted(buckets), list(buckets))
        self.assertEqual(list(buckets)[-1], float("inf"))
        self.assertEqual(sorted(buckets.values()), list(buckets.values()))
        self.assertEqual(list(buckets.values())[-1], samples["_count"])
        self.assertGreaterEqual(samples["_count"], 5)
        self.assertGreaterEqual(samples["_sum"], 0)

    def test_head_has_no_body(self):
        status, headers, body = self.get(self.shared, "/readyz", "HEAD")
        self.assertEqual((status, body), (200, b""))
        self.assertEqual(int(headers["Content-Length"]),
                         len(self.get(self.shared, "/readyz")[2]))

    def test_other_pages_and_methods(self):
        self.assertEqual(self.get(self.shared, "/")[0], 404)
        self.assertEqual(self.get(self.shared, "/metrics/")[0], 404)
        self.assertEqual(self.get(self.shared, "/%2e%2e/etc/passwd")[0], 404)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
            status, headers, _ = self.get(self.shared, "/metrics", method)
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)

    def test_a_web_page_cannot_have_its_name_point_here(self):
        for host, status in (("localhost", 200), ("127.0.0.1:1", 200), ("[::1]:1", 200),
                             ("LOCALHOST:80", 200), ("evil.example", 421), ("127.0.0.1.x", 421)):
            self.assertEqual(self.get(self.shared, "/livez", headers={"Host": host})[0], status,
                             host)

    def test_bad_requests(self):
        host = b"Host: localhost\r\n\r\n"
        for data, status in (
                (b"GET /livez HTTP/1.1\r\n" + host, 200), (b"GET /livez HTTP/1.0\r\n\r\n", 200),
                (b"GET /livez HTTP/1.0\n\n", 200),
                (b"GET http://localhost/livez HTTP/1.1\r\n" + host, 200),
                (b"GET /livez HTTP/1.1\r\n\r\n", 400),
                (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + host, 400),
                (b"GET /livez HTTP/2.0\r\n" + host, 505), (b"GET /livez\r\n\r\n", 400),
                (b"\r\n\r\n", 400), (b"GET  /livez HTTP/1.1\r\n" + host, 400),
                (b"GET livez HTTP/1.1\r\n" + host, 400),
                (b"GET /l\x01 HTTP/1.1\r\n" + host, 400),
                (b"G\xe4T /livez HTTP/1.1\r\n" + host, 400),
                (b"GET /livez HTTP/1.1\r\nno header\r\n" + host, 400),
                (b"GET /livez HTTP/1.1\r\n folded: x\r\n" + host, 400),
                (b"GET /livez HTTP/1.1\r\nX : y\r\n" + host, 400),
                (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + host, 431),
                (b"\x16\x03\x01" + b"\x00" * 9000, 431)):
            with self.subTest(data[:40]):
                got = self.raw(data)
                self.assertTrue(got.startswith(b"HTTP/1.1 %d " % status), got[:80])
                self.assertIn(b"\r\nConnection: close\r\n", got)
        self.assertTrue(self.raw(b"GET /livez", half_close=True).startswith(b"HTTP/1.1 400 "))

    def test_requests_in_pieces(self):
        with socket.create_connection(("127.0.0.1", self.shared.http), kit.DEADLINE) as one:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n":
                one.sendall(bytes([byte]))
            self.assertTrue(one.recv(100).startswith(b"HTTP/1.1 200 "))

    def test_half_open_connections_are_bounded(self):
        pid = self.shared.process.pid
        before = len(os.listdir(f"/proc/{pid}/fd"))
        opened = []
        for _ in range(1000):
            one = socket.socket()
            self.addCleanup(one.close)
            opened.append(one)
            one.setblocking(False)
            try:
                one.connect(("127.0.0.1", self.shared.http))
            except BlockingIOError:
                pass
        self.assertLessEqual(len(os.listdir(f"/proc/{pid}/fd")), before + 70)

        def answers():
            try:
                return self.get(self.shared, "/livez")[0] == 200
            except OSError:
                return False
        self.assertTrue(kit.settle(answers, kit.DEADLINE))
        # The next test finds room.
        for one in opened:
            one.close()
        self.assertTrue(kit.settle(
            lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before + 1, kit.DEADLINE))


class States(ControlTest):
    def test_a_degraded_host_serves_and_says_why(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            daemon = self.running(endpoints=("mqtt", f"busy:{port}"))
            status, _, body = self.get(daemon, "/readyz")
            found = json.loads(body)
            self.assertEqual((status, found["state"], found["ready"]), (200, "degraded", True))
            self.assertEqual(len(found["reasons"]), 1)
            self.assertIn("busy", found["reasons"][0])
            self.assertIn(str(port), found["reasons"][0])
            endpoints = {one["name"]: one for one in self.rpc(daemon).call("endpoints")["endpoints"]}
            self.assertEqual(endpoints["busy"]["reason"]["code"], "address-in-use")
            self.assertEqual(endpoints["mqtt"]["url"], f"mqtt://127.0.0.1:{daemon.ports['mqtt']}")
            families = parse_metrics(self.get(daemon, "/metrics")[2].decode())
            self.assertEqual(families["fairlead_endpoint_up"][1],
                             {'endpoint="mqtt",transport="mqtt"': 1,
                              'endpoint="busy",transport="mqtt"': 0})

    def test_a_quiesced_endpoint_is_not_up(self):
        # OB-04
        daemon = self.running(endpoints=("mqtt", "other"))
        control = self.rpc(daemon)
        control.call("quiesce", targets=["other"], reason="idle-timeout")
        status, _, body = self.get(daemon, "/readyz?verbose")
        found = json.loads(body)
        self.assertEqual((status, found["ready"]), (200, True))
        self.assertEqual(found["reasons"], ['endpoint "other" is quiesced: idle-timeout'])
        self.assertEqual((found["checks"]["endpoint mqtt"], found["checks"]["endpoint other"]),
                         ("ok", "failed"))
        self.assertEqual(parse_metrics(self.get(daemon, "/metrics")[2].decode())[
            "fairlead_endpoint_up"][1], {'endpoint="mqtt",transport="mqtt"': 1,
                                         'endpoint="other",transport="mqtt"': 0})
        # It is not up, and did not fail either.
        self.assertEqual(control.call("status")["endpointsFailed"], 0)
        control.call("quiesce")
        status, _, body = self.get(daemon, "/readyz")
        self.assertEqual((status, json.loads(body)["reasons"]),
                         (503, ['endpoint "mqtt" is quiesced: maintenance',
                                'endpoint "other" is quiesced: maintenance',
                                'no endpoint serves']))
        self.assertEqual(self.get(daemon, "/livez")[0], 200)
        control.call("resume")
        status, _, body = self.get(daemon, "/readyz")
        self.assertEqual((status, json.loads(body)["reasons"]), (200, []))

    def test_other_machines_are_not_let_in_by_accident(self):
        daemon = self.daemon(control='http = "0.0.0.0:0"\n')
        self.assertEqual(daemon.process.wait(kit.DEADLINE), 2)
        self.assertIn("config-insecure", daemon.log())
        self.assertIn("http_anywhere", daemon.log())
        daemon = self.running(control='http = "0.0.0.0:0"\nhttp_anywhere = true\n')
        self.assertEqual(self.get(daemon, "/livez", headers={"Host": "gateway.example"})[0], 200)

    def test_configured_addresses(self):
        for text in ("nonsense", "127.0.0.1", "127.0.0.1:99999", "::1:80", "[127.0.0.1]:80", ""):
            daemon = self.daemon(control=f'http = "{text}"\n')
            self.assertEqual(daemon.process.wait(kit.DEADLINE), 2, text)
            self.assertIn("config-range", daemon.log())
            self.assertIn("control.http", daemon.log())
        off = self.running(control='http = "off"\n')
        self.assertEqual(off.facts["control"]["http"], "")

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            daemon = self.running(control=f'http = "127.0.0.1:{port}"\n')
            self.assertEqual(daemon.facts["state"], "degraded")
            self.assertIn("address-in-use", daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
