// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "avahiworld.h"

using namespace fairlead;
using namespace fairlead::ship;
using namespace fairlead::test;

/// Avahi over D-Bus: chapter 3, RR24.
class tst_ShipAvahi : public QObject
{
    Q_OBJECT

    bool startBus();
    void begin();
    void appear();
    bool waitFor(const QString &line);

    QTemporaryDir m_folder;
    QString m_address;
    std::unique_ptr<QProcess> m_bus;
    FakeClock m_clock;
    FakeTimers m_timers;
    std::unique_ptr<FakeAvahi> m_avahi;
    std::unique_ptr<Told> m_told;
    std::unique_ptr<AvahiMdns> m_mdns;

private Q_SLOTS:
    void initTestCase();
    void theBusMayComeLater();
    void init();
    void cleanup();
    void theDaemonMayComeLater();
    void aServiceIsAnnounced();
    void changesOfTheRecordKeepTheService();
    void otherPortsAreAnotherService();
    void itIsWithdrawn();
    void takenLabelsGetANumber();
    void manyTakenLabelsAreAnError();
    void aFailureIsTold();
    void othersAreFound();
    void signalsBeforeAnswersAreNotLost();
    void theOtherFamilyIsTried();
    void whatIsGoneIsNotResolvedAnyMore();
    void aNewDaemonGetsEverythingAnew();
    void anotherHostNameBeginsAnew();
    void aBrokenBrowserIsMadeAnew();
    void signalsOfOthersAreIgnored();
    void theBusMayEnd();
    void cleanupTestCase();
};

bool tst_ShipAvahi::startBus()
{
    m_bus = std::make_unique<QProcess>();
    m_bus->start(QStringLiteral("dbus-daemon"),
                 {QStringLiteral("--session"),
                  QStringLiteral("--nofork"),
                  QStringLiteral("--print-address"),
                  QStringLiteral("--address=") + m_address});
    return m_bus->waitForReadyRead(kPatienceMs);
}

void tst_ShipAvahi::initTestCase()
{
    QProcess probe;
    probe.start(QStringLiteral("dbus-daemon"), {QStringLiteral("--version")});
    if (!probe.waitForStarted())
        QFAIL("dbus-daemon is not installed; ./dev test installs it");
    probe.waitForFinished();
    probe.start(QStringLiteral(FAIRLEAD_SYSTEM_PYTHON),
                {QStringLiteral("-c"), QStringLiteral("import dbus, gi.repository.GLib")});
    if (!probe.waitForFinished() || probe.exitCode() != 0)
        QFAIL("Debian's python3-dbus and python3-gi are not installed; ./dev test does that");
    m_address = QStringLiteral("unix:path=") + m_folder.filePath(QStringLiteral("bus"));
    qputenv("DBUS_SYSTEM_BUS_ADDRESS", m_address.toUtf8());
}

void tst_ShipAvahi::begin()
{
    m_told = std::make_unique<Told>();
    m_mdns = std::make_unique<AvahiMdns>(m_clock, m_timers);
    m_mdns->start(*m_told);
}

bool tst_ShipAvahi::waitFor(const QString &line)
{
    const bool came = QTest::qWaitFor([&] { return m_told->lines.contains(line); }, kPatienceMs);
    if (!came)
        qInfo() << m_told->lines << m_told->reason;
    m_told->lines.removeOne(line);
    return came;
}

void tst_ShipAvahi::theBusMayComeLater()
{
    begin();
    QCOMPARE(m_told->lines, QStringList{QStringLiteral("stopped")});
    QVERIFY(m_told->reason.contains(QStringLiteral("no system message bus")));
    m_timers.advance(m_clock, AvahiBus::kRetryMs * kNsPerMs);
    QVERIFY2(m_told->lines.size() == 1, "it is said once");
    QVERIFY(startBus());
    m_timers.advance(m_clock, AvahiBus::kRetryMs * kNsPerMs);
    QTRY_VERIFY_WITH_TIMEOUT(m_told->reason.contains(QStringLiteral("does not run")), kPatienceMs);
    m_mdns.reset();
}

void tst_ShipAvahi::init()
{
    if (qstrcmp(QTest::currentTestFunction(), "theBusMayComeLater") == 0)
        return;
    if (!m_bus)
        QVERIFY(startBus());
    m_avahi = std::make_unique<FakeAvahi>();
    QVERIFY(m_avahi->start(m_address));
    QVERIFY(!m_avahi->event("ready").isEmpty());
    begin();
}

void tst_ShipAvahi::cleanup()
{
    m_mdns.reset();
    m_avahi.reset();
    m_told.reset();
}

void tst_ShipAvahi::appear()
{
    m_avahi->tell({}, "appear");
    QVERIFY(waitFor(QStringLiteral("started")));
}

void tst_ShipAvahi::theDaemonMayComeLater()
{
    QVERIFY(waitFor(QStringLiteral("stopped")));
    QVERIFY(m_told->reason.contains(QStringLiteral("does not run")));
    m_mdns->announce(service());
    appear();
    QCOMPARE(m_avahi->event("announced").value(QStringLiteral("label")).toString(),
             QStringLiteral("Pump"));
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    QCOMPARE(m_avahi->event("browsed").value(QStringLiteral("type")).toString(),
             QStringLiteral("_ship._tcp"));
}

// TC_SHIP_MDNS_001
void tst_ShipAvahi::aServiceIsAnnounced()
{
    appear();
    m_mdns->announce(service());
    const QJsonObject got = m_avahi->event("announced");
    QCOMPARE(got.value(QStringLiteral("label")).toString(), QStringLiteral("Pump"));
    QCOMPARE(got.value(QStringLiteral("type")).toString(), QStringLiteral("_ship._tcp"));
    QCOMPARE(got.value(QStringLiteral("port")).toInt(), 4712);
    QCOMPARE(got.value(QStringLiteral("interface")).toInt(), -1);
    QCOMPARE(got.value(QStringLiteral("protocol")).toInt(), -1);
    QCOMPARE(got.value(QStringLiteral("txt")).toArray(),
             (QJsonArray{QStringLiteral("txtvers=1"), QString::fromLatin1("id=x\xc3\xa4")}));
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
}

void tst_ShipAvahi::changesOfTheRecordKeepTheService()
{
    appear();
    MdnsService one = service();
    m_mdns->announce(one);
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    one.txt = {"register=true"};
    m_mdns->announce(one);
    one.txt = {"register=false"};
    m_mdns->announce(one);
    QCOMPARE(m_avahi->event("updated").value(QStringLiteral("txt")).toArray(),
             QJsonArray{QStringLiteral("register=true")});
    QCOMPARE(m_avahi->event("updated").value(QStringLiteral("txt")).toArray(),
             QJsonArray{QStringLiteral("register=false")});
    QVERIFY(!m_avahi->has("withdrawn"));
}

void tst_ShipAvahi::otherPortsAreAnotherService()
{
    appear();
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    QCOMPARE(m_avahi->event("announced").value(QStringLiteral("port")).toInt(), 4712);
    m_mdns->announce(service("Pump", 4713));
    QCOMPARE(m_avahi->event("withdrawn").value(QStringLiteral("label")).toString(),
             QStringLiteral("Pump"));
    QCOMPARE(m_avahi->event("announced").value(QStringLiteral("port")).toInt(), 4713);
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
}

// RR24
void tst_ShipAvahi::itIsWithdrawn()
{
    appear();
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    m_mdns->withdraw();
    QVERIFY(!m_avahi->event("withdrawn").isEmpty());
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    m_mdns.reset();
    QVERIFY(!m_avahi->event("withdrawn").isEmpty());
}

void tst_ShipAvahi::takenLabelsGetANumber()
{
    m_avahi->tell({{QStringLiteral("taken"), QJsonArray{QStringLiteral("Pump")}},
                   {QStringLiteral("taken_elsewhere"),
                    QJsonArray{QStringLiteral("Pump (2)"), QStringLiteral("Pump (3)")}}},
                  "set");
    appear();
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump (4)")));
    QVERIFY(!m_avahi->event("refused").isEmpty());
    QVERIFY(!m_avahi->event("collision").isEmpty());
    MdnsService changed = service();
    changed.txt = {"register=true"};
    m_mdns->announce(changed);
    QCOMPARE(m_avahi->event("updated").value(QStringLiteral("label")).toString(),
             QStringLiteral("Pump (4)"));
}

void tst_ShipAvahi::manyTakenLabelsAreAnError()
{
    QJsonArray labels{QStringLiteral("Pump")};
    for (int i = 2; i <= AvahiPublication::kMaxLabels; ++i)
        labels.append(QStringLiteral("Pump (%1)").arg(i));
    m_avahi->tell({{QStringLiteral("taken"), labels}}, "set");
    appear();
    m_mdns->announce(service());
    QTRY_VERIFY_WITH_TIMEOUT(
        m_told->lines.last().startsWith(QStringLiteral("announce-failed others have")),
        kPatienceMs);
}

void tst_ShipAvahi::aFailureIsTold()
{
    m_avahi->tell({{QStringLiteral("failing"), QStringLiteral("Out of everything")}}, "set");
    appear();
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announce-failed Out of everything")));
    m_avahi->tell({{QStringLiteral("failing"), QJsonValue()}}, "set");
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
}

void tst_ShipAvahi::othersAreFound()
{
    m_avahi->found("Before", "192.0.2.1");
    appear();
    QVERIFY(waitFor(QStringLiteral("found Before 2 0 [192.0.2.1]:4712 a=1")));
    m_avahi->found(
        "W\xc3\xa4rme", "192.0.2.2", 65535, {QStringLiteral("a=1"), QStringLiteral("b")});
    QVERIFY(waitFor(QString::fromUtf8("found W\xc3\xa4rme 2 0 [192.0.2.2]:65535 a=1,b")));
    m_avahi->found("Six",
                   "fe80::7",
                   4712,
                   {},
                   {{QStringLiteral("protocol"), 1}, {QStringLiteral("interface"), 3}});
    QVERIFY(waitFor(QStringLiteral("found Six 3 1 [fe80::7]:4712 ")));
    m_avahi->found("Before", "192.0.2.9", 4713);
    QVERIFY(waitFor(QStringLiteral("found Before 2 0 [192.0.2.9]:4713 a=1")));
    m_avahi->tell({{QStringLiteral("name"), QStringLiteral("Before")}}, "gone");
    QVERIFY(waitFor(QStringLiteral("gone Before")));
    QCOMPARE(m_told->lines, QStringList{QStringLiteral("stopped")});
}

void tst_ShipAvahi::signalsBeforeAnswersAreNotLost()
{
    m_avahi->tell({{QStringLiteral("early"), true}}, "set");
    m_avahi->found("One", "192.0.2.1");
    m_avahi->found("Two", "192.0.2.2");
    appear();
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.1]:4712 a=1")));
    QVERIFY(waitFor(QStringLiteral("found Two 2 0 [192.0.2.2]:4712 a=1")));
}

void tst_ShipAvahi::theOtherFamilyIsTried()
{
    m_avahi->found("Six",
                   "192.0.2.6",
                   4712,
                   {},
                   {{QStringLiteral("protocol"), 1}, {QStringLiteral("family"), 0}});
    appear();
    QVERIFY(waitFor(QStringLiteral("found Six 2 1 [192.0.2.6]:4712 ")));
    QCOMPARE(m_avahi->event("resolved").value(QStringLiteral("family")).toInt(), 1);
    QCOMPARE(m_avahi->event("resolved").value(QStringLiteral("family")).toInt(), -1);
}

void tst_ShipAvahi::whatIsGoneIsNotResolvedAnyMore()
{
    appear();
    m_avahi->found("One", "192.0.2.1");
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.1]:4712 a=1")));
    m_avahi->tell({{QStringLiteral("name"), QStringLiteral("One")}}, "gone");
    QCOMPARE(m_avahi->event("resolver-freed").value(QStringLiteral("name")).toString(),
             QStringLiteral("One"));
    m_avahi->found("One", "192.0.2.2");
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.2]:4712 a=1")));
}

void tst_ShipAvahi::aNewDaemonGetsEverythingAnew()
{
    appear();
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    m_told->lines.clear();
    m_avahi->tell({}, "vanish");
    QVERIFY(waitFor(QStringLiteral("stopped")));
    QVERIFY(m_told->reason.contains(QStringLiteral("has ended")));
    m_avahi->found("One", "192.0.2.1");
    appear();
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.1]:4712 a=1")));
    QCOMPARE(m_told->lines, QStringList());
}

void tst_ShipAvahi::anotherHostNameBeginsAnew()
{
    appear();
    m_mdns->announce(service());
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
    m_told->lines.clear();
    m_avahi->tell({{QStringLiteral("value"), 1}}, "state");
    QVERIFY(waitFor(QStringLiteral("stopped")));
    QVERIFY(!m_avahi->event("withdrawn").isEmpty());
    QVERIFY(!m_avahi->event("browser-freed").isEmpty());
    m_avahi->tell({{QStringLiteral("value"), 2}}, "state");
    QVERIFY(waitFor(QStringLiteral("started")));
    QVERIFY(waitFor(QStringLiteral("announced Pump")));
}

void tst_ShipAvahi::aBrokenBrowserIsMadeAnew()
{
    appear();
    QVERIFY(!m_avahi->event("browsed").isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(
        (m_avahi->tell({}, "break"),
         m_told->lines.contains(QStringLiteral("browse-failed Not supported"))),
        kPatienceMs);
    m_timers.advance(m_clock, AvahiBrowser::kRetryMs * kNsPerMs);
    QVERIFY(!m_avahi->event("browsed").isEmpty());
    m_avahi->found("One", "192.0.2.1");
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.1]:4712 a=1")));
}

void tst_ShipAvahi::signalsOfOthersAreIgnored()
{
    appear();
    QVERIFY(!m_avahi->event("browsed").isEmpty());
    m_avahi->found("One", "192.0.2.1");
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.1]:4712 a=1")));
    const QStringList before = m_told->lines;
    // Whoever is on the bus may send what looks like the daemon's.
    const QString name = QStringLiteral("stranger");
    QDBusConnection stranger = QDBusConnection::connectToBus(m_address, name);
    QVERIFY(stranger.isConnected());
    QDBusMessage lie = QDBusMessage::createSignal(QStringLiteral("/"),
                                                  QStringLiteral("org.freedesktop.Avahi.Server"),
                                                  QStringLiteral("StateChanged"));
    lie.setArguments({4, QString()});
    QVERIFY(stranger.send(lie));
    for (int number = 1; number < 9; ++number) {
        lie = QDBusMessage::createSignal(QStringLiteral("/Client0/ServiceBrowser%1").arg(number),
                                         QStringLiteral("org.freedesktop.Avahi.ServiceBrowser"),
                                         QStringLiteral("ItemRemove"));
        lie.setArguments({2,
                          0,
                          QStringLiteral("One"),
                          QStringLiteral("_ship._tcp"),
                          QStringLiteral("local"),
                          QVariant::fromValue(quint32(4))});
        QVERIFY(stranger.send(lie));
    }
    // An answer that came after the lies shows that they were there.
    (void)stranger.call(
        QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.Avahi"),
                                       QStringLiteral("/"),
                                       QStringLiteral("org.freedesktop.Avahi.Server"),
                                       QStringLiteral("GetState")));
    m_avahi->found("One", "192.0.2.2");
    QVERIFY(waitFor(QStringLiteral("found One 2 0 [192.0.2.2]:4712 a=1")));
    QCOMPARE(m_told->lines, before);
    QDBusConnection::disconnectFromBus(name);
}

void tst_ShipAvahi::theBusMayEnd()
{
    appear();
    m_told->lines.clear();
    m_bus->kill();
    QVERIFY(m_bus->waitForFinished());
    QVERIFY(waitFor(QStringLiteral("stopped")));
    m_avahi.reset();
    QFile::remove(m_folder.filePath(QStringLiteral("bus")));
    QVERIFY(startBus());
    m_avahi = std::make_unique<FakeAvahi>();
    QVERIFY(m_avahi->start(m_address));
    QVERIFY(!m_avahi->event("ready").isEmpty());
    m_avahi->tell({}, "appear");
    m_timers.advance(m_clock, AvahiBus::kRetryMs * kNsPerMs);
    QVERIFY(waitFor(QStringLiteral("started")));
}

void tst_ShipAvahi::cleanupTestCase()
{
    if (!m_bus)
        return;
    m_bus->kill();
    m_bus->waitForFinished();
}

QTEST_GUILESS_MAIN(tst_ShipAvahi)
#include "tst_shipavahi.moc"
