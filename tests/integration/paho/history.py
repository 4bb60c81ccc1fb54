# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""History with paho's client for Python: $replay and replay-from, up to what is live."""

import json
import os
import random
import threading

from peer import V5, V311, Case, kit, props

# Streams of their own, so that no test's history runs into another's.
for stream, count in (("short", 10), ("long", 1_000_000)):
    os.environ[f"FAIRLEAD__STREAM__{stream.upper()}__FILTER"] = f"{stream}/#"
    os.environ[f"FAIRLEAD__STREAM__{stream.upper()}__COUNT"] = str(count)
    os.environ[f"FAIRLEAD__STREAM__{stream.upper()}__AGE"] = "0"
    os.environ[f"FAIRLEAD__STREAM__{stream.upper()}__BYTES"] = "0"

RESUMES = 100
MOST_TAKEN = 5000
REFUSED = 0x8F
REFUSED_V311 = 0x80


def wishes(**pairs):
    out = props("SUBSCRIBE")
    out.UserProperty = [(name.replace("_", "-"), value) for name, value in pairs.items()]
    return out


def place(message):
    told = dict(message.properties.UserProperty)
    return int(told["stream-epoch"]), int(told["stream-seq"])


class History(Case):
    def long(self):
        return "long/" + kit.unique()

    def test_history_comes_before_what_is_live(self):
        source = self.peer()
        for version in (V5, V311):
            topic = self.long()
            for i in range(20):
                source.send(topic, str(i))
            one = self.peer(version=version)
            self.assertEqual(one.listen(f"$replay/0/{topic}", qos=1), [1])
            got = [one.message() for _ in range(20)]
            self.assertEqual([m.payload for m in got], [str(i).encode() for i in range(20)])
            self.assertEqual({m.topic for m in got}, {topic})
            source.send(topic, "live")
            self.assertEqual(one.payloads(1), [b"live"])
            one.ignore(f"$replay/0/{topic}")
            source.send(topic, "not for it")
            one.listen(topic)
            source.send(topic, "end")
            self.assertEqual(one.payloads(1), [b"end"])

    def test_the_last_ones_alone(self):
        topic = self.long()
        source = self.peer()
        for i in range(20):
            source.send(f"{topic}/{i % 2}", str(i))
        one = self.peer(version=V311)
        one.listen(f"$replay/-3/{topic}/1")
        self.assertEqual(one.payloads(3), [b"15", b"17", b"19"])

    def test_a_position_leads_back_to_where_one_was(self):
        topic = self.long()
        source = self.peer()
        for i in range(10):
            source.send(topic, str(i))
        one = self.peer()
        one.listen(topic, properties=wishes(replay_from="0", stream_positions="1"))
        got = [one.message() for _ in range(10)]
        places = [place(m) for m in got]
        self.assertEqual(places, sorted(set(places)))
        epoch, sequence = places[4]
        other = self.peer()
        other.listen(topic, properties=wishes(replay_from=f"{epoch}:{sequence}"))
        self.assertEqual(other.payloads(5), [b"5", b"6", b"7", b"8", b"9"])

    def test_what_is_gone_is_told_first(self):
        topic = "short/" + kit.unique()
        source = self.peer()
        one = self.peer()
        one.listen(topic, properties=wishes(stream_positions="1"))
        source.send(topic, "first")
        epoch, sequence = place(one.message())
        for i in range(20):
            source.send(topic, str(i))
        other = self.peer()
        other.listen(f"$replay/{epoch}:{sequence}/short/#")
        notice = other.message()
        self.assertEqual(notice.topic, "$notice/gap")
        told = json.loads(notice.payload)
        self.assertEqual((told["reason"], told["requested"], told["first"]),
                         ("replay-gap", f"{epoch}:{sequence}", sequence + 1))
        self.assertEqual(other.payloads(10), [str(i).encode() for i in range(10, 20)])

    def test_a_place_of_another_start_is_a_gap(self):
        topic = self.long()
        self.peer().send(topic, "kept")
        one = self.peer()
        one.listen(f"$replay/4000000000:1/{topic}")
        self.assertEqual(one.message().topic, "$notice/gap")
        self.assertEqual(one.payloads(1), [b"kept"])

    def test_what_is_refused(self):
        one, old = self.peer(), self.peer(version=V311)
        for asked in ("$replay/0", "$replay//t", "$replay/soon/t", "$replay/0/$SYS/#",
                      "$share/g/$replay/0/t", "$replay/0/$share/g/t"):
            self.assertEqual(one.listen(asked), [REFUSED], asked)
            self.assertEqual(old.listen(asked), [REFUSED_V311], asked)
        self.assertEqual(one.listen("$share/g/t", properties=wishes(replay_from="0")), [REFUSED])

    # RP-03, with threads of its own on both sides.
    def test_each_resume_is_contiguous(self):
        topic = self.long()
        source, witness = self.peer(), self.peer()
        witness.listen(topic, properties=wishes(stream_positions="1"))
        done = threading.Event()
        sent = 0

        def flood():
            nonlocal sent
            while not done.is_set():
                # The acknowledgement of one in 50 keeps the flood within what waits for readers.
                for _ in range(49):
                    source.publish(topic, str(sent), 0)
                    sent += 1
                source.send(topic, str(sent), 1)
                sent += 1

        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            places = [place(witness.message())[1] for _ in range(100)]
            for _ in range(RESUMES):
                start = random.randrange(max(0, len(places) - 500), len(places))
                one = self.peer()
                one.listen(f"$replay/{places[start]}/{topic}", qos=random.randrange(3))
                for i in range(start + 1, start + 300):
                    self.assertEqual(one.message().payload, str(i).encode())
                one.leave()
                for _ in range(MOST_TAKEN):
                    if len(places) >= start + 300 and witness.messages.empty():
                        break
                    places.append(place(witness.message())[1])
        finally:
            done.set()
            flooding.join()


if __name__ == "__main__":
    kit.main()
