// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/error.h>
#include <fairlead/position.h>
#include <fairlead/result.h>

#include <memory>

using namespace fairlead;

class tst_SdkError : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nullErrorTakesNothing();
    void namesAreStableKebabCase();
    void textServesPeopleUntilTheirOwnIsSet();
    void copiesAreIndependent();
    void retryabilityFollowsTheCodeUntilSet_data();
    void retryabilityFollowsTheCodeUntilSet();
    void resultHoldsValueOrError();
    void resultChainsUntilTheFirstError();
    void resultCarriesMoveOnlyValues();
    void positionsAreOrderedByEpochThenSequence();
};

void tst_SdkError::nullErrorTakesNothing()
{
    Error error;
    QVERIFY(error.isNull());
    QCOMPARE(error.code(), ErrorCode::None);
    error.setUserText(QStringLiteral("x")).setDetail(QStringLiteral("k"), 1).setRetryable(true);
    QVERIFY(error.isNull());
    QVERIFY(error.userText().isEmpty());
    QVERIFY(error.details().isEmpty());
    QVERIFY(!error.isRetryable());
    QVERIFY(Error(ErrorCode::None, QStringLiteral("text")).isNull());
    QCOMPARE(error.toString(), QStringLiteral("none"));
}

void tst_SdkError::namesAreStableKebabCase()
{
    QCOMPARE(errorName(ErrorCode::AddressInUse), "address-in-use");
    QCOMPARE(errorName(ErrorCode::InvalidTransition), "invalid-transition");
    QCOMPARE(errorName(ErrorCode(9999)), "unknown");

    QSet<QByteArray> names;
    for (int code = 0; code < 1000; ++code) {
        const QByteArray name = errorName(ErrorCode(code));
        if (name == "unknown")
            continue;
        QVERIFY2(!names.contains(name), name.constData());
        names.insert(name);
        for (const char c : name)
            QVERIFY2((c >= 'a' && c <= 'z') || c == '-', name.constData());
    }
    QVERIFY(names.size() >= 42);
}

void tst_SdkError::textServesPeopleUntilTheirOwnIsSet()
{
    Error error(ErrorCode::Timeout, QStringLiteral("no answer"));
    QCOMPARE(error.userText(), QStringLiteral("no answer"));
    error.setUserText(QStringLiteral("The device does not answer."));
    QCOMPARE(error.text(), QStringLiteral("no answer"));
    QCOMPARE(error.userText(), QStringLiteral("The device does not answer."));
    QCOMPARE(error.toString(), QStringLiteral("timeout: no answer"));
}

void tst_SdkError::copiesAreIndependent()
{
    const Error error(ErrorCode::NotFound, QStringLiteral("a"));
    Error copy = error;
    copy.setDetail(QStringLiteral("name"), QStringLiteral("b"));
    QVERIFY(error.details().isEmpty());
    QCOMPARE(copy.details().value(QStringLiteral("name")).toString(), QStringLiteral("b"));

    const Error moved = std::move(copy);
    QCOMPARE(moved.code(), ErrorCode::NotFound);
    QVERIFY(copy.isNull()); // NOLINT(bugprone-use-after-move): the state is promised
}

void tst_SdkError::retryabilityFollowsTheCodeUntilSet_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<bool>("retryable");
    QTest::newRow("reset") << ErrorCode::ConnectionReset << true;
    QTest::newRow("handshake deadline") << ErrorCode::HandshakeTimeout << true;
    QTest::newRow("limit") << ErrorCode::LimitReached << true;
    QTest::newRow("protocol") << ErrorCode::ProtocolViolation << false;
    QTest::newRow("not authorized") << ErrorCode::NotAuthorized << false;
    QTest::newRow("shutting down") << ErrorCode::ShuttingDown << false;
}

void tst_SdkError::retryabilityFollowsTheCodeUntilSet()
{
    QFETCH(const ErrorCode, code);
    QFETCH(const bool, retryable);
    Error error(code, QStringLiteral("x"));
    QCOMPARE(error.isRetryable(), retryable);
    error.setRetryable(!retryable);
    QCOMPARE(error.isRetryable(), !retryable);
}

void tst_SdkError::resultHoldsValueOrError()
{
    const Result<int> good = 7;
    QVERIFY(good);
    QCOMPARE(*good, 7);
    QVERIFY(good.error().isNull());

    const Result<int> bad = Error(ErrorCode::NotFound, QStringLiteral("x"));
    QVERIFY(!bad);
    QCOMPARE(bad.value_or(3), 3);
    QCOMPARE(bad.error().code(), ErrorCode::NotFound);

    QVERIFY(Result<>());
    QVERIFY(!Result<>(Error(ErrorCode::Timeout, QString())));
}

void tst_SdkError::resultChainsUntilTheFirstError()
{
    int calls = 0;
    const auto half = [&calls](int value) -> Result<int> {
        ++calls;
        if (value % 2 != 0)
            return Error(ErrorCode::InvalidArgument, QStringLiteral("odd"));
        return value / 2;
    };
    QCOMPARE(Result<int>(8).and_then(half).and_then(half).value(), 2);
    QCOMPARE(calls, 2);
    const auto failed = Result<int>(6).and_then(half).and_then(half).and_then(half);
    QCOMPARE(failed.error().code(), ErrorCode::InvalidArgument);
    QCOMPARE(calls, 4);
    QCOMPARE(Result<int>(2).transform([](int v) { return QString::number(v); }).value(),
             QStringLiteral("2"));
}

void tst_SdkError::resultCarriesMoveOnlyValues()
{
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(result).value();
    QCOMPARE(*taken, 5);
}

void tst_SdkError::positionsAreOrderedByEpochThenSequence()
{
    QVERIFY((Position{1, 9}) < (Position{2, 1}));
    QVERIFY((Position{2, 1}) < (Position{2, 2}));
    QCOMPARE((Position{2, 2}), (Position{2, 2}));
}

QTEST_APPLESS_MAIN(tst_SdkError)

#include "tst_sdkerror.moc"
