// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/endpointviews.h"
#include "core/control/hostmethods.h"
#include "core/control/linkmethods.h"
#include "core/endpoint/hostendpoint.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/observe/eventbus.h"
#include "core/observe/eventreader.h"
#include "hostfixture.h"

#include <QCoreApplication>
#include <QTest>

#include <atomic>
#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;
using test::dialler;
using test::listener;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

struct Script
{
    std::atomic<int> factory = 0; ///< how often that throws
    std::atomic<int> drivers = 0;
};

class Fragile final : public Listener
{
public:
    explicit Fragile(Script &script)
        : m_script(script)
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        if (m_script.drivers.fetch_sub(1) > 0)
            throw std::runtime_error("no driver today");
        return m_inner.createDriver(context);
    }

    OperationTarget *operations() override { return m_inner.operations(); }

private:
    Script &m_script;
    loopback::LoopbackListener m_inner;
};

class FragileTransport final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("loopback")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        if (script.factory.fetch_sub(1) > 0)
            throw 7;
        return std::unique_ptr<Listener>(std::make_unique<Fragile>(script));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                   HostServices &host) override
    {
        return m_loopback.createDialler(config, host);
    }

    Script script;

private:
    test::LoopbackTransport m_loopback;
};

class View final : public HostView
{
public:
    explicit View(const Host &host)
        : m_host(host)
    { }

    State state() const override { return State::Running; }

    QList<EndpointView> endpoints() const override { return viewEndpoints(m_host, {}, {}); }

    QList<PluginRecord> plugins() const override { return {}; }

    QStringList reasons() const override { return {}; }

private:
    const Host &m_host;
};

} // namespace

class tst_HostCrash : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostCrash(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    HostSetup setup()
    {
        test::LoopbackTransport unused;
        HostSetup made = test::hostSetup(unused, 1);
        made.endpoints.factory
            = [this](const QString &) -> TransportFactory * { return &m_factory; };
        return made;
    }

    static EndpointState stateOf(Host &host, const char *name)
    {
        return host.supervisor().find(QString::fromLatin1(name))->status().state;
    }

    static EndpointView viewOf(const Host &host, const char *name)
    {
        for (const EndpointView &view : viewEndpoints(host, {}, {})) {
            if (view.name == QLatin1String(name))
                return view;
        }
        return {};
    }

    MainLoop &m_loop;
    FragileTransport m_factory;

private Q_SLOTS:

    // PL-05, SV-15: the endpoint is there, says why it is not up, and comes up by itself.
    void aListenerThatWasNotMadeIsMadeLater()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        m_factory.script.factory = 1;
        const Result<> opened = host.open(listener("hub"));
        QCOMPARE(opened.error().code(), ErrorCode::PluginFailed);
        QCOMPARE(stateOf(host, "hub"), EndpointState::Reconnecting);
        QCOMPARE(viewOf(host, "hub").pluginFailures, quint64(1));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(host, "hub"), EndpointState::Running, kHangMs);
        // It takes part in operations, as if it had been there from the start.
        BroadcastRequest request;
        request.reason = QuiesceReason::IdleTimeout;
        QStringList acks;
        QVERIFY(host.broadcaster().start(
            request, [&acks](const BroadcastReport &report) { acks = report.acks; }));
        QTRY_COMPARE_WITH_TIMEOUT(acks, QStringList{QStringLiteral("hub")}, kHangMs);
    }

    // PL-05: a listener listens on, whatever becomes of its links, and all of it can be seen.
    void aListenerWhoseDriversThrowListensOn()
    {
        Host host(m_loop, setup());
        EventReaderOptions options;
        auto reader = host.events().subscribe(options);
        QVERIFY(reader.has_value());
        QStringList reasons;
        connect(reader->get(), &EventReader::ready, this, [&] {
            while (const auto event = (*reader)->take()) {
                if (event->kind == EventKind::HandshakeFailed
                    && event->endpoint == QLatin1String("hub")) {
                    reasons.append(event->reason.toString());
                }
            }
        });
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        m_factory.script.drivers = 4;
        const auto port = quint16(QUrl(host.endpoints().listeners().at(0).url).port());
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), port)));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(host, "bridge"), EndpointState::Running, kHangMs);
        QCOMPARE(stateOf(host, "hub"), EndpointState::Running);
        QTRY_COMPARE_WITH_TIMEOUT(reasons.size(), 4, kHangMs);
        QCOMPARE(reasons.front(),
                 QStringLiteral("plugin-failed: createDriver threw: no driver today"));
        QCOMPARE(viewOf(host, "hub").pluginFailures, quint64(4));
        QCOMPARE(viewOf(host, "bridge").pluginFailures, quint64(0));
    }

    // SV-02: one that takes no new work is not told as one that does.
    void aQuiescedEndpointIsShownAsSuch()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        QCOMPARE(viewOf(host, "hub").state, QStringLiteral("running"));
        BroadcastRequest request;
        request.reason = QuiesceReason::Maintenance;
        QVERIFY(host.broadcaster().start(request));
        QCOMPARE(viewOf(host, "hub").state, QStringLiteral("quiesced"));
        QCOMPARE(viewOf(host, "hub").quiesced, QStringLiteral("maintenance"));
        QVERIFY(!viewOf(host, "hub").isUp);
        QVERIFY(host.broadcaster().resume());
        QCOMPARE(viewOf(host, "hub").state, QStringLiteral("running"));
        QVERIFY(viewOf(host, "hub").quiesced.isEmpty());
        QVERIFY(viewOf(host, "hub").isUp);
    }

    // OB-04: a time is told alike whenever it is asked for.
    void timesStayAsTheyAre()
    {
        Host host(m_loop, setup());
        View view(host);
        HostMethods methods(m_loop, host, view, QStringLiteral("0"));
        ControlApi api;
        methods.addTo(api);
        LinkMethods linkMethods(m_loop, host, view);
        linkMethods.addTo(api);
        const auto ask = [&api](const char *method) {
            QJsonObject result;
            bool isAnswered = false;
            jsonrpc::Request request;
            request.method = QString::fromLatin1(method);
            api.call(request, nullptr, [&](const Reply::Outcome &outcome) {
                isAnswered = true;
                result = outcome.result.toObject();
            });
            [&] { QTRY_VERIFY_WITH_TIMEOUT(isAnswered, kHangMs); }();
            return result.value(QString::fromLatin1(method)).toArray();
        };
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const auto port = quint16(QUrl(host.endpoints().listeners().at(0).url).port());
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), port)));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(host, "bridge"), EndpointState::Running, kHangMs);
        for (const char *method : {"links", "endpoints"}) {
            const QJsonArray first = ask(method);
            QCOMPARE(first.size(), 2);
            for (int again = 0; again < 20; ++again) {
                const QJsonArray later = ask(method);
                for (int i = 0; i < 2; ++i) {
                    const QString since = QStringLiteral("since");
                    QCOMPARE(later[i][since].toString(), first[i][since].toString());
                }
            }
        }
    }

    // SH-05: who is late at the end has a name.
    void openConnectionsAreKnownByTheirPeers()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const auto port = quint16(QUrl(host.endpoints().listeners().at(0).url).port());
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), port)));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(host, "bridge"), EndpointState::Running, kHangMs);
        const QStringList peers = host.endpoints().openPeers();
        QCOMPARE(peers.size(), 2);
        QVERIFY2(peers[0].startsWith(QLatin1String("hub: bridge at 127.0.0.1:")),
                 qPrintable(peers[0]));
        QCOMPARE(peers[1], QStringLiteral("bridge: loopback/bridge at 127.0.0.1:%1").arg(port));
        QVERIFY(host.endpoints().remove(QStringLiteral("bridge")));
        QTRY_COMPARE_WITH_TIMEOUT(host.endpoints().openPeers(), QStringList(), kHangMs);
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostCrash test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hostcrash.moc"
