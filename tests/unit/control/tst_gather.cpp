// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../callqueue.h"
#include "core/control/gather.h"
#include "core/reactor/timerqueue.h"

#include <QtTest/QtTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

class FakeClock final : public Clock
{
public:
    qint64 now() const noexcept override { return time; }

    qint64 utcMs() const noexcept override { return 0; }

    qint64 time = 1000;
};

} // namespace

/// Values of all reactors, those that are stuck left out (OB-04).
class tst_Gather : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void valuesComeInOrderOnce();
    void aStuckOneIsLeftOut();
    void aLateAnswerChangesNothing();
    void questionsDroppedByAllReleaseWhoWaits();
    void nobodyToAskIsAnAnswer();

private:
    using Values = Gather<int>::Values;

    void start()
    {
        Gather<int>::start({m_home, *m_timers, m_clock},
                           {{&m_one, [] { return 1; }}, {&m_two, [] { return 2; }}},
                           100,
                           [this](const Values &values) { m_done.append(values); });
    }

    FakeClock m_clock;
    std::unique_ptr<TimerQueue> m_timers;
    test::CallQueue m_home;
    test::CallQueue m_one;
    test::CallQueue m_two;
    QList<Values> m_done;
};

void tst_Gather::init()
{
    m_one.drop();
    m_two.drop();
    m_home.drop();
    m_done.clear();
    m_clock.time = 1000;
    m_timers = std::make_unique<TimerQueue>();
}

void tst_Gather::valuesComeInOrderOnce()
{
    start();
    m_two.turn();
    m_home.turn();
    QCOMPARE(m_done.size(), 0);
    m_one.turn();
    QCOMPARE(m_done.size(), 0); // not on the thread that was asked
    m_home.turn();
    QCOMPARE(m_done, QList<Values>{(Values{1, 2})});
    QCOMPARE(m_timers->size(), 0U);
}

void tst_Gather::aStuckOneIsLeftOut()
{
    start();
    m_two.turn();
    m_home.turn();
    m_timers->fireDue(1099);
    QCOMPARE(m_done.size(), 0);
    m_timers->fireDue(1100);
    QCOMPARE(m_done, QList<Values>{(Values{std::nullopt, 2})});
}

void tst_Gather::aLateAnswerChangesNothing()
{
    start();
    m_timers->fireDue(1100);
    QCOMPARE(m_done, QList<Values>{(Values{std::nullopt, std::nullopt})});
    m_one.turn();
    m_two.turn();
    m_home.turn();
    QCOMPARE(m_done.size(), 1);
}

void tst_Gather::questionsDroppedByAllReleaseWhoWaits()
{
    const auto waiting = std::make_shared<int>(0);
    Gather<int>::start({m_home, *m_timers, m_clock},
                       {{&m_one, [] { return 1; }}},
                       100,
                       [this, waiting](const Values &values) { m_done.append(values); });
    QCOMPARE(waiting.use_count(), 2);
    m_one.drop(); // the host is gone
    QCOMPARE(waiting.use_count(), 1);
    QCOMPARE(m_done.size(), 0);
    QCOMPARE(m_timers->size(), 0U);
}

void tst_Gather::nobodyToAskIsAnAnswer()
{
    Gather<int>::start({m_home, *m_timers, m_clock}, {}, 100, [this](const Values &values) {
        m_done.append(values);
    });
    QCOMPARE(m_done.size(), 0);
    m_home.turn();
    QCOMPARE(m_done, QList<Values>{Values{}});
    QCOMPARE(m_timers->size(), 0U);
}

QTEST_APPLESS_MAIN(tst_Gather)
#include "tst_gather.moc"
