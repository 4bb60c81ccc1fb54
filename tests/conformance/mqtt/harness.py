# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of one file side by side against one broker.

Each test owns its client identifiers and topics, so tests cannot meet; those that have to wait for
the protocol's seconds then wait at the same time. Classes with `serial = True` run alone, last.
"""

import concurrent.futures
import contextlib
import itertools
import os
import random
import sys
import threading
import time
import unittest

import wire
from client import DEADLINE, Client, Closed, Silence
from daemon import FOREIGN, Broker

THREADS = int(os.environ.get("FAIRLEAD_WIRE_THREADS", "12"))
MAX_TRACES = 8
_count = itertools.count()
_salt = f"{random.SystemRandom().getrandbits(40):010x}"


def unique(prefix="c"):
    return f"{prefix}{_salt}{next(_count)}"


class Test(unittest.TestCase):
    """Base of all wire tests."""

    broker = None
    serial = False
    maxDiff = 2000

    def setUp(self):
        self.root = unique("t")
        self._open = []

    def tearDown(self):
        for one in self._open:
            with contextlib.suppress(OSError):
                one.drop()

    def topic(self, *levels):
        return "/".join((self.root, *levels))

    def dial(self, version=wire.V5, auto=True, listener="mqtt", **more):
        """A TCP connection on which nothing has been sent."""
        if listener not in self.broker.ports:
            self.skipTest(f"this broker has no listener {listener}")
        one = Client(self.broker.ports[listener], version, auto, **more)
        self._open.append(one)
        return one

    def client(self, client_id=None, version=wire.V5, auto=True, listener="mqtt", **arguments):
        """A connected client."""
        one = self.dial(version, auto, listener)
        connack = one.connect(unique() if client_id is None else client_id, **arguments)
        self.assertEqual(connack.reason, 0, connack)
        return one

    def resumed(self, client_id, **arguments):
        """A connected client whose session the server still had."""
        one = self.client(client_id, clean=False, **arguments)
        self.assertTrue(one.connack.session_present, "the session is gone")
        return one

    def refused(self, one, *codes, may_be_silent=False):
        """The server must close this connection and, unless `may_be_silent`, say why with one of
        `codes`: in a DISCONNECT, or in the CONNACK if it had not accepted the connection.
        Returns what arrived before that."""
        got = self._end_of(one)
        accepted = one.connack is not None and one.connack.reason == 0
        kind = wire.DISCONNECT if accepted else wire.CONNACK
        last = got.pop() if got and got[-1].kind == kind else None
        self.assertFalse([p for p in got if p.kind in (wire.DISCONNECT, wire.CONNACK)], got)
        if last is not None:
            self.assertIn(last.reason, codes, f"closed with 0x{last.reason:02x}: {last}")
        elif one.version == wire.V5 and not may_be_silent and not FOREIGN:
            self.fail(f"closed without saying why (expected {[hex(c) for c in codes]}), got {got}")
        return got

    def _end_of(self, one):
        try:
            return one.closed(min(1, DEADLINE))
        except Silence:
            # Late, or not at all? An answer to PINGREQ settles it without waiting for long.
            with contextlib.suppress(OSError):
                one.send(wire.pingreq())
        got = []
        with contextlib.suppress(Closed):
            while not got or got[-1].kind != wire.PINGRESP:
                got.append(one.next())
            self.fail(f"the server did not close, it answered {got}")
        return got

    def nothing_more(self, one, publisher):
        """Nothing arrives for `one` although `publisher` has published. For connections whose send
        quota is used up, where a server may hold back any marker: another client gets that."""
        canary = self.client()
        canary.fence(publisher)
        canary.disconnect()
        for _ in range(2):
            self.assertEqual(one.ping(), [])

    def assert_alive(self, one):
        self.assertEqual([p for p in one.ping() if p.kind != wire.PUBLISH], [])

    def only_publishes(self, packets):
        self.assertFalse([p for p in packets if p.kind != wire.PUBLISH], packets)
        return packets

    def payloads(self, packets):
        return [p.payload for p in self.only_publishes(packets)]

    def retained(self, filter_, **arguments):
        """What a fresh subscriber gets from the retained store."""
        one = self.client(**arguments)
        marker = self.topic("retained-marker", unique())
        one.publish(marker, b"m", qos=1, retain=True)
        one.subscribe(filter_, qos=2)
        found = one.ping()
        one.subscribe(marker, qos=2)
        one.take(lambda p: p.kind == wire.PUBLISH and p.topic == marker)
        found += one.ping()
        one.publish(marker, b"", qos=1, retain=True)
        one.disconnect()
        return [p for p in self.only_publishes(found) if p.topic != marker]


def settle(condition, timeout=10, step=0.02):
    """Polls until the condition holds. For states that nothing on the wire announces."""
    until = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(step)
    return True


def _flatten(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _flatten(one)
        else:
            yield one


def _run(test):
    result = unittest.TestResult()
    began = time.monotonic()
    test.run(result)
    return test, result, time.monotonic() - began


def main(listeners=None, limits=None):
    module = sys.modules["__main__"]
    loader = unittest.TestLoader()
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    tests = [t for t in _flatten(loader.loadTestsFromModule(module))
             if not names or any(n in t.id() for n in names)]
    broker = Broker(listeners, limits)
    broker.start()
    Test.broker = broker
    began = time.monotonic()
    failed = skipped = 0
    lock = threading.Lock()

    def report(done):
        nonlocal failed, skipped
        test, result, seconds = done
        with lock:
            bad = result.failures + result.errors
            word = "FAIL" if bad else "skip" if result.skipped else "ok"
            failed += bool(bad)
            skipped += bool(result.skipped)
            why = f" ({result.skipped[0][1]})" if result.skipped else ""
            name = test.id().removeprefix("__main__.")
            print(f"{word:4} {seconds:6.2f}s {name}{why}", flush=True)
            for which, trace in bad[:MAX_TRACES]:
                print(f"    {which}\n    " + trace.rstrip().replace("\n", "\n    "), flush=True)
            if len(bad) > MAX_TRACES:
                print(f"    and {len(bad) - MAX_TRACES} more", flush=True)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for future in concurrent.futures.as_completed(
                [pool.submit(_run, t) for t in tests if not t.serial]):
            report(future.result())
    for test in tests:
        if test.serial:
            report(_run(test))
    problem = broker.stop()
    print(f"{len(tests)} tests, {failed} failed, {skipped} skipped, "
          f"{time.monotonic() - began:.1f} s")
    if problem:
        print(problem)
    if failed or problem:
        print(f"--- log of the broker ---\n{broker.log()}")
    broker.remove()
    sys.exit(1 if failed or problem or not tests else 0)


__all__ = ["Client", "Closed", "DEADLINE", "FOREIGN", "Silence", "Test", "main", "settle", "unique",
           "wire"]
