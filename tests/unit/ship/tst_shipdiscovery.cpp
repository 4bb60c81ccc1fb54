// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/discovery.h"
#include "hostdouble.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <fairlead/peerdials.h>
#include <fairlead/publisher.h>

#include <set>

using namespace fairlead;
using namespace fairlead::ship;
using namespace fairlead::test;

namespace {

Ski ski(int number)
{
    Ski::Raw raw{};
    raw[19] = static_cast<unsigned char>(number);
    return Ski(raw);
}

Announcement announcement(int number)
{
    return {ski(number), "Pump-1", "/eebus/", false, "Brand", "HeatPump", "X1", {}, {}};
}

class FakeMdns final : public Mdns
{
public:
    void start(MdnsReceiver &to) override
    {
        ++starts;
        receiver = &to;
    }

    void announce(const MdnsService &service) override { announced << service; }

    void withdraw() override { ++withdrawals; }

    int starts = 0;
    int withdrawals = 0;
    QList<MdnsService> announced;
    MdnsReceiver *receiver = nullptr;
};

class FakeDials final : public PeerDials
{
public:
    Result<> want(const PeerTarget &target) override
    {
        wanted << target;
        return {};
    }

    void unwant(const QByteArray &key) override { unwanted << key; }

    QList<PeerTarget> wanted;
    QByteArrayList unwanted;
};

class FakePublisher final : public Publisher
{
public:
    Result<> publish(const PublishView &view) override
    {
        topics << QByteArray(view.topic.data(), qsizetype(view.topic.size()));
        texts << QByteArray(view.payload.data(), qsizetype(view.payload.size()));
        isRetained = view.retain;
        return {};
    }

    QByteArrayList topics;
    QByteArrayList texts;
    bool isRetained = false;
};

} // namespace

/// What follows from what mDNS tells.
class tst_ShipDiscovery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void nothingIsSaidBeforeItListens();
    void itIsAnnouncedWithItsRealPort();
    void theWindowIsAnnounced();
    void whoOnlyLooksIsNotAnnounced();
    void aTrustedPeerIsWanted();
    void aStrangerIsShown();
    void whoWasFoundBeforeTheStartIsWanted();
    void flickerUnwantsNobody();
    void otherAddressesAreToldToTheDials();
    void trustDecides();
    void theEndOfTheListenerEndsItsDials();
    void aMissingDaemonIsSaid();
    void changesAreShownTogether();

private:
    void found(int number, const char *address, const char *name = "Pump");
    QJsonObject shown();

    FakeClock m_clock;
    FakeTimers m_timers;
    FakeLogger m_logger;
    FakeDials m_dials;
    FakePublisher m_publisher;
    FakeMdns *m_mdns = nullptr;
    std::set<Ski> m_trusted;
    std::vector<std::pair<Ski, QByteArray>> m_learned;
    bool m_isOpen = false;
    bool m_announces = true;
    std::vector<FoundPeer> m_remembered;
    std::unique_ptr<Discovery> m_discovery;
};

void tst_ShipDiscovery::init()
{
    m_dials.wanted.clear();
    m_dials.unwanted.clear();
    m_publisher.texts.clear();
    m_publisher.topics.clear();
    m_logger.lines.clear();
    m_learned.clear();
    m_remembered.clear();
    m_trusted = {ski(1)};
    m_isOpen = false;
    m_announces = qstrcmp(QTest::currentTestFunction(), "whoOnlyLooksIsNotAnnounced") != 0;
    auto mdns = std::make_unique<FakeMdns>();
    m_mdns = mdns.get();
    Discovery::Parts parts{announcement(9),
                           "ship/$discovered/home",
                           m_announces,
                           [this](const Ski &one) { return m_trusted.contains(one); },
                           [this] { return m_isOpen; },
                           [this](const FoundPeer &peer) {
                               m_learned.emplace_back(peer.claims.ski, peer.claims.brand);
                           },
                           [this] { return m_remembered; },
                           m_clock,
                           m_timers,
                           m_logger,
                           &m_dials,
                           &m_publisher};
    m_discovery = std::make_unique<Discovery>(std::move(mdns), std::move(parts));
}

void tst_ShipDiscovery::cleanup()
{
    m_discovery.reset();
}

void tst_ShipDiscovery::found(int number, const char *address, const char *name)
{
    m_mdns->receiver->serviceFound(
        {name, "local", 2, 0},
        {QString(), QString::fromLatin1(address), 4712, writeTxt(announcement(number))});
}

QJsonObject tst_ShipDiscovery::shown()
{
    m_timers.advance(m_clock, Discovery::kShowMs * kNsPerMs);
    return m_publisher.texts.isEmpty() ? QJsonObject()
                                       : QJsonDocument::fromJson(m_publisher.texts.last()).object();
}

void tst_ShipDiscovery::nothingIsSaidBeforeItListens()
{
    QCOMPARE(m_mdns->starts, 0);
    QVERIFY(m_mdns->announced.isEmpty());
    m_discovery->windowChanged();
    QVERIFY(m_mdns->announced.isEmpty());
}

void tst_ShipDiscovery::itIsAnnouncedWithItsRealPort()
{
    m_discovery->listening(40123);
    QCOMPARE(m_mdns->starts, 1);
    QCOMPARE(m_mdns->announced.size(), qsizetype(1));
    QCOMPARE(m_mdns->announced[0].label, QByteArray("HeatPump Brand X1"));
    QCOMPARE(m_mdns->announced[0].port, quint16(40123));
    QCOMPARE(m_mdns->announced[0].txt, writeTxt(announcement(9)));
    m_discovery->stopped();
    QCOMPARE(m_mdns->withdrawals, 1);
    m_discovery->listening(40124);
    QCOMPARE(m_mdns->announced.last().port, quint16(40124));
    QCOMPARE(m_mdns->starts, 1);
}

void tst_ShipDiscovery::theWindowIsAnnounced()
{
    m_discovery->listening(4712);
    QVERIFY(m_mdns->announced.last().txt.contains("register=false"));
    m_isOpen = true;
    m_discovery->windowChanged();
    QVERIFY(m_mdns->announced.last().txt.contains("register=true"));
    // It ends by itself.
    m_isOpen = false;
    m_timers.advance(m_clock, Discovery::kWindowMs * kNsPerMs);
    QVERIFY(m_mdns->announced.last().txt.contains("register=false"));
    const qsizetype count = m_mdns->announced.size();
    m_timers.advance(m_clock, 10 * Discovery::kWindowMs * kNsPerMs);
    QCOMPARE(m_mdns->announced.size(), count);
}

void tst_ShipDiscovery::whoOnlyLooksIsNotAnnounced()
{
    m_discovery->listening(4712);
    QCOMPARE(m_mdns->starts, 1);
    QVERIFY(m_mdns->announced.isEmpty());
    found(1, "192.0.2.7");
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
}

void tst_ShipDiscovery::aTrustedPeerIsWanted()
{
    m_discovery->listening(4712);
    found(1, "192.0.2.7");
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
    const PeerTarget &target = m_dials.wanted[0];
    QCOMPARE(target.key, ski(1).toHex());
    QCOMPARE(target.path, QByteArray("/eebus/"));
    QCOMPARE(target.places, (QList<PeerPlace>{{QStringLiteral("192.0.2.7"), 4712}}));
    QCOMPARE(m_learned.size(), std::size_t(1));
    QCOMPARE(m_learned[0].second, QByteArray("Brand"));
    // Without an address there is nothing to dial yet.
    m_trusted.insert(ski(2));
    found(2, "", "Other");
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
}

void tst_ShipDiscovery::aStrangerIsShown()
{
    m_discovery->listening(4712);
    found(2, "fe80::7");
    QVERIFY(m_dials.wanted.isEmpty());
    QVERIFY(m_learned.empty());
    const QJsonObject peer = shown().value(QStringLiteral("peers")).toArray().first().toObject();
    QCOMPARE(m_publisher.topics.last(), QByteArray("ship/$discovered/home"));
    QVERIFY(m_publisher.isRetained);
    QCOMPARE(peer.value(QStringLiteral("ski")).toString(), QString::fromLatin1(ski(2).toHex()));
    QCOMPARE(peer.value(QStringLiteral("id")).toString(), QStringLiteral("Pump-1"));
    QCOMPARE(peer.value(QStringLiteral("brand")).toString(), QStringLiteral("Brand"));
    QCOMPARE(peer.value(QStringLiteral("model")).toString(), QStringLiteral("X1"));
    QCOMPARE(peer.value(QStringLiteral("type")).toString(), QStringLiteral("HeatPump"));
    QCOMPARE(peer.value(QStringLiteral("register")), QJsonValue(false));
    QCOMPARE(peer.value(QStringLiteral("trusted")), QJsonValue(false));
    QCOMPARE(peer.value(QStringLiteral("present")), QJsonValue(true));
    QCOMPARE(peer.value(QStringLiteral("addresses")).toArray(),
             QJsonArray{QStringLiteral("[fe80::7%2]:4712")});
}

// Devices do not always announce themselves again.
void tst_ShipDiscovery::whoWasFoundBeforeTheStartIsWanted()
{
    m_remembered = {{announcement(1), {{QStringLiteral("192.0.2.6"), 4711}}, false}};
    m_discovery->listening(4712);
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
    QCOMPARE(m_dials.wanted[0].key, ski(1).toHex());
    QCOMPARE(m_dials.wanted[0].path, QByteArray("/eebus/"));
    QCOMPARE(m_dials.wanted[0].places, (QList<PeerPlace>{{QStringLiteral("192.0.2.6"), 4711}}));
    // It was not seen.
    QVERIFY(m_learned.empty());
    QVERIFY(shown().value(QStringLiteral("peers")).toArray().isEmpty());
    found(1, "192.0.2.7");
    QCOMPARE(m_dials.wanted.last().places, (QList<PeerPlace>{{QStringLiteral("192.0.2.7"), 4712}}));
    m_discovery->stopped();
    QVERIFY(m_dials.unwanted.contains(ski(1).toHex()));
    m_dials.wanted.clear();
    m_discovery->listening(4712);
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
    QCOMPARE(m_dials.wanted[0].places, (QList<PeerPlace>{{QStringLiteral("192.0.2.7"), 4712}}));
}

void tst_ShipDiscovery::flickerUnwantsNobody()
{
    m_discovery->listening(4712);
    found(1, "192.0.2.7");
    m_mdns->receiver->serviceGone({"Pump", "local", 2, 0});
    m_mdns->receiver->mdnsStopped(QStringLiteral("gone"));
    m_mdns->receiver->mdnsStarted();
    found(1, "192.0.2.7");
    QVERIFY(m_dials.unwanted.isEmpty());
    for (const PeerTarget &target : std::as_const(m_dials.wanted))
        QCOMPARE(target, m_dials.wanted.first());
}

void tst_ShipDiscovery::otherAddressesAreToldToTheDials()
{
    m_discovery->listening(4712);
    found(1, "192.0.2.7");
    found(1, "192.0.2.8");
    QCOMPARE(m_dials.wanted.last().places, (QList<PeerPlace>{{QStringLiteral("192.0.2.8"), 4712}}));
}

// RR23
void tst_ShipDiscovery::trustDecides()
{
    m_discovery->listening(4712);
    found(2, "192.0.2.7");
    QVERIFY(m_dials.wanted.isEmpty());
    m_trusted.insert(ski(2));
    m_discovery->trustChanged(ski(2));
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
    QVERIFY(shown().value(QStringLiteral("peers")).toArray()[0].toObject()[u"trusted"].toBool());
    m_trusted.erase(ski(2));
    m_discovery->trustChanged(ski(2));
    QCOMPARE(m_dials.unwanted, QByteArrayList{ski(2).toHex()});
    QVERIFY(!shown().value(QStringLiteral("peers")).toArray()[0].toObject()[u"trusted"].toBool());
    // Who is trusted before it is found is wanted once it is.
    m_discovery->trustChanged(ski(1));
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
}

void tst_ShipDiscovery::theEndOfTheListenerEndsItsDials()
{
    m_discovery->listening(4712);
    found(1, "192.0.2.7");
    m_discovery->stopped();
    QVERIFY(m_dials.unwanted.contains(ski(1).toHex()));
    m_dials.wanted.clear();
    found(1, "192.0.2.8");
    QVERIFY(m_dials.wanted.isEmpty());
    m_discovery->listening(4712);
    QCOMPARE(m_dials.wanted.size(), qsizetype(1));
    QCOMPARE(m_dials.wanted[0].places, (QList<PeerPlace>{{QStringLiteral("192.0.2.8"), 4712}}));
}

void tst_ShipDiscovery::aMissingDaemonIsSaid()
{
    m_discovery->listening(4712);
    m_mdns->receiver->mdnsStopped(QStringLiteral("it does not run"));
    QCOMPARE(m_logger.lines.size(), qsizetype(1));
    QVERIFY(
        m_logger.lines[0].startsWith(QStringLiteral("ship-mdns-down reason=\"it does not run\"")));
    QJsonObject text = shown();
    QCOMPARE(text.value(QStringLiteral("mdns")).toString(), QStringLiteral("down"));
    QCOMPARE(text.value(QStringLiteral("reason")).toString(), QStringLiteral("it does not run"));
    m_mdns->receiver->mdnsStarted();
    m_mdns->receiver->announced("HeatPump (2)");
    text = shown();
    QCOMPARE(text.value(QStringLiteral("mdns")).toString(), QStringLiteral("up"));
    QCOMPARE(text.value(QStringLiteral("label")).toString(), QStringLiteral("HeatPump (2)"));
    QVERIFY(!text.contains(QStringLiteral("reason")));
}

void tst_ShipDiscovery::changesAreShownTogether()
{
    m_discovery->listening(4712);
    const qsizetype before = m_publisher.texts.size();
    for (int i = 10; i < 60; ++i)
        found(i, "192.0.2.7", QByteArray::number(i).constData());
    QCOMPARE(m_publisher.texts.size(), before);
    QCOMPARE(shown().value(QStringLiteral("peers")).toArray().size(), qsizetype(50));
    QCOMPARE(m_publisher.texts.size(), before + 1);
    m_mdns->receiver->serviceGone({"no such", "local", 2, 0});
    (void)shown();
    QCOMPARE(m_publisher.texts.size(), before + 1);
}

QTEST_APPLESS_MAIN(tst_ShipDiscovery)
#include "tst_shipdiscovery.moc"
