// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../lifecycle/framedriver.h"

#include <QTest>

#include <vector>

using namespace fairlead;
using core::LinkReport;
using sim::ProbeDriver;
using sim::SimHost;
using sim::SimLink;

namespace {

Principal named(const char *name)
{
    return {name, false};
}

/// Lets everybody in under one name.
class LoginAs final : public Authenticator
{
public:
    explicit LoginAs(Principal principal)
        : m_principal(std::move(principal))
    { }

    void authenticate(const Credentials &, Done done) override { done(Error(), m_principal); }

private:
    const Principal m_principal;
};

/// Notes who asks for the right to publish.
class Watcher final : public AccessControl
{
public:
    bool mayPublish(const Principal &principal, ByteSpan, ByteSpan) const noexcept override
    {
        names.push_back(principal.name);
        return true;
    }

    bool maySubscribe(const Principal &, ByteSpan, ByteSpan) const noexcept override
    {
        return true;
    }

    quint64 revision() const noexcept override { return 1; }

    mutable std::vector<QByteArray> names;
};

class Gate final : public core::PrincipalGate
{
public:
    Error admitPrincipal(const Principal &principal, const QByteArray &, qint64) override
    {
        asked.push_back(principal.name);
        return refused;
    }

    std::vector<QByteArray> asked;
    Error refused;
};

class Follower final : public core::LinkFollower
{
public:
    bool follows(Link::Direction) const noexcept override { return true; }

    void handleReport(LinkReport report) noexcept override
    {
        if (report.kind == LinkReport::Kind::Ended)
            ended.push_back(std::move(report));
    }

    std::vector<LinkReport> ended;
};

struct World
{
    World()
        : host(1)
    {
        host.endpoint().gate = &gate;
        host.endpoint().follower = &follower;
    }

    void logIn(const Principal &principal)
    {
        host.endpoint().authenticator = std::make_shared<LoginAs>(principal);
    }

    /// A link whose first byte "!" says that it is "c".
    std::unique_ptr<SimLink> frame(const std::optional<Principal> &identity,
                                   const Error &refusal = Error())
    {
        auto link = host.open(
            0,
            [this, &identity](const LinkContext &context, SimLink &made) {
                made.stream->identity = identity;
                return std::make_unique<FrameDriver>(context, seen, "c");
            },
            Link::Direction::Accepted,
            refusal);
        host.settle();
        return link;
    }

    std::unique_ptr<SimLink> connect(const std::optional<Principal> &identity,
                                     const char *peer = "c",
                                     quint32 expirySeconds = 100)
    {
        auto link = host.open(0, [&identity](const LinkContext &context, SimLink &made) {
            made.stream->identity = identity;
            return std::make_unique<sim::ProbeDriver>(context, made.record);
        });
        link->stream->arrive("x");
        host.settle();
        (*link)->connect(peer, expirySeconds);
        host.settle();
        return link;
    }

    Gate gate;
    Follower follower;
    std::shared_ptr<FrameDriver::Seen> seen = std::make_shared<FrameDriver::Seen>();
    SimHost host;
};

} // namespace

class tst_LinkIdentity : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // AD-01: certificate, else verified login, else anonymous; with the peer key it is the session's.
    void thePrincipalIsWhatWasProved_data()
    {
        QTest::addColumn<QByteArray>("certificate");
        QTest::addColumn<QByteArray>("login");
        QTest::addColumn<QByteArray>("principal");
        const QByteArray none;
        QTest::newRow("AD-01 nothing") << none << none << QByteArray("anonymous");
        QTest::newRow("AD-01 login") << none << QByteArray("bob") << QByteArray("bob");
        QTest::newRow("AD-01 certificate") << QByteArray("alice") << none << QByteArray("alice");
        QTest::newRow("AD-01 both")
            << QByteArray("alice") << QByteArray("bob") << QByteArray("alice");
    }

    void thePrincipalIsWhatWasProved()
    {
        QFETCH(const QByteArray, certificate);
        QFETCH(const QByteArray, login);
        QFETCH(const QByteArray, principal);
        World world;
        const auto watcher = std::make_shared<Watcher>();
        world.host.endpoint().accessControl = watcher;
        if (!login.isEmpty())
            world.logIn({login, false});
        std::optional<Principal> proved;
        if (!certificate.isEmpty())
            proved = Principal{certificate, false};
        const auto link = world.connect(proved);
        QCOMPARE(link->host->sessionKey(), principal + '\0' + "c");
        (*link)->publish("t", "x");
        QCOMPARE(watcher->names, std::vector<QByteArray>{principal});
        const bool isVerified = principal != "anonymous";
        QCOMPARE(world.gate.asked.size(), std::size_t(isVerified ? 1 : 0));
        if (isVerified)
            QCOMPARE(world.gate.asked.front(), principal);
    }

    // AD-01: whoever presents an anonymous peer key takes the session over.
    void anAnonymousPeerKeyIsOnlyAName()
    {
        World world;
        const auto first = world.connect(std::nullopt);
        const auto second = world.connect(std::nullopt);
        QCOMPARE(first->record->fenced, 1);
        QVERIFY(second->record->grant.resumed);
    }

    // AD-01: nobody gets at the session of another principal, and nobody ends its link.
    void anotherPrincipalsSessionIsOutOfReach_data()
    {
        QTest::addColumn<QByteArray>("other");
        QTest::newRow("AD-01 another certificate") << QByteArray("mallory");
        QTest::newRow("AD-01 nobody") << QByteArray();
    }

    void anotherPrincipalsSessionIsOutOfReach()
    {
        QFETCH(const QByteArray, other);
        World world;
        std::optional<Principal> thief;
        if (!other.isEmpty())
            thief = Principal{other, false};
        auto owner = world.connect(named("alice"));
        (*owner)->subscribe("t");
        world.host.settle();
        const auto second = world.connect(thief);
        QCOMPARE(owner->record->fenced, 0);
        QVERIFY(second->record->grant.lease);
        QVERIFY(!second->record->grant.resumed);
        owner->stream->endInput();
        world.host.settle();
        const auto third = world.connect(thief);
        QCOMPARE(second->record->fenced, 1);
        (*third)->publish("t", "for alice");
        world.host.settle();
        QVERIFY(third->record->got.empty());
        const auto back = world.connect(named("alice"));
        QVERIFY(back->record->grant.resumed);
    }

    // AD-01: a name that could pass for another's session, or for nobody's, is none.
    void aMisleadingNameIsRefused_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("AD-01 empty") << QByteArray();
        QTest::newRow("AD-01 another's key") << QByteArray("alice\0c", 7);
        QTest::newRow("AD-01 nobody's") << QByteArray("anonymous");
    }

    void aMisleadingNameIsRefused()
    {
        QFETCH(const QByteArray, name);
        World world;
        const auto link = world.frame(Principal{name, false});
        QVERIFY(!link->stream);
        QCOMPARE(world.seen->bytes, std::size_t(0));
        QCOMPARE(world.follower.ended.size(), std::size_t(1));
        QCOMPARE(world.follower.ended.front().reason.code(), ErrorCode::IdentityMismatch);
        // A login with such a name gets as far as the protocol's answer.
        World other;
        other.logIn({name, false});
        const auto told = other.frame(std::nullopt);
        told->stream->arrive("!");
        other.host.settle();
        QCOMPARE(other.seen->bytes, std::size_t(1));
        QCOMPARE(other.follower.ended.size(), std::size_t(1));
        QVERIFY(other.follower.ended.front().wasRefused);
        QCOMPARE(other.follower.ended.front().reason.code(), ErrorCode::IdentityMismatch);
    }

    // AD-01, AD-05: a certificate over its rate is refused before its protocol's first byte.
    void aCertificateIsRefusedBeforeAByteIsRead()
    {
        World world;
        world.gate.refused = Error(ErrorCode::RateExceeded, QStringLiteral("too many"));
        const auto link = world.frame(named("alice"));
        QVERIFY(!link->stream);
        QCOMPARE(world.seen->bytes, std::size_t(0));
        QCOMPARE(world.gate.asked.size(), std::size_t(1));
        QCOMPARE(world.follower.ended.size(), std::size_t(1));
        QCOMPARE(world.follower.ended.front().reason.code(), ErrorCode::RateExceeded);
        QCOMPARE(world.host.distributor().directory.count(), quint64(0));
    }

    // AD-01, AD-05: what a login proves is known after the first message, and answered then.
    void aLoginIsRefusedInItsProtocol()
    {
        World world;
        world.logIn(named("bob"));
        world.gate.refused = Error(ErrorCode::RateExceeded, QStringLiteral("too many"));
        const auto link = world.frame(std::nullopt);
        link->stream->arrive("!");
        world.host.settle();
        QCOMPARE(world.seen->bytes, std::size_t(1));
        QVERIFY(world.follower.ended.front().wasRefused);
        QCOMPARE(world.follower.ended.front().reason.code(), ErrorCode::RateExceeded);
    }

    // AD-01: what was decided before (the host ends, or has no room) is told after the first message.
    void aRefusalDecidedBeforeIsToldInTheProtocol()
    {
        World world;
        const auto link = world.frame(
            std::nullopt, Error(ErrorCode::DescriptorsExhausted, QStringLiteral("none left")));
        QCOMPARE(world.seen->driver->link().state(), Link::State::Handshaking);
        link->stream->arrive("!");
        world.host.settle();
        QCOMPARE(world.seen->bytes, std::size_t(1));
        QCOMPARE(world.follower.ended.size(), std::size_t(1));
        QVERIFY(world.follower.ended.front().wasRefused);
        QCOMPARE(world.follower.ended.front().reason.code(), ErrorCode::DescriptorsExhausted);
        QCOMPARE(world.host.distributor().directory.count(), quint64(0));
    }

    // AD-01, RG-09: of 20 at a listener for one, one stays; the others are told; replacing it needs
    // no free place.
    void aFullListenerSaysSo()
    {
        World world;
        world.host.endpoint().maxLinks = 1;
        std::vector<std::unique_ptr<SimLink>> links;
        for (int i = 0; i < 20; ++i) {
            auto link = world.host.open(0);
            (*link)->connect(std::to_string(i), 0);
            links.push_back(std::move(link));
        }
        world.host.settle();
        int kept = 0;
        for (const auto &link : links) {
            if (link->record->grant.lease)
                ++kept;
            else
                QCOMPARE(link->record->grant.error.code(), ErrorCode::LimitReached);
        }
        QCOMPARE(kept, 1);
        QVERIFY(links.front()->record->grant.lease);
        QCOMPARE(world.follower.ended.size(), std::size_t(19));
        const auto again = world.connect(std::nullopt, "0");
        QVERIFY(again->record->grant.lease);
        QCOMPARE(links.front()->record->fenced, 1);
        const auto other = world.connect(std::nullopt, "1");
        QCOMPARE(other->record->grant.error.code(), ErrorCode::LimitReached);
    }
};

QTEST_APPLESS_MAIN(tst_LinkIdentity)
#include "tst_linkidentity.moc"
