// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/printer.h"
#include "sample.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QtTest>

using namespace fairlead::cli;

/// What appears on standard output.
class tst_CliPrinter : public QObject
{
    Q_OBJECT

    static IncomingMessage message(const char *topic, const char *payload)
    {
        IncomingMessage one;
        one.topic = topic;
        one.payload = payload;
        return one;
    }

    static QByteArray print(const Options &options, const IncomingMessage &message)
    {
        QString problem;
        return Printer(options).render(message, Moment::at(0, 0), problem);
    }

private Q_SLOTS:
    void printsPayloads();
    void printsTopicsWhenVerbose();
    void printsFormats();
    void printsOrigins();
    void printsOneArray();
    void printsOneObjectPerLine();
    void keepsATopicOnItsLine();
};

void tst_CliPrinter::printsPayloads()
{
    Options options;
    QCOMPARE(print(options, message("t", "text")), QByteArray("text\n"));
    QCOMPARE(print(options, message("t", "")), QByteArray());
    options.lineEnd = false;
    QCOMPARE(print(options, message("t", "text")), QByteArray("text"));
}

void tst_CliPrinter::printsTopicsWhenVerbose()
{
    Options options;
    options.verbose = true;
    QCOMPARE(print(options, message("t/x", "text")), QByteArray("t/x text\n"));
    QCOMPARE(print(options, message("t/x", "")), QByteArray("t/x (null)\n"));
}

void tst_CliPrinter::printsFormats()
{
    Options options;
    options.verbose = true;
    options.format = "<%t>";
    QCOMPARE(print(options, message("t", "x")), QByteArray("<t>\n"));
    options.lineEnd = false;
    QCOMPARE(print(options, message("t", "x")), QByteArray("<t>"));
}

void tst_CliPrinter::printsOrigins()
{
    Options options;
    options.showOrigin = true;
    QCOMPARE(print(options, message("t", "x")), QByteArray("- x\n"));
}

void tst_CliPrinter::printsOneArray()
{
    for (const int count : {0, 1, 3}) {
        Options options;
        options.output = OutputStyle::Json;
        options.pretty = count == 3;
        Printer printer(options);
        QByteArray all = printer.beginning();
        QString problem;
        for (int i = 0; i < count; ++i) {
            all += printer.render(sampleMessage(), Moment::at(0, 0), problem);
        }
        all += printer.ending();
        const QJsonDocument document = QJsonDocument::fromJson(all);
        QVERIFY2(document.isArray(), all.constData());
        QCOMPARE(document.array().size(), count);
        QVERIFY(all.endsWith("]\n"));
    }
}

void tst_CliPrinter::printsOneObjectPerLine()
{
    Options options;
    options.output = OutputStyle::Ndjson;
    const QByteArray line = print(options, message("t", "a\nb"));
    QCOMPARE(line.count('\n'), 1);
    QVERIFY(line.endsWith("}\n"));
    QVERIFY(QJsonDocument::fromJson(line).isObject());
}

void tst_CliPrinter::keepsATopicOnItsLine()
{
    Options options;
    options.watch = true;
    Printer printer(options);
    QVERIFY(printer.beginning().contains("Broker: localhost"));
    QString problem;
    const auto render = [&](const IncomingMessage &one) {
        return printer.render(one, Moment::at(0, 0), problem);
    };
    QVERIFY(render(message("a", "1")).startsWith("\x1b[2;1Ha 1"));
    QVERIFY(render(message("b", "2")).startsWith("\x1b[3;1Hb 2"));
    QVERIFY(render(message("a", "3")).startsWith("\x1b[2;1Ha 3"));
    // What a payload holds must not move the cursor.
    QVERIFY(render(message("a", "x\n\x1b[9;9H")).startsWith("\x1b[2;1Ha x  [9;9H"));
}

QTEST_APPLESS_MAIN(tst_CliPrinter)
#include "tst_cliprinter.moc"
