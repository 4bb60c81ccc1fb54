// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginfolders.h"
#include "pluginfixtures.h"

using namespace fairlead;
using namespace fairlead::core;

Q_DECLARE_METATYPE(fairlead::core::Verdict)

class tst_PluginCatalogue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFileGetsOneVerdictAndNoCodeRuns_data();
    void everyFileGetsOneVerdictAndNoCodeRuns();
    void filesThatAreNoLibrariesAreNamed_data();
    void filesThatAreNoLibrariesAreNamed();
    void theLoadersOwnMarkOfANewerQtIsSeen();
    void aLibraryForAnotherMachineIsSeen();
    void metadataOfAGoodPluginIsRead();
    void unknownKeysOnlyWarn();
    void theFirstOfTwoWithOneIdWins();
    void aRejectedFileShadowsNobody();
    void aSchemeBelongsToOnePlugin();
    void theSameFileByTwoNamesIsSeenOnce();
    void disabledPluginsAreRejected();
    void dependenciesDecide();
    void cyclesArePrinted();
    void aFileThatOthersMayWriteIsRefused();
    void aFolderThatOthersMayWriteIsRefused();
    void aLinkIntoAnUnsafeFolderIsRefused();
    void oneLevelBelowIsSearchedForLibrariesOnly();
    void aNamedFolderThatIsMissingIsTold();
    void anUnknownSchemeListsTheOthers();
    void aRefusedPluginIsNamedForItsScheme();
    void foldersComeInOrder();
    void everyVerdictHasItsWords();
};

void tst_PluginCatalogue::everyFileGetsOneVerdictAndNoCodeRuns_data()
{
    QTest::addColumn<Verdict>("verdict");
    QTest::addColumn<QString>("reason");
    QTest::newRow("good") << Verdict::Accepted << QString();
    QTest::newRow("plain") << Verdict::NoMetadata << QStringLiteral("metadata");
    QTest::newRow("foreigniid") << Verdict::ForeignIid << QStringLiteral("org.example.Codec/1");
    QTest::newRow("lateriid") << Verdict::ForeignIid << QStringLiteral("TransportFactory/2");
    QTest::newRow("badmetadata") << Verdict::MetadataInvalid << QStringLiteral("/transports");
    QTest::newRow("wrongabi") << Verdict::AbiMismatch << QStringLiteral("interface 99");
    QTest::newRow("newersdk") << Verdict::SdkTooOld << QStringLiteral("99.0.0");
    QTest::newRow("newerqt") << Verdict::BuiltWithNewerQt << QStringLiteral("6.99");
    QTest::newRow("otherplatform") << Verdict::PlatformMismatch << QStringLiteral("plan9");
    QTest::newRow("needsgood") << Verdict::DependencyMissing
                               << QStringLiteral("org.fairlead.fixture.good >=1.0 <2.0");
}

void tst_PluginCatalogue::everyFileGetsOneVerdictAndNoCodeRuns()
{
    QFETCH(Verdict, verdict);
    QFETCH(QString, reason);
    const char *fixture = QTest::currentDataTag();
    const fixtures::Folder folder;
    const QString path = folder.add(fixture);
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records().size(), 1);
    const PluginRecord &record = catalogue.records()[0];
    QVERIFY2(record.verdict == verdict, qPrintable(record.logText()));
    QVERIFY2(record.text.contains(reason), qPrintable(record.text));
    QVERIFY2(record.logText().contains(path), qPrintable(record.logText()));
    QVERIFY(!fixtures::ran(fixture));
    if (verdict == Verdict::Accepted)
        return;
    const Error error = record.toError();
    QCOMPARE(error.code(), ErrorCode::PluginRejected);
    QVERIFY(error.text().contains(path));
    QVERIFY(!error.details().value(QStringLiteral("hint")).toString().isEmpty());
    QVERIFY(catalogue.schemes().isEmpty());
}

void tst_PluginCatalogue::filesThatAreNoLibrariesAreNamed_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("text") << QStringLiteral("readme.txt") << QByteArray("hello");
    QTest::newRow("text as library") << QStringLiteral("x.so") << QByteArray("hello");
    QTest::newRow("empty") << QStringLiteral("x.so") << QByteArray();
    QTest::newRow("cut") << QStringLiteral("x.so") << fixtures::content("good").left(19);
    QByteArray program = fixtures::content("good");
    program[16] = 2; // an executable without position-independent code
    QTest::newRow("program") << QStringLiteral("x.so") << program;
}

void tst_PluginCatalogue::filesThatAreNoLibrariesAreNamed()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    const fixtures::Folder folder;
    const QString path = folder.write(name, content);
    QVERIFY(QFile::link(QStringLiteral("/nowhere/at/all"), folder.path(QStringLiteral("z.so"))));
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records().size(), 2);
    for (const PluginRecord &record : catalogue.records())
        QCOMPARE(record.verdict, Verdict::NotALibrary);
    QVERIFY(catalogue.records()[0].logText().contains(path));
}

// F19: the loader would only call the library incompatible.
void tst_PluginCatalogue::theLoadersOwnMarkOfANewerQtIsSeen()
{
    QByteArray library = fixtures::content("good");
    const qsizetype mark = library.indexOf(QByteArray("qt-project!", 12));
    QVERIFY(mark > 0);
    QCOMPARE(int(library[mark + 13]), QT_VERSION_MAJOR);
    library[mark + 14] = 99;
    const fixtures::Folder folder;
    folder.write(QStringLiteral("x.so"), library);
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::BuiltWithNewerQt);
    QVERIFY(catalogue.records()[0].text.contains(QStringLiteral("6.99")));
}

void tst_PluginCatalogue::aLibraryForAnotherMachineIsSeen()
{
    QByteArray library = fixtures::content("good");
    library[18] = char(library[18] + 1);
    const fixtures::Folder folder;
    folder.write(QStringLiteral("x.so"), library);
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::PlatformMismatch);
}

void tst_PluginCatalogue::metadataOfAGoodPluginIsRead()
{
    const fixtures::Folder folder;
    folder.add("good");
    const PluginCatalogue catalogue({folder.named()}, {});
    const PluginMetadata metadata = catalogue.records()[0].metadata.value();
    QCOMPARE(metadata.id, QStringLiteral("org.fairlead.fixture.good"));
    QCOMPARE(metadata.version, QVersionNumber(1, 2, 3));
    QCOMPARE(metadata.name.value(QStringLiteral("de")), QStringLiteral("Gute Vorlage"));
    QCOMPARE(catalogue.records()[0].warnings, QStringList());
    QCOMPARE(catalogue.schemes(), QStringList({QStringLiteral("good"), QStringLiteral("goods")}));
    const Result<TransportDescription> transport = catalogue.describe(QStringLiteral("good"));
    QVERIFY(transport.has_value());
    QCOMPARE(transport->pluginId, metadata.id);
    QCOMPARE(transport->carriers.value(QStringLiteral("good")), Carrier::Tcp);
    QCOMPARE(transport->carriers.value(QStringLiteral("goods")), Carrier::Memory);
    QCOMPARE(transport->defaultPorts.value(QStringLiteral("good")), quint16(4711));
    QCOMPARE(transport->roles.size(), 2);
    QVERIFY(transport->config.contains(QStringLiteral("properties")));
}

void tst_PluginCatalogue::unknownKeysOnlyWarn()
{
    const fixtures::Folder folder;
    folder.add("extended");
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::Accepted);
    QCOMPARE(catalogue.records()[0].warnings, QStringList{QStringLiteral("/future: unknown key")});
}

// PL-01
void tst_PluginCatalogue::theFirstOfTwoWithOneIdWins()
{
    const fixtures::Folder first;
    const fixtures::Folder second;
    const QString winner = first.add("sameid");
    const QString loser = second.add("good");
    const PluginCatalogue catalogue({first.named(), second.named()}, {});
    QCOMPARE(fixtures::find(catalogue, winner)->verdict, Verdict::Accepted);
    const PluginRecord *shadowed = fixtures::find(catalogue, loser);
    QCOMPARE(shadowed->verdict, Verdict::Shadowed);
    QVERIFY(shadowed->logText().contains(winner) && shadowed->logText().contains(loser));
    QCOMPARE(catalogue.schemes(), QStringList{QStringLiteral("sameid")});
}

void tst_PluginCatalogue::aRejectedFileShadowsNobody()
{
    const fixtures::Folder first;
    const fixtures::Folder second;
    const QString broken = first.add("good");
    QFile::setPermissions(broken, QFile::ReadOwner | QFile::WriteOther);
    const QString packaged = second.add("good");
    const PluginCatalogue catalogue({first.named(), second.named()}, {});
    QCOMPARE(fixtures::find(catalogue, broken)->verdict, Verdict::InsecurePermissions);
    QCOMPARE(fixtures::find(catalogue, packaged)->verdict, Verdict::Accepted);
}

void tst_PluginCatalogue::aSchemeBelongsToOnePlugin()
{
    const fixtures::Folder folder;
    folder.add("good");
    const QString second = folder.add("samescheme");
    const PluginCatalogue catalogue({folder.named()}, {});
    const PluginRecord *record = fixtures::find(catalogue, second);
    QCOMPARE(record->verdict, Verdict::Shadowed);
    QVERIFY2(record->text.contains(QStringLiteral("good")), qPrintable(record->text));
}

void tst_PluginCatalogue::theSameFileByTwoNamesIsSeenOnce()
{
    const fixtures::Folder folder;
    const QString path = folder.add("good");
    QVERIFY(QFile::link(path, folder.path(QStringLiteral("link.so"))));
    const PluginCatalogue catalogue({folder.named(), folder.named()}, {});
    QCOMPARE(catalogue.records().size(), 4);
    int accepted = 0;
    for (const PluginRecord &record : catalogue.records())
        accepted += record.verdict == Verdict::Accepted ? 1 : 0;
    QCOMPARE(accepted, 1);
    QCOMPARE(catalogue.records()[1].verdict, Verdict::Shadowed);
}

void tst_PluginCatalogue::disabledPluginsAreRejected()
{
    const fixtures::Folder folder;
    folder.add("good");
    const PluginCatalogue catalogue({folder.named()},
                                    {QStringLiteral("org.fairlead.fixture.good")});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::DisabledByConfig);
}

void tst_PluginCatalogue::dependenciesDecide()
{
    const fixtures::Folder folder;
    const QString needsGood = folder.add("needsgood", QStringLiteral("a.so"));
    const QString needsNewer = folder.add("needsnewer", QStringLiteral("b.so"));
    const QString good = folder.add("good", QStringLiteral("c.so"));
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(fixtures::find(catalogue, needsGood)->verdict, Verdict::Accepted);
    QCOMPARE(fixtures::find(catalogue, needsNewer)->verdict, Verdict::DependencyMissing);
    QVERIFY(fixtures::find(catalogue, needsNewer)->text.contains(QStringLiteral(">=2.0")));
    QCOMPARE(catalogue.loadOrder().size(), 2);
    QCOMPARE(catalogue.records()[catalogue.loadOrder()[0]].path, good);
    QCOMPARE(catalogue.records()[catalogue.loadOrder()[1]].path, needsGood);
}

void tst_PluginCatalogue::cyclesArePrinted()
{
    const fixtures::Folder folder;
    folder.add("cyclea");
    folder.add("cycleb");
    folder.add("good");
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.loadOrder().size(), 1);
    for (const char *name : {"cyclea.so", "cycleb.so"}) {
        const PluginRecord *record = fixtures::find(catalogue, folder.path(QLatin1String(name)));
        QCOMPARE(record->verdict, Verdict::DependencyCycle);
        QVERIFY2(record->text.contains(QStringLiteral("org.fairlead.fixture.cyclea -> "
                                                      "org.fairlead.fixture.cycleb -> "
                                                      "org.fairlead.fixture.cyclea")),
                 qPrintable(record->text));
    }
}

void tst_PluginCatalogue::aFileThatOthersMayWriteIsRefused()
{
    const fixtures::Folder folder;
    const QString path = folder.add("good");
    QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::WriteOther);
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::InsecurePermissions);
    QVERIFY(!fixtures::ran("good"));
}

void tst_PluginCatalogue::aFolderThatOthersMayWriteIsRefused()
{
    const fixtures::Folder folder;
    folder.add("good");
    QFile::setPermissions(folder.path(), QFile::Permissions(0x7707)); // rwx for owner and others
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::InsecurePermissions);
    QCOMPARE(catalogue.folderErrors().size(), 1);
    QVERIFY(catalogue.folderErrors()[0].text().contains(folder.path()));
}

void tst_PluginCatalogue::aLinkIntoAnUnsafeFolderIsRefused()
{
    const fixtures::Folder elsewhere;
    const QString target = elsewhere.add("good");
    QFile::setPermissions(elsewhere.path(), QFile::Permissions(0x7707));
    const fixtures::Folder folder;
    QVERIFY(QFile::link(target, folder.path(QStringLiteral("good.so"))));
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::InsecurePermissions);
}

void tst_PluginCatalogue::oneLevelBelowIsSearchedForLibrariesOnly()
{
    const fixtures::Folder folder;
    const QString path = folder.add("good", QStringLiteral("good/good.so"));
    folder.write(QStringLiteral("good/data.txt"), "data");
    folder.add("sameid", QStringLiteral("good/deeper/sameid.so"));
    const PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records().size(), 1);
    QCOMPARE(catalogue.records()[0].path, path);
    QCOMPARE(catalogue.records()[0].verdict, Verdict::Accepted);
}

void tst_PluginCatalogue::aNamedFolderThatIsMissingIsTold()
{
    const PluginCatalogue quiet({{QStringLiteral("/nowhere/at/all"), false}}, {});
    QCOMPARE(quiet.folderErrors().size(), 0);
    const PluginCatalogue told({{QStringLiteral("/nowhere/at/all"), true}}, {});
    QCOMPARE(told.folderErrors().size(), 1);
    QCOMPARE(told.folderErrors()[0].code(), ErrorCode::NotFound);
    QVERIFY(told.folderErrors()[0].text().contains(QStringLiteral("/nowhere/at/all")));
}

// PL-01
void tst_PluginCatalogue::anUnknownSchemeListsTheOthers()
{
    const fixtures::Folder folder;
    folder.add("good");
    folder.add("sameid", QStringLiteral("other.so"));
    folder.add("extended");
    const PluginCatalogue catalogue({folder.named()}, {});
    const Error error = catalogue.describe(QStringLiteral("nope")).error();
    QCOMPARE(error.code(), ErrorCode::UnknownScheme);
    QVERIFY2(error.text().contains(QStringLiteral("\"nope\"; available: extended, good, goods")),
             qPrintable(error.text()));
    QCOMPARE(
        error.details().value(QStringLiteral("available")).toStringList(),
        QStringList({QStringLiteral("extended"), QStringLiteral("good"), QStringLiteral("goods")}));
}

void tst_PluginCatalogue::aRefusedPluginIsNamedForItsScheme()
{
    const fixtures::Folder folder;
    const QString path = folder.add("needsgood");
    const PluginCatalogue catalogue({folder.named()}, {});
    const Error error = catalogue.describe(QStringLiteral("needsgood")).error();
    QCOMPARE(error.code(), ErrorCode::UnknownScheme);
    QVERIFY2(error.text().contains(path) && error.text().contains(QStringLiteral("there is none"))
                 && error.text().contains(QStringLiteral("dependency-missing")),
             qPrintable(error.text()));
}

void tst_PluginCatalogue::foldersComeInOrder()
{
    const auto paths = [](const QList<PluginFolder> &folders) {
        QStringList list;
        for (const PluginFolder &folder : folders)
            list.append(folder.path + (folder.isNamed ? QStringLiteral("!") : QString()));
        return list;
    };
    const QStringList named{QStringLiteral("/n/")};
    const QStringList configured{QStringLiteral("/c"), QStringLiteral("/e2")};
    const QString bin = QStringLiteral("/opt/f/bin");
    Environment environment{{QStringLiteral("FAIRLEAD_PLUGIN_PATH"), QStringLiteral("/e1:/e2:")}};
    const QStringList all = paths(pluginFolders(named, configured, environment, bin));
    QCOMPARE(all.mid(0, 5),
             QStringList({QStringLiteral("/n!"),
                          QStringLiteral("/e1!"),
                          QStringLiteral("/e2!"),
                          QStringLiteral("/c!"),
                          QStringLiteral("/usr/local/lib/fairlead/plugins")}));
    QVERIFY(all.contains(QStringLiteral("/opt/f/lib/fairlead/plugins")));

    environment.insert(QStringLiteral("FAIRLEAD_PLUGIN_PATH_ONLY"), QStringLiteral("/o"));
    QCOMPARE(paths(pluginFolders(named, configured, environment, bin)),
             QStringList({QStringLiteral("/n!"), QStringLiteral("/o!")}));
}

void tst_PluginCatalogue::everyVerdictHasItsWords()
{
    QStringList names;
    for (int i = 0; i <= int(Verdict::FactoryFailed); ++i) {
        const auto verdict = Verdict(i);
        names.append(QLatin1String(verdictName(verdict)));
        QVERIFY(!verdictUserText(verdict).isEmpty());
        QCOMPARE(verdictHint(verdict).isEmpty(), verdict == Verdict::Accepted);
    }
    QCOMPARE(names.removeDuplicates(), 0);
    QCOMPARE(names[int(Verdict::ForeignIid)], QStringLiteral("foreign-iid"));
    QCOMPARE(names[int(Verdict::Quarantined)], QStringLiteral("quarantined"));
}

QTEST_GUILESS_MAIN(tst_PluginCatalogue)
#include "tst_plugincatalogue.moc"
