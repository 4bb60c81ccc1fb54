// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/listeneroptions.h"

#include <QtCore/QFile>
#include <QtCore/QJsonDocument>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::mqtt;

/// The options of a listener, in code and in the plugin's metadata.
class tst_MqttOptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void emptyObjectGivesTheDefaults();
    void everyKeyIsRead();
    void badValueIsACodedError_data();
    void badValueIsACodedError();
    void movedNeedsAReference();
    void schemaDefaultsAreTheCodesDefaults();
    void schemaBoundsAreTheCodesBounds();

private:
    static QJsonObject schemaProperties();
};

void tst_MqttOptions::emptyObjectGivesTheDefaults()
{
    const Result<ListenerOptions> options = parseListenerOptions({});
    QVERIFY(options);
    QCOMPARE(options->allowMqtt31, false);
    QCOMPARE(options->receiveMaximum, quint16(1024));
    QCOMPARE(options->strictReceiveMaximum, true);
    QCOMPARE(options->maxPacketSize, 16777216U);
    QCOMPARE(options->topicAliasMax, quint16(64));
    QCOMPARE(options->topicAliasMaxOutgoing, quint16(64));
    QCOMPARE(options->maxKeepAlive, quint16(0));
    QCOMPARE(options->maxQos, quint8(2));
    QVERIFY(options->retainAvailable && options->wildcardAvailable && options->sharedAvailable);
    QCOMPARE(options->validatePayloadFormat, false);
    QVERIFY(options->responseInformation.isEmpty());
    QVERIFY(options->serverReference.isEmpty());
    QCOMPARE(options->serverMoved, false);
    QCOMPARE(options->quiesceRate, 100U);
}

void tst_MqttOptions::everyKeyIsRead()
{
    const Result<ListenerOptions> options = parseListenerOptions(
        {{QStringLiteral("allow_mqtt31"), true},
         {QStringLiteral("receive_maximum"), 65535},
         {QStringLiteral("receive_maximum_enforcement"), QStringLiteral("warn")},
         {QStringLiteral("max_packet_size"), 268435460},
         {QStringLiteral("topic_alias_max"), 1},
         {QStringLiteral("topic_alias_max_outgoing"), 2},
         {QStringLiteral("max_keep_alive"), 3},
         {QStringLiteral("max_qos"), 0},
         {QStringLiteral("retain_available"), false},
         {QStringLiteral("wildcard_available"), false},
         {QStringLiteral("shared_available"), false},
         {QStringLiteral("validate_payload_format"), true},
         {QStringLiteral("quiesce_rate"), 7},
         {QStringLiteral("server_reference"), QStringLiteral("b.example:1883")},
         {QStringLiteral("server_moved"), true},
         {QStringLiteral("response_information"), QStringLiteral("r/s")}});
    QVERIFY(options);
    QCOMPARE(options->allowMqtt31, true);
    QCOMPARE(options->receiveMaximum, quint16(65535));
    QCOMPARE(options->strictReceiveMaximum, false);
    QCOMPARE(options->maxPacketSize, 268435460U);
    QCOMPARE(options->topicAliasMax, quint16(1));
    QCOMPARE(options->topicAliasMaxOutgoing, quint16(2));
    QCOMPARE(options->maxKeepAlive, quint16(3));
    QCOMPARE(options->maxQos, quint8(0));
    QVERIFY(!options->retainAvailable && !options->wildcardAvailable && !options->sharedAvailable);
    QCOMPARE(options->validatePayloadFormat, true);
    QCOMPARE(options->responseInformation, QByteArray("r/s"));
    QCOMPARE(options->quiesceRate, 7U);
    QCOMPARE(options->serverReference, QByteArray("b.example:1883"));
    QCOMPARE(options->serverMoved, true);
}

void tst_MqttOptions::badValueIsACodedError_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<int>("code");
    const int range = int(ErrorCode::ConfigRange);
    const int type = int(ErrorCode::ConfigType);
    QTest::newRow("zero receive maximum") << "receive_maximum" << QJsonValue(0) << range;
    QTest::newRow("large receive maximum") << "receive_maximum" << QJsonValue(65536) << range;
    QTest::newRow("negative") << "max_keep_alive" << QJsonValue(-1) << range;
    QTest::newRow("QoS 3") << "max_qos" << QJsonValue(3) << range;
    QTest::newRow("small packets") << "max_packet_size" << QJsonValue(255) << range;
    QTest::newRow("enforcement") << "receive_maximum_enforcement"
                                 << QJsonValue(QStringLiteral("lax")) << range;
    QTest::newRow("wildcard in the prefix")
        << "response_information" << QJsonValue(QStringLiteral("a/#")) << range;
    QTest::newRow("no pace") << "quiesce_rate" << QJsonValue(0) << range;
    QTest::newRow("control character")
        << "server_reference" << QJsonValue(QStringLiteral("a\nb")) << range;
    QTest::newRow("long reference")
        << "server_reference" << QJsonValue(QString(1025, QLatin1Char('a'))) << range;
    QTest::newRow("fraction") << "max_qos" << QJsonValue(1.5) << type;
    QTest::newRow("text for a number") << "max_qos" << QJsonValue(QStringLiteral("1")) << type;
    QTest::newRow("number for a switch") << "allow_mqtt31" << QJsonValue(1) << type;
    QTest::newRow("number for a text") << "response_information" << QJsonValue(1) << type;
}

void tst_MqttOptions::badValueIsACodedError()
{
    QFETCH(QString, key);
    QFETCH(QJsonValue, value);
    QFETCH(int, code);
    const Result<ListenerOptions> options = parseListenerOptions({{key, value}});
    QVERIFY(!options);
    QCOMPARE(int(options.error().code()), code);
    QCOMPARE(options.error().details().value(QStringLiteral("key")).toString(), key);
    QVERIFY(options.error().text().startsWith(key));
}

void tst_MqttOptions::movedNeedsAReference()
{
    const auto options = parseListenerOptions({{QStringLiteral("server_moved"), true}});
    QCOMPARE(options.error().code(), ErrorCode::ConfigMissing);
    QCOMPARE(options.error().details().value(QStringLiteral("key")).toString(),
             QStringLiteral("server_reference"));
}

QJsonObject tst_MqttOptions::schemaProperties()
{
    QFile file(QStringLiteral(MQTT_METADATA));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return QJsonDocument::fromJson(file.readAll())
        .object()[QStringLiteral("transports")][0][QStringLiteral("config")]
        .toObject()[QStringLiteral("properties")]
        .toObject();
}

void tst_MqttOptions::schemaDefaultsAreTheCodesDefaults()
{
    const QJsonObject properties = schemaProperties();
    QCOMPARE(properties.size(), 16);
    QJsonObject defaults;
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        QVERIFY2(!it.value()[QStringLiteral("description")].toString().isEmpty(),
                 qPrintable(it.key()));
        defaults[it.key()] = it.value()[QStringLiteral("default")];
    }
    const Result<ListenerOptions> fromSchema = parseListenerOptions(defaults);
    QVERIFY(fromSchema);
    const ListenerOptions fromCode;
    QCOMPARE(fromSchema->allowMqtt31, fromCode.allowMqtt31);
    QCOMPARE(fromSchema->receiveMaximum, fromCode.receiveMaximum);
    QCOMPARE(fromSchema->strictReceiveMaximum, fromCode.strictReceiveMaximum);
    QCOMPARE(fromSchema->maxPacketSize, fromCode.maxPacketSize);
    QCOMPARE(fromSchema->topicAliasMax, fromCode.topicAliasMax);
    QCOMPARE(fromSchema->topicAliasMaxOutgoing, fromCode.topicAliasMaxOutgoing);
    QCOMPARE(fromSchema->maxKeepAlive, fromCode.maxKeepAlive);
    QCOMPARE(fromSchema->maxQos, fromCode.maxQos);
    QCOMPARE(fromSchema->retainAvailable, fromCode.retainAvailable);
    QCOMPARE(fromSchema->wildcardAvailable, fromCode.wildcardAvailable);
    QCOMPARE(fromSchema->sharedAvailable, fromCode.sharedAvailable);
    QCOMPARE(fromSchema->validatePayloadFormat, fromCode.validatePayloadFormat);
    QCOMPARE(fromSchema->responseInformation, fromCode.responseInformation);
    QCOMPARE(fromSchema->quiesceRate, fromCode.quiesceRate);
    QCOMPARE(fromSchema->serverReference, fromCode.serverReference);
    QCOMPARE(fromSchema->serverMoved, fromCode.serverMoved);
}

void tst_MqttOptions::schemaBoundsAreTheCodesBounds()
{
    const QJsonObject properties = schemaProperties();
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        const QJsonObject property = it.value().toObject();
        if (property[QStringLiteral("type")] != QLatin1String("integer"))
            continue;
        const double minimum = property[QStringLiteral("minimum")].toDouble();
        const double maximum = property[QStringLiteral("maximum")].toDouble();
        QVERIFY2(parseListenerOptions({{it.key(), minimum}}), qPrintable(it.key()));
        QVERIFY2(parseListenerOptions({{it.key(), maximum}}), qPrintable(it.key()));
        QVERIFY2(!parseListenerOptions({{it.key(), minimum - 1}}), qPrintable(it.key()));
        QVERIFY2(!parseListenerOptions({{it.key(), maximum + 1}}), qPrintable(it.key()));
    }
}

QTEST_APPLESS_MAIN(tst_MqttOptions)

#include "tst_mqttoptions.moc"
