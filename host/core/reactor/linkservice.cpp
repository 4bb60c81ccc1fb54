// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/linkservice.h"

#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"
#include "core/services/seat.h"

#include <fairlead/bytes.h>
#include <fairlead/clock.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

namespace fairlead::core {

namespace {

constexpr quint32 kDefaultCallMs = 5'000;
constexpr qint64 kMaxPaths = 1024;
constexpr qint64 kMaxPathLength = 4096;
/// Signs of life are passed on so many times within a timeout, not with every frame.
constexpr qint64 kHeartbeatsPerTimeout = 8;

} // namespace

/// Brings what others say to the link, if it is still there and still this registration. They may hold
/// it for longer than the reactor lives.
class LinkService::Face final : public SeatLink, public std::enable_shared_from_this<Face>
{
public:
    Face(Reactor &reactor, quint64 link) noexcept
        : m_reactor(reactor)
        , m_link(link)
    { }

    void registered(const ServiceGrant &grant) override
    {
        post([grant](LinkService &service) { service.handleRegistered(grant); });
    }

    void operate(const Operation &operation, OperationReply reply) override
    {
        const auto kept = std::make_shared<OperationReply>(std::move(reply));
        post([operation, kept](LinkService &service) {
            service.handleOperation(operation, std::move(*kept));
        });
    }

    void resume() override
    {
        post([](LinkService &service) { service.handleResume(); });
    }

    void call(const ServiceCall &call) override
    {
        post([call](LinkService &service) { service.handleCall(call); });
    }

    void dropCall(quint64 id) override
    {
        post([id](LinkService &service) { service.handleCallDropped(id); });
    }

    void finish(quint32 tag, const Result<QByteArray> &result) override
    {
        post([tag, result](LinkService &service) { service.handleResult(tag, result); });
    }

    template <typename Call>
    void post(Call call)
    {
        const std::scoped_lock locked(m_lock);
        if (m_isOver)
            return;
        m_reactor.post([self = shared_from_this(), call = std::move(call)] {
            if (LinkService *const service = self->find())
                call(*service);
        });
    }

    /// Nothing is posted from here on.
    void end() noexcept
    {
        const std::scoped_lock locked(m_lock);
        m_isOver = true;
    }

private:
    LinkService *find() const noexcept;

    Reactor &m_reactor;
    const quint64 m_link;
    std::mutex m_lock;
    bool m_isOver = false; ///< guarded
};

struct LinkService::Stay
{
    Stay(ServiceDriver &serviceDriver, std::shared_ptr<Face> ownFace) noexcept
        : driver(&serviceDriver)
        , face(std::move(ownFace))
    { }

    Stay(const Stay &) = delete;
    Stay &operator=(const Stay &) = delete;

    ~Stay() { face->end(); }

    ServiceDriver *const driver;
    const std::shared_ptr<Face> face;
    std::set<quint64> toAnswer; ///< calls
    int asked = 0; ///< calls under way
    qint64 heartbeatNs = 0; ///< between two signs of life that are passed on; 0: none are
    qint64 nextHeartbeat = 0;
    bool isRegistered = false;
};

LinkService *LinkService::Face::find() const noexcept
{
    HostLink *const link = m_reactor.findLink(m_link);
    if (!link || link->state() == Link::State::Closed)
        return nullptr;
    LinkService &service = link->service();
    return service.m_stay && service.m_stay->face.get() == this ? &service : nullptr;
}

LinkService::LinkService(HostLink &link) noexcept
    : m_link(link)
{ }

LinkService::~LinkService() = default;

Error LinkService::checkOffer(const ServiceOffer &offer) const
{
    const auto isBadPath = [](const QString &path) {
        return path.size() > kMaxPathLength || !path.startsWith(QLatin1Char('/'));
    };
    if (offer.paths.size() > kMaxPaths
        || std::any_of(offer.paths.begin(), offer.paths.end(), isBadPath)) {
        return {ErrorCode::InvalidArgument,
                QStringLiteral("the paths of a service are absolute, at most %1").arg(kMaxPaths)};
    }
    constexpr qint64 kLongestTimeoutMs = qint64(366) * 24 * 3600 * 1000;
    if (offer.heartbeatTimeoutMs < 0 || offer.heartbeatTimeoutMs > kLongestTimeoutMs)
        return {ErrorCode::InvalidArgument,
                QStringLiteral("the heartbeat timeout is out of range")};
    return {};
}

Result<> LinkService::registerService(const ServiceOffer &offer, ServiceDriver &driver)
{
    if (!m_link.m_session) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("only a link with a session is a service"));
    }
    if (m_stay) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("the link is registered as a service already"));
    }
    m_stay = std::make_unique<Stay>(driver,
                                    std::make_shared<Face>(m_link.m_reactor, m_link.generation()));
    Error error = checkOffer(offer);
    if (const Result<> let = m_link.m_endpoint->serviceVersions.check(offer.version);
        error.isNull() && !let) {
        error = let.error();
    }
    if (!error.isNull()) {
        ServiceGrant refusal;
        refusal.error = error;
        m_stay->face->registered(refusal);
        return {};
    }
    if (offer.heartbeatTimeoutMs > 0) {
        m_stay->heartbeatNs = offer.heartbeatTimeoutMs * kNsPerMs / kHeartbeatsPerTimeout;
        m_stay->nextHeartbeat = m_link.m_reactor.clock().now() + m_stay->heartbeatNs;
    }
    SeatClaim claim;
    claim.link = m_link.generation();
    claim.seat = m_stay->face;
    claim.principal = m_link.m_principal.name;
    claim.peerKey = m_link.peerKey();
    claim.endpoint = m_link.m_endpoint->name;
    claim.offer = offer;
    m_link.m_endpoint->seats->enter(claim);
    return {};
}

void LinkService::unregisterService() noexcept
{
    if (!m_stay)
        return;
    m_link.m_endpoint->seats->leave(m_link.generation(), Error());
    m_stay.reset();
}

void LinkService::stop(const Error &reason) noexcept
{
    if (!m_stay)
        return;
    m_link.m_endpoint->seats->leave(
        m_link.generation(),
        reason.isNull() ? Error(ErrorCode::ConnectionClosed, QStringLiteral("the link ended"))
                        : reason);
    m_stay.reset();
}

void LinkService::noteHeartbeat() noexcept
{
    if (!m_stay || !m_stay->isRegistered || m_stay->heartbeatNs == 0)
        return;
    const qint64 now = m_link.m_reactor.clock().now();
    if (now < m_stay->nextHeartbeat)
        return;
    m_stay->nextHeartbeat = now + m_stay->heartbeatNs;
    m_link.m_endpoint->seats->heartbeat(m_link.generation());
}

Result<> LinkService::call(const CallRequest &request)
{
    if (!m_stay || !m_stay->isRegistered) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("only a registered service calls others"));
    }
    if (request.capability.empty() || request.timeoutMs > kMaxCallMs) {
        return Error(
            ErrorCode::InvalidArgument,
            QStringLiteral("a call names a capability and waits at most %1 ms").arg(kMaxCallMs));
    }
    if (qsizetype(request.body.size()) > kMaxCallBody) {
        return Error(ErrorCode::PacketTooLarge,
                     QStringLiteral("the body of a call has at most %1 bytes").arg(kMaxCallBody));
    }
    if (m_stay->asked >= kMaxOpenCalls) {
        return Error(
            ErrorCode::LimitReached,
            QStringLiteral("%1 calls are under way, no more are allowed").arg(kMaxOpenCalls));
    }
    ++m_stay->asked;
    SeatCall call;
    call.capability = copyOf(request.capability);
    call.service = copyOf(request.service);
    call.body = copyOf(request.body);
    call.timeout = qint64(request.timeoutMs > 0 ? request.timeoutMs : kDefaultCallMs) * kNsPerMs;
    call.tag = request.tag;
    m_link.m_endpoint->seats->call(m_link.generation(), call);
    return {};
}

void LinkService::answer(quint64 id, const Result<QByteArray> &result) noexcept
{
    if (!m_stay || m_stay->toAnswer.erase(id) == 0) {
        m_link.m_reactor.traffic().fencedCalls.add();
        return;
    }
    endRequest();
    if (result && result->size() > kMaxCallBody) {
        m_link.m_endpoint->seats->answer(
            m_link.generation(),
            id,
            Error(ErrorCode::PacketTooLarge,
                  QStringLiteral("the answer has more than %1 bytes").arg(kMaxCallBody)));
        return;
    }
    m_link.m_endpoint->seats->answer(m_link.generation(), id, result);
}

void LinkService::handleRegistered(const ServiceGrant &grant)
{
    ServiceDriver &driver = *m_stay->driver;
    if (grant.error.isNull())
        m_stay->isRegistered = true;
    else
        m_stay.reset();
    m_link.driver().run("handleRegistered", [&](LinkDriver &) { driver.handleRegistered(grant); });
}

// What the service was asked for may keep it silent for a while.
void LinkService::handleOperation(const Operation &operation, OperationReply reply)
{
    static_cast<void>(m_link.m_heartbeat.beginRequest());
    const auto kept = std::make_shared<OperationReply>(std::move(reply));
    OperationReply told([kept, face = m_stay->face](const Result<> &outcome) {
        const bool isFirst = kept->isOpen();
        if (outcome)
            kept->done();
        else
            kept->fail(outcome.error());
        if (isFirst)
            face->post([](LinkService &service) { service.endRequest(); });
    });
    m_link.driver().run("handleOperation", [&](LinkDriver &) {
        m_stay->driver->handleOperation(operation, std::move(told));
    });
}

void LinkService::handleResume()
{
    m_link.driver().run("handleResume", [this](LinkDriver &) { m_stay->driver->handleResume(); });
}

void LinkService::handleCall(const ServiceCall &call)
{
    m_stay->toAnswer.insert(call.id);
    static_cast<void>(m_link.m_heartbeat.beginRequest());
    m_link.driver().run("handleCall", [&](LinkDriver &) { m_stay->driver->handleCall(call); });
}

void LinkService::handleCallDropped(quint64 id)
{
    if (m_stay->toAnswer.erase(id) == 0)
        return;
    endRequest();
    m_link.driver().run("handleCallDropped",
                        [this, id](LinkDriver &) { m_stay->driver->handleCallDropped(id); });
}

void LinkService::handleResult(quint32 tag, const Result<QByteArray> &result)
{
    --m_stay->asked;
    m_link.driver().run("handleResult",
                        [&](LinkDriver &) { m_stay->driver->handleResult(tag, result); });
}

void LinkService::endRequest()
{
    static_cast<void>(m_link.m_heartbeat.endRequest());
}

} // namespace fairlead::core
