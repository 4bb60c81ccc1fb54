// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkrecorder.h"

#include <QtTest/QTest>

#include <fairlead/clock.h>
#include <fairlead/timers.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

using namespace fairlead;
using State = Link::State;

namespace {

/// Timers and time that move by hand.
class HandTimers : public Timers
{
public:
    void arm(Timer &timer, qint64 deadline) noexcept override
    {
        disarm(timer);
        timersOf(timer) = this;
        deadlineOf(timer) = deadline;
        m_armed.push_back(&timer);
    }

    void disarm(Timer &timer) noexcept override
    {
        timersOf(timer) = nullptr;
        m_armed.erase(std::remove(m_armed.begin(), m_armed.end(), &timer), m_armed.end());
    }

    void advanceTo(qint64 now)
    {
        for (;;) {
            const auto due = std::find_if(m_armed.begin(), m_armed.end(), [now](const Timer *t) {
                return t->deadline() <= now;
            });
            if (due == m_armed.end())
                return;
            Timer *timer = *due;
            disarm(*timer);
            fire(*timer);
        }
    }

    std::size_t armedCount() const { return m_armed.size(); }

private:
    std::vector<Timer *> m_armed;
};

} // namespace

class tst_LinkEnd : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void teardownFollowsItsOrder_data();
    void teardownFollowsItsOrder();
    void firstOfFiveCausesWins_data();
    void firstOfFiveCausesWins();
    void handshakeHasOneAbsoluteDeadline();
    void handshakeFailsAtMostOnce();
    void reconnectIsAskedForByTheTable_data();
    void reconnectIsAskedForByTheTable();
    void endOfAnyActivityEndsTheLink_data();
    void endOfAnyActivityEndsTheLink();
    void linksEndIndependently();
    void shutdownOfAllAsksForNoReconnect();
    void gracefulEndDrainsBeforeItCloses();
    void forcedEndSkipsTheDrain();
    void lossWhileDrainingKeepsTheFirstReason();
    void aliveIsFalseFirst();
    void destroyedLinkLeavesNothing();
};

void tst_LinkEnd::teardownFollowsItsOrder_data()
{
    QTest::addColumn<int>("from");
    QTest::addColumn<QStringList>("steps");
    const QString stop = QStringLiteral("stop");
    const QString abort = QStringLiteral("transport-aborted");
    const QString ended = QStringLiteral("ended");
    const QString closed = QStringLiteral("closed");
    const QString reconnect = QStringLiteral("reconnect");
    const QStringList whole = {stop,
                               QStringLiteral("unregister"),
                               QStringLiteral("withdraw"),
                               abort,
                               QStringLiteral("disconnected"),
                               closed};
    QTest::newRow("LC-06 New") << int(State::New)
                               << QStringList({stop, abort, ended, closed, reconnect});
    QTest::newRow("LC-06 Handshaking")
        << int(State::Handshaking) << QStringList({stop, abort, ended, closed, reconnect});
    QTest::newRow("LC-06 Ready") << int(State::Ready) << whole + QStringList(reconnect);
    QTest::newRow("LC-06 Draining") << int(State::Draining) << whole;
}

void tst_LinkEnd::teardownFollowsItsOrder()
{
    QFETCH(const int, from);
    QFETCH(const QStringList, steps);
    LinkRecorder hooks;
    Link link(42, Link::Direction::Dialled, hooks);
    lead(link, State(from));
    hooks.log.clear();
    hooks.watch(link);
    bool wasClosed = true;
    hooks.act = [&wasClosed](const QString &, Link &l) {
        wasClosed = wasClosed && l.state() == State::Closed && !l.isAlive();
    };
    link.close(failure(), CloseMode::Abort, false);
    link.close(failure(ErrorCode::Timeout), CloseMode::Drain, true);
    const QString change = LinkRecorder::name(State(from)) + QStringLiteral(">Closed");
    QCOMPARE(hooks.log, QStringList(change) + steps);
    QVERIFY(wasClosed);
    QCOMPARE(hooks.closedGeneration, quint64(42));
    hooks.act = nullptr;
}

void tst_LinkEnd::firstOfFiveCausesWins_data()
{
    QTest::addColumn<QList<int>>("order");
    QList<int> order = {0, 1, 2, 3, 4};
    do {
        QTest::addRow("LC-07 %d%d%d%d%d", order[0], order[1], order[2], order[3], order[4])
            << order;
    } while (std::next_permutation(order.begin(), order.end()));
}

void tst_LinkEnd::firstOfFiveCausesWins()
{
    QFETCH(const QList<int>, order);

    struct Cause
    {
        ErrorCode code;
        CloseMode mode;
        bool deliberate;
    };

    // Read error, write error, end of the socket, heartbeat, the user.
    const std::array<Cause, 5> causes = {{
        {ErrorCode::ConnectionReset, CloseMode::Abort, false},
        {ErrorCode::Unreachable, CloseMode::Abort, false},
        {ErrorCode::ConnectionClosed, CloseMode::Drain, false},
        {ErrorCode::HeartbeatTimeout, CloseMode::Abort, false},
        {ErrorCode::Cancelled, CloseMode::Drain, true},
    }};
    LinkRecorder hooks;
    Link link(1, Link::Direction::Dialled, hooks);
    lead(link, State::Ready);
    hooks.log.clear();
    hooks.watch(link);
    for (const int index : order) {
        const Cause &cause = causes[std::size_t(index)];
        link.close(failure(cause.code), cause.mode, cause.deliberate);
    }
    const Cause &first = causes[std::size_t(order.first())];
    QCOMPARE(link.reason().code(), first.code);
    QCOMPARE(hooks.closedReason.code(), first.code);
    QCOMPARE(hooks.endings, 1);
    QCOMPARE(hooks.count(QStringLiteral("stop")), 1);
    QCOMPARE(hooks.count(QStringLiteral("closed")), 1);
    QCOMPARE(hooks.count(QStringLiteral("disconnected")), 1);
    QCOMPARE(hooks.count(first.mode == CloseMode::Drain ? QStringLiteral("transport-drained")
                                                        : QStringLiteral("transport-aborted")),
             1);
    QCOMPARE(hooks.count(QStringLiteral("reconnect")), first.deliberate ? 0 : 1);
}

// LC-08: bytes that trickle in do not move the deadline; the last frame goes out before the end.
void tst_LinkEnd::handshakeHasOneAbsoluteDeadline()
{
    HandTimers timers;
    LinkRecorder hooks;
    Link link(1, Link::Direction::Dialled, hooks);
    hooks.watch(link);

    struct Watchdog
    {
        Link &link;
        QStringList &log;
    } watchdog = {link, hooks.log};

    Timer deadline(
        [](void *owner) noexcept {
            auto *dog = static_cast<Watchdog *>(owner);
            dog->log << QStringLiteral("frame");
            const Result<> failed = dog->link.fail(
                Error(ErrorCode::HandshakeTimeout, QStringLiteral("no handshake in time")));
            Q_UNUSED(failed)
        },
        &watchdog);
    hooks.act = [&](const QString &step, Link &) {
        if (step == QLatin1String("stop"))
            timers.disarm(deadline);
    };
    timers.arm(deadline, 10 * kNsPerSecond);
    QVERIFY(link.begin());
    for (int second = 1; second < 10; ++second) {
        timers.advanceTo(second * kNsPerSecond); // one byte comes: nothing is armed anew
        QCOMPARE(link.state(), State::Handshaking);
    }
    timers.advanceTo(10 * kNsPerSecond - 1);
    QCOMPARE(link.state(), State::Handshaking);
    timers.advanceTo(10 * kNsPerSecond);
    QCOMPARE(link.state(), State::Closed);
    QCOMPARE(link.reason().code(), ErrorCode::HandshakeTimeout);
    QVERIFY(hooks.hasInOrder({QStringLiteral("frame"),
                              QStringLiteral("handshake-failed"),
                              QStringLiteral("stop"),
                              QStringLiteral("transport-drained"),
                              QStringLiteral("reconnect")}));
    QCOMPARE(timers.armedCount(), std::size_t(0));
    hooks.act = nullptr;
}

// LC-09
void tst_LinkEnd::handshakeFailsAtMostOnce()
{
    for (const State from : {State::New, State::Handshaking}) {
        LinkRecorder hooks;
        Link link(1, Link::Direction::Accepted, hooks);
        lead(link, from);
        hooks.watch(link);
        QVERIFY(link.fail(failure(ErrorCode::ProtocolViolation)));
        QCOMPARE(link.fail(failure()).error().code(), ErrorCode::InvalidTransition);
        link.close(failure(), CloseMode::Abort, false);
        QCOMPARE(link.fail(failure()).error().code(), ErrorCode::InvalidTransition);
        QCOMPARE(hooks.count(QStringLiteral("handshake-failed")), 1);
        QCOMPARE(hooks.handshakeError.code(), ErrorCode::ProtocolViolation);
        QVERIFY(hooks.hasInOrder({QStringLiteral("handshake-failed"), QStringLiteral("closed")}));
    }
    for (const State from : {State::Ready, State::Draining, State::Closed}) {
        LinkRecorder hooks;
        Link link(1, Link::Direction::Accepted, hooks);
        lead(link, from);
        hooks.watch(link);
        QCOMPARE(link.fail(failure()).error().code(), ErrorCode::InvalidTransition);
        QCOMPARE(hooks.count(QStringLiteral("handshake-failed")), 0);
        QCOMPARE(link.state(), from);
    }
}

// LC-10: the facts of the link and the wishes of the host, for four ways to end.
void tst_LinkEnd::reconnectIsAskedForByTheTable_data()
{
    QTest::addColumn<bool>("dialled");
    QTest::addColumn<bool>("desired");
    QTest::addColumn<bool>("closing");
    QTest::addColumn<bool>("enabled");
    QTest::addColumn<bool>("retryable");
    QTest::addColumn<int>("cause");
    for (int bits = 0; bits < 32; ++bits) {
        for (int cause = 0; cause < 4; ++cause) {
            QTest::addRow("LC-10 flags %d cause %d", bits, cause)
                << bool(bits & 1) << bool(bits & 2) << bool(bits & 4) << bool(bits & 8)
                << bool(bits & 16) << cause;
        }
    }
}

void tst_LinkEnd::reconnectIsAskedForByTheTable()
{
    QFETCH(const bool, dialled);
    QFETCH(const bool, desired);
    QFETCH(const bool, closing);
    QFETCH(const bool, enabled);
    QFETCH(const bool, retryable);
    QFETCH(const int, cause);
    Error error(ErrorCode::ConnectionReset, QStringLiteral("x"));
    error.setRetryable(retryable);

    LinkRecorder hooks;
    int tickets = 0;
    hooks.act = [&](const QString &step, Link &) {
        if (step == QLatin1String("reconnect") && desired && !closing && enabled)
            ++tickets;
    };

    enum Cause {
        Lost,
        HandshakeFailed,
        Deliberate,
        Refused
    };

    Link link(1, dialled ? Link::Direction::Dialled : Link::Direction::Accepted, hooks);
    QVERIFY(link.begin());
    switch (cause) {
    case HandshakeFailed:
        QVERIFY(link.fail(error));
        break;
    case Refused:
        hooks.admission = Admission::Refused;
        hooks.admitError = error;
        QVERIFY(!link.succeed());
        break;
    case Lost:
    case Deliberate:
        QVERIFY(link.succeed());
        link.close(error, CloseMode::Abort, cause == Deliberate);
        break;
    }
    const bool expected = dialled && desired && !closing && enabled && retryable
        && (cause == Lost || cause == HandshakeFailed);
    QCOMPARE(tickets, expected ? 1 : 0);
    hooks.act = nullptr;
}

void tst_LinkEnd::endOfAnyActivityEndsTheLink_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("LC-11 reader") << ErrorCode::ConnectionReset;
    QTest::newRow("LC-11 writer") << ErrorCode::Unreachable;
    QTest::newRow("LC-11 heartbeat") << ErrorCode::HeartbeatTimeout;
    QTest::newRow("LC-11 socket of a link without activities") << ErrorCode::ConnectionClosed;
}

void tst_LinkEnd::endOfAnyActivityEndsTheLink()
{
    QFETCH(const ErrorCode, code);
    LinkRecorder hooks;
    bool running = true;
    hooks.act = [&](const QString &step, Link &) {
        if (step == QLatin1String("stop"))
            running = false;
    };
    Link link(1, Link::Direction::Accepted, hooks);
    lead(link, State::Ready);
    link.close(failure(code), CloseMode::Abort, false);
    QCOMPARE(link.state(), State::Closed);
    QVERIFY(!running);
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.routed, 0);
    QCOMPARE(link.reason().code(), code);
    hooks.act = nullptr;
}

// LC-12
void tst_LinkEnd::linksEndIndependently()
{
    std::vector<std::unique_ptr<LinkRecorder>> hooks;
    std::vector<std::unique_ptr<Link>> links;
    for (quint64 i = 0; i < 50; ++i) {
        hooks.push_back(std::make_unique<LinkRecorder>());
        links.push_back(std::make_unique<Link>(i + 1, Link::Direction::Dialled, *hooks.back()));
        lead(*links.back(), State::Ready);
        hooks.back()->log.clear();
        hooks.back()->watch(*links.back());
    }
    links[20]->close(failure(), CloseMode::Abort, false);
    for (std::size_t i = 0; i < links.size(); ++i) {
        QCOMPARE(hooks[i]->log.isEmpty(), i != 20);
        QCOMPARE(links[i]->state(), i == 20 ? State::Closed : State::Ready);
    }
    links.clear();
}

// LC-12
void tst_LinkEnd::shutdownOfAllAsksForNoReconnect()
{
    LinkRecorder hooks;
    std::vector<std::unique_ptr<Link>> links;
    for (quint64 i = 0; i < 50; ++i) {
        links.push_back(std::make_unique<Link>(i + 1, Link::Direction::Dialled, hooks));
        lead(*links.back(), State::Ready);
    }
    for (const auto &link : links) {
        QVERIFY(link->drain(failure(ErrorCode::ShuttingDown)));
        link->close(failure(ErrorCode::ConnectionReset), CloseMode::Abort, false);
    }
    QCOMPARE(hooks.count(QStringLiteral("reconnect")), 0);
    QCOMPARE(hooks.count(QStringLiteral("disconnected")), 50);
    QCOMPARE(hooks.registered, 0);
}

// LC-14
void tst_LinkEnd::gracefulEndDrainsBeforeItCloses()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    lead(link, State::Ready);
    hooks.log.clear();
    hooks.watch(link);
    QVERIFY(link.drain(failure(ErrorCode::ShuttingDown)));
    QCOMPARE(hooks.log,
             QStringList({QStringLiteral("Ready>Draining"), QStringLiteral("draining")}));
    QVERIFY(link.isAlive());
    QCOMPARE(link.reason().code(), ErrorCode::ShuttingDown);
    QVERIFY(!link.drain(failure()));
    link.close(failure(ErrorCode::ConnectionClosed), CloseMode::Drain, true);
    QVERIFY(hooks.hasInOrder({QStringLiteral("draining"),
                              QStringLiteral("Draining>Closed"),
                              QStringLiteral("stop"),
                              QStringLiteral("transport-drained"),
                              QStringLiteral("disconnected")}));
}

// LC-14
void tst_LinkEnd::forcedEndSkipsTheDrain()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    lead(link, State::Ready);
    link.close(failure(), CloseMode::Abort, true);
    QCOMPARE(hooks.count(QStringLiteral("draining")), 0);
    QCOMPARE(hooks.count(QStringLiteral("transport-aborted")), 1);
}

// LC-07, LC-10
void tst_LinkEnd::lossWhileDrainingKeepsTheFirstReason()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Dialled, hooks);
    lead(link, State::Ready);
    QVERIFY(link.drain(failure(ErrorCode::LimitReached))); // retryable, and yet it was our wish
    link.close(failure(ErrorCode::ConnectionReset), CloseMode::Abort, false);
    QCOMPARE(link.reason().code(), ErrorCode::LimitReached);
    QCOMPARE(hooks.count(QStringLiteral("reconnect")), 0);
}

// RG-05: before any slow work, and even while another step is under way.
void tst_LinkEnd::aliveIsFalseFirst()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.isAlive());
    hooks.act = [&](const QString &step, Link &l) {
        if (step != QLatin1String("connected"))
            return;
        l.close(failure(), CloseMode::Abort, false);
        QVERIFY(!l.isAlive());
        QCOMPARE(hooks.endings, 1);
        QCOMPARE(hooks.count(QStringLiteral("stop")), 0);
    };
    QVERIFY(link.begin());
    QVERIFY(!link.succeed());
    QVERIFY(!hooks.aliveAtEnding);
    QCOMPARE(hooks.endings, 1);
    QCOMPARE(hooks.count(QStringLiteral("stop")), 1);
    hooks.act = nullptr;
}

void tst_LinkEnd::destroyedLinkLeavesNothing()
{
    LinkRecorder hooks;
    {
        Link link(1, Link::Direction::Dialled, hooks);
        lead(link, State::Ready);
        QCOMPARE(hooks.registered, 1);
    }
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.routed, 0);
    QCOMPARE(hooks.count(QStringLiteral("transport-aborted")), 1);
    QCOMPARE(hooks.count(QStringLiteral("reconnect")), 0);
}

QTEST_APPLESS_MAIN(tst_LinkEnd)

#include "tst_linkend.moc"
