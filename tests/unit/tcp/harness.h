// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framed/framedendpoints.h"
#include "hostdouble.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <fairlead/heartbeat.h>
#include <fairlead/security.h>

#include <optional>

namespace fairlead::test {

using namespace fairlead::tcp;

class FakeHeartbeat final : public Heartbeat
{
public:
    Result<> watch(const HeartbeatPlan &plan) override
    {
        watched = plan;
        return {};
    }

    Result<> beginRequest() override { return {}; }

    Result<> endRequest() override { return {}; }

    std::optional<HeartbeatPlan> watched;
};

/// The options that a configuration gives; the test fails when it is refused.
FramedOptions optionsOf(const QJsonObject &options, Role role = Role::Listen);

/// One peer on one driver on a host double.
class Harness
{
public:
    explicit Harness(const QJsonObject &options = {}, Role role = Role::Listen);
    explicit Harness(const FramedOptions &options, Role role = Role::Listen);
    ~Harness();

    void open(const Principal *identity = nullptr) { driver->handleOpen(identity); }

    /// The bytes arrive; what the driver does not use is kept, as the host does.
    void receive(const QByteArray &bytes);
    /// Shows the driver what it left, as the host does after an answer.
    void offerRest();

    void endInput() { driver->handleEndOfInput(); }

    // The host's answers.
    void authenticated(const Error &error = {});
    void granted(bool resumed = false, const QByteArray &note = {});
    /// From the connection to the lease.
    void connect();

    void pull() { driver->handlePull(lease); }

    void offer(const QByteArray &payload, quint8 qos = 0, quint64 handle = 0);
    /// What the peer gets of these messages.
    QByteArray sent(const QByteArrayList &payloads);

    bool isClosed() const { return link.state() == Link::State::Closed; }

    ErrorCode endCode() const { return link.reason().code(); }

    void advance(qint64 ms) { timers.advance(clock, ms * kNsPerMs); }

    /// Payloads published to rx since the last call, and states.
    QByteArrayList takeFrames();
    std::vector<QJsonObject> states() const;
    QJsonObject lastState() const;
    const FakeBus::Published &lastStateMessage() const;

    FakeStream stream;
    FakeBus bus;
    FakeLease lease;
    FakeClock clock;
    FakeTimers timers;
    FakeRandom random;
    FakeLogger logger;
    FakeHooks hooks;
    FakeHeartbeat heartbeat;
    Link link;
    FramedEndpoint endpoint;
    std::unique_ptr<LinkDriver> driver;
    QByteArray unused; ///< input the driver left
    Consumed consumed; ///< of the last handleBytes()

private:
    std::size_t m_taken = 0;
};

} // namespace fairlead::test
