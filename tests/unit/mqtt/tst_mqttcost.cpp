// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"
#include "server/serverlink.h"

#include <QtTest/QTest>

#include <cstdlib>
#include <new>

using namespace fairlead;
using namespace fairlead::test;

namespace {

bool s_counting = false;
int s_allocations = 0;

/// A stream, a bus and a lease that do not allocate, and count how often they are called.
class CostStream final : public ByteStream
{
public:
    char *reserve(std::size_t) noexcept override
    {
        ++calls;
        return m_memory;
    }

    void commit(std::size_t size) noexcept override
    {
        ++calls;
        bytes += size;
    }

    void append(const Message &, std::size_t, std::size_t size) noexcept override
    {
        ++calls;
        bytes += size;
    }

    qint64 space() const noexcept override
    {
        ++calls;
        return 1 << 20;
    }

    void setReading(bool) noexcept override { ++calls; }

    void close(CloseMode) noexcept override { }

    mutable int calls = 0;
    std::size_t bytes = 0;

private:
    char m_memory[kMaxReserve];
};

class CostBus final : public Bus
{
public:
    void authenticate(const Credentials &) noexcept override { }

    void acquire(const SessionRequest &) noexcept override { }

    Flow publish(const PublishView &) noexcept override
    {
        ++calls;
        return Flow::Continue;
    }

    int calls = 0;
};

class CostLease final : public Lease
{
public:
    int take(Delivery *out, int max, const Window &window) noexcept override
    {
        ++calls;
        int count = 0;
        for (; count < max && left > 0 && (qos == 0 || count < window.unacked); ++count, --left) {
            out[count].message = message;
            out[count].showPosition = true;
            out[count].qos = qos;
            out[count].handle = ++handle;
            out[count].tag = quint32(handle);
        }
        return count;
    }

    void settle(const Settle *, int count) noexcept override
    {
        ++calls;
        settled += count;
    }

    void mark(quint64, quint32, bool, quint32) noexcept override { ++calls; }

    void forgetKey(quint32, quint32) noexcept override { ++calls; }

    int receiveKeyCount() const noexcept override { return 0; }

    void subscribe(const SubscribeRequest *, int, quint32) noexcept override { }

    void unsubscribe(const ByteSpan *, int, quint32) noexcept override { }

    void setNote(ByteSpan) noexcept override { }

    void release(const ReleaseRequest &) noexcept override { }

    Message message;
    quint8 qos = 0;
    int left = 0;
    quint64 handle = 0;
    int settled = 0;
    int calls = 0;
};

/// A link that is up, on the doubles above.
struct CostLink
{
    CostLink()
        : hooks(ignored)
        , link(1, Link::Direction::Accepted, hooks)
        , listener({})
        , driver(listener.createDriver({link, stream, bus, clock, timers, random, logger, {}}))
    {
        driver->handleStarted();
        Connect packet;
        packet.clientId = "c";
        packet.keepAlive = 60;
        const QByteArray bytes = Harness::encoded(packet);
        driver->handleBytes(bytesOf(bytes));
        driver->handleAuthenticated({});
        (void)link.succeed();
        LeaseGrant grant;
        grant.lease = &lease;
        driver->handleLease(grant);
        stream.calls = 0;
        stream.bytes = 0;
        clock.reads = 0;
    }

    FakeStream ignored;
    FakeHooks hooks;
    Link link;
    CostStream stream;
    CostBus bus;
    CostLease lease;
    FakeClock clock;
    FakeTimers timers;
    FakeRandom random;
    FakeLogger logger;
    MqttListener listener;
    std::unique_ptr<LinkDriver> driver;
};

template <typename Call>
int allocationsOf(Call &&call)
{
    s_allocations = 0;
    s_counting = true;
    call();
    s_counting = false;
    return s_allocations;
}

} // namespace

// The counting forms stay out of the sanitizers' way: those bring their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1

void *operator new(std::size_t size)
{
    if (s_counting)
        ++s_allocations;
    if (void *const memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept
{
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}
#endif

/// What a message costs beyond the bytes: heap and calls across the seam.
class tst_MqttCost : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void idleDriverIsSmall();
    void qos0PublishCostsTwoCalls();
    void qos1PublishAllocatesNothing();
    void qos0DeliveryAllocatesNothing();
    void qos1DeliveryAllocatesNothingOnceItRuns();
};

void tst_MqttCost::initTestCase()
{
#ifndef COUNTS_ALLOCATIONS
    QSKIP("allocations are not counted under a sanitizer");
#endif
}

void tst_MqttCost::idleDriverIsSmall()
{
    qInfo("a driver has %zu bytes", sizeof(ServerLink));
    QVERIFY(sizeof(ServerLink) <= 512);
    CostLink link; // the handler of CONNECT is gone: all that is left is the driver
    MqttListener listener({});
    int allocations = 0;
    std::unique_ptr<LinkDriver> driver;
    allocations = allocationsOf([&] {
        driver = listener.createDriver({link.link,
                                        link.stream,
                                        link.bus,
                                        link.clock,
                                        link.timers,
                                        link.random,
                                        link.logger,
                                        {}});
    });
    QCOMPARE(allocations, 1);
}

void tst_MqttCost::qos0PublishCostsTwoCalls()
{
    CostLink link;
    const QByteArray one = hex("30 0a 0003") + "a/b" + hex("02 0101") + "xy";
    const QByteArray many = one.repeated(100);
    const int allocations = allocationsOf([&] { link.driver->handleBytes(bytesOf(many)); });
    QCOMPARE(allocations, 0);
    QCOMPARE(link.bus.calls, 100);
    QCOMPARE(link.stream.calls, 0);
    QCOMPARE(link.lease.calls, 0);
    QCOMPARE(link.clock.reads, 1);
}

void tst_MqttCost::qos1PublishAllocatesNothing()
{
    CostLink link;
    const QByteArray one = hex("32 09 0003") + "a/b" + hex("0001 00") + "x";
    const QByteArray many = one.repeated(100);
    std::vector<Completion> completions(100, Completion{1, Completion::Kind::Publish, {}});
    const int allocations = allocationsOf([&] {
        link.driver->handleBytes(bytesOf(many));
        link.driver->handleCompletions(completions.data(), 100);
    });
    QCOMPARE(allocations, 0);
    QCOMPARE(link.bus.calls, 100);
    QCOMPARE(link.stream.calls, 2); // all acknowledgements in one piece
    QCOMPARE(link.stream.bytes, 400U);
}

void tst_MqttCost::qos0DeliveryAllocatesNothing()
{
    CostLink link;
    link.lease.message = makeMessage("a/b", QByteArray(64, 'x'), 1);
    for (const int count : {1, 60}) {
        link.lease.left = count;
        link.lease.calls = link.stream.calls = 0;
        QCOMPARE(allocationsOf([&] { link.driver->handlePull(link.lease); }), 0);
        QCOMPARE(link.lease.left, 0);
        QCOMPARE(link.lease.calls, 1);
        QCOMPARE(link.stream.calls, 3); // space, reserve, commit
    }
}

void tst_MqttCost::qos1DeliveryAllocatesNothingOnceItRuns()
{
    CostLink link;
    link.lease.message = makeMessage("a/b", QByteArray(64, 'x'), 1);
    link.lease.qos = 1;
    for (const bool warm : {true, false}) {
        link.lease.handle = 0;
        link.lease.left = 40;
        QByteArray acks;
        for (quint16 id = 1; id <= 40; ++id)
            acks += hex("4002") + char(id >> 8) + char(id & 0xFF);
        link.lease.settled = 0;
        const int allocations = allocationsOf([&] {
            link.driver->handlePull(link.lease);
            link.driver->handleBytes(bytesOf(acks));
        });
        QCOMPARE(link.lease.settled, 40);
        if (!warm)
            QCOMPARE(allocations, 0);
    }
}

QTEST_GUILESS_MAIN(tst_MqttCost)

#include "tst_mqttcost.moc"
