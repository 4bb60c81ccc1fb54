// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "peeroptions.h"

#include <QJsonArray>
#include <QTest>

using namespace fairlead;
using namespace fairlead::loopback;

namespace {

EndpointConfig config(const QJsonObject &options)
{
    return {QStringLiteral("bridge"), QUrl(QStringLiteral("loopback://hub")), options};
}

QJsonObject good()
{
    return {{QStringLiteral("subscribe"),
             QJsonArray{QStringLiteral("in/#"), QStringLiteral("$share/g/x")}},
            {QStringLiteral("publish_topic"), QStringLiteral("out")}};
}

QJsonObject with(const char *key, const QJsonValue &value)
{
    QJsonObject options = good();
    options.insert(QLatin1String(key), value);
    return options;
}

QJsonObject without(const char *key)
{
    QJsonObject options = good();
    options.remove(QLatin1String(key));
    return options;
}

} // namespace

class tst_LoopbackOptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void defaultsAreFilledIn()
    {
        const Result<PeerOptions> options = parsePeerOptions(config(good()));
        QVERIFY(options);
        QCOMPARE(options->name, QByteArrayLiteral("bridge"));
        QCOMPARE(options->filters.size(), 2);
        QCOMPARE(options->publishTopic, QByteArrayLiteral("out"));
        QCOMPARE(options->qos, quint8(1));
        QCOMPARE(options->sessionExpiry, quint32(0));
    }

    void valuesAreRead()
    {
        QJsonObject all = with("qos", 0);
        all.insert(QStringLiteral("session_expiry"), 4294967295.0);
        const Result<PeerOptions> options = parsePeerOptions(config(all));
        QVERIFY(options);
        QCOMPARE(options->qos, quint8(0));
        QCOMPARE(options->sessionExpiry, kNever);
    }

    void badOnesAreRefused_data()
    {
        QTest::addColumn<QJsonObject>("options");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("key");
        const auto row
            = [](const char *name, const QJsonObject &options, ErrorCode code, const char *key) {
                  QTest::newRow(name) << options << int(code) << QString::fromLatin1(key);
              };
        row("no filters", without("subscribe"), ErrorCode::ConfigMissing, "subscribe");
        row("empty list", with("subscribe", QJsonArray()), ErrorCode::ConfigRange, "subscribe");
        row("no list", with("subscribe", QStringLiteral("a")), ErrorCode::ConfigType, "subscribe");
        row("no filter",
            with("subscribe", QJsonArray{QStringLiteral("a#")}),
            ErrorCode::ConfigRange,
            "subscribe");
        row("no text", with("subscribe", QJsonArray{1}), ErrorCode::ConfigRange, "subscribe");
        row("a circle",
            with("subscribe", QJsonArray{QStringLiteral("+")}),
            ErrorCode::ConfigRange,
            "subscribe");
        row("a shared circle",
            with("subscribe", QJsonArray{QStringLiteral("$share/g/out")}),
            ErrorCode::ConfigRange,
            "subscribe");
        row("no topic", without("publish_topic"), ErrorCode::ConfigMissing, "publish_topic");
        row("a filter as topic",
            with("publish_topic", QStringLiteral("a/+")),
            ErrorCode::ConfigRange,
            "publish_topic");
        row("qos 2", with("qos", 2), ErrorCode::ConfigRange, "qos");
        row("qos as text", with("qos", QStringLiteral("1")), ErrorCode::ConfigType, "qos");
        row("half a qos", with("qos", 0.5), ErrorCode::ConfigType, "qos");
        row("expiry",
            with("session_expiry", 4294967296.0),
            ErrorCode::ConfigRange,
            "session_expiry");
        row("negative expiry",
            with("session_expiry", -1),
            ErrorCode::ConfigRange,
            "session_expiry");
    }

    void badOnesAreRefused()
    {
        QFETCH(QJsonObject, options);
        QFETCH(int, code);
        QFETCH(QString, key);
        const Result<PeerOptions> parsed = parsePeerOptions(config(options));
        QVERIFY(!parsed);
        QCOMPARE(int(parsed.error().code()), code);
        QCOMPARE(parsed.error().details().value(QStringLiteral("key")).toString(), key);
    }

    void namesMustFitATopic()
    {
        EndpointConfig bad = config(good());
        bad.name = QStringLiteral("a#b");
        QCOMPARE(parsePeerOptions(bad).error().code(), ErrorCode::ConfigRange);
        bad = config(good());
        bad.url = QUrl(QStringLiteral("loopback:"));
        QCOMPARE(parsePeerOptions(bad).error().code(), ErrorCode::ConfigRange);
    }

    void aListenerTakesNoneOfThem()
    {
        QVERIFY(checkListenerConfig(config({})));
        EndpointConfig unnamed = config({});
        unnamed.url = QUrl(QStringLiteral("loopback:"));
        QCOMPARE(checkListenerConfig(unnamed).error().code(), ErrorCode::ConfigRange);
        for (const char *key : {"subscribe", "publish_topic", "qos", "session_expiry"}) {
            const Result<> checked = checkListenerConfig(config({{QLatin1String(key), 1}}));
            QCOMPARE(checked.error().code(), ErrorCode::ConfigUnknownKey);
        }
    }
};

QTEST_APPLESS_MAIN(tst_LoopbackOptions)
#include "tst_loopbackoptions.moc"
