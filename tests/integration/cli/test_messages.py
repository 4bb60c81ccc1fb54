# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""pub and sub and rr move messages: each QoS and version, retained, properties, every source."""

import hashlib
import json
import os
import pathlib
import tempfile

from clitest import VERSIONS, CliTest, main


class Messages(CliTest):
    def test_each_qos_in_each_version(self):
        for version in VERSIONS:
            for qos in "012":
                with self.subTest(version=version, qos=qos):
                    topic = f"{self.topic}/{version}/{qos}"
                    reader = self.subscriber("-V", version, "-t", topic, "-q", qos, "-C", "1", "-F", "%t %q %p")
                    self.pub("-V", version, "-t", topic, "-q", qos, "-m", "hello world")
                    self.assertEqual(reader.wait(), 0)
                    self.assertEqual(reader.lines, [f"{topic} {qos} hello world"])

    def test_retained_message(self):
        self.pub("-t", self.topic, "-r", "-q", "1", "-m", "kept")
        self.assertEqual(self.sub("-t", self.topic, "-C", "1", "-F", "%r %p"), "1 kept\n")
        self.pub("-t", self.topic, "-r", "-n", "-q", "1")
        self.assertEqual(self.run_tool("sub", "-t", self.topic, "-C", "1", "-W", "1").returncode, 27)

    def test_properties_arrive_in_order(self):
        reader = self.background("sub", "-V", "5", "-t", self.topic, "-C", "1", "-d", "--output", "ndjson",
                                 "-D", "subscribe", "subscription-identifier", "9")
        # With --output the trace goes to standard error.
        while b"received SUBACK" not in reader.process.stderr.readline():
            self.assertIsNone(reader.process.poll())
        self.pub("-t", self.topic, "-m", "x", "-q", "1",
                 "-D", "publish", "user-property", "b", "1", "-D", "publish", "user-property", "a", "2",
                 "-D", "publish", "user-property", "b", "3", "-D", "publish", "content-type", "text/plain",
                 "-D", "publish", "response-topic", "re", "-D", "publish", "correlation-data", "co",
                 "-D", "publish", "payload-format-indicator", "1",
                 "-D", "publish", "message-expiry-interval", "1000")
        self.assertEqual(reader.wait(), 0)
        got = json.loads(reader.lines[0])
        self.assertEqual(got["payload"], "x")
        properties = got["properties"]
        self.assertEqual(properties.pop("user-properties"), [["b", "1"], ["a", "2"], ["b", "3"]])
        self.assertTrue(900 <= properties.pop("message-expiry-interval") <= 1000)
        self.assertEqual(properties, {"content-type": "text/plain", "response-topic": "re",
                                      "correlation-data": "co", "payload-format-indicator": 1,
                                      "subscription-identifier": 9})

    def test_lines_keep_their_order(self):
        lines = [str(i) for i in range(2000)] + ["", "last without an end"]
        for qos in "012":
            with self.subTest(qos=qos):
                topic = f"{self.topic}/{qos}"
                reader = self.subscriber("-t", topic, "-q", qos, "-v", "-C", str(len(lines)))
                self.pub("-t", topic, "-q", qos, "-l", stdin="\n".join(lines).encode())
                self.assertEqual(reader.wait(), 0)
                self.assertEqual(reader.lines, [f"{topic} {line or '(null)'}" for line in lines])

    def test_no_lines_at_all(self):
        self.pub("-t", self.topic, "-l", stdin=b"")

    def test_large_binary_file_and_standard_input(self):
        content = os.urandom(1 << 20)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "content"
            path.write_bytes(content)
            self.pub("-t", f"{self.topic}/f", "-r", "-q", "1", "-f", str(path))
        self.pub("-t", f"{self.topic}/s", "-r", "-q", "2", "-s", stdin=content)
        for source in "fs":
            got = self.tool("sub", "-t", f"{self.topic}/{source}", "-C", "1", "-N")
            self.assertEqual(hashlib.sha256(got).hexdigest(), hashlib.sha256(content).hexdigest())

    def test_repeats(self):
        for delay in ("0", "0.01"):
            with self.subTest(delay=delay):
                reader = self.subscriber("-t", self.topic, "-C", "5")
                self.pub("-t", self.topic, "-m", "again", "--repeat", "5", "--repeat-delay", delay)
                self.assertEqual(reader.wait(), 0)
                self.assertEqual(reader.lines, ["again"] * 5)

    def test_url(self):
        reader = self.subscriber("-t", self.topic, "-C", "1")
        done = self.run_tool("pub", "-L", f"mqtt://127.0.0.1:{self.port}/{self.topic}", "-m", "by url")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(reader.wait(), 0)
        self.assertEqual(reader.lines, ["by url"])

    def test_request_and_response(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                request, response = f"{self.topic}/{version}/q", f"{self.topic}/{version}/a"
                responder = self.subscriber("-V", "5", "-t", request, "-C", "1", "-F", "%p|%R|%D")
                asker = self.background("rr", "-V", version, "-t", request, "-e", response, "-m", "ping", "-v",
                                        "--latency", "-q", "1",
                                        *(("-D", "publish", "correlation-data", "id") if version == "mqttv5" else ()))
                self.assertEqual(responder.wait(), 0)
                self.assertEqual(responder.lines, [f"ping|{response}|id" if version == "mqttv5" else "ping||"])
                self.pub("-t", response, "-m", "pong")
                self.assertEqual(asker.wait(), 0)
                self.assertEqual(asker.lines[0], f"{response} pong")
                self.assertTrue(asker.lines[1].startswith("Latency: "), asker.lines)

    def test_request_without_a_response_times_out(self):
        done = self.run_tool("rr", "-t", self.topic, "-e", f"{self.topic}/a", "-m", "ping", "-W", "1")
        self.assertFails(done, 27, "timeout")
        self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    main()
