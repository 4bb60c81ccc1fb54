// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "hostdouble.h"
#include "service/serviceendpoints.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <fairlead/heartbeat.h>
#include <fairlead/service.h>

#include <memory>
#include <optional>
#include <vector>

namespace fairlead::test {

using namespace fairlead::tcp;

/// What a driver says to the services of the host.
class FakeSeat final : public ServiceSeat
{
public:
    struct Called
    {
        QByteArray capability, service, body;
        quint32 timeoutMs, tag;
    };

    struct Answered
    {
        quint64 id;
        Result<QByteArray> result;
    };

    Result<> registerService(const ServiceOffer &asked, ServiceDriver &by) override
    {
        if (!refusal)
            return refusal;
        offer = asked;
        driver = &by;
        ++registrations;
        return {};
    }

    void unregisterService() noexcept override { ++unregistrations; }

    void noteHeartbeat() noexcept override { ++heartbeats; }

    Result<> call(const CallRequest &request) override;

    void answer(quint64 id, const Result<QByteArray> &result) noexcept override
    {
        answers.push_back({id, result});
    }

    Result<> refusal; ///< of the next calls
    ServiceOffer offer;
    ServiceDriver *driver = nullptr;
    int registrations = 0;
    int unregistrations = 0;
    int heartbeats = 0;
    std::vector<Called> calls;
    std::vector<Answered> answers;
};

class WatchRecorder final : public Heartbeat
{
public:
    Result<> watch(const HeartbeatPlan &plan) override
    {
        plans.push_back(plan);
        return {};
    }

    Result<> beginRequest() override { return {}; }

    Result<> endRequest() override { return {}; }

    std::vector<HeartbeatPlan> plans;
};

/// One peer in service mode on a host double.
class ServiceHarness
{
public:
    explicit ServiceHarness(const QJsonObject &options = {}, bool keepsServices = true);
    ~ServiceHarness();

    /// The bytes arrive; what the driver does not use is kept, as the host does.
    void receive(const QByteArray &bytes);

    /// A message: @p members is what is between the braces.
    void say(const QByteArray &members) { receive('{' + members + "}\n"); }

    void hello(const QByteArray &more = {});
    void authenticated(const Error &error = {});
    void granted(bool resumed = false);
    /// From hello to welcome, which is taken.
    void connect(const QByteArray &more = {});
    /// And a registration, whose answer is taken.
    void registered(const QByteArray &more = {});

    void offer(const QByteArray &topic,
               const QByteArray &payload,
               quint8 qos = 0,
               quint64 handle = 0,
               bool isManual = false);

    void pull() { driver->handlePull(lease); }

    /// What the peer got since the last call.
    std::vector<QJsonObject> taken();
    /// The only message among it; the test fails when there are others.
    QJsonObject heard();
    /// "code" of the only message, an error.
    QString errorHeard();

    bool isClosed() const { return link.state() == Link::State::Closed; }

    ErrorCode endCode() const { return link.reason().code(); }

    void advance(qint64 ms) { timers.advance(clock, ms * kNsPerMs); }

    FakeStream stream;
    FakeBus bus;
    FakeLease lease;
    FakeClock clock;
    FakeTimers timers;
    FakeRandom random;
    FakeLogger logger;
    FakeHooks hooks;
    FakeSeat seat;
    WatchRecorder heartbeat;
    Link link;
    ServiceEndpoint endpoint;
    std::unique_ptr<LinkDriver> driver;
    QByteArray unused; ///< input the driver left
    Consumed consumed; ///< of the last handleBytes()

private:
    void offerRest();

    std::vector<std::unique_ptr<quint32>> m_subscriptionIds;
};

} // namespace fairlead::test
