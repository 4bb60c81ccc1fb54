// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventbuffer.h"

#include <QtTest/QTest>

#include <map>
#include <random>
#include <set>

using namespace fairlead;
using namespace fairlead::core;

namespace {

EventPtr make(quint64 number, EventKind kind, const QByteArray &key = "k")
{
    const auto event = std::make_shared<Event>();
    event->number = number;
    event->kind = kind;
    event->key = key;
    return event;
}

EventPtr ordinary(quint64 number)
{
    return make(number, EventKind::LinkConnected);
}

/// What comes out: numbers of events, and holes as "count(first-last)".
QStringList drain(EventBuffer &buffer)
{
    QStringList out;
    while (const EventPtr event = buffer.take()) {
        if (event->kind != EventKind::Lag) {
            out << QString::number(event->number);
            continue;
        }
        out << QStringLiteral("%1(%2-%3)")
                   .arg(event->details.value(QLatin1String("count")).toInteger())
                   .arg(event->details.value(QLatin1String("first")).toInteger())
                   .arg(event->details.value(QLatin1String("last")).toInteger());
    }
    return out;
}

QStringList words(const char *text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

} // namespace

class tst_EventBuffer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void givesBackWhatFits();
    void oldestGiveWayToOneMark();
    void terminalEventsKeepTheirPlace();
    void lossOnTheWayStandsWhereItHappened();
    void neighbouringLossesAreOneMark();
    void latestTerminalOfEachKeySurvivesBeyondTheCapacity();
    void terminalEventsAreBounded();
    void nothingIsLostWithoutMark_data();
    void nothingIsLostWithoutMark();
};

// OB-03
void tst_EventBuffer::givesBackWhatFits()
{
    EventBuffer buffer(3);
    QVERIFY(buffer.isEmpty());
    for (quint64 i = 1; i <= 3; ++i)
        buffer.push(ordinary(i));
    QCOMPARE(buffer.size(), std::size_t(3));
    QCOMPARE(drain(buffer), words("1 2 3"));
    QCOMPARE(buffer.lostCount(), quint64(0));
    QVERIFY(buffer.isEmpty());
}

// OB-03
void tst_EventBuffer::oldestGiveWayToOneMark()
{
    EventBuffer buffer(3);
    for (quint64 i = 1; i <= 10; ++i)
        buffer.push(ordinary(i));
    QCOMPARE(buffer.lostCount(), quint64(7));
    QCOMPARE(drain(buffer), words("7(1-7) 8 9 10"));
    buffer.push(ordinary(11));
    QCOMPARE(drain(buffer), words("11")); // announced once
}

// OB-03
void tst_EventBuffer::terminalEventsKeepTheirPlace()
{
    EventBuffer buffer(2);
    buffer.push(ordinary(1));
    buffer.push(make(2, EventKind::EndpointReconnectFailed));
    buffer.push(ordinary(3));
    buffer.push(make(4, EventKind::EndpointStopped));
    for (quint64 i = 5; i <= 8; ++i)
        buffer.push(ordinary(i));
    QCOMPARE(drain(buffer), words("1(1-1) 2 1(3-3) 4 2(5-6) 7 8"));
}

// OB-03
void tst_EventBuffer::lossOnTheWayStandsWhereItHappened()
{
    EventBuffer buffer(4);
    buffer.push(ordinary(1));
    buffer.pushLost({3, 2, 4, 0, 0});
    buffer.push(ordinary(5));
    buffer.pushLost({1, 6, 6, 0, 0});
    QVERIFY(!buffer.isEmpty());
    QCOMPARE(drain(buffer), words("1 3(2-4) 5 1(6-6)"));
    QVERIFY(buffer.isEmpty());
    QCOMPARE(buffer.lostCount(), quint64(4));
}

// OB-03
void tst_EventBuffer::neighbouringLossesAreOneMark()
{
    EventBuffer buffer(1);
    buffer.push(ordinary(1));
    buffer.pushLost({2, 2, 3, 0, 0});
    buffer.push(ordinary(4));
    buffer.push(ordinary(5));
    QCOMPARE(drain(buffer), words("4(1-4) 5"));
}

// OB-03: a reader that is stuck for ever costs memory for the last word on each key, no more.
void tst_EventBuffer::latestTerminalOfEachKeySurvivesBeyondTheCapacity()
{
    EventBuffer buffer(4);
    quint64 number = 0;
    std::map<QByteArray, quint64> last;
    for (int round = 0; round < 1000; ++round) {
        for (const char *key : {"a", "b", "c"}) {
            buffer.push(make(++number, EventKind::EndpointStopped, key));
            last[key] = number;
        }
    }
    QVERIFY(buffer.size() <= std::size_t(4 + 4 + 3));
    quint64 seen = 0;
    quint64 lost = 0;
    std::map<QByteArray, quint64> got;
    while (const EventPtr event = buffer.take()) {
        QVERIFY(event->number >= seen);
        seen = event->number;
        if (event->kind == EventKind::Lag)
            lost += quint64(event->details.value(QLatin1String("count")).toInteger());
        else
            got[event->key] = event->number;
    }
    QCOMPARE(got, last);
    QCOMPARE(lost, buffer.lostCount());
}

// OB-03
void tst_EventBuffer::terminalEventsAreBounded()
{
    EventBuffer buffer(1);
    const quint64 count = EventBuffer::kTerminalLimit + 100;
    for (quint64 i = 1; i <= count; ++i)
        buffer.push(make(i, EventKind::EndpointStopped, QByteArray::number(i)));
    QVERIFY(buffer.size() <= EventBuffer::kTerminalLimit + 1);
    const QStringList out = drain(buffer);
    QCOMPARE(out.first(), QStringLiteral("99(1-99)"));
    QCOMPARE(out.last(), QString::number(count));
}

void tst_EventBuffer::nothingIsLostWithoutMark_data()
{
    QTest::addColumn<quint32>("seed");
    for (quint32 seed = 1; seed <= 20; ++seed)
        QTest::addRow("OB-03 seed %u", seed) << seed;
}

// OB-03: whatever the interleaving, delivered and marked add up, in order, and every terminal event
// that had room arrives.
void tst_EventBuffer::nothingIsLostWithoutMark()
{
    QFETCH(quint32, seed);
    std::mt19937 random(seed);
    const auto below = [&random](unsigned bound) { return random() % bound; };
    EventBuffer buffer(1 + below(8));
    quint64 number = 0;
    quint64 seen = 0;
    quint64 marked = 0;
    quint64 delivered = 0;
    std::set<quint64> finals;
    const auto take = [&] {
        const EventPtr event = buffer.take();
        if (!event)
            return false;
        if (event->kind == EventKind::Lag) {
            const auto first = quint64(event->details.value(QLatin1String("first")).toInteger());
            marked += quint64(event->details.value(QLatin1String("count")).toInteger());
            if (first <= seen)
                return false;
        } else {
            ++delivered;
            finals.erase(event->number);
            if (event->number <= seen)
                return false;
        }
        seen = event->number;
        return true;
    };
    for (int step = 0; step < 20000; ++step) {
        const unsigned what = below(100);
        if (what < 60) {
            buffer.push(ordinary(++number));
        } else if (what < 63 && finals.empty()) {
            finals.insert(++number);
            buffer.push(make(number, EventKind::EndpointStopped, QByteArray::number(below(3))));
        } else if (what < 66) {
            const quint64 count = 1 + below(5);
            buffer.pushLost({count, number + 1, number + count, 0, 0});
            number += count;
        } else if (!buffer.isEmpty()) {
            QVERIFY(take());
        }
    }
    while (!buffer.isEmpty())
        QVERIFY(take());
    QCOMPARE(delivered + marked, number);
    QCOMPARE(marked, buffer.lostCount());
    QVERIFY(finals.empty());
}

QTEST_APPLESS_MAIN(tst_EventBuffer)
#include "tst_eventbuffer.moc"
