// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/transportregistry.h"
#include "pluginfixtures.h"

using namespace fairlead;
using namespace fairlead::core;

Q_DECLARE_METATYPE(fairlead::core::Verdict)

// A library stays mapped once it is loaded, so each fixture is loaded in one test only.
class tst_TransportRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aGoodPluginServesItsSchemes();
    void aPluginThatFailsKeepsItsVerdictAndTheOthersRun_data();
    void aPluginThatFailsKeepsItsVerdictAndTheOthersRun();
    void whatNeedsAFailedPluginIsNotLoaded();
    void aTransportCanBeAddedByHand();
};

void tst_TransportRegistry::aGoodPluginServesItsSchemes()
{
    const fixtures::Folder folder;
    folder.add("good");
    folder.add("wrongabi");
    PluginCatalogue catalogue({folder.named()}, {});
    {
        TransportRegistry registry;
        registry.load(catalogue);
        QCOMPARE(catalogue.records()[0].verdict, Verdict::Accepted);
        QCOMPARE(registry.schemes(),
                 QStringList({QStringLiteral("good"), QStringLiteral("goods")}));
        const Result<Transport> transport = registry.find(QStringLiteral("goods"));
        QVERIFY(transport.has_value());
        QCOMPARE(transport->description.carriers.value(QStringLiteral("goods")), Carrier::Memory);
        QCOMPARE(transport->factory->types(), QStringList{QStringLiteral("good")});
        QVERIFY(fixtures::ran("good"));
        QVERIFY(!fixtures::ran("wrongabi"));

        const Error error = registry.find(QStringLiteral("nope")).error();
        QCOMPARE(error.code(), ErrorCode::UnknownScheme);
        QVERIFY(error.text().contains(QStringLiteral("good, goods")));
        QVERIFY(!qEnvironmentVariableIsSet("FIXTURE_DIED_good"));
    }
    QVERIFY(qEnvironmentVariableIsSet("FIXTURE_DIED_good"));
}

void tst_TransportRegistry::aPluginThatFailsKeepsItsVerdictAndTheOthersRun_data()
{
    QTest::addColumn<Verdict>("verdict");
    QTest::addColumn<QString>("reason");
    QTest::newRow("unresolved") << Verdict::LoadFailed
                                << QStringLiteral("fairleadFixtureThatNobodyDefines");
    QTest::newRow("wrongroot") << Verdict::WrongRootObject << QStringLiteral("Fixture");
    QTest::newRow("throwing") << Verdict::FactoryFailed << QStringLiteral("no types today");
    QTest::newRow("throwingroot") << Verdict::FactoryFailed << QStringLiteral("no root today");
    QTest::newRow("othertypes") << Verdict::FactoryFailed << QStringLiteral("surprise");
}

void tst_TransportRegistry::aPluginThatFailsKeepsItsVerdictAndTheOthersRun()
{
    QFETCH(Verdict, verdict);
    QFETCH(QString, reason);
    const fixtures::Folder folder;
    const QString path = folder.add(QTest::currentDataTag(), QStringLiteral("a.so"));
    folder.add("extended", QStringLiteral("b.so"));
    PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.records()[0].verdict, Verdict::Accepted);
    TransportRegistry registry;
    registry.load(catalogue);
    const PluginRecord &record = catalogue.records()[0];
    QVERIFY2(record.verdict == verdict, qPrintable(record.logText()));
    QVERIFY2(record.text.contains(reason), qPrintable(record.text));
    QVERIFY(record.toError().text().contains(path));
    QCOMPARE(registry.schemes(), QStringList{QStringLiteral("extended")});
    const Error error = registry.find(QLatin1String(QTest::currentDataTag())).error();
    QCOMPARE(error.code(), ErrorCode::UnknownScheme);
    QVERIFY2(error.text().contains(path), qPrintable(error.text()));
}

void tst_TransportRegistry::whatNeedsAFailedPluginIsNotLoaded()
{
    const fixtures::Folder folder;
    folder.add("needsthrowing", QStringLiteral("a.so"));
    folder.add("throwing", QStringLiteral("b.so"));
    PluginCatalogue catalogue({folder.named()}, {});
    QCOMPARE(catalogue.loadOrder().size(), 2);
    TransportRegistry registry;
    registry.load(catalogue);
    QCOMPARE(catalogue.records()[0].verdict, Verdict::DependencyMissing);
    QCOMPARE(catalogue.records()[1].verdict, Verdict::FactoryFailed);
    QVERIFY(!fixtures::ran("needsthrowing"));
    QVERIFY(registry.schemes().isEmpty());
}

void tst_TransportRegistry::aTransportCanBeAddedByHand()
{
    class Factory : public TransportFactory
    {
    public:
        QStringList types() const override { return {QStringLiteral("own")}; }

        Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                         HostServices &) override
        {
            return Error(ErrorCode::NotSupported, QString());
        }

        Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &,
                                                       HostServices &) override
        {
            return Error(ErrorCode::NotSupported, QString());
        }
    };

    Factory factory;
    TransportDescription description;
    description.type = QStringLiteral("own");
    description.schemes = QStringList{QStringLiteral("own")};
    TransportRegistry registry;
    QVERIFY(registry.add(description, factory).has_value());
    QCOMPARE(registry.add(description, factory).error().code(), ErrorCode::AlreadyExists);
    QCOMPARE(registry.find(QStringLiteral("own"))->factory, &factory);
    QCOMPARE(registry.find(QStringLiteral("x")).error().code(), ErrorCode::UnknownScheme);
}

QTEST_GUILESS_MAIN(tst_TransportRegistry)
#include "tst_transportregistry.moc"
