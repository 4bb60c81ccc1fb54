// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/endpointstate.h"
#include "core/lifecycle/supervisor/failureclass.h"

#include <QtTest/QTest>

#include <fairlead/clock.h>

using namespace fairlead;
using namespace fairlead::core;

class tst_FailureClass : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void errorDecidesWhetherToTryAgain_data();
    void errorDecidesWhetherToTryAgain();
    void retryAfterIsCarried();
    void stepIsNamedOnce();
    void eligibilityTable();
    void transitionTable();
    void namesAreStable();
};

// SV-10
void tst_FailureClass::errorDecidesWhetherToTryAgain_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<bool>("isRetryable");
    const auto row = [](const char *name, ErrorCode code, bool isRetryable) {
        QTest::newRow(name) << code << isRetryable;
    };
    row("SV-10 refused", ErrorCode::ConnectionRefused, true);
    row("SV-10 unreachable", ErrorCode::Unreachable, true);
    row("SV-10 reset", ErrorCode::ConnectionReset, true);
    row("SV-10 closed by the peer", ErrorCode::ConnectionClosed, true);
    row("SV-10 timeout", ErrorCode::Timeout, true);
    row("SV-10 handshake timeout", ErrorCode::HandshakeTimeout, true);
    row("SV-10 heartbeat", ErrorCode::HeartbeatTimeout, true);
    row("SV-10 name lookup", ErrorCode::NameLookup, true);
    row("SV-10 address in use", ErrorCode::AddressInUse, true);
    row("SV-10 busy peer", ErrorCode::LimitReached, true);
    row("SV-10 configuration type", ErrorCode::ConfigType, false);
    row("SV-10 configuration missing", ErrorCode::ConfigMissing, false);
    row("SV-10 configuration range", ErrorCode::ConfigRange, false);
    row("SV-10 unknown scheme", ErrorCode::UnknownScheme, false);
    row("SV-10 identity", ErrorCode::IdentityMismatch, false);
    row("SV-10 version blocked", ErrorCode::VersionRefused, false);
    row("SV-10 untrusted", ErrorCode::NotAuthenticated, false);
    row("SV-10 not allowed", ErrorCode::NotAuthorized, false);
    row("SV-10 no right to the port", ErrorCode::PermissionDenied, false);
    row("SV-10 protocol broken", ErrorCode::ProtocolViolation, false);
}

void tst_FailureClass::errorDecidesWhetherToTryAgain()
{
    QFETCH(const ErrorCode, code);
    QFETCH(const bool, isRetryable);
    Error error(code, QStringLiteral("x"));
    QCOMPARE(isRetryableFailure(error), isRetryable);
    error.setRetryable(!isRetryable);
    QCOMPARE(isRetryableFailure(error), !isRetryable);
}

// SV-10
void tst_FailureClass::retryAfterIsCarried()
{
    Error error(ErrorCode::LimitReached, QStringLiteral("busy"));
    QCOMPARE(retryAfter(error), 0);
    setRetryAfter(error, 7 * kNsPerSecond);
    QCOMPARE(retryAfter(error), 7 * kNsPerSecond);
    setRetryAfter(error, 1);
    QCOMPARE(retryAfter(error), kNsPerMs);
    setRetryAfter(error, -5 * kNsPerSecond);
    QCOMPARE(retryAfter(error), 0);
    setRetryAfter(error, 1000 * 24 * 3600 * kNsPerSecond);
    QCOMPARE(retryAfter(error), 24 * 3600 * kNsPerSecond);
    error.setDetail(QStringLiteral("retryAfterMs"), QStringLiteral("soon"));
    QCOMPARE(retryAfter(error), 0);
    QCOMPARE(retryAfter(Error()), 0);
}

// SV-03
void tst_FailureClass::stepIsNamedOnce()
{
    const QString step = QStringLiteral("step");
    Error error = withStep(Error(ErrorCode::Timeout, QStringLiteral("x")), "dial");
    QCOMPARE(error.details().value(step).toString(), QStringLiteral("dial"));
    error = withStep(error, "handshake");
    QCOMPARE(error.details().value(step).toString(), QStringLiteral("dial"));
}

// LC-10: five flags and four causes.
void tst_FailureClass::eligibilityTable()
{
    int eligible = 0;
    for (const EndCause cause : {EndCause::Lost,
                                 EndCause::Deliberate,
                                 EndCause::Refused,
                                 EndCause::Crashed,
                                 EndCause::GaveWay}) {
        for (unsigned bits = 0; bits < 32; ++bits) {
            ReconnectFacts facts;
            facts.isOpenedByUs = (bits & 1U) != 0;
            facts.isDesired = (bits & 2U) != 0;
            facts.isClosing = (bits & 4U) != 0;
            facts.isEnabled = (bits & 8U) != 0;
            facts.isRetryable = (bits & 16U) != 0;
            const bool expected = (cause == EndCause::Lost && bits == (1U | 2U | 8U | 16U))
                || ((cause == EndCause::Crashed || cause == EndCause::GaveWay)
                    && (bits & 15U) == (1U | 2U | 8U));
            QVERIFY2(mayReconnect(facts, cause) == expected,
                     qPrintable(QStringLiteral("cause %1 flags %2").arg(int(cause)).arg(bits)));
            eligible += expected ? 1 : 0;
        }
    }
    QCOMPARE(eligible, 5);
    QVERIFY(!mayReconnect(ReconnectFacts(), EndCause::Lost));
}

// SV-01: all 64 pairs.
void tst_FailureClass::transitionTable()
{
    using S = EndpointState;
    const std::vector<std::pair<S, S>> allowed = {{S::Idle, S::Starting},
                                                  {S::Idle, S::Stopping},
                                                  {S::Starting, S::Running},
                                                  {S::Starting, S::Reconnecting},
                                                  {S::Starting, S::Stopping},
                                                  {S::Starting, S::Failed},
                                                  {S::Running, S::Reconnecting},
                                                  {S::Running, S::Draining},
                                                  {S::Running, S::Stopping},
                                                  {S::Running, S::Failed},
                                                  {S::Reconnecting, S::Running},
                                                  {S::Reconnecting, S::Stopping},
                                                  {S::Reconnecting, S::Failed},
                                                  {S::Draining, S::Stopping},
                                                  {S::Stopping, S::Stopped},
                                                  {S::Stopped, S::Starting},
                                                  {S::Failed, S::Starting},
                                                  {S::Failed, S::Stopping}};
    int accepted = 0;
    for (const S from : kEndpointStates) {
        for (const S to : kEndpointStates) {
            const auto result = checkTransition(from, to);
            if (from == to) {
                QVERIFY(result && !*result);
                continue;
            }
            const bool expected = std::find(allowed.cbegin(), allowed.cend(), std::pair(from, to))
                != allowed.cend();
            QCOMPARE(result.has_value(), expected);
            if (expected) {
                QVERIFY(*result);
                ++accepted;
                continue;
            }
            QCOMPARE(result.error().code(), ErrorCode::InvalidTransition);
            QVERIFY(result.error().text().contains(QLatin1String(endpointStateName(from))));
            QVERIFY(result.error().text().contains(QLatin1String(endpointStateName(to))));
        }
    }
    QCOMPARE(accepted, int(allowed.size()));
}

// SV-01
void tst_FailureClass::namesAreStable()
{
    QStringList names;
    for (const EndpointState state : kEndpointStates)
        names += QString::fromLatin1(endpointStateName(state));
    QCOMPARE(names.join(u' '),
             QStringLiteral("idle starting running reconnecting draining stopping stopped failed"));
    QCOMPARE(supervisedRoleName(SupervisedRole::Dial), "dial");
    QCOMPARE(supervisedRoleName(SupervisedRole::Listen), "listen");
    QCOMPARE(supervisedRoleName(SupervisedRole::Passive), "passive");
}

QTEST_APPLESS_MAIN(tst_FailureClass)
#include "tst_failureclass.moc"
