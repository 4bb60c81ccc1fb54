// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/endpointset.h"
#include "core/endpoint/hostendpoint.h"
#include "hostfixture.h"

#include <QCoreApplication>
#include <QTemporaryDir>
#include <QTest>

#include <fairlead/hostservices.h>
#include <fairlead/peerdials.h>
#include <fairlead/security.h>

#include <atomic>
#include <map>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

constexpr int kHangMs = 60'000; ///< only detects a hang

/// A protocol without a word: who proved its key is there.
class KeyedDriver final : public LinkDriver
{
public:
    KeyedDriver(const LinkContext &context, std::atomic<int> &dialled)
        : m_context(context)
    {
        if (context.link.direction() == Link::Direction::Dialled)
            ++dialled;
    }

    void handleStarted() override { (void)m_context.link.begin(); }

    void handleOpen(const Principal *identity) override
    {
        m_context.link.setPeerKey(identity->name);
        (void)m_context.link.succeed();
    }

    Consumed handleBytes(ByteSpan input) override { return {input.size(), 0}; }

    void handleEndOfInput() override
    {
        m_context.link.close(
            Error(ErrorCode::ConnectionClosed, QStringLiteral("it left")), CloseMode::Drain, false);
    }

    void handleAuthenticated(const Error &) override { }

    void handleLease(const LeaseGrant &) override { }

    void handlePull(Lease &) override { }

    void handleCompletions(const Completion *, int) override { }

    void handleSubscribed(quint32, const SubscribeOutcome *, int) override { }

    void handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) override { }

    void handleFenced(FenceReason) override { }

    void handleClosing(const Error &) override { }

private:
    LinkContext m_context;
};

/// Of each listener: what the host offers and tells it.
struct Finder
{
    PeerDials *dials = nullptr;
    QByteArray key;
    QList<quint16> ports; ///< 0: it stopped
    std::atomic<int> dialled = 0;
};

class FindingTransport final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("keyed")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &config,
                                                     HostServices &host) override
    {
        class Found final : public Listener
        {
        public:
            explicit Found(Finder &finder)
                : m_finder(finder)
            { }

            std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
            {
                return std::make_unique<KeyedDriver>(context, m_finder.dialled);
            }

            void handleListening(quint16 port) override { m_finder.ports << port; }

            void handleStopped() override { m_finder.ports << 0; }

        private:
            Finder &m_finder;
        };

        Finder &finder = finders[config.name];
        finder.dials = static_cast<PeerDials *>(host.service(FAIRLEAD_PEERDIALS_IID));
        finder.key = config.identity;
        return std::unique_ptr<Listener>(std::make_unique<Found>(finder));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &, HostServices &) override
    {
        return Error(ErrorCode::NotSupported, QStringLiteral("it only listens"));
    }

    std::map<QString, Finder> finders;
};

} // namespace

/// Peers that plugins find.
class tst_PeerDials : public QObject
{
    Q_OBJECT

    EndpointSettings keyed(const char *name) const;

    Finder &finder(const char *name) { return m_transport->finders[QString::fromLatin1(name)]; }

    quint16 portOf(const char *name) { return finder(name).ports.last(); }

    PeerTarget target(const char *name);
    SupervisedEndpoint *dial(const char *from, const char *to);
    bool isRunning(const char *from, const char *to);

    MainLoop &m_loop;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FindingTransport> m_transport;
    std::unique_ptr<Host> m_host;

public:
    explicit tst_PeerDials(MainLoop &loop)
        : m_loop(loop)
    { }

private Q_SLOTS:
    void init();
    void cleanup();
    void listenersHearOfTheirPort();
    void onlyKeyedListenersAreOfferedDials();
    void aFoundPeerGetsALink();
    void somebodyElseIsNotTakenForThePeer();
    void aDeadPlaceHoldsUpNobody();
    void otherPlacesDoNotTouchALiveLink();
    void anotherPathIsDialledWhenThereIsNoLink();
    void nonsenseIsRefused_data();
    void nonsenseIsRefused();
    void aListenerEndsWithItsDials();
};

EndpointSettings tst_PeerDials::keyed(const char *name) const
{
    EndpointSettings settings = listener(name);
    settings.url.setScheme(QStringLiteral("keyed"));
    settings.transport = QStringLiteral("keyed");
    settings.layers.tls = TlsSettings();
    settings.layers.tls->selfSigned = true;
    settings.layers.tls->requireCertificate = true;
    settings.layers.tls->ownName = settings.name;
    settings.layers.webSocket = WebSocketSettings();
    settings.layers.webSocket->path = "/bus";
    settings.layers.webSocket->subProtocols = {"bus"};
    settings.policy.dialDeadlineNs = 5 * kNsPerSecond;
    return settings;
}

void tst_PeerDials::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_transport = std::make_unique<FindingTransport>();
    LoopbackTransport unused;
    HostSetup setup = hostSetup(unused, 2);
    setup.endpoints.factory
        = [this](const QString &) -> TransportFactory * { return m_transport.get(); };
    setup.endpoints.stateFolder = m_folder->path();
    m_host = std::make_unique<Host>(m_loop, std::move(setup));
    QVERIFY(m_host->start());
    QVERIFY(m_host->open(keyed("one")));
    QVERIFY(m_host->open(keyed("two")));
}

void tst_PeerDials::cleanup()
{
    m_host.reset();
    m_transport.reset();
}

PeerTarget tst_PeerDials::target(const char *name)
{
    return {finder(name).key, {{QStringLiteral("127.0.0.1"), portOf(name)}}, "/bus"};
}

SupervisedEndpoint *tst_PeerDials::dial(const char *from, const char *to)
{
    return m_host->supervisor().find(QString::fromLatin1(from + ('/' + finder(to).key)));
}

bool tst_PeerDials::isRunning(const char *from, const char *to)
{
    const SupervisedEndpoint *endpoint = dial(from, to);
    return endpoint && endpoint->state() == EndpointState::Running;
}

void tst_PeerDials::listenersHearOfTheirPort()
{
    QCOMPARE(finder("one").ports.size(), qsizetype(1));
    QVERIFY(portOf("one") != 0);
    const QString url = m_host->endpoints().listeners().front().url;
    QCOMPARE(QUrl(url).port(), int(portOf("one")));
    QVERIFY(m_host->endpoints().remove(QStringLiteral("one")));
    QTRY_COMPARE_WITH_TIMEOUT(portOf("one"), quint16(0), kHangMs);
    QCOMPARE(finder("one").ports.size(), qsizetype(2));
}

void tst_PeerDials::onlyKeyedListenersAreOfferedDials()
{
    QVERIFY(finder("one").dials);
    EndpointSettings plain = keyed("plain");
    plain.layers.tls.reset();
    QVERIFY(m_host->open(plain));
    QVERIFY(!finder("plain").dials);
}

void tst_PeerDials::aFoundPeerGetsALink()
{
    QVERIFY(finder("one").dials->want(target("two")));
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
    QCOMPARE(dial("one", "two")->status().peer, QString::fromLatin1(finder("two").key));
    QCOMPARE(finder("one").dialled.load(), 1);
    QCOMPARE(m_host->endpoints().foundSettings().size(), qsizetype(1));
    QVERIFY(m_host->endpoints().find(dial("one", "two")->name()));
    QCOMPARE(m_host->linkCount(), qint64(2));
    // Said again it changes nothing.
    QVERIFY(finder("one").dials->want(target("two")));
    finder("one").dials->unwant("nobody");
    QVERIFY(isRunning("one", "two"));
    finder("one").dials->unwant(finder("two").key);
    QVERIFY(m_host->endpoints().foundSettings().isEmpty());
    QTRY_COMPARE_WITH_TIMEOUT(m_host->linkCount(), qint64(0), kHangMs);
    QVERIFY(!dial("one", "two"));
    // And wanted once more, even before that.
    QVERIFY(finder("one").dials->want(target("two")));
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
    finder("one").dials->unwant(finder("two").key);
    QVERIFY(finder("one").dials->want(target("two")));
    QTRY_COMPARE_WITH_TIMEOUT(finder("one").dialled.load(), 3, kHangMs);
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
}

// SV-14, RR26
void tst_PeerDials::somebodyElseIsNotTakenForThePeer()
{
    QVERIFY(m_host->open(keyed("three")));
    PeerTarget wrong = target("two");
    wrong.places = target("three").places;
    QVERIFY(finder("one").dials->want(wrong));
    QTRY_VERIFY_WITH_TIMEOUT(dial("one", "two")->state() == EndpointState::Reconnecting, kHangMs);
    const EndpointStatus status = dial("one", "two")->status();
    QCOMPARE(status.lastReason.code(), ErrorCode::IdentityMismatch);
    QVERIFY(status.nextRetryAt > m_loop.clock().now() + 50 * kNsPerSecond);
    QTRY_COMPARE_WITH_TIMEOUT(m_host->linkCount(), qint64(0), kHangMs);
}

// SV-14, RR11
void tst_PeerDials::aDeadPlaceHoldsUpNobody()
{
    QVERIFY(m_host->open(keyed("three")));
    PeerTarget some = target("two");
    const PeerPlace wrong = target("three").places.first();
    // Nobody listens at the discard port of this machine; another peer is at the second place.
    some.places.prepend(wrong);
    some.places.prepend({QStringLiteral("127.0.0.1"), 9});
    some.places.append({QStringLiteral("no-such-name.invalid"), 9});
    QVERIFY(finder("one").dials->want(some));
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
    QCOMPARE(finder("one").dialled.load(), 2);
}

void tst_PeerDials::otherPlacesDoNotTouchALiveLink()
{
    QVERIFY(finder("one").dials->want(target("two")));
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
    PeerTarget moved = target("two");
    moved.places = {{QStringLiteral("127.0.0.1"), 9}};
    QVERIFY(finder("one").dials->want(moved));
    bool hadItsTurn = false;
    m_loop.post([&hadItsTurn] { hadItsTurn = true; });
    QTRY_VERIFY_WITH_TIMEOUT(hadItsTurn, kHangMs);
    QVERIFY(isRunning("one", "two"));
    // From the next attempt on they count.
    QVERIFY(m_host->endpoints().remove(QStringLiteral("two")));
    QTRY_VERIFY_WITH_TIMEOUT(
        dial("one", "two")->status().lastReason.toString().contains(QStringLiteral("127.0.0.1:9")),
        kHangMs);
}

void tst_PeerDials::anotherPathIsDialledWhenThereIsNoLink()
{
    PeerTarget lost = target("two");
    lost.path = "/elsewhere";
    QVERIFY(finder("one").dials->want(lost));
    QTRY_COMPARE_WITH_TIMEOUT(
        dial("one", "two")->status().lastReason.code(), ErrorCode::NotFound, kHangMs);
    QVERIFY(finder("one").dials->want(target("two")));
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
    QVERIFY(finder("one").dials->want(lost));
    QVERIFY(isRunning("one", "two"));
}

void tst_PeerDials::nonsenseIsRefused_data()
{
    QTest::addColumn<PeerTarget>("target");
    const QByteArray key(40, 'a');
    const QList<PeerPlace> there = {{QStringLiteral("192.0.2.7"), 4712}};
    QTest::newRow("no key") << PeerTarget{{}, there, "/"};
    QTest::newRow("a short key") << PeerTarget{key.chopped(1), there, "/"};
    QTest::newRow("upper case") << PeerTarget{key.toUpper(), there, "/"};
    QTest::newRow("nowhere") << PeerTarget{key, {}, "/"};
    QTest::newRow("no port") << PeerTarget{key, {{QStringLiteral("192.0.2.7"), 0}}, "/"};
    QTest::newRow("no host") << PeerTarget{key, {{QString(), 4712}}, "/"};
    QTest::newRow("no slash") << PeerTarget{key, there, "ship/"};
    QTest::newRow("two lines") << PeerTarget{key, there, "/a\r\nHost: x"};
}

void tst_PeerDials::nonsenseIsRefused()
{
    QFETCH(PeerTarget, target);
    const Result<> wanted = finder("one").dials->want(target);
    QVERIFY(!wanted);
    QCOMPARE(wanted.error().code(), ErrorCode::InvalidArgument);
    QVERIFY(m_host->endpoints().foundSettings().isEmpty());
}

void tst_PeerDials::aListenerEndsWithItsDials()
{
    QVERIFY(finder("one").dials->want(target("two")));
    QTRY_VERIFY_WITH_TIMEOUT(isRunning("one", "two"), kHangMs);
    QVERIFY(m_host->endpoints().remove(QStringLiteral("one")));
    QTRY_COMPARE_WITH_TIMEOUT(m_host->linkCount(), qint64(0), kHangMs);
    QVERIFY(!dial("one", "two"));
    QVERIFY(m_host->endpoints().foundSettings().isEmpty());
}

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_PeerDials test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_peerdials.moc"
