// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventfilter.h"
#include "core/observe/eventguard.h"
#include "core/observe/eventjson.h"
#include "eventworld.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtTest/QTest>

#include <set>

using namespace fairlead;
using namespace fairlead::core;

class tst_EventValues : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesAreStable_data();
    void namesAreStable();
    void namesAreUniqueAndReadBack();
    void someEventsAreTerminal();
    void jsonHoldsEveryField();
    void jsonLeavesOutWhatSaysNothing();
    void canaryNeverLeavesTheHost();
    void longTextsAndDeepDetailsAreCut();
};

// OB-04: golden names; programs are written against them.
void tst_EventValues::namesAreStable_data()
{
    QTest::addColumn<int>("number");
    const auto row = [](int number, const char *name) { QTest::newRow(name) << number; };
    row(0, "endpoint-started");
    row(1, "endpoint-stopped");
    row(2, "endpoint-state");
    row(3, "endpoint-reconnected");
    row(4, "endpoint-reconnect-failed");
    row(5, "dial-storm");
    row(10, "link-connected");
    row(11, "link-replaced");
    row(12, "link-disconnected");
    row(13, "link-rejected");
    row(14, "handshake-failed");
    row(15, "heartbeat-timeout");
    row(16, "first-peer");
    row(17, "all-peers-gone");
    row(20, "service-registered");
    row(21, "service-unregistered");
    row(22, "service-status");
    row(30, "broadcast-started");
    row(31, "broadcast-target");
    row(32, "broadcast-finished");
    row(40, "host-state");
    row(41, "shutdown-phase");
    row(50, "lag");
    row(51, "closed");
    row(60, "session-overflow");
    row(70, "store-degraded");
    row(71, "store-recovered");
    row(72, "store-quarantined");
    row(44, "trust-requested");
    row(45, "trust-granted");
    row(46, "trust-refused");
    row(47, "trust-withdrawn");
}

void tst_EventValues::namesAreStable()
{
    QFETCH(int, number);
    QCOMPARE(eventName(EventKind(number)), QTest::currentDataTag());
}

// OB-04
void tst_EventValues::namesAreUniqueAndReadBack()
{
    std::set<std::string> names;
    EventKinds seen;
    int kinds = 0;
    for (int i = 0; i < 128; ++i) {
        const std::string name = eventName(EventKind(i));
        if (name == "unknown")
            continue;
        ++kinds;
        names.insert(name);
        // A set of kinds has a bit for each.
        QVERIFY(!seen.contains(EventKind(i)));
        seen.add(EventKind(i));
        QVERIFY(eventKindFromName(name) == EventKind(i));
    }
    QCOMPARE(int(names.size()), kinds);
    QCOMPARE(kinds, 32);
    QVERIFY(!eventKindFromName("unknown"));
    QVERIFY(!eventKindFromName("Closed"));
}

// OB-03
void tst_EventValues::someEventsAreTerminal()
{
    Event event;
    std::set<std::string> terminal;
    for (int i = 0; i < 128; ++i) {
        event.kind = EventKind(i);
        if (isTerminal(event))
            terminal.insert(eventName(event.kind));
    }
    QCOMPARE(terminal,
             (std::set<std::string>{
                 "endpoint-stopped", "endpoint-reconnect-failed", "shutdown-phase", "closed"}));
    for (const EventKind kind : {EventKind::EndpointState, EventKind::ServiceStatus}) {
        event.kind = kind;
        for (const char *state : {"Stopped", "Failed", "stopped", "failed"}) {
            event.to = QString::fromLatin1(state);
            QVERIFY(isTerminal(event));
        }
        event.to = QStringLiteral("Running");
        QVERIFY(!isTerminal(event));
    }
    event.kind = EventKind::HostState;
    event.to = QStringLiteral("Failed");
    QVERIFY(!isTerminal(event));
}

// OB-01, OB-04
void tst_EventValues::jsonHoldsEveryField()
{
    Event event;
    event.kind = EventKind::EndpointState;
    event.number = (quint64(1) << 60) + 1; // beyond what a double holds
    event.key = "pump";
    event.endpoint = QStringLiteral("pumps");
    event.generation = 9;
    event.attempt = 3;
    event.monotonicNs = 123;
    event.utcMs = 1'700'000'000'123;
    event.reason = Error(ErrorCode::ConnectionRefused, QStringLiteral("refused"));
    event.from = QStringLiteral("Running");
    event.to = QStringLiteral("Reconnecting");
    event.details = {{QStringLiteral("closeError"), QStringLiteral("bad file descriptor")}};
    const QByteArray json = QJsonDocument(eventToJson(event)).toJson(QJsonDocument::Compact);
    const QJsonObject back = QJsonDocument::fromJson(json).object();
    QCOMPARE(quint64(back.value(QLatin1String("number")).toInteger()), event.number);
    QCOMPARE(back.value(QLatin1String("kind")).toString(), QStringLiteral("endpoint-state"));
    QCOMPARE(back.value(QLatin1String("time")).toString(),
             QStringLiteral("2023-11-14T22:13:20.123Z"));
    QCOMPARE(back.value(QLatin1String("monotonicNs")).toInteger(), 123);
    QCOMPARE(back.value(QLatin1String("key")).toString(), QStringLiteral("pump"));
    QCOMPARE(back.value(QLatin1String("endpoint")).toString(), QStringLiteral("pumps"));
    QCOMPARE(back.value(QLatin1String("generation")).toInteger(), 9);
    QCOMPARE(back.value(QLatin1String("attempt")).toInteger(), 3);
    QCOMPARE(back.value(QLatin1String("from")).toString(), QStringLiteral("Running"));
    QCOMPARE(back.value(QLatin1String("to")).toString(), QStringLiteral("Reconnecting"));
    const QJsonObject reason = back.value(QLatin1String("reason")).toObject();
    QCOMPARE(reason.value(QLatin1String("code")).toString(), QStringLiteral("connection-refused"));
    QCOMPARE(reason.value(QLatin1String("text")).toString(), QStringLiteral("refused"));
    QVERIFY(reason.value(QLatin1String("retryable")).toBool());
    QCOMPARE(back.value(QLatin1String("details")).toObject(), event.details);
}

void tst_EventValues::jsonLeavesOutWhatSaysNothing()
{
    Event event;
    event.kind = EventKind::Closed;
    QCOMPARE(eventToJson(event).keys(),
             QStringList({QStringLiteral("kind"),
                          QStringLiteral("monotonicNs"),
                          QStringLiteral("number"),
                          QStringLiteral("time")}));
    event.key = QByteArray("\xff\x01", 2);
    QCOMPARE(eventToJson(event).value(QLatin1String("key")).toString(), QStringLiteral("hex:ff01"));
}

// DS-12
void tst_EventValues::canaryNeverLeavesTheHost()
{
    const QString canary = QStringLiteral("canary-7c1e");
    EventWorld world;
    world.bus.setHistory(4);
    const auto reader = world.read();
    world.bus.publish(EventKind::LinkRejected, [&](Event &event) {
        event.details
            = {{QStringLiteral("payload"), canary},
               {QStringLiteral("userPassword"), canary},
               {QStringLiteral("login"), QJsonObject{{QStringLiteral("API-Token"), canary}}},
               {QStringLiteral("tries"),
                QJsonArray{QJsonObject{{QStringLiteral("secret"), QJsonArray{canary}}}}},
               {QStringLiteral("payloadBytes"), 17},
               {QStringLiteral("listener"), QStringLiteral("default")}};
    });
    const QJsonObject json = eventToJson(*reader->take());
    const QByteArray text = QJsonDocument(json).toJson();
    QVERIFY2(!text.contains(canary.toUtf8()), text.constData());
    const QJsonObject details = json.value(QLatin1String("details")).toObject();
    QCOMPARE(details.value(QLatin1String("listener")).toString(), QStringLiteral("default"));
    QCOMPARE(details.value(QLatin1String("payloadBytes")).toInteger(), 17);
    QCOMPARE(details.value(QLatin1String("payload")).toString(), QStringLiteral("***"));
}

// DS-12
void tst_EventValues::longTextsAndDeepDetailsAreCut()
{
    QJsonObject details{{QStringLiteral("text"), QString(100000, QLatin1Char('x'))}};
    QJsonObject nested{{QStringLiteral("end"), 1}};
    for (int i = 0; i < 50; ++i)
        nested = {{QStringLiteral("in"), nested}};
    details.insert(QStringLiteral("deep"), nested);
    guardDetails(details);
    QCOMPARE(details.value(QLatin1String("text")).toString().size(), 513);
    QVERIFY(QJsonDocument(details).toJson().size() < 1024);
}

QTEST_APPLESS_MAIN(tst_EventValues)
#include "tst_eventvalues.moc"
