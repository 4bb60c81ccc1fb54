// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/propertyoption.h"

#include <QtTest>

#include <vector>

using namespace fairlead::cli;
using namespace fairlead::mqtt;

/// -D packet name value
class tst_CliProperties : public QObject
{
    Q_OBJECT

    static Failure add(const QByteArray &line, Options &options)
    {
        const QList<QByteArray> words = line.split(' ');
        const std::vector<QByteArray> arguments(words.begin(), words.end());
        return addProperty(arguments, options);
    }

private Q_SLOTS:
    void fillsThePacketsSet_data();
    void fillsThePacketsSet();
    void keepsUserPropertiesInOrder();
    void refuses_data();
    void refuses();
    void encodesWhatPublishHandsOn();
};

void tst_CliProperties::fillsThePacketsSet_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<int>("id");
    QTest::addColumn<quint32>("number");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char *line, PropertyId id, quint32 number, const char *text) {
        QTest::newRow(line) << QByteArray(line) << int(id) << number << QByteArray(text);
    };
    row("connect session-expiry-interval 4294967295",
        PropertyId::SessionExpiryInterval,
        0xFFFF'FFFF,
        "");
    row("connect receive-maximum 1", PropertyId::ReceiveMaximum, 1, "");
    row("connect maximum-packet-size 0x100", PropertyId::MaximumPacketSize, 256, "");
    row("connect topic-alias-maximum 0", PropertyId::TopicAliasMaximum, 0, "");
    row("connect request-problem-information 0", PropertyId::RequestProblemInformation, 0, "");
    row("CONNECT Authentication-Method SCRAM", PropertyId::AuthenticationMethod, 0, "SCRAM");
    row("publish content-type text/plain", PropertyId::ContentType, 0, "text/plain");
    row("publish correlation-data \xff\xfe", PropertyId::CorrelationData, 0, "\xff\xfe");
    row("publish topic-alias 65535", PropertyId::TopicAlias, 65'535, "");
    row("publish message-expiry-interval 7", PropertyId::MessageExpiryInterval, 7, "");
    row("subscribe subscription-identifier 268435455",
        PropertyId::SubscriptionIdentifier,
        268'435'455,
        "");
    row("disconnect reason-string bye", PropertyId::ReasonString, 0, "bye");
    row("will will-delay-interval 5", PropertyId::WillDelayInterval, 5, "");
}

void tst_CliProperties::fillsThePacketsSet()
{
    QFETCH(QByteArray, line);
    QFETCH(int, id);
    QFETCH(quint32, number);
    QFETCH(QByteArray, text);
    Options options;
    const Failure failure = add(line, options);
    QVERIFY2(!failure, qPrintable(failure.text));
    const QByteArray packet = line.left(line.indexOf(' ')).toLower();
    const PropertySet &set = packet == "connect" ? options.connectProperties
        : packet == "publish"                    ? options.publishProperties
        : packet == "subscribe"                  ? options.subscribeProperties
        : packet == "disconnect"                 ? options.disconnectProperties
                                                 : options.will->properties;
    const auto property = static_cast<PropertyId>(id);
    QVERIFY(set.has(property));
    QCOMPARE(set.number(property).value(), number);
    QCOMPARE(copyOf(set.text(property).value()), text);
    QCOMPARE(options.version, Version::V5);
}

void tst_CliProperties::keepsUserPropertiesInOrder()
{
    Options options;
    QVERIFY(!add("publish user-property b 1", options));
    QVERIFY(!add("publish user-property a 2", options));
    QVERIFY(!add("publish user-property b 3", options));
    const QByteArray encoded = options.publishProperties.encoded(kForwardableProperties);
    QByteArray seen;
    for (PropertyIterator it(view(encoded)); it != std::default_sentinel; ++it) {
        seen += copyOf(it->name) + '=' + copyOf(it->value) + ' ';
    }
    QCOMPARE(seen, QByteArray("b=1 a=2 b=3 "));
}

void tst_CliProperties::refuses_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("name");
    const auto row = [](const char *line, const char *name) {
        QTest::newRow(line) << QByteArray(line) << QByteArray(name);
    };
    row("publish", "missing-argument");
    row("publish content-type", "missing-argument");
    row("publish user-property a", "missing-argument");
    row("nonsense content-type x", "unknown-packet");
    row("publish nonsense x", "unknown-property");
    row("connect content-type x", "property-not-allowed");
    row("publish subscription-identifier 1", "property-not-allowed");
    row("puback reason-string x", "property-not-allowed");
    row("auth authentication-method x", "property-not-allowed");
    row("publish topic-alias 0", "value-out-of-range");
    row("publish topic-alias 65536", "value-out-of-range");
    row("publish topic-alias x", "value-out-of-range");
    row("connect receive-maximum 0", "value-out-of-range");
    row("publish payload-format-indicator 2", "value-out-of-range");
    row("subscribe subscription-identifier 268435456", "value-out-of-range");
    row("publish response-topic a/#", "invalid-topic");
    row("publish content-type \xff", "malformed-utf8");
    row("publish user-property \xff x", "malformed-utf8");
}

void tst_CliProperties::refuses()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, name);
    Options options;
    const Failure failure = add(line, options);
    QCOMPARE(failure.name, name);
    QCOMPARE(failure.exitCode, exitcode::kUsage);
}

void tst_CliProperties::encodesWhatPublishHandsOn()
{
    Options options;
    QVERIFY(!add("publish topic-alias 3", options));
    QVERIFY(!add("publish payload-format-indicator 1", options));
    QVERIFY(!add("publish response-topic r", options));
    // The alias has a place of its own.
    QCOMPARE(options.publishProperties.encoded(kForwardableProperties),
             QByteArray("\x01\x01\x08\x00\x01r", 6));
    QCOMPARE(add("publish response-topic s", options).name, QByteArray("duplicate-property"));
}

QTEST_APPLESS_MAIN(tst_CliProperties)
#include "tst_cliproperties.moc"
