// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "eventworld.h"

#include <QtTest/QTest>

#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define FAIRLEAD_COUNTS_MALLOC 0
#else
#define FAIRLEAD_COUNTS_MALLOC 1
#endif

namespace {

thread_local bool s_counting = false;
thread_local int s_allocations = 0;

} // namespace

#if FAIRLEAD_COUNTS_MALLOC
// Qt's containers ask malloc(), operator new does too: one place sees them all.
extern "C" void *__libc_malloc(std::size_t size); // NOLINT(bugprone-reserved-identifier): glibc's

extern "C" void *malloc(std::size_t size) noexcept
{
    if (s_counting)
        ++s_allocations;
    return __libc_malloc(size);
}
#endif

using namespace fairlead;
using namespace fairlead::core;

class tst_EventCost : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void counterSeesAnEvent();
    void nothingIsBuiltWhenNobodyListens_data();
    void nothingIsBuiltWhenNobodyListens();
    void oneEventIsSharedByAllReaders();

private:
    /// Publishes on the bus and posts to its feed; what was allocated, and how often it was built.
    static std::pair<int, int> cost(EventWorld &world, EventKind kind)
    {
        int built = 0;
        const auto fill = [&built](Event &event) {
            ++built;
            event.key = QByteArray("pump").repeated(8);
            event.details = {{QStringLiteral("size"), 1}};
        };
        s_allocations = 0;
        s_counting = true;
        world.bus.publish(kind, fill);
        world.bus.feed().post(kind, 1, fill);
        s_counting = false;
        return {s_allocations, built};
    }
};

void tst_EventCost::counterSeesAnEvent()
{
    EventWorld world;
    const auto reader = world.read();
    const auto [allocations, built] = cost(world, EventKind::LinkConnected);
    QCOMPARE(built, 2);
#if FAIRLEAD_COUNTS_MALLOC
    QVERIFY(allocations > 0);
#else
    Q_UNUSED(allocations)
#endif
}

void tst_EventCost::nothingIsBuiltWhenNobodyListens_data()
{
    QTest::addColumn<int>("state");
    QTest::newRow("OB-03 nobody ever") << 0;
    QTest::newRow("OB-03 the last reader left") << 1;
    QTest::newRow("OB-03 readers of other kinds") << 2;
    QTest::newRow("OB-03 the history was turned off") << 3;
    QTest::newRow("OB-03 the bus is closed") << 4;
}

// OB-03
void tst_EventCost::nothingIsBuiltWhenNobodyListens()
{
    QFETCH(int, state);
    EventWorld world;
    std::unique_ptr<EventReader> reader;
    if (state == 1) {
        reader = world.read();
        reader.reset();
    } else if (state == 2) {
        EventReaderOptions options;
        options.filter.kinds = EventKinds().add(EventKind::DialStorm);
        reader = world.read(options);
    } else if (state == 3) {
        world.bus.setHistory(5);
        world.bus.setHistory(0);
    } else if (state == 4) {
        reader = world.read();
        world.bus.close();
    }
    const auto [allocations, built] = cost(world, EventKind::LinkConnected);
    QCOMPARE(built, 0);
    QCOMPARE(allocations, 0);
}

// OB-03
void tst_EventCost::oneEventIsSharedByAllReaders()
{
    EventWorld world;
    const auto first = world.read();
    const auto second = world.read();
    world.say("a");
    QCOMPARE(first->take().get(), second->take().get());
}

QTEST_APPLESS_MAIN(tst_EventCost)
#include "tst_eventcost.moc"
