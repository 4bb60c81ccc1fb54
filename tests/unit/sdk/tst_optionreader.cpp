// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QtTest>

#include <fairlead/optionreader.h>

using namespace fairlead;

namespace {

enum class Side {
    Left,
    Right
};

} // namespace

class tst_OptionReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsMissingKeepsItsDefault();
    void everyKindIsRead();
    void whatIsWrongIsNamed_data();
    void whatIsWrongIsNamed();
    void theFirstFailureCounts();
};

void tst_OptionReader::whatIsMissingKeepsItsDefault()
{
    const QJsonObject options;
    OptionReader in(options);
    bool flag = true;
    int number = 7;
    qint64 nanoseconds = 5;
    QString text = QStringLiteral("a");
    QByteArray bytes = "b";
    Side side = Side::Right;
    in.read("flag", flag);
    in.read("number", number, 0, 5);
    in.readSeconds("time", nanoseconds, 0, 1);
    in.read("text", text);
    in.read("bytes", bytes);
    in.read("side", side, {{"left", Side::Left}, {"right", Side::Right}});
    QVERIFY(in.error().isNull());
    QVERIFY(flag && number == 7 && nanoseconds == 5 && side == Side::Right);
    QCOMPARE(text, QStringLiteral("a"));
    QCOMPARE(bytes, QByteArray("b"));
    QVERIFY(!in.has("flag"));
}

void tst_OptionReader::everyKindIsRead()
{
    const QJsonObject options = {{QStringLiteral("flag"), false},
                                 {QStringLiteral("number"), 4294967295.0},
                                 {QStringLiteral("time"), 0.25},
                                 {QStringLiteral("text"), QString()},
                                 {QStringLiteral("bytes"), QStringLiteral("\u00e9")},
                                 {QStringLiteral("side"), QStringLiteral("left")}};
    OptionReader in(options);
    bool flag = true;
    quint32 number = 7;
    qint64 nanoseconds = 5;
    QString text = QStringLiteral("a");
    QByteArray bytes;
    Side side = Side::Right;
    in.read("flag", flag);
    in.read("number", number, 0, 4294967295U);
    in.readSeconds("time", nanoseconds, 0, 1);
    in.read("text", text);
    in.read("bytes", bytes);
    in.read("side", side, {{"left", Side::Left}, {"right", Side::Right}});
    QVERIFY2(in.error().isNull(), qPrintable(in.error().text()));
    QVERIFY(!flag && side == Side::Left);
    QCOMPARE(number, 4294967295U);
    QCOMPARE(nanoseconds, qint64(250'000'000));
    QVERIFY(text.isEmpty());
    QCOMPARE(bytes, QByteArray("\xc3\xa9"));
    QVERIFY(in.has("flag"));
}

void tst_OptionReader::whatIsWrongIsNamed_data()
{
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<ErrorCode>("code");
    const auto row
        = [](const char *name, const QJsonValue &value, const char *kind, ErrorCode code) {
              QTest::newRow(name) << value << QByteArray(kind) << code;
          };
    row("no flag", 1, "flag", ErrorCode::ConfigType);
    row("no number", QStringLiteral("1"), "number", ErrorCode::ConfigType);
    row("a fraction", 1.5, "number", ErrorCode::ConfigType);
    row("too small", 1, "number", ErrorCode::ConfigRange);
    row("too large", 11, "number", ErrorCode::ConfigRange);
    row("below nothing", -1, "number", ErrorCode::ConfigRange);
    row("no time", true, "time", ErrorCode::ConfigType);
    row("too short a time", 1.99, "time", ErrorCode::ConfigRange);
    row("no text", 1, "text", ErrorCode::ConfigType);
    row("no such choice", QStringLiteral("up"), "side", ErrorCode::ConfigRange);
    row("no choice", QString(), "side", ErrorCode::ConfigRange);
}

void tst_OptionReader::whatIsWrongIsNamed()
{
    QFETCH(QJsonValue, value);
    QFETCH(QByteArray, kind);
    QFETCH(ErrorCode, code);
    const QJsonObject options = {{QStringLiteral("a_key"), value}};
    OptionReader in(options);
    bool flag = true;
    int number = 7;
    qint64 nanoseconds = 5;
    QByteArray bytes = "b";
    Side side = Side::Right;
    if (kind == "flag")
        in.read("a_key", flag);
    else if (kind == "number")
        in.read("a_key", number, 2, 10);
    else if (kind == "time")
        in.readSeconds("a_key", nanoseconds, 2, 10);
    else if (kind == "text")
        in.read("a_key", bytes);
    else
        in.read("a_key", side, {{"left", Side::Left}, {"right", Side::Right}});
    QCOMPARE(in.error().code(), code);
    QVERIFY(in.error().text().startsWith(QStringLiteral("a_key must be ")));
    QCOMPARE(in.error().details().value(QStringLiteral("key")).toString(), QStringLiteral("a_key"));
    QVERIFY(flag && number == 7 && nanoseconds == 5 && bytes == "b" && side == Side::Right);
}

void tst_OptionReader::theFirstFailureCounts()
{
    const QJsonObject options = {{QStringLiteral("a"), 1}, {QStringLiteral("b"), 1}};
    OptionReader in(options);
    bool flag = false;
    in.read("b", flag);
    in.read("a", flag);
    in.fail(ErrorCode::ConfigMissing, "c", QStringLiteral("is missing"));
    QVERIFY(in.error().text().startsWith(QLatin1Char('b')));
}

QTEST_APPLESS_MAIN(tst_OptionReader)
#include "tst_optionreader.moc"
