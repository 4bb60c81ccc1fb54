// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/buildinfo.h"
#include "core/platform/files.h"
#include "core/platform/paths.h"

#include <QtCore/QDir>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <sys/stat.h>

using namespace fairlead;
using namespace fairlead::core;

class tst_Files : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aFileIsWrittenWholeAndReadBack();
    void aFileThatIsTooLargeIsRefused();
    void whatIsNoFileIsRefused();
    void namesComeInTheOrderOfTheirBytes();
    void foldersAreMadeForThisUserAlone();
    void factsTellKindAndSafety();
    void theStateFolderIsChosenInOrder_data();
    void theStateFolderIsChosenInOrder();
    void withoutAnyPlaceTheStateFolderIsAnError();
    void theProgramsOwnConfigurationComesFirst();
    void pluginsAreFoundFromTheProgramsFolder();
};

void tst_Files::aFileIsWrittenWholeAndReadBack()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("ready.json"));
    QVERIFY(writeFileAtomically(path, "first").has_value());
    QVERIFY(writeFileAtomically(path, "second").has_value());
    QCOMPARE(*readFile(path, 6), QByteArray("second"));
    QCOMPARE(*readFileHead(path, 3), QByteArray("sec"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 1);

    const Result<> failed = writeFileAtomically(folder.filePath(QStringLiteral("no/such")), "x");
    QCOMPARE(failed.error().code(), ErrorCode::StorageFailed);
    QVERIFY(failed.error().text().contains(QStringLiteral("no/such")));
}

void tst_Files::aFileThatIsTooLargeIsRefused()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("x"));
    QVERIFY(writeFileAtomically(path, QByteArray(200'000, 'x')).has_value());
    QCOMPARE(readFile(path, 199'999).error().code(), ErrorCode::LimitReached);
    QCOMPARE(readFile(path, 200'000)->size(), 200'000);
}

void tst_Files::whatIsNoFileIsRefused()
{
    const QTemporaryDir folder;
    QCOMPARE(readFile(folder.path(), 10).error().code(), ErrorCode::ConfigUnreadable);
    QCOMPARE(readFile(folder.filePath(QStringLiteral("none")), 10).error().code(),
             ErrorCode::NotFound);
    const QString pipe = folder.filePath(QStringLiteral("pipe"));
    QCOMPARE(::mkfifo(QFile::encodeName(pipe).constData(), 0600), 0);
    QCOMPARE(readFile(pipe, 10).error().code(), ErrorCode::ConfigUnreadable);
}

void tst_Files::namesComeInTheOrderOfTheirBytes()
{
    const QTemporaryDir folder;
    for (const char *name : {"b", "10", "9", "B", ".hidden"})
        QVERIFY(writeFileAtomically(folder.filePath(QLatin1String(name)), "").has_value());
    QCOMPARE(
        *listFolder(folder.path()),
        QStringList(
            {QStringLiteral("10"), QStringLiteral("9"), QStringLiteral("B"), QStringLiteral("b")}));
    QCOMPARE(listFolder(folder.filePath(QStringLiteral("none"))).error().code(),
             ErrorCode::NotFound);
}

void tst_Files::foldersAreMadeForThisUserAlone()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("a/b/c/"));
    QVERIFY(makeFolder(path).has_value());
    QVERIFY(makeFolder(path).has_value());

    struct stat status
    {
    };

    QCOMPARE(::stat(QFile::encodeName(path).constData(), &status), 0);
    QCOMPARE(status.st_mode & 07777, 0700U);

    const QString file = folder.filePath(QStringLiteral("file"));
    QVERIFY(writeFileAtomically(file, "x").has_value());
    QCOMPARE(makeFolder(file).error().code(), ErrorCode::AlreadyExists);
    QVERIFY(!makeFolder(file + QStringLiteral("/below")).has_value());
}

void tst_Files::factsTellKindAndSafety()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("x"));
    QCOMPARE(fileFacts(path).kind, FileFacts::Kind::Missing);
    QVERIFY(writeFileAtomically(path, "12345").has_value());
    const QByteArray name = QFile::encodeName(path);
    ::chmod(name.constData(), 0644);
    FileFacts facts = fileFacts(path);
    QCOMPARE(facts.kind, FileFacts::Kind::File);
    QCOMPARE(facts.size, 5);
    QVERIFY2(facts.openToOthers.isEmpty(), qPrintable(facts.openToOthers));
    QCOMPARE(fileFacts(folder.path()).kind, FileFacts::Kind::Folder);
    QCOMPARE(fileFacts(QStringLiteral("/dev/null")).kind, FileFacts::Kind::Other);

    ::chmod(name.constData(), 0646);
    QVERIFY(!fileFacts(path).openToOthers.isEmpty());
    if (::geteuid() != 0)
        QSKIP("only root can give a file away");
    ::chmod(name.constData(), 0664);
    QCOMPARE(::chown(name.constData(), 0, 65'000), 0);
    QVERIFY(fileFacts(path).openToOthers.contains(QStringLiteral("65000")));
    ::chmod(name.constData(), 0644);
    QVERIFY(fileFacts(path).openToOthers.isEmpty());
    QCOMPARE(::chown(name.constData(), 65'000, 0), 0);
    QVERIFY(fileFacts(path).openToOthers.contains(QStringLiteral("65000")));
}

void tst_Files::theStateFolderIsChosenInOrder_data()
{
    QTest::addColumn<QString>("configured");
    QTest::addColumn<QStringList>("environment");
    QTest::addColumn<QString>("expected");
    const QStringList all{QStringLiteral("STATE_DIRECTORY=/var/lib/f:/var/lib/g"),
                          QStringLiteral("XDG_STATE_HOME=/x"),
                          QStringLiteral("HOME=/h")};
    QTest::newRow("configured") << QStringLiteral("/c/") << all << QStringLiteral("/c");
    QTest::newRow("service manager") << QString() << all << QStringLiteral("/var/lib/f");
    QTest::newRow("XDG") << QString() << all.mid(1) << QStringLiteral("/x/fairlead");
    QTest::newRow("home") << QString() << all.mid(2) << QStringLiteral("/h/.local/state/fairlead");
    QTest::newRow("relative XDG is ignored")
        << QString() << QStringList({QStringLiteral("XDG_STATE_HOME=x"), all[2]})
        << QStringLiteral("/h/.local/state/fairlead");
}

void tst_Files::theStateFolderIsChosenInOrder()
{
    QFETCH(QString, configured);
    QFETCH(QStringList, environment);
    QFETCH(QString, expected);
    Environment variables;
    for (const QString &entry : std::as_const(environment))
        variables.insert(entry.section(u'=', 0, 0), entry.section(u'=', 1));
    QCOMPARE(*resolveStateFolder(configured, variables), expected);
}

void tst_Files::withoutAnyPlaceTheStateFolderIsAnError()
{
    QCOMPARE(resolveStateFolder({}, {}).error().code(), ErrorCode::ConfigMissing);
    QCOMPARE(resolveStateFolder(QStringLiteral("relative"), {}).error().code(),
             ErrorCode::ConfigRange);
}

void tst_Files::theProgramsOwnConfigurationComesFirst()
{
    const QTemporaryDir folder;
    const QString bin = folder.filePath(QStringLiteral("bin"));
    QCOMPARE(defaultConfigFile(bin), QStringLiteral("/etc/fairlead/fairlead.toml"));
    QVERIFY(makeFolder(folder.filePath(QStringLiteral("etc/fairlead"))).has_value());
    const QString own = folder.filePath(QStringLiteral("etc/fairlead/fairlead.toml"));
    QVERIFY(writeFileAtomically(own, "").has_value());
    QCOMPARE(defaultConfigFile(bin), own);
}

void tst_Files::pluginsAreFoundFromTheProgramsFolder()
{
    const QStringList folders = standardPluginFolders(QStringLiteral("/opt/f/bin"));
    QCOMPARE(folders.first(), QStringLiteral("/usr/local/lib/fairlead/plugins"));
    QVERIFY(
        folders.contains(QDir::cleanPath(QStringLiteral("/opt/f/bin/") + QLatin1String(kLibFromBin)
                                         + QStringLiteral("/fairlead/plugins"))));
    QVERIFY(folders.contains(QStringLiteral("/opt/f/lib/fairlead/plugins")));
    QVERIFY(executableFolder().startsWith(QLatin1Char('/')));
    QVERIFY(fileFacts(executableFolder() + QStringLiteral("/tst_files")).kind
            == FileFacts::Kind::File);
}

QTEST_GUILESS_MAIN(tst_Files)
#include "tst_files.moc"
