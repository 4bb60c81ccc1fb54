// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "../callqueue.h"
#include "hostdouble.h"
#include "link/shipendpoints.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <fairlead/heartbeat.h>
#include <fairlead/messagestream.h>
#include <fairlead/security.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace fairlead::test {

inline const QByteArray kOwnSki = QByteArray(40, '1');
inline const QByteArray kPeerSki = QByteArray(40, 'a');

class FakeHeartbeat final : public Heartbeat
{
public:
    Result<> watch(const HeartbeatPlan &plan) override
    {
        watched = plan;
        ++plans;
        return {};
    }

    Result<> beginRequest() override { return {}; }

    Result<> endRequest() override { return {}; }

    std::optional<HeartbeatPlan> watched;
    int plans = 0;
};

/// A stream whose limits of messages mean something.
class MessageDouble final : public ByteStream, public MessageStream
{
public:
    char *reserve(std::size_t size) noexcept override { return m_stream.reserve(size); }

    void commit(std::size_t size) noexcept override { m_stream.commit(size); }

    void append(const fairlead::Message &message,
                std::size_t offset,
                std::size_t size) noexcept override
    {
        m_stream.append(message, offset, size);
    }

    qint64 space() const noexcept override { return m_stream.space(); }

    void setReading(bool) noexcept override { }

    void close(CloseMode) noexcept override { }

    void endMessage() noexcept override { sent << std::exchange(m_stream.written, {}); }

    void setCloseReason(quint16 code, ByteSpan) noexcept override { closeCode = code; }

    quint16 peerCloseCode() const noexcept override { return kNoCode; }

    void ping() noexcept override { ++pings; }

    quint64 pongCount() const noexcept override { return pongs; }

    QByteArrayList sent;
    quint16 closeCode = 0;
    int pings = 0;
    quint64 pongs = 0;

private:
    FakeStream m_stream;
};

inline EndpointConfig configOf(const QJsonObject &options)
{
    EndpointConfig config;
    config.name = QStringLiteral("pump");
    config.url = QUrl(QStringLiteral("ship://192.0.2.7:4712/ship/"));
    config.options = options;
    config.identity = kOwnSki;
    return config;
}

inline ship::ShipOptions optionsOf(const QJsonObject &options, ship::Role role)
{
    const Result<ship::ShipOptions> parsed = ship::parseShipOptions(configOf(options), role);
    if (!parsed)
        qFatal("%s", qUtf8Printable(parsed.error().toString()));
    return *parsed;
}

/// One peer on one driver on a host double.
class LinkHarness
{
public:
    explicit LinkHarness(const QJsonObject &options = {}, ship::Role role = ship::Role::Server)
        : LinkHarness(std::make_shared<ship::ShipEndpoint>(optionsOf(options, role)), role)
    { }

    LinkHarness(std::shared_ptr<ship::ShipEndpoint> shared, ship::Role role)
        : hooks(m_unused)
        , link(1,
               role == ship::Role::Client ? Link::Direction::Dialled : Link::Direction::Accepted,
               hooks)
        , endpoint(std::move(shared))
        , driver(std::make_unique<ship::ShipLink>(LinkContext{link,
                                                              stream,
                                                              bus,
                                                              clock,
                                                              timers,
                                                              random,
                                                              logger,
                                                              QByteArrayLiteral("192.0.2.7:4712"),
                                                              &heartbeat,
                                                              nullptr,
                                                              &executor},
                                                  *endpoint))
    {
        driver->handleStarted();
    }

    void open(const QByteArray &ski = kPeerSki)
    {
        const Principal principal{ski, false};
        driver->handleOpen(&principal);
    }

    void granted()
    {
        driver->handleAuthenticated({});
        link.setPeerKey(bus.acquisitions.back().peerKey);
        if (!link.succeed())
            qFatal("the link is not in its handshake");
        LeaseGrant grant;
        grant.lease = &lease;
        driver->handleLease(grant);
    }

    void connect()
    {
        open();
        granted();
    }

    /// As connect(), and whether it gets the peer's session is still to be decided.
    void contend()
    {
        open();
        hooks.admission = Admission::Pending;
        hooks.onRejected = [this](const Error &error) {
            LeaseGrant refusal;
            refusal.error = error;
            driver->handleLease(refusal);
        };
        driver->handleAuthenticated({});
        link.setPeerKey(bus.acquisitions.back().peerKey);
        if (!link.succeed())
            qFatal("the link is not in its handshake");
    }

    void prevail()
    {
        link.completeAdmission({});
        LeaseGrant grant;
        grant.lease = &lease;
        driver->handleLease(grant);
    }

    /// How much of it was used.
    std::size_t receive(const QByteArray &message)
    {
        // A copy of its own, so that a sanitizer sees whoever keeps a view.
        const std::vector<char> input(message.cbegin(), message.cend());
        return driver->handleBytes({input.data(), input.size()}).used;
    }

    /// As the client of a server, up to the data exchange.
    void shakeHands()
    {
        connect();
        exchange();
    }

    void exchange()
    {
        receive(QByteArray("\0\0", 2));
        receive("\1{\"connectionHello\":[{\"phase\":\"ready\"},{\"waiting\":60000}]}");
        const QByteArray proposal
            = "\1{\"messageProtocolHandshake\":[{\"handshakeType\":\"announceMax\"},{\"version\":[{"
              "\"major\":1},{\"minor\":0}]},{\"formats\":[{\"format\":[\"JSON-UTF8\"]}]}]}";
        receive(proposal);
        QByteArray choice = proposal;
        receive(choice.replace("announceMax", "select"));
        receive("\1{\"connectionPinState\":[{\"pinState\":\"none\"}]}");
    }

    void offer(const QByteArray &payload, quint64 handle = 1, ByteSpan topic = "tx")
    {
        MessageFields fields;
        fields.topic = topic;
        fields.payload = {payload.constData(), std::size_t(payload.size())};
        fields.qos = 1;
        lease.offer(fairlead::Message(fields), 1, handle);
    }

    void advance(qint64 ms) { timers.advance(clock, ms * kNsPerMs); }

    bool isClosed() const { return link.state() == Link::State::Closed; }

    QList<QJsonObject> published(const QByteArray &topic) const
    {
        QList<QJsonObject> found;
        for (const FakeBus::Published &one : bus.published) {
            if (one.topic == topic)
                found << QJsonDocument::fromJson(one.payload).object();
        }
        return found;
    }

    QJsonObject lastState() const
    {
        const auto states = published("ship/" + kPeerSki + "/state");
        return states.isEmpty() ? QJsonObject() : states.last();
    }

    MessageDouble stream;
    FakeBus bus;
    FakeLease lease;
    FakeClock clock;
    FakeTimers timers;
    FakeRandom random;
    FakeLogger logger;
    FakeHeartbeat heartbeat;
    CallQueue executor;

private:
    FakeStream m_unused;

public:
    FakeHooks hooks;
    Link link;
    std::shared_ptr<ship::ShipEndpoint> endpoint;
    std::unique_ptr<LinkDriver> driver;
};

} // namespace fairlead::test
