// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlapi.h"

#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;

/// The table of methods: checked parameters, one answer each (OB-04).
class tst_ControlApi : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void anUnknownMethodNamesTheKnownOnes();
    void aMethodIsAddedOnce();
    void parametersAreChecked_data();
    void parametersAreChecked();
    void onlyTheFirstAnswerCounts();
    void anAnswerMayComeLater();
    void aDroppedReplyIsAnInternalError();
    void aMethodThatThrowsIsAnInternalError();
    void anAnswerAfterAThrowStands();
    void aMethodMayAddMethods();

private:
    void call(const QString &method, const QJsonObject &params = {})
    {
        m_api->call({method, params, 1, false}, nullptr, [this](const Reply::Outcome &outcome) {
            m_outcomes.append(outcome);
        });
    }

    int code() const
    {
        return m_outcomes.size() == 1 && m_outcomes.constFirst().error
            ? m_outcomes.constFirst().error->code
            : 0;
    }

    std::unique_ptr<ControlApi> m_api;
    QList<Reply::Outcome> m_outcomes;
};

void tst_ControlApi::init()
{
    m_api = std::make_unique<ControlApi>();
    m_outcomes.clear();
}

void tst_ControlApi::anUnknownMethodNamesTheKnownOnes()
{
    (void)m_api->add(QStringLiteral("b"), {}, [](const Call &) {});
    (void)m_api->add(QStringLiteral("a"), {}, [](const Call &) {});
    call(QStringLiteral("c"));
    QCOMPARE(code(), int(jsonrpc::MethodNotFound));
    QCOMPARE(m_outcomes.constFirst().error->data.value(QStringLiteral("methods")),
             QJsonValue(QJsonArray{QStringLiteral("a"), QStringLiteral("b")}));
    QCOMPARE(m_api->counters().errors, 1U);
}

void tst_ControlApi::aMethodIsAddedOnce()
{
    QVERIFY(m_api->add(QStringLiteral("a"), {}, [](const Call &call) { call.reply->succeed(1); }));
    QCOMPARE(m_api->add(QStringLiteral("a"), {}, [](const Call &) {}).error().code(),
             ErrorCode::AlreadyExists);
    call(QStringLiteral("a"));
    QCOMPARE(m_outcomes.constFirst().result, QJsonValue(1));
}

void tst_ControlApi::parametersAreChecked_data()
{
    QTest::addColumn<QJsonObject>("params");
    QTest::addColumn<QString>("named");
    const QString word = QStringLiteral("word");
    const QString count = QStringLiteral("count");
    const QString flag = QStringLiteral("flag");
    const QString list = QStringLiteral("list");
    const QJsonObject good{{word, QStringLiteral("abc")},
                           {count, 5},
                           {flag, true},
                           {list, QJsonArray{QStringLiteral("x")}}};
    const auto with = [&good](const QString &key, const QJsonValue &value) {
        QJsonObject changed = good;
        changed.insert(key, value);
        return changed;
    };
    QTest::newRow("all") << good << QString();
    QTest::newRow("only what is required") << QJsonObject{{word, QStringLiteral("a")}} << QString();
    QTest::newRow("missing") << QJsonObject{{count, 1}} << word;
    QTest::newRow("unknown") << with(QStringLiteral("wrod"), 1) << QStringLiteral("wrod");
    QTest::newRow("null") << with(word, QJsonValue::Null) << word;
    QTest::newRow("number for a word") << with(word, 1) << word;
    QTest::newRow("empty") << with(word, QString()) << word;
    QTest::newRow("too long") << with(word, QStringLiteral("abcdef")) << word;
    QTest::newRow("least") << with(count, 1) << QString();
    QTest::newRow("too few") << with(count, 0) << count;
    QTest::newRow("most") << with(count, 10) << QString();
    QTest::newRow("too many") << with(count, 11) << count;
    QTest::newRow("fraction") << with(count, 1.5) << count;
    QTest::newRow("huge") << with(count, 1e300) << count;
    QTest::newRow("word for a number") << with(count, QStringLiteral("5")) << count;
    QTest::newRow("number for a flag") << with(flag, 1) << flag;
    QTest::newRow("word for a list") << with(list, QStringLiteral("x")) << list;
    QTest::newRow("list of numbers") << with(list, QJsonArray{1}) << list;
    QTest::newRow("long list") << with(
        list, QJsonArray{QStringLiteral("x"), QStringLiteral("y"), QStringLiteral("z")})
                               << list;
}

void tst_ControlApi::parametersAreChecked()
{
    QFETCH(QJsonObject, params);
    QFETCH(QString, named);
    int calls = 0;
    (void)m_api->add(QStringLiteral("m"),
                     {{QStringLiteral("word"), Parameter::Kind::String, true, 1, 5},
                      {QStringLiteral("count"), Parameter::Kind::Integer, false, 1, 10},
                      {QStringLiteral("flag"), Parameter::Kind::Boolean},
                      {QStringLiteral("list"), Parameter::Kind::StringList, false, 0, 2}},
                     [&calls](const Call &call) {
                         ++calls;
                         call.reply->succeed(QJsonValue());
                     });
    call(QStringLiteral("m"), params);
    QCOMPARE(calls, named.isEmpty() ? 1 : 0);
    QCOMPARE(code(), named.isEmpty() ? 0 : int(jsonrpc::InvalidParams));
    if (!named.isEmpty()) {
        const auto &error = *m_outcomes.constFirst().error;
        QVERIFY2(error.message.contains(QLatin1Char('"') + named + QLatin1Char('"')),
                 qPrintable(error.message));
        QCOMPARE(error.data.value(QStringLiteral("parameters")).toArray().size(), 4);
    }
}

void tst_ControlApi::onlyTheFirstAnswerCounts()
{
    (void)m_api->add(QStringLiteral("m"), {}, [](const Call &call) {
        call.reply->succeed(1);
        call.reply->succeed(2);
        call.reply->fail(Error(ErrorCode::Timeout, QStringLiteral("late")));
        QVERIFY(call.reply->isAnswered());
    });
    call(QStringLiteral("m"));
    QCOMPARE(m_outcomes.size(), 1);
    QCOMPARE(m_outcomes.constFirst().result, QJsonValue(1));
    QVERIFY(!m_outcomes.constFirst().error);
}

void tst_ControlApi::anAnswerMayComeLater()
{
    ReplyPtr kept;
    (void)m_api->add(QStringLiteral("m"), {}, [&kept](const Call &call) { kept = call.reply; });
    call(QStringLiteral("m"));
    QCOMPARE(m_outcomes.size(), 0);
    kept->succeed(true);
    QCOMPARE(m_outcomes.size(), 1);
    kept.reset();
    QCOMPARE(m_outcomes.size(), 1);
}

void tst_ControlApi::aDroppedReplyIsAnInternalError()
{
    ReplyPtr kept;
    (void)m_api->add(QStringLiteral("m"), {}, [&kept](const Call &call) { kept = call.reply; });
    call(QStringLiteral("m"));
    // The API may be gone by then.
    m_api.reset();
    kept.reset();
    QCOMPARE(code(), int(jsonrpc::InternalError));
}

void tst_ControlApi::aMethodThatThrowsIsAnInternalError()
{
    (void)m_api->add(
        QStringLiteral("m"), {}, [](const Call &) { throw std::runtime_error("broken"); });
    call(QStringLiteral("m"));
    QCOMPARE(code(), int(jsonrpc::InternalError));
    QCOMPARE(m_outcomes.constFirst().error->message, QStringLiteral("broken"));
    (void)m_api->add(QStringLiteral("n"), {}, [](const Call &) { throw 1; });
    m_outcomes.clear();
    call(QStringLiteral("n"));
    QCOMPARE(code(), int(jsonrpc::InternalError));
}

void tst_ControlApi::anAnswerAfterAThrowStands()
{
    (void)m_api->add(QStringLiteral("m"), {}, [](const Call &call) {
        call.reply->succeed(1);
        throw std::runtime_error("broken");
    });
    call(QStringLiteral("m"));
    QCOMPARE(m_outcomes.size(), 1);
    QCOMPARE(m_outcomes.constFirst().result, QJsonValue(1));
}

void tst_ControlApi::aMethodMayAddMethods()
{
    (void)m_api->add(QStringLiteral("m"), {}, [this](const Call &call) {
        for (int i = 0; i < 100; ++i)
            (void)m_api->add(QStringLiteral("n%1").arg(i), {}, [](const Call &) {});
        call.reply->succeed(call.params.isEmpty());
    });
    call(QStringLiteral("m"));
    QCOMPARE(m_outcomes.constFirst().result, QJsonValue(true));
    QCOMPARE(m_api->methods().size(), 101);
}

QTEST_APPLESS_MAIN(tst_ControlApi)
#include "tst_controlapi.moc"
