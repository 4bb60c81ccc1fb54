// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkrecorder.h"

#include <QtCore/QRegularExpression>
#include <QtTest/QTest>

#include <array>
#include <stdexcept>

using namespace fairlead;
using State = Link::State;

namespace {

constexpr std::array kStates
    = {State::New, State::Handshaking, State::Ready, State::Draining, State::Closed};

} // namespace

class tst_Link : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tableOfTransitions_data();
    void tableOfTransitions();
    void lateSuccessLeavesNothing();
    void readyNeedsATransport();
    void readyWithoutHandshakeIsForTransportsThatSaySo();
    void successFollowsItsOrder();
    void refusalByRoutingIsNoConnection();
    void failingHookEndsTheLinkWhole_data();
    void failingHookEndsTheLinkWhole();
    void aSlotThatThrowsEndsTheLink_data();
    void aSlotThatThrowsEndsTheLink();
    void aSlotThatThrowsAtTheEndStopsNothing_data();
    void aSlotThatThrowsAtTheEndStopsNothing();
    void pendingAdmissionConnectsWhenAnswered();
    void pendingAdmissionCanBeRefused();
    void answerAfterTheEndRegistersNothing();
    void peerKeyIsFixedOnceReady();
};

// LC-01: all 25 pairs; what no call can ask for is judged by the table alone.
void tst_Link::tableOfTransitions_data()
{
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("to");
    QTest::addColumn<bool>("allowed");
    const QList<std::pair<State, State>> allowed = {
        {State::New, State::Handshaking},
        {State::New, State::Ready},
        {State::New, State::Closed},
        {State::Handshaking, State::Ready},
        {State::Handshaking, State::Closed},
        {State::Ready, State::Draining},
        {State::Ready, State::Closed},
        {State::Draining, State::Closed},
    };
    for (const State from : kStates) {
        for (const State to : kStates) {
            QTest::addRow("LC-01 %s to %s",
                          qPrintable(LinkRecorder::name(from)),
                          qPrintable(LinkRecorder::name(to)))
                << int(from) << int(to) << allowed.contains({from, to});
        }
    }
}

void tst_Link::tableOfTransitions()
{
    QFETCH(const int, from);
    QFETCH(const int, to);
    QFETCH(const bool, allowed);
    const Result<> judged = Link::checkTransition(State(from), State(to));
    QCOMPARE(judged.has_value(), allowed);

    LinkRecorder hooks;
    hooks.noHandshake = true;
    Link link(1, Link::Direction::Dialled, hooks);
    lead(link, State(from));
    QCOMPARE(link.state(), State(from));
    hooks.log.clear();
    hooks.watch(link);

    Result<> moved = judged;
    switch (State(to)) {
    case State::New:
        return;
    case State::Handshaking:
        moved = link.begin();
        break;
    case State::Ready:
        moved = link.succeed();
        break;
    case State::Draining:
        moved = link.drain(failure());
        break;
    case State::Closed:
        link.close(failure(), CloseMode::Abort, false);
        QCOMPARE(hooks.log.isEmpty(), !allowed);
        QCOMPARE(link.state(), State::Closed);
        return;
    }
    QCOMPARE(moved.has_value(), allowed);
    if (allowed) {
        QCOMPARE(link.state(), State(to));
        QCOMPARE(hooks.log.first(),
                 LinkRecorder::name(State(from)) + u'>' + LinkRecorder::name(State(to)));
        return;
    }
    QCOMPARE(moved.error().code(), ErrorCode::InvalidTransition);
    QVERIFY(moved.error().text().contains(LinkRecorder::name(State(from))));
    QVERIFY(moved.error().text().contains(LinkRecorder::name(State(to))));
    QCOMPARE(link.state(), State(from));
    QVERIFY(hooks.log.isEmpty());
}

// LC-02
void tst_Link::lateSuccessLeavesNothing()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.begin());
    link.close(failure(), CloseMode::Abort, false);
    hooks.log.clear();
    hooks.watch(link);
    const Result<> late = link.succeed();
    QCOMPARE(late.error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(hooks.registered, 0);
    QVERIFY(hooks.log.isEmpty());
}

// LC-03
void tst_Link::readyNeedsATransport()
{
    LinkRecorder hooks;
    hooks.transportBound = false;
    hooks.noHandshake = true;
    Link link(1, Link::Direction::Accepted, hooks);
    QCOMPARE(link.succeed().error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(link.state(), State::New);
    QVERIFY(link.begin());
    QCOMPARE(link.succeed().error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(link.state(), State::Handshaking);
    QVERIFY(hooks.log.isEmpty());
}

// LC-03
void tst_Link::readyWithoutHandshakeIsForTransportsThatSaySo()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    const Result<> refused = link.succeed();
    QCOMPARE(refused.error().code(), ErrorCode::InvalidTransition);
    QVERIFY(refused.error().text().contains(QLatin1String("New")));
    QVERIFY(refused.error().text().contains(QLatin1String("Ready")));
    QVERIFY(hooks.log.isEmpty());
    hooks.noHandshake = true;
    QVERIFY(link.succeed());
    QCOMPARE(link.state(), State::Ready);
}

// LC-04
void tst_Link::successFollowsItsOrder()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    hooks.act = [](const QString &, Link &l) { QCOMPARE(l.state(), State::Ready); };
    QVERIFY(link.succeed());
    QCOMPARE(hooks.log,
             QStringList({QStringLiteral("New>Handshaking"),
                          QStringLiteral("Handshaking>Ready"),
                          QStringLiteral("register"),
                          QStringLiteral("admit"),
                          QStringLiteral("connected")}));
    hooks.act = nullptr;
}

// LC-05
void tst_Link::refusalByRoutingIsNoConnection()
{
    LinkRecorder hooks;
    hooks.admission = Admission::Refused;
    hooks.admitError = failure(ErrorCode::ConnectionReset); // retryable, and yet no reconnect
    Link link(7, Link::Direction::Dialled, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    QCOMPARE(link.succeed().error().code(), ErrorCode::ConnectionReset);
    QCOMPARE(link.state(), State::Closed);
    QCOMPARE(hooks.log.mid(2),
             QStringList({QStringLiteral("register"),
                          QStringLiteral("admit"),
                          QStringLiteral("Ready>Closed"),
                          QStringLiteral("rejected"),
                          QStringLiteral("stop"),
                          QStringLiteral("unregister"),
                          QStringLiteral("withdraw"),
                          QStringLiteral("transport-drained"),
                          QStringLiteral("ended"),
                          QStringLiteral("closed")}));
    QCOMPARE(hooks.rejection.code(), ErrorCode::ConnectionReset);
    QCOMPARE(hooks.registered, 0);
}

void tst_Link::failingHookEndsTheLinkWhole_data()
{
    QTest::addColumn<QString>("hook");
    QTest::addColumn<bool>("throws");
    QTest::newRow("LC-05 register refuses") << QStringLiteral("register") << false;
    QTest::newRow("LC-05 register throws") << QStringLiteral("register") << true;
    QTest::newRow("LC-05 admit throws") << QStringLiteral("admit") << true;
    QTest::newRow("LC-05 connected throws") << QStringLiteral("connected") << true;
    QTest::newRow("LC-05 draining throws") << QStringLiteral("draining") << true;
}

void tst_Link::failingHookEndsTheLinkWhole()
{
    QFETCH(const QString, hook);
    QFETCH(const bool, throws);
    LinkRecorder hooks;
    if (throws) {
        hooks.act = [&](const QString &step, Link &) {
            if (step == hook)
                throw std::runtime_error("broken");
        };
    } else {
        hooks.registerError = failure(ErrorCode::AlreadyExists);
    }
    Link link(1, Link::Direction::Dialled, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    const Result<> outcome = link.succeed();
    if (hook == QLatin1String("draining")) {
        QVERIFY(outcome);
        QVERIFY(link.drain(failure()));
    } else {
        QVERIFY(!outcome);
        QCOMPARE(outcome.error().code(), throws ? ErrorCode::Internal : ErrorCode::AlreadyExists);
    }
    QCOMPARE(link.state(), State::Closed);
    QCOMPARE(hooks.count(QStringLiteral("rejected")), 0);
    QCOMPARE(hooks.count(QStringLiteral("stop")), 1);
    QCOMPARE(hooks.count(QStringLiteral("closed")), 1);
    QCOMPARE(hooks.count(QStringLiteral("reconnect")), 0);
    const bool wasConnected = hooks.count(QStringLiteral("connected")) == 1;
    QCOMPARE(hooks.count(QStringLiteral("disconnected")), wasConnected ? 1 : 0);
    // What a hook that threw had done itself is its own to undo.
    if (!(throws && hook == QLatin1String("register"))) {
        QCOMPARE(hooks.registered, 0);
        QCOMPARE(hooks.routed, hook == QLatin1String("admit") ? -1 : 0);
    }
}

void tst_Link::aSlotThatThrowsEndsTheLink_data()
{
    QTest::addColumn<QString>("slot");
    for (const char *slot : {"New>Handshaking", "Handshaking>Ready", "Ready>Draining"})
        QTest::newRow(slot) << QString::fromLatin1(slot);
}

// PL-05: what a slot throws is the link's end, and the caller's no more.
void tst_Link::aSlotThatThrowsEndsTheLink()
{
    QFETCH(const QString, slot);
    LinkRecorder hooks;
    hooks.act = [&](const QString &step, Link &) {
        if (step == slot)
            throw 7;
    };
    Link link(1, Link::Direction::Dialled, hooks);
    hooks.watch(link);
    static_cast<void>(link.begin());
    static_cast<void>(link.succeed());
    static_cast<void>(link.drain(failure()));
    QCOMPARE(link.state(), State::Closed);
    if (slot != QLatin1String("Ready>Draining"))
        QCOMPARE(link.reason().code(), ErrorCode::PluginFailed);
    QCOMPARE(hooks.count(QStringLiteral("stop")), 1);
    QCOMPARE(hooks.count(QStringLiteral("closed")), 1);
    QCOMPARE(hooks.count(QStringLiteral("connected")), slot == QLatin1String("Ready>Draining"));
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.routed, 0);
}

void tst_Link::aSlotThatThrowsAtTheEndStopsNothing_data()
{
    QTest::addColumn<QString>("slot");
    QTest::newRow("PL-05 stateChanged") << QStringLiteral("Handshaking>Closed");
    QTest::newRow("PL-05 handshakeFailed") << QStringLiteral("handshake-failed");
    QTest::newRow("PL-05 closed") << QStringLiteral("closed");
}

void tst_Link::aSlotThatThrowsAtTheEndStopsNothing()
{
    QFETCH(const QString, slot);
    LinkRecorder hooks;
    hooks.act = [&](const QString &step, Link &) {
        if (step == slot)
            throw std::runtime_error("broken");
    };
    Link link(1, Link::Direction::Dialled, hooks);
    hooks.watch(link);
    QVERIFY(link.begin());
    if (slot != QLatin1String("Handshaking>Closed")) {
        QTest::ignoreMessage(QtCriticalMsg,
                             QRegularExpression(QStringLiteral("plugin-failed: .* threw: broken")));
    }
    QVERIFY(link.fail(failure()));
    QCOMPARE(link.reason().code(), failure().code());
    QVERIFY(hooks.hasInOrder({QStringLiteral("handshake-failed"),
                              QStringLiteral("stop"),
                              QStringLiteral("transport-drained"),
                              QStringLiteral("closed"),
                              QStringLiteral("reconnect")}));
}

// LC-04
void tst_Link::pendingAdmissionConnectsWhenAnswered()
{
    LinkRecorder hooks;
    hooks.admission = Admission::Pending;
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.begin());
    link.completeAdmission({}); // nobody asked yet
    QVERIFY(link.succeed());
    QCOMPARE(hooks.count(QStringLiteral("connected")), 0);
    link.completeAdmission({});
    link.completeAdmission(failure());
    QCOMPARE(hooks.count(QStringLiteral("connected")), 1);
    QCOMPARE(link.state(), State::Ready);
}

// LC-05
void tst_Link::pendingAdmissionCanBeRefused()
{
    LinkRecorder hooks;
    hooks.admission = Admission::Pending;
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.begin());
    QVERIFY(link.succeed());
    link.completeAdmission(failure(ErrorCode::NotAuthorized));
    QCOMPARE(link.reason().code(), ErrorCode::NotAuthorized);
    QCOMPARE(hooks.count(QStringLiteral("rejected")), 1);
    QCOMPARE(hooks.count(QStringLiteral("disconnected")), 0);
    QCOMPARE(hooks.registered, 0);
    QCOMPARE(hooks.routed, 0);
}

// LC-02
void tst_Link::answerAfterTheEndRegistersNothing()
{
    for (const bool accepted : {true, false}) {
        LinkRecorder hooks;
        hooks.admission = Admission::Pending;
        Link link(1, Link::Direction::Accepted, hooks);
        QVERIFY(link.begin());
        QVERIFY(link.succeed());
        link.close(failure(), CloseMode::Abort, false);
        const QStringList before = hooks.log;
        link.completeAdmission(accepted ? Result<>() : Result<>(failure()));
        QCOMPARE(hooks.log, before);
        QCOMPARE(hooks.registered, 0);
        QCOMPARE(hooks.routed, 0);
        QCOMPARE(hooks.count(QStringLiteral("ended")), 1);
    }
}

void tst_Link::peerKeyIsFixedOnceReady()
{
    LinkRecorder hooks;
    Link link(1, Link::Direction::Accepted, hooks);
    QVERIFY(link.peerKey().isEmpty());
    QVERIFY(link.begin());
    link.setPeerKey(QByteArrayLiteral("a"));
    QVERIFY(link.succeed());
    link.setPeerKey(QByteArrayLiteral("b"));
    QCOMPARE(link.peerKey(), QByteArrayLiteral("a"));
}

QTEST_APPLESS_MAIN(tst_Link)

#include "tst_link.moc"
