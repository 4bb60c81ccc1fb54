# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions that outlive connections, wills, takeover, options files, addresses."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from clitest import TOOL, CliTest, environment, main
from daemon import FOREIGN


class Sessions(CliTest):
    def test_messages_wait_for_a_kept_session(self):
        for version in ("311", "5"):
            with self.subTest(version=version):
                topic = f"{self.topic}/{version}"
                session = ("-V", version, "-c", "-i", f"{self.topic}{version}", "-q", "2", "-t", topic)
                self.sub(*session, "-E")
                self.pub("-t", topic, "-q", "1", "-m", "one")
                self.pub("-t", topic, "-q", "2", "-m", "two")
                self.assertEqual(self.sub(*session, "-C", "2", "-F", "%q %p"), "1 one\n2 two\n")
                # Acknowledged, so gone.
                done = self.run_tool("sub", *session, "-W", "1")
                self.assertEqual((done.returncode, done.stdout), (27, b""))

    def test_unsubscribes_from_a_kept_session(self):
        session = ("-c", "-i", self.topic, "-q", "1")
        self.sub(*session, "-t", f"{self.topic}/a", "-t", f"{self.topic}/b", "-E")
        self.sub(*session, "-U", f"{self.topic}/a", "-E")
        for level in "ab":
            self.pub("-t", f"{self.topic}/{level}", "-q", "1", "-m", level)
        self.assertEqual(self.sub(*session, "-t", f"{self.topic}/c", "-C", "1"), "b\n")

    def test_will_after_a_broken_connection(self):
        watcher = self.subscriber("-V", "5", "-t", f"{self.topic}/#", "-C", "1", "-q", "1", "-F", "%t %q %p %P")
        dying = self.subscriber("-V", "5", "-t", "nothing", "--will-topic", f"{self.topic}/will",
                                "--will-payload", "gone", "--will-qos", "1", "--will-retain",
                                "-D", "will", "user-property", "k", "v")
        dying.process.kill()
        self.assertEqual(watcher.wait(), 0)
        self.assertEqual(watcher.lines, [f"{self.topic}/will 1 gone k:v"])
        self.assertEqual(self.sub("-t", f"{self.topic}/will", "-C", "1"), "gone\n")

    def test_no_will_after_an_orderly_end(self):
        watcher = self.subscriber("-t", f"{self.topic}/#", "-C", "1")
        self.pub("-t", "nothing", "-m", "x", "--will-topic", f"{self.topic}/will", "--will-payload", "gone")
        self.pub("-t", f"{self.topic}/end", "-m", "end")
        self.assertEqual(watcher.wait(), 0)
        self.assertEqual(watcher.lines, ["end"])

    @unittest.skipIf(FOREIGN, "not every broker says so")
    def test_takeover_ends_the_one_before(self):
        first = self.subscriber("-V", "5", "-i", self.topic, "-t", self.topic)
        self.sub("-V", "5", "-i", self.topic, "-t", self.topic, "-E")
        self.assertEqual(first.wait(), 0x8E)
        self.assertIn("[session-taken-over]", first.errors())

    def test_options_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "fairlead" / "pub"
            path.parent.mkdir()
            path.write_text(f"# defaults\n-t {self.topic}\n-r\n-q 1\n", encoding="utf-8")
            done = self.run_tool("pub", "-m", "from the file", config=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            named = pathlib.Path(folder) / "named"
            named.write_text(f"-t {self.topic}\n-C 1\n", encoding="utf-8")
            self.assertEqual(self.sub("-o", str(named)), "from the file\n")

    def test_address_to_connect_from(self):
        self.pub("-A", "127.0.0.1", "-t", self.topic, "-m", "x")
        done = self.run_tool("pub", "-A", "192.0.2.77", "-t", self.topic, "-m", "x")
        self.assertEqual(done.returncode, 1)

    def test_reader_that_closes_its_end(self):
        self.pub("-t", self.topic, "-r", "-q", "1", "-m", "x")
        read, write = os.pipe()
        os.close(read)
        try:
            done = subprocess.run([TOOL, "sub", *self.at(), "-t", self.topic], stdout=write,
                                  stderr=subprocess.PIPE, timeout=60, env=environment(), check=False)
        finally:
            os.close(write)
        self.assertEqual(done.returncode, 14)
        self.assertIn(b"[output-failed]", done.stderr)


if __name__ == "__main__":
    main()
