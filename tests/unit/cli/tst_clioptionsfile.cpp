// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/optionparser.h"
#include "options/optionsfile.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace fairlead::cli;

/// Defaults from a file.
class tst_CliOptionsFile : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    QString write(const QByteArray &content)
    {
        const QString path = m_folder.filePath(QStringLiteral("options"));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) {
            qFatal("cannot write the test's file");
        }
        return path;
    }

private Q_SLOTS:
    void isFoundWhereXdgSays();
    void givesDefaults();
    void yieldsToTheCommandLine();
    void addsTopics();
    void readsProperties();
    void isReplacedByTheNamedOne();
    void tellsLineAndFileOfAMistake();
    void refusesBadFiles();
};

void tst_CliOptionsFile::isFoundWhereXdgSays()
{
    qputenv("XDG_CONFIG_HOME", "/config");
    QCOMPARE(defaultOptionsFile(Tool::Pub), QStringLiteral("/config/fairlead/pub"));
    qunsetenv("XDG_CONFIG_HOME");
    qputenv("HOME", "/people/me");
    QCOMPARE(defaultOptionsFile(Tool::Sub), QStringLiteral("/people/me/.config/fairlead/sub"));
    qunsetenv("HOME");
    QVERIFY(defaultOptionsFile(Tool::Rr).isEmpty());
}

void tst_CliOptionsFile::givesDefaults()
{
    OptionParser parser(Tool::Sub);
    const Failure failure = parser.parse({"-t", "a"},
                                         write("# a comment\n"
                                               "-h broker\r\n"
                                               "\n"
                                               "  -v\n"
                                               "-P two words \n"
                                               "-u me"));
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(parser.options().host, QByteArray("broker"));
    QVERIFY(parser.options().verbose);
    // Nothing but the first blank separates: the rest may be a password.
    QCOMPARE(parser.options().password.value(), QByteArray("two words "));
    QCOMPARE(parser.options().userName.value(), QByteArray("me"));
}

void tst_CliOptionsFile::yieldsToTheCommandLine()
{
    OptionParser parser(Tool::Pub);
    const Failure failure = parser.parse({"-h", "other", "-n", "-i", "own"},
                                         write("-h broker\n-m text\n-I pre\n-t a\n"));
    QVERIFY2(!failure, qPrintable(failure.text));
    QCOMPARE(parser.options().host, QByteArray("other"));
    QCOMPARE(parser.options().source, MessageSource::Null);
    QCOMPARE(parser.options().clientId.value(), QByteArray("own"));
    QVERIFY(!parser.options().clientIdPrefix.has_value());
}

void tst_CliOptionsFile::addsTopics()
{
    OptionParser parser(Tool::Sub);
    QVERIFY(!parser.parse({"-t", "b"}, write("-t a\n-T a/x\n")));
    QCOMPARE(parser.options().filters, (QList<QByteArray>{"a", "b"}));
    QCOMPARE(parser.options().filterOuts, QList<QByteArray>{"a/x"});
}

void tst_CliOptionsFile::readsProperties()
{
    OptionParser parser(Tool::Pub);
    const Failure failure = parser.parse({"-t", "a", "-n"},
                                         write("-D publish user-property name some value\n"
                                               "-D publish content-type text/plain; charset=x\n"));
    QVERIFY2(!failure, qPrintable(failure.text));
    const PropertySet &set = parser.options().publishProperties;
    QCOMPARE(copyOf(set.text(fairlead::mqtt::PropertyId::UserProperty).value()),
             QByteArray("some value"));
    QCOMPARE(copyOf(set.text(fairlead::mqtt::PropertyId::ContentType).value()),
             QByteArray("text/plain; charset=x"));
}

void tst_CliOptionsFile::isReplacedByTheNamedOne()
{
    const QString path = write("-h named\n");
    OptionParser parser(Tool::Sub);
    QVERIFY(!parser.parse({"-t", "a", "-o", path.toUtf8()},
                          m_folder.filePath(QStringLiteral("absent"))));
    QCOMPARE(parser.options().host, QByteArray("named"));
    OptionParser missing(Tool::Sub);
    const Failure failure = missing.parse(
        {"-t", "a", "-o", m_folder.filePath(QStringLiteral("absent")).toUtf8()}, path);
    QCOMPARE(failure.name, QByteArray("options-file"));
    // The default one may be missing.
    OptionParser absent(Tool::Sub);
    QVERIFY(!absent.parse({"-t", "a"}, m_folder.filePath(QStringLiteral("absent"))));
}

void tst_CliOptionsFile::tellsLineAndFileOfAMistake()
{
    const QString path = write("-v\n-q 3\n");
    OptionParser parser(Tool::Sub);
    const Failure failure = parser.parse({"-t", "a"}, path);
    QCOMPARE(failure.name, QByteArray("value-out-of-range"));
    QVERIFY2(failure.text.startsWith(path + QStringLiteral(":2: ")), qPrintable(failure.text));
}

void tst_CliOptionsFile::refusesBadFiles()
{
    OptionParser folder(Tool::Sub);
    QCOMPARE(folder.parse({"-t", "a"}, m_folder.path()).name, QByteArray("options-file"));
    OptionParser large(Tool::Sub);
    QCOMPARE(large.parse({"-t", "a"}, write(QByteArray((1 << 20) + 1, '#'))).name,
             QByteArray("options-file"));
    OptionParser nested(Tool::Sub);
    QCOMPARE(nested.parse({"-t", "a"}, write("-o other\n")).name, QByteArray("invalid-argument"));
}

QTEST_APPLESS_MAIN(tst_CliOptionsFile)
#include "tst_clioptionsfile.moc"
