// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framebytes.h"
#include "listenerlink.h"
#include "peerlink.h"
#include "simhost.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::loopback;
using sim::SimHost;

namespace {

/// What an endpoint's target answers.
Result<> ask(OperationTarget *target,
             OperationKind kind,
             QuiesceReason reason = QuiesceReason::None)
{
    Result<> answer = Error(ErrorCode::Timeout, QStringLiteral("no answer"));
    Operation operation;
    operation.kind = kind;
    operation.reason = reason;
    operation.pathPrefix = QStringLiteral("/");
    target->handleOperation(operation,
                            OperationReply([&](const Result<> &outcome) { answer = outcome; }));
    return answer;
}

/// Both kinds of endpoint, and links of them.
struct Ends
{
    explicit Ends(bool isDialler)
        : dials(isDialler)
    { }

    OperationTarget *target() { return dials ? dialler.operations() : listener.operations(); }

    std::unique_ptr<sim::SimLink> open()
    {
        return host.open(
            0,
            [this](const LinkContext &context, sim::SimLink &) {
                return dials ? dialler.createDriver(context) : listener.createDriver(context);
            },
            dials ? Link::Direction::Dialled : Link::Direction::Accepted);
    }

    /// Whether a link is taken now.
    bool takes() { return open()->host != nullptr; }

    const bool dials;
    LoopbackListener listener;
    LoopbackDialler dialler = LoopbackDialler(PeerOptions{});
    SimHost host = SimHost(1);
};

} // namespace

class tst_LoopbackOperations : public QObject
{
    Q_OBJECT

private:
    static void ends()
    {
        QTest::addColumn<bool>("dials");
        QTest::newRow("listener") << false;
        QTest::newRow("dialler") << true;
    }

private Q_SLOTS:

    void handlesAreReleasedAtOnce_data() { ends(); }

    void handlesAreReleasedAtOnce() // BC-01
    {
        QFETCH(bool, dials);
        Ends ends(dials);
        QVERIFY(ask(ends.target(), OperationKind::ReleaseHandles));
        QVERIFY(ends.takes());
    }

    void whileQuietNoLinkIsTaken_data()
    {
        QTest::addColumn<bool>("dials");
        QTest::addColumn<QuiesceReason>("reason");
        for (const bool dials : {false, true}) {
            for (const QuiesceReason reason : {QuiesceReason::IdleTimeout,
                                               QuiesceReason::HostShutdown,
                                               QuiesceReason::Maintenance}) {
                QTest::addRow("%s %s", dials ? "dialler" : "listener", quiesceReasonName(reason))
                    << dials << reason;
            }
        }
    }

    void whileQuietNoLinkIsTaken() // BC-01, BC-06
    {
        QFETCH(bool, dials);
        QFETCH(QuiesceReason, reason);
        Ends ends(dials);
        QVERIFY(ends.takes());
        QVERIFY(ask(ends.target(), OperationKind::Quiesce, reason));
        QVERIFY(!ends.takes());
        QVERIFY(ask(ends.target(), OperationKind::Quiesce, reason));
        QVERIFY(!ends.takes());
        ends.target()->handleResume();
        QVERIFY(ends.takes());
        ends.target()->handleResume();
        QVERIFY(ends.takes());
    }

    void linksGoOnMeanwhile() // BC-06
    {
        Ends ends(false);
        const auto link = ends.open();
        link->stream->arrive(helloBytes("peer"));
        ends.host.settle();
        QVERIFY(ask(ends.target(), OperationKind::Quiesce, QuiesceReason::Maintenance));
        link->stream->arrive(subscribeBytes(1, "t") + publishBytes(0, "t", "work"));
        ends.host.settle();
        QVERIFY(link->stream);
        std::string sent = link->stream->takeSent();
        const auto frames = takeFrames(&sent);
        QCOMPARE(frames.size(), std::size_t(3));
        QCOMPARE(frames[0].first, FrameType::Welcome);
        QCOMPARE(frames[1].first, FrameType::Done);
        QCOMPARE(frames[2].first, FrameType::Message);
        QCOMPARE(decodeMessage(frames[2].second)->payload, ByteSpan("work"));
        // Activity does not end it.
        QVERIFY(!ends.takes());
    }

    void whatIsNotKnownIsRefused_data() { ends(); }

    void whatIsNotKnownIsRefused() // BC-01
    {
        QFETCH(bool, dials);
        Ends ends(dials);
        QCOMPARE(ask(ends.target(), OperationKind(999)).error().code(), ErrorCode::NotSupported);
        QCOMPARE(ask(ends.target(), OperationKind::Quiesce).error().code(),
                 ErrorCode::InvalidArgument);
        QVERIFY(ends.takes());
    }
};

QTEST_APPLESS_MAIN(tst_LoopbackOperations)
#include "tst_loopbackoperations.moc"
