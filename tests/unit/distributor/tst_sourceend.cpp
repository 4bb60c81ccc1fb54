// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "received.h"
#include "simhost.h"

#include <QTest>

#include <fairlead/clock.h>

#include <stdexcept>

using namespace fairlead;
using sim::numbers;
using sim::SimHost;

namespace {

constexpr int kMessages = 50;
constexpr qint64 kBytesPerMessage = 32 * 1024;

using Peer = std::unique_ptr<sim::SimLink>;

Error gone()
{
    return Error(ErrorCode::ConnectionClosed, QStringLiteral("gone"));
}

class Notebook final : public Logger
{
public:
    bool isEnabled(LogLevel level) const noexcept override { return level >= LogLevel::Error; }

    void log(LogLevel, const char *event, const QString &) override { events.append(event); }

    QList<QByteArray> events;
};

/// Does what its input says: p publishes, o ends in order, c closes, t throws. It publishes once more
/// after its end, and when it is destroyed.
class Source final : public LinkDriver
{
public:
    struct Record
    {
        bool isLate = false; ///< tries to publish after its end
        int published = 0;
        int paused = 0;
        int late = 0;
        bool isGone = false;
    };

    Source(const LinkContext &context, Record &record)
        : m_context(context)
        , m_record(record)
    { }

    ~Source() override
    {
        publishLate();
        m_record.isGone = true;
    }

    void handleStarted() override
    {
        (void)m_context.link.begin();
        m_context.bus.authenticate({});
    }

    void handleAuthenticated(const Error &) override
    {
        Testament will;
        will.topic = "will";
        will.payload = "ended";
        SessionRequest request;
        request.peerKey = "source";
        request.testament = &will;
        m_context.bus.acquire(request);
    }

    void handleLease(const LeaseGrant &grant) override { m_lease = grant.lease; }

    Consumed handleBytes(ByteSpan input) override
    {
        for (const char command : input) {
            switch (command) {
            case 'p':
                publish();
                break;
            case 'o':
                m_lease->release(ReleaseRequest());
                m_context.link.close(gone(), CloseMode::Drain, false);
                break;
            case 'c':
                m_context.link.close(gone(), CloseMode::Abort, false);
                break;
            default:
                throw std::runtime_error("fault");
            }
        }
        if (!m_context.link.isAlive())
            publishLate();
        return {input.size(), 0};
    }

    void handleEndOfInput() override { }

    void handlePull(Lease &) override { }

    void handleCompletions(const Completion *, int) override { }

    void handleSubscribed(quint32, const SubscribeOutcome *, int) override { }

    void handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) override { }

    void handleFenced(FenceReason) override { }

    void handleClosing(const Error &) override { }

private:
    void publish()
    {
        const std::string payload = std::to_string(m_record.published++);
        PublishView view;
        view.topic = "t";
        view.payload = payload;
        view.qos = quint8(m_record.published % 2);
        view.completionTag = 1;
        if (m_context.bus.publish(view) == Flow::Pause)
            ++m_record.paused;
    }

    void publishLate()
    {
        if (!m_record.isLate)
            return;
        ++m_record.late;
        publish();
    }

    LinkContext m_context;
    Record &m_record;
    Lease *m_lease = nullptr;
};

Peer openSource(SimHost &host, int reactor, Source::Record &record)
{
    Peer source = host.open(reactor, [&record](const LinkContext &context, sim::SimLink &) {
        return std::make_unique<Source>(context, record);
    });
    host.settle();
    return source;
}

} // namespace

/// What is left of a source when it ends: a producer's stream ends with its link.
class tst_SourceEnd : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // DS-10: completion, also after a fault, comes behind what was sent before.
    void whatWasSentIsDelivered_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::addColumn<int>("how");
        QTest::addColumn<bool>("atOnce");
        const char *const names[] = {"in order", "cut off", "its plugin threw"};
        for (const int reactors : {1, 3}) {
            for (int how = 0; how < 3; ++how) {
                for (const bool atOnce : {true, false}) {
                    QTest::addRow(
                        "DS-10 %s, %d reactors%s", names[how], reactors, atOnce ? ", at once" : "")
                        << reactors << how << atOnce;
                }
            }
        }
    }

    void whatWasSentIsDelivered()
    {
        QFETCH(int, reactors);
        QFETCH(int, how);
        QFETCH(bool, atOnce);
        SimHost host(reactors);
        const auto notes = std::make_shared<Notebook>();
        host.endpoint().logger = notes;
        const Peer reader = host.connect(0, "reader");
        reader->record->bytesPerMessage = kBytesPerMessage;
        reader->stream->setRoom(0);
        (*reader)->subscribe("t", 1);
        (*reader)->subscribe("will", 1);
        host.settle();
        Source::Record record;
        const Peer source = openSource(host, reactors - 1, record);
        source->stream->arrive(std::string(kMessages, 'p'));
        if (!atOnce)
            host.settle();
        source->stream->arrive(how == 0 ? "o" : how == 1 ? "c" : "t");
        host.settle();
        QVERIFY(record.isGone);
        QVERIFY(reader->record->got.size() < std::size_t(kMessages));
        reader->stream->setRoom(-1);
        host.settle();
        std::vector<std::string> expected = numbers(0, kMessages);
        if (how != 0)
            expected.emplace_back("ended");
        QVERIFY(payloads(reader) == expected);
        // For its subscriber nothing else has happened.
        QVERIFY(reader->isOpen());
        QVERIFY(reader->record->notices.empty());
        QCOMPARE(notes->events.isEmpty(), how != 2);
    }

    // DS-10: an ended link says nothing more, and each try is counted.
    void lateEmissionsAreIgnored()
    {
        SimHost host(1);
        const Peer reader = host.connect(0, "reader");
        (*reader)->subscribe("t");
        host.settle();
        Source::Record record;
        record.isLate = true;
        const Peer source = openSource(host, 0, record);
        source->stream->arrive("pppc");
        host.settle();
        QVERIFY(record.isGone);
        QCOMPARE(record.late, 2);
        QCOMPARE(record.paused, 2);
        QCOMPARE(host.reactor(0).traffic().fencedCalls.value(), quint64(2));
        QVERIFY((payloads(reader) == std::vector<std::string>{"0", "1", "2"}));
    }

    // DS-10: one that cannot end is waited for, for a bounded time, and asking again waits no longer.
    void aStuckSourceIsAbandoned()
    {
        SimHost host(1);
        const Peer reader = host.connect(0, "reader");
        (*reader)->subscribe("t");
        const Peer source = host.connect(0, "source", 60);
        source->record->bytesPerMessage = kBytesPerMessage;
        source->stream->setRoom(0);
        (*source)->subscribe("t");
        host.settle();
        for (int i = 0; i < 5; ++i)
            (*source)->publish("t", std::to_string(i));
        host.settle();
        const Error end(ErrorCode::ShuttingDown, QStringLiteral("the host ends"));
        host.reactor(0).shutDownLinks(end);
        host.settle();
        QVERIFY(!reader->isOpen());
        QVERIFY(source->isOpen());
        host.advance(kNsPerSecond);
        host.reactor(0).shutDownLinks(end);
        host.settle();
        QVERIFY(source->isOpen());
        host.advance(4 * kNsPerSecond);
        QVERIFY(!source->isOpen());
        QVERIFY(host.reactor(0).isEmpty());
        QVERIFY(payloads(reader) == numbers(0, 5));
    }

    // DS-10: who comes after the end of a source learns of it where the source left word.
    void whoComesLaterIsToldByTheState()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "device");
        (*source)->publish("tcp/door/device/state", "online", 1, true, 1);
        (*source)->publish("tcp/door/device/rx", "1", 1, false, 2);
        (*source)->publish("tcp/door/device/state", "offline", 1, true, 3);
        (*source)->link().close(gone(), CloseMode::Drain, false);
        host.settle();
        const Peer reader = host.connect(0, "reader");
        (*reader)->subscribe("tcp/door/device/#", 1);
        host.settle();
        QVERIFY((payloads(reader) == std::vector<std::string>{"offline"}));
    }
};

QTEST_APPLESS_MAIN(tst_SourceEnd)
#include "tst_sourceend.moc"
