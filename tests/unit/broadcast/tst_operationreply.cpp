// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/operations.h>
#include <fairlead/transport.h>

#include <vector>

using namespace fairlead;

/// The one answer to an operation (BC-01, BC-02, BC-04).
class tst_OperationReply : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answerReachesTheSink();
    void failureWithoutReasonIsStillAFailure();
    void droppedReplyReportsAFailure();
    void movedReplyIsAnsweredOnce();
    void assignedReplyDropsTheOneItHeld();
    void secondAnswerIsPassedOnToBeCounted();
    void emptyReplyAnswersNobody();
    void namesAreStable();
    void endpointsTakePartInNothingByDefault();

private:
    OperationReply reply()
    {
        return OperationReply([this](const Result<> &outcome) { m_answers.push_back(outcome); });
    }

    std::vector<Result<>> m_answers;
};

void tst_OperationReply::answerReachesTheSink()
{
    m_answers.clear();
    OperationReply one = reply();
    QVERIFY(one.isOpen());
    one.done();
    QVERIFY(!one.isOpen());
    OperationReply other = reply();
    other.fail(Error(ErrorCode::NotSupported, QStringLiteral("no")));
    QCOMPARE(m_answers.size(), 2U);
    QVERIFY(m_answers[0]);
    QCOMPARE(m_answers[1].error().code(), ErrorCode::NotSupported);
}

void tst_OperationReply::failureWithoutReasonIsStillAFailure()
{
    m_answers.clear();
    OperationReply one = reply();
    one.fail({});
    QCOMPARE(m_answers.size(), 1U);
    QCOMPARE(m_answers[0].error().code(), ErrorCode::Internal);
}

void tst_OperationReply::droppedReplyReportsAFailure()
{
    m_answers.clear();
    {
        const OperationReply one = reply();
    }
    QCOMPARE(m_answers.size(), 1U);
    QCOMPARE(m_answers[0].error().code(), ErrorCode::Internal);
}

void tst_OperationReply::movedReplyIsAnsweredOnce()
{
    m_answers.clear();
    {
        OperationReply one = reply();
        OperationReply other = std::move(one);
        other.done();
        const OperationReply third = std::move(other);
        QVERIFY(!third.isOpen());
    }
    QCOMPARE(m_answers.size(), 1U);
    QVERIFY(m_answers[0]);
}

void tst_OperationReply::assignedReplyDropsTheOneItHeld()
{
    m_answers.clear();
    OperationReply one = reply();
    one = reply();
    QCOMPARE(m_answers.size(), 1U);
    QVERIFY(!m_answers[0]);
    one.done();
    QCOMPARE(m_answers.size(), 2U);
}

// BC-04
void tst_OperationReply::secondAnswerIsPassedOnToBeCounted()
{
    m_answers.clear();
    OperationReply one = reply();
    one.done();
    one.fail(Error(ErrorCode::Timeout, QString()));
    QCOMPARE(m_answers.size(), 2U);
}

void tst_OperationReply::emptyReplyAnswersNobody()
{
    OperationReply one;
    QVERIFY(!one.isOpen());
    one.done();
    one.fail({});
}

void tst_OperationReply::namesAreStable()
{
    QCOMPARE(operationName(OperationKind::ReleaseHandles), "release-handles");
    QCOMPARE(operationName(OperationKind::Quiesce), "quiesce");
    QCOMPARE(operationName(OperationKind(77)), "unknown");
    QCOMPARE(quiesceReasonName(QuiesceReason::IdleTimeout), "idle-timeout");
    QCOMPARE(quiesceReasonName(QuiesceReason::HostShutdown), "host-shutdown");
    QCOMPARE(quiesceReasonName(QuiesceReason::Maintenance), "maintenance");
    QCOMPARE(quiesceReasonName(QuiesceReason(77)), "unknown");
}

// BC-01
void tst_OperationReply::endpointsTakePartInNothingByDefault()
{
    struct Silent final : Listener
    {
        std::unique_ptr<LinkDriver> createDriver(const LinkContext &) noexcept override
        {
            return {};
        }
    };

    Silent listener;
    QVERIFY(!listener.operations());
}

QTEST_APPLESS_MAIN(tst_OperationReply)

#include "tst_operationreply.moc"
