// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/escapedbytes.h"
#include "framed/framedoptions.h"
#include "framed/peername.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtTest/QtTest>

using namespace fairlead;
using namespace fairlead::tcp;

namespace {

Result<FramedOptions> parsed(const QJsonObject &options,
                             Role role = Role::Listen,
                             const QString &url = QStringLiteral("tcp://127.0.0.1:4001"))
{
    EndpointConfig config;
    config.name = QStringLiteral("scanner");
    config.url = QUrl(url);
    config.options = options;
    return parseFramedOptions(config, role);
}

} // namespace

/// The options of an endpoint, in code and in the plugin's metadata.
class tst_TcpOptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void emptyObjectGivesTheDefaults();
    void everyKeyIsRead();
    void badValueIsACodedError_data();
    void badValueIsACodedError();
    void certificateNamesNeedATlsListener();
    void aListenersStateIsEachPeersOwn();
    void dialledPeersAreNamedByTheirUrl_data();
    void dialledPeersAreNamedByTheirUrl();
    void topicsHoldTheNames();
    void delimitersAreWrittenWithEscapes_data();
    void delimitersAreWrittenWithEscapes();
    void peerNamesFitIntoOneLevelOfATopic_data();
    void peerNamesFitIntoOneLevelOfATopic();
    void peerNamesHaveABound();
    void schemaDefaultsAreTheCodesDefaults();
    void schemaBoundsAreTheCodesBounds();

private:
    static QJsonObject schemaProperties();
};

void tst_TcpOptions::emptyObjectGivesTheDefaults()
{
    const Result<FramedOptions> options = parsed({});
    QVERIFY(options);
    QCOMPARE(options->endpoint, QByteArray("scanner"));
    QVERIFY(!options->isDialled());
    QVERIFY(options->framing.kind == FramingKind::Line);
    QCOMPARE(options->framing.maxFrame, std::size_t(65536));
    QVERIFY(options->framing.lineEnding == LineEnding::Lf);
    QCOMPARE(options->framing.lengthSize, quint8(2));
    QVERIFY(options->framing.lengthOrder == tcp::ByteOrder::Big);
    QVERIFY(!options->framing.lengthCountsItself);
    QCOMPARE(options->idleGapNs, 50 * kNsPerMs);
    QVERIFY(options->naming == PeerNaming::Address);
    QVERIFY(options->textCheck == TextCheck::Off);
    QCOMPARE(options->rxTopic, QByteArray("tcp/{endpoint}/{peer}/rx"));
    QCOMPARE(options->txTopic, QByteArray("tcp/{endpoint}/{peer}/tx"));
    QCOMPARE(options->stateTopic, QByteArray("tcp/{endpoint}/{peer}/state"));
    QCOMPARE(options->sessionExpiry, 0U);
    QCOMPARE(options->stateInterval, 60U);
    QCOMPARE(options->stateExpiry, 3600U);
    QCOMPARE(options->heartbeat, 0U);
    QCOMPARE(options->qos, quint8(0));
    QVERIFY(!options->retain);
}

void tst_TcpOptions::everyKeyIsRead()
{
    const Result<FramedOptions> options
        = parsed({{QStringLiteral("framing"), QStringLiteral("delimiter")},
                  {QStringLiteral("max_frame"), 100},
                  {QStringLiteral("line_ending"), QStringLiteral("crlf")},
                  {QStringLiteral("length_size"), 4},
                  {QStringLiteral("length_order"), QStringLiteral("little")},
                  {QStringLiteral("length_counts_itself"), true},
                  {QStringLiteral("frame_start"), QStringLiteral("\\x02")},
                  {QStringLiteral("frame_end"), QStringLiteral("\\x03")},
                  {QStringLiteral("idle_gap"), 0.25},
                  {QStringLiteral("peer_name"), QStringLiteral("first-frame")},
                  {QStringLiteral("rx_topic"), QStringLiteral("dock/rx")},
                  {QStringLiteral("tx_topic"), QStringLiteral("dock/tx")},
                  {QStringLiteral("state_topic"), QStringLiteral("dock/{peer}")},
                  {QStringLiteral("text_check"), QStringLiteral("close")},
                  {QStringLiteral("qos"), 1},
                  {QStringLiteral("rx_retain"), true},
                  {QStringLiteral("session_expiry"), 4294967295.0},
                  {QStringLiteral("state_interval"), 7},
                  {QStringLiteral("state_expiry"), 8},
                  {QStringLiteral("heartbeat"), 9}});
    QVERIFY2(options, qPrintable(options.error().toString()));
    QVERIFY(options->framing.kind == FramingKind::Delimiter);
    QCOMPARE(options->framing.maxFrame, std::size_t(100));
    QVERIFY(options->framing.lineEnding == LineEnding::CrLf);
    QCOMPARE(options->framing.lengthSize, quint8(4));
    QVERIFY(options->framing.lengthOrder == tcp::ByteOrder::Little);
    QVERIFY(options->framing.lengthCountsItself);
    QVERIFY(options->framing.start == "\2");
    QVERIFY(options->framing.end == "\3");
    QCOMPARE(options->idleGapNs, 250 * kNsPerMs);
    QVERIFY(options->naming == PeerNaming::FirstFrame);
    QCOMPARE(options->rxTopic, QByteArray("dock/rx"));
    QCOMPARE(options->txTopic, QByteArray("dock/tx"));
    QCOMPARE(options->stateTopic, QByteArray("dock/{peer}"));
    QVERIFY(options->textCheck == TextCheck::Close);
    QCOMPARE(options->qos, quint8(1));
    QVERIFY(options->retain);
    QCOMPARE(options->sessionExpiry, kNever);
    QCOMPARE(options->stateInterval, 7U);
    QCOMPARE(options->stateExpiry, 8U);
    QCOMPARE(options->heartbeat, 9U);
    const Result<FramedOptions> fixed = parsed(
        {{QStringLiteral("framing"), QStringLiteral("fixed")}, {QStringLiteral("frame_size"), 12}});
    QVERIFY(fixed);
    QCOMPARE(fixed->framing.fixedSize, std::size_t(12));
}

void tst_TcpOptions::badValueIsACodedError_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QJsonObject>("options");
    QTest::addColumn<int>("code");
    const auto row
        = [](const char *key, const QJsonValue &value, ErrorCode code, QJsonObject more = {}) {
              more.insert(QLatin1String(key), value);
              QTest::addRow("%s %s", key, qPrintable(value.toVariant().toString()))
                  << QString::fromLatin1(key) << more << int(code);
          };
    const QJsonObject delimiter{{QStringLiteral("framing"), QStringLiteral("delimiter")}};
    row("framing", QStringLiteral("lines"), ErrorCode::ConfigRange);
    row("framing", 1, ErrorCode::ConfigType);
    row("max_frame", 0, ErrorCode::ConfigRange);
    row("max_frame", 16777217, ErrorCode::ConfigRange);
    row("line_ending", QStringLiteral("cr"), ErrorCode::ConfigRange);
    row("length_size", 3, ErrorCode::ConfigRange);
    row("length_size", 1.5, ErrorCode::ConfigType);
    row("length_order", QStringLiteral("middle"), ErrorCode::ConfigRange);
    row("length_counts_itself", 1, ErrorCode::ConfigType);
    row("frame_start", QStringLiteral("\\q"), ErrorCode::ConfigRange, delimiter);
    row("frame_end", QString(17, QLatin1Char('x')), ErrorCode::ConfigRange, delimiter);
    row("frame_start", QStringLiteral("x"), ErrorCode::ConfigRange);
    row("frame_end", QStringLiteral("x"), ErrorCode::ConfigRange);
    row("frame_size", 0, ErrorCode::ConfigRange);
    row("frame_size", 5, ErrorCode::ConfigRange);
    row("idle_gap", 0, ErrorCode::ConfigRange);
    row("idle_gap", true, ErrorCode::ConfigType);
    row("peer_name", QStringLiteral("certificate"), ErrorCode::ConfigRange);
    row("rx_topic", QStringLiteral("a/+"), ErrorCode::ConfigRange);
    row("rx_topic", QStringLiteral("$SYS/x"), ErrorCode::ConfigRange);
    row("tx_topic", QStringLiteral("a/{pear}"), ErrorCode::ConfigRange);
    row("tx_topic", QStringLiteral("a/#"), ErrorCode::ConfigRange);
    row("state_topic", QStringLiteral("a"), ErrorCode::ConfigRange);
    row("state_topic", QStringLiteral("tcp/{endpoint}/{peer}/rx"), ErrorCode::ConfigRange);
    row("text_check", QStringLiteral("on"), ErrorCode::ConfigRange);
    row("qos", 2, ErrorCode::ConfigRange);
    row("rx_retain", QStringLiteral("x"), ErrorCode::ConfigType);
    row("session_expiry", -1, ErrorCode::ConfigRange);
    row("state_interval", 86401, ErrorCode::ConfigRange);
    row("state_expiry", 0, ErrorCode::ConfigRange);
    row("heartbeat", 86401, ErrorCode::ConfigRange);
    QTest::newRow("no delimiter") << QStringLiteral("frame_end") << delimiter
                                  << int(ErrorCode::ConfigMissing);
    QTest::newRow("no size") << QStringLiteral("frame_size")
                             << QJsonObject{{QStringLiteral("framing"), QStringLiteral("fixed")}}
                             << int(ErrorCode::ConfigMissing);
}

void tst_TcpOptions::badValueIsACodedError()
{
    QFETCH(QString, key);
    QFETCH(QJsonObject, options);
    QFETCH(int, code);
    const Result<FramedOptions> result = parsed(options);
    QVERIFY(!result);
    QCOMPARE(int(result.error().code()), code);
    QCOMPARE(result.error().details().value(QStringLiteral("key")).toString(), key);
    QVERIFY(result.error().text().startsWith(key));
}

void tst_TcpOptions::certificateNamesNeedATlsListener()
{
    const QJsonObject options{{QStringLiteral("peer_name"), QStringLiteral("certificate")}};
    QVERIFY(parsed(options, Role::Listen, QStringLiteral("tcps://127.0.0.1:4001")));
    QVERIFY(!parsed(options, Role::Listen));
    QVERIFY(!parsed(options, Role::Dial, QStringLiteral("tcps://127.0.0.1:4001")));
}

void tst_TcpOptions::aListenersStateIsEachPeersOwn()
{
    const QJsonObject options{{QStringLiteral("state_topic"), QStringLiteral("dock/state")}};
    QVERIFY(!parsed(options, Role::Listen));
    QVERIFY(parsed(options, Role::Dial));
    QVERIFY(parsed({{QStringLiteral("state_topic"), QString()}}, Role::Listen));
}

void tst_TcpOptions::dialledPeersAreNamedByTheirUrl_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QByteArray>("remote");
    QTest::newRow("name") << QStringLiteral("tcp://meter.local:4001")
                          << QByteArray("meter.local:4001");
    QTest::newRow("address") << QStringLiteral("tcp://192.0.2.1:4001")
                             << QByteArray("192.0.2.1:4001");
    QTest::newRow("IPv6") << QStringLiteral("tcp://[2001:db8::1]:4001")
                          << QByteArray("[2001:db8::1]:4001");
}

void tst_TcpOptions::dialledPeersAreNamedByTheirUrl()
{
    QFETCH(QString, url);
    QFETCH(QByteArray, remote);
    const Result<FramedOptions> options = parsed({}, Role::Dial, url);
    QVERIFY(options);
    QVERIFY(options->isDialled());
    QCOMPARE(options->remote, remote);
}

void tst_TcpOptions::topicsHoldTheNames()
{
    QCOMPARE(expandTopic("a/{endpoint}/{peer}/{endpoint}", "e", "p"), QByteArray("a/e/p/e"));
    QCOMPARE(expandTopic("static", "e", "p"), QByteArray("static"));
}

void tst_TcpOptions::delimitersAreWrittenWithEscapes_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("good");
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("plain") << QStringLiteral("END") << true << QByteArray("END");
    QTest::newRow("hex") << QStringLiteral("\\x02\\xfF") << true << QByteArray("\x02\xff");
    QTest::newRow("named") << QStringLiteral("\\r\\n\\t\\0\\\\") << true
                           << QByteArray("\r\n\t\0\\", 5);
    QTest::newRow("control") << QStringLiteral("\u0003") << true << QByteArray("\x03");
    QTest::newRow("text") << QStringLiteral("\u00e4") << true << QByteArray("\xc3\xa4");
    QTest::newRow("unknown") << QStringLiteral("\\q") << false << QByteArray();
    QTest::newRow("backslash at the end") << QStringLiteral("a\\") << false << QByteArray();
    QTest::newRow("half a byte") << QStringLiteral("\\x2") << false << QByteArray();
    QTest::newRow("no digits") << QStringLiteral("\\xzz") << false << QByteArray();
}

void tst_TcpOptions::delimitersAreWrittenWithEscapes()
{
    QFETCH(QString, text);
    QFETCH(bool, good);
    QFETCH(QByteArray, bytes);
    const std::optional<std::string> parsedBytes = parseEscapedBytes(text);
    QCOMPARE(parsedBytes.has_value(), good);
    if (good)
        QCOMPARE(QByteArray::fromStdString(*parsedBytes), bytes);
}

void tst_TcpOptions::peerNamesFitIntoOneLevelOfATopic_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("encoded");
    QTest::newRow("address") << QByteArray("192.0.2.7:4000") << QByteArray("192.0.2.7:4000");
    QTest::newRow("IPv6") << QByteArray("[::1]:4000") << QByteArray("%5B::1%5D:4000");
    QTest::newRow("plain") << QByteArray("Az09._:-") << QByteArray("Az09._:-");
    QTest::newRow("levels and wildcards") << QByteArray("a/+#$") << QByteArray("a%2F%2B%23%24");
    QTest::newRow("percent") << QByteArray("50%") << QByteArray("50%25");
    QTest::newRow("bytes") << QByteArray("\0\xff ", 3) << QByteArray("%00%FF%20");
}

void tst_TcpOptions::peerNamesFitIntoOneLevelOfATopic()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, encoded);
    const Result<QByteArray> peer = peerNameOf({name.constData(), std::size_t(name.size())});
    QVERIFY(peer);
    QCOMPARE(*peer, encoded);
}

void tst_TcpOptions::peerNamesHaveABound()
{
    QVERIFY(peerNameOf(std::string(128, 'a')));
    QVERIFY(!peerNameOf(std::string(129, 'a')));
    QVERIFY(peerNameOf(std::string(42, '/')));
    QVERIFY(!peerNameOf(std::string(43, '/')));
    QVERIFY(!peerNameOf(""));
    QCOMPARE(int(peerNameOf("").error().code()), int(ErrorCode::ProtocolViolation));
}

QJsonObject tst_TcpOptions::schemaProperties()
{
    QFile file(QStringLiteral(TCP_METADATA));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QJsonObject transport = QJsonDocument::fromJson(file.readAll())
                                      .object()
                                      .value(QStringLiteral("transports"))
                                      .toArray()
                                      .at(0)
                                      .toObject();
    return transport.value(QStringLiteral("config"))
        .toObject()
        .value(QStringLiteral("properties"))
        .toObject();
}

void tst_TcpOptions::schemaDefaultsAreTheCodesDefaults()
{
    const QJsonObject properties = schemaProperties();
    QVERIFY(properties.size() > 10);
    QJsonObject defaults;
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        const QJsonObject schema = it.value().toObject();
        if (schema.contains(QStringLiteral("default")))
            defaults.insert(it.key(), schema.value(QStringLiteral("default")));
    }
    const Result<FramedOptions> filled = parsed(defaults);
    QVERIFY2(filled, qPrintable(filled.error().toString()));
    const Result<FramedOptions> plain = parsed({});
    QCOMPARE(filled->framing.kind, plain->framing.kind);
    QCOMPARE(filled->framing.maxFrame, plain->framing.maxFrame);
    QCOMPARE(filled->framing.lineEnding, plain->framing.lineEnding);
    QCOMPARE(filled->framing.lengthSize, plain->framing.lengthSize);
    QCOMPARE(filled->framing.lengthOrder, plain->framing.lengthOrder);
    QCOMPARE(filled->framing.lengthCountsItself, plain->framing.lengthCountsItself);
    QCOMPARE(filled->idleGapNs, plain->idleGapNs);
    QCOMPARE(filled->naming, plain->naming);
    QCOMPARE(filled->textCheck, plain->textCheck);
    QCOMPARE(filled->rxTopic, plain->rxTopic);
    QCOMPARE(filled->txTopic, plain->txTopic);
    QCOMPARE(filled->stateTopic, plain->stateTopic);
    QCOMPARE(filled->sessionExpiry, plain->sessionExpiry);
    QCOMPARE(filled->stateInterval, plain->stateInterval);
    QCOMPARE(filled->stateExpiry, plain->stateExpiry);
    QCOMPARE(filled->heartbeat, plain->heartbeat);
    QCOMPARE(filled->qos, plain->qos);
    QCOMPARE(filled->retain, plain->retain);
}

// What the schema lets pass the code takes, and one more or less neither.
void tst_TcpOptions::schemaBoundsAreTheCodesBounds()
{
    const QJsonObject properties = schemaProperties();
    int checked = 0;
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        const QJsonObject schema = it.value().toObject();
        if (schema.value(QStringLiteral("type")).toString() != QLatin1String("integer")
            || it.key().startsWith(QLatin1String("service_"))) {
            continue;
        }
        const double minimum = schema.value(QStringLiteral("minimum")).toDouble();
        const double maximum = schema.value(QStringLiteral("maximum")).toDouble();
        QJsonObject more;
        if (it.key() == QLatin1String("frame_size"))
            more.insert(QStringLiteral("framing"), QStringLiteral("fixed"));
        const auto takes = [&](double value) {
            more.insert(it.key(), value);
            return parsed(more).has_value();
        };
        QVERIFY2(takes(minimum) && takes(maximum), qPrintable(it.key()));
        QVERIFY2(!takes(minimum - 1) && !takes(maximum + 1), qPrintable(it.key()));
        ++checked;
    }
    QVERIFY(checked >= 8);
}

QTEST_APPLESS_MAIN(tst_TcpOptions)
#include "tst_tcpoptions.moc"
