# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""Two connections between a host and a device that dial each other: one is left, whatever rule the
device follows."""

import json
import select
import socket
import ssl
import struct
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "control"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import papers  # noqa: E402
from controltest import kit  # noqa: E402
from shiptest import ShipTest, endpoint  # noqa: E402
from peer import (  # noqa: E402
    ANNOUNCE_CLOSE, ANNOUNCE_MAX, BINARY, CLOSE, CONFIRM_CLOSE, INIT, PIN_NONE, PING, PONG, READY,
    SELECT, Peer, access_methods, data)

ROUNDS = 20


class Connection(Peer):
    """One of a device's, answered as recorded devices do, without ever waiting for the host."""

    def __init__(self, sock, masks):
        super().__init__(sock, masks)
        self.dialled = masks
        self.exchanging = False
        self.ended = False
        self.frozen = False
        self.received = []  # payloads

    def pump(self):
        """What came, as whole messages."""
        if self.ended or self.frozen:
            return []
        self.sock.setblocking(False)
        try:
            while got := self.sock.recv(1 << 16):
                self._rest += got
            self.ended = True
        except (ssl.SSLWantReadError, BlockingIOError):
            pass
        except OSError:
            self.ended = True
        finally:
            self.sock.settimeout(kit.DEADLINE)
        return list(self._messages())

    def _messages(self):
        while len(self._rest) >= 2:
            size, at = self._rest[1] & 0x7F, 2
            if size == 126:
                if len(self._rest) < 4:
                    return
                size, at = struct.unpack(">H", self._rest[2:4])[0], 4
            mask = b"\0\0\0\0"
            if self._rest[1] & 0x80:
                mask, at = self._rest[at:at + 4], at + 4
            if len(self._rest) < at + size:
                return
            opcode = self._rest[0] & 0x0F
            body = bytes(one ^ mask[i & 3] for i, one in enumerate(self._rest[at:at + size]))
            self._rest = self._rest[at + size:]
            if opcode == CLOSE:
                self.close_code = struct.unpack(">H", body[:2])[0] if body else None
                self.leave()
                return
            if opcode == PING:
                self.say(self.frame(PONG, body))
            elif opcode == BINARY:
                yield body

    def say(self, frames):
        try:
            self.sock.sendall(frames)
        except OSError:
            self.ended = True

    def tell(self, *messages):
        self.say(b"".join(self.frame(BINARY, one) for one in messages))

    def answer(self, message, number):
        text = message[1:]
        if message == INIT:
            self.tell(*([] if self.dialled else [INIT]), READY)
        elif b'"connectionHello"' in text and b'"ready"' in text and self.dialled:
            self.tell(ANNOUNCE_MAX)
        elif message == ANNOUNCE_MAX:
            self.tell(SELECT)
        elif message == SELECT:
            self.tell(*([SELECT] if self.dialled else []), PIN_NONE)
        elif message == PIN_NONE:
            self.exchanging = True
            self.tell(data('{"from":%d}' % number))
        elif b'"accessMethodsRequest"' in text:
            self.tell(access_methods("device-1"))
        elif b'"connectionClose"' in text and b"announce" in text:
            self.tell(CONFIRM_CLOSE)
        elif message[:1] == b"\x02":
            self.received.append(text)

    def leave(self):
        self.ended = True
        self.sock.close()

    def give_up(self):
        """As a connection that is one too many."""
        if self.exchanging:
            self.tell(ANNOUNCE_CLOSE)
        self.say(self.frame(CLOSE, struct.pack(">H", 1000) + b"double connection"))
        self.leave()


def newest(device, connections):
    """The specification; ship-go since 2026."""
    if device.is_bigger:
        connections[-2].give_up()


def initiator(device, connections):
    """ship-go until 2026: what the bigger SKI dialled stays."""
    for one in connections[-2:]:
        if one.dialled != device.is_bigger:
            one.give_up()


def oldest(device, connections):
    """jEEBus: the bigger SKI closes what comes later."""
    if device.is_bigger:
        connections[-1].give_up()


def first_come(device, connections):
    """openeebus: one connection, whatever the SKI."""
    connections[-1].give_up()


def nothing(device, connections):
    """A device that leaves it to the host."""


class Device:
    """Dials the host and is dialled by it."""

    def __init__(self, test, identity, is_bigger, rule=nothing):
        self.test, self.identity, self.is_bigger, self.rule = test, identity, is_bigger, rule
        self.connections = []
        self.sock, self.port = test.listening()
        self.daemon = None

    def wait_for_dial(self):
        """The host has connected, and waits for the handshake."""
        ready, _, _ = select.select([self.sock], [], [], kit.DEADLINE)
        self.test.assertTrue(ready, self.daemon.log())

    def accept(self):
        return self._add(Connection.accept(
            self.sock, self.identity, self.daemon.folder / "state/identity/ship.pem", kit.DEADLINE))

    def dial(self):
        one = Connection.dial(self.daemon.ports["ship"], self.identity, kit.DEADLINE)
        one.tell(INIT)
        return self._add(one)

    def _add(self, one):
        self.test.addCleanup(one.close)
        self.turn()
        self.connections.append(one)
        if len(self.live()) > 1:
            self.rule(self, self.live())
        return one

    def live(self):
        return [one for one in self.connections if not one.ended]

    def number(self, one):
        return self.connections.index(one)

    def turn(self):
        for one in self.connections:
            for message in one.pump():
                one.answer(message, self.number(one))

    def until(self, condition, what, seconds=kit.DEADLINE):
        def look():
            self.turn()
            return condition()

        self.test.assertTrue(
            kit.settle(look, seconds, step=0.01),
            f"{what}: {[(one.dialled, one.exchanging, one.ended) for one in self.connections]}\n"
            f"{self.daemon.log()}")


class DoublesTest(ShipTest):
    def device_for(self, is_bigger, rule=nothing, dials=True, port=None):
        """A host, and a device with a bigger or smaller SKI; the host dials it, too, where it is or at
        another port."""
        seed = self.host(endpoint())
        ski = self.identity_of(seed)[0]
        self.assertEqual(seed.stop(), 0)
        identity = self.identity()
        while (identity.ski > ski) != is_bigger:
            identity = self.identity()
        device = Device(self, identity, is_bigger, rule)
        endpoints = [endpoint(trusted=[identity.ski])]
        if dials:
            endpoints.append(endpoint("out", f"ship://127.0.0.1:{port or device.port}", role="dial",
                                      peer_key_id=identity.ski, reconnect_delay=0.05))
        device.daemon = self.host(*endpoints, folder=seed.folder)
        device.reader = self.reader(device.daemon)
        device.rpc = self.rpc(device.daemon)
        return device

    def links(self, device):
        return [one for one in device.rpc.call("links")["links"]
                if one.get("peerKey") == device.identity.ski]

    def one_is_left(self, device):
        """Exactly one connection, the same at both ends, and data flows over it."""
        device.until(lambda: len(device.live()) == 1 and len(self.links(device)) == 1
                     and device.live()[0].exchanging, "not one connection is left")
        left = device.live()[0]
        ski = device.identity.ski
        link, = self.links(device)
        self.assertEqual(link["direction"], "accepted" if left.dialled else "dialled")
        # What it said before it was decided has not got lost.
        while self.next(device.reader, f"ship/{ski}/rx") != '{"from":%d}' % device.number(left):
            pass
        left.tell(data('{"to":"bus"}'))
        self.assertEqual(self.next(device.reader, f"ship/{ski}/rx"), '{"to":"bus"}')
        self.publish(device.daemon, f"ship/{ski}/tx", '{"to":"device"}')
        wanted = data('{"to":"device"}')[1:]
        device.until(lambda: wanted in left.received, "the message did not come")
        self.assertEqual([one["state"] for one in self.links(device)], ["ready"])
        return left

    def states(self, device):
        """What the state topic said since it was read."""
        return [json.loads(line.split(" ", 1)[1])["state"] for line in device.reader.seen
                if line.startswith(f"ship/{device.identity.ski}/state ")]


class FourRules(DoublesTest):
    """RG-07: SHIP 12.2.2, each rule with either SKI and in either order."""

    def converge(self, rule):
        for is_bigger in (False, True):
            for host_first in (False, True):
                with self.subTest(device_is_bigger=is_bigger, host_first=host_first):
                    device = self.device_for(is_bigger, rule)
                    device.wait_for_dial()
                    if host_first:
                        first = device.accept()
                        device.until(lambda: first.exchanging, "no data exchange")
                        device.dial()
                    else:
                        first = device.dial()
                        device.until(lambda: first.exchanging, "no data exchange")
                        device.accept()
                    left = self.one_is_left(device)
                    if rule is newest:
                        self.assertIs(left, device.connections[1])
                    if rule is initiator:
                        self.assertEqual(left.dialled, is_bigger)
                    if rule is first_come or (rule is oldest and is_bigger):
                        self.assertIs(left, first)
                    states = self.states(device)
                    self.assertEqual(states[-1], "connected", states)
                    if left is not first:
                        # Another connection is another conversation.
                        again = states[states.index("connected"):]
                        self.assertIn("disconnected", again, states)
                    self.assertEqual(device.daemon.stop(), 0)

    def test_the_bigger_ski_keeps_the_newest(self):
        """TC_SHIP_CONN_001, RR12"""
        self.converge(newest)

    def test_the_initiator_of_the_bigger_ski_is_kept(self):
        """RR12"""
        self.converge(initiator)

    def test_the_bigger_ski_keeps_the_oldest(self):
        """RR12"""
        self.converge(oldest)

    def test_first_come_first_served(self):
        """RR12"""
        self.converge(first_come)


class Manners(DoublesTest):
    def test_who_is_connected_is_not_dialled(self):
        """SHIP 12.2.2: and is dialled once it has left."""
        device = self.device_for(False, initiator)
        device.wait_for_dial()
        device.accept()
        device.until(lambda: device.connections[0].exchanging, "no data exchange")
        device.dial()
        # The smaller SKI's own connection goes; the host keeps its own.
        left = self.one_is_left(device)
        self.assertFalse(left.dialled)
        self.assertEqual(self.endpoint(device.rpc, "out")["state"], "running")

        other = self.device_for(True, initiator)
        other.wait_for_dial()
        other.dial()
        other.accept()
        self.assertTrue(self.one_is_left(other).dialled)
        other.until(
            lambda: self.endpoint(other.rpc, "out")["reason"]["code"] == "already-exists",
            "the endpoint does not say why it waits")
        self.assertEqual(self.endpoint(other.rpc, "out")["attempts"], 0)
        self.assertEqual(select.select([other.sock], [], [], 0)[0], [])
        other.live()[0].leave()
        other.wait_for_dial()

    def test_a_dial_under_way_ends_when_the_device_comes(self):
        """RG-07: it would go on for half a minute."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, \
                socket.create_connection(deaf.getsockname()):
            device = self.device_for(False, port=deaf.getsockname()[1])
            self.assertEqual(self.endpoint(device.rpc, "out")["state"], "starting")
            device.dial()
            device.until(
                lambda: (self.endpoint(device.rpc, "out").get("reason") or {}).get("code")
                == "already-exists", "the dial goes on", seconds=15)
            self.assertEqual(len(self.links(device)), 1)
            self.assertEqual(device.rpc.call("status")["state"], "running")

    def test_a_third_connection_leaves_nothing_over(self):
        device = self.device_for(False)
        device.wait_for_dial()
        device.accept()
        device.until(lambda: device.connections[0].exchanging, "no data exchange")
        device.dial()
        third = device.dial()
        self.assertIs(self.one_is_left(device), third)

    def test_a_loser_in_the_data_exchange_ends_in_order(self):
        device = self.device_for(False)
        device.wait_for_dial()
        first = device.accept()
        device.until(lambda: first.exchanging, "no data exchange")
        device.dial()
        self.one_is_left(device)
        self.assertEqual(first.close_code, 1000)

    def test_a_stranger_has_one_connection_too(self):
        identity = self.identity()
        device = Device(self, identity, False)
        device.daemon = self.host(endpoint())
        device.rpc = self.rpc(device.daemon)
        first = device.dial()
        device.until(lambda: len(self.links(device)) == 1, "no link")
        device.dial()
        device.until(lambda: first.ended and len(self.links(device)) == 1, "two links")


class Frozen(DoublesTest):
    """RG-08: the old connection answers nothing any more, and nobody closed it."""

    def returns(self, is_bigger, same_direction):
        device = self.device_for(is_bigger, dials=not same_direction)
        if same_direction:
            old = device.dial()
        else:
            device.wait_for_dial()
            old = device.accept()
        device.until(lambda: old.exchanging, "no data exchange")
        ski = device.identity.ski
        self.state(device.reader, ski, "connected")
        generation = self.links(device)[0]["generation"]
        old.frozen = True
        begun = time.monotonic()
        back = device.dial()

        def is_back():
            links = self.links(device)
            return (back.exchanging and len(links) == 1 and links[0].get("session")
                    and links[0]["generation"] != generation)

        device.until(is_back, "it is locked out")
        # Three seconds, and a busy machine; the heartbeat would take a minute.
        self.assertLess(time.monotonic() - begun, 10)
        self.state(device.reader, ski, "disconnected")
        self.state(device.reader, ski, "connected")
        back.tell(data('{"to":"bus"}'))
        while self.next(device.reader, f"ship/{ski}/rx") != '{"to":"bus"}':
            pass
        self.assertEqual(device.daemon.stop(), 0)

    def test_a_device_that_was_reset(self):
        for is_bigger in (False, True):
            with self.subTest(device_is_bigger=is_bigger):
                self.returns(is_bigger, True)

    def test_a_device_that_the_host_had_dialled(self):
        for is_bigger in (False, True):
            with self.subTest(device_is_bigger=is_bigger):
                self.returns(is_bigger, False)


class TwoHosts(ShipTest):
    def test_two_hosts_dial_each_other_at_once(self):
        """RG-07, TC_SHIP_ROLE_003: each round ends with one and the same link."""
        seeds = [self.host(endpoint()) for _ in range(2)]
        skis = [self.identity_of(one)[0] for one in seeds]
        for one in seeds:
            self.assertEqual(one.stop(), 0)
        hosts = [self.host(endpoint(trusted=[skis[1 - i]]), folder=seeds[i].folder)
                 for i in range(2)]
        rpcs = [self.rpc(one) for one in hosts]
        configs = [(one.folder / "fairlead.toml").read_text(encoding="utf-8") for one in hosts]

        def links(i):
            return [one for one in rpcs[i].call("links")["links"]
                    if one.get("peerKey") == skis[1 - i]]

        def one_link():
            found = links(0), links(1)
            return ([len(one) for one in found] == [1, 1]
                    and all(one[0].get("session") for one in found)
                    and {one[0]["direction"] for one in found} == {"accepted", "dialled"})

        def set_dialling(dials):
            for i, one in enumerate(hosts):
                more = endpoint("out", f"ship://127.0.0.1:{hosts[1 - i].ports['ship']}",
                                role="dial", peer_key_id=skis[1 - i], reconnect_delay=0.05)
                (one.folder / "fairlead.toml").write_text(
                    configs[i] + ("\n" + more if dials else ""), encoding="utf-8")
            together = [threading.Thread(target=rpc.call, args=("reload",)) for rpc in rpcs]
            for one in together:
                one.start()
            for one in together:
                one.join()

        def is_settled():
            """One is up, and the other one knows that its peer is there."""
            outs = [self.endpoint(rpc, "out") for rpc in rpcs]
            running = [one for one in outs if one["state"] == "running"]
            # No dial of it is under way.
            waiting = [one for one in outs if one["state"] == "reconnecting"
                       and one["reason"]["code"] == "already-exists"
                       and one.get("nextRetrySeconds") is not None]
            return len(running) == len(waiting) == 1 and one_link()

        def told():
            return "\n".join(f"{links(i)}\n{hosts[i].log()}" for i in range(2))

        for number in range(ROUNDS):
            with self.subTest(round=number):
                set_dialling(True)
                self.assertTrue(kit.settle(is_settled, kit.DEADLINE), told())
                reader = self.reader(hosts[0], f"ship/{skis[1]}/rx")
                self.publish(hosts[1], f"ship/{skis[0]}/tx", '{"round":%d}' % number)
                self.assertEqual(self.next(reader, f"ship/{skis[1]}/rx"), '{"round":%d}' % number)
                reader.kill()
                self.assertTrue(is_settled(), told())
                set_dialling(False)
                self.assertTrue(kit.settle(lambda: not links(0) and not links(1), kit.DEADLINE),
                                told())


if __name__ == "__main__":
    kit.need(papers.available(), "openssl")
    unittest.main(verbosity=2)
