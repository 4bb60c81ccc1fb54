// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/shiplink.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/link.h>
#include <fairlead/messagestream.h>
#include <fairlead/properties.h>
#include <fairlead/security.h>

#include <utility>

namespace fairlead::ship {

namespace {

QByteArray jsonBlock()
{
    PropertyWriter writer;
    writer.append(PropertyId::PayloadFormat, "\1");
    writer.append(PropertyId::ContentType, "application/json");
    return copyOf(writer.block());
}

} // namespace

ShipEndpoint::ShipEndpoint(const ShipOptions &endpointOptions,
                           std::shared_ptr<TrustDesk> sharedDesk)
    : options(endpointOptions)
    , jsonProperties(jsonBlock())
    , m_desk(std::move(sharedDesk))
    , desk(*m_desk)
    , m_deskNumber(desk.open(options))
{ }

ShipEndpoint::~ShipEndpoint()
{
    desk.close(m_deskNumber);
}

ShipLink::ShipLink(const LinkContext &context, ShipEndpoint &endpoint)
    : m_context(context)
    , m_endpoint(endpoint)
    , m_messages(dynamic_cast<MessageStream *>(&context.stream))
    , m_watch(context.heartbeat, m_messages)
    , m_timers(*this, context.timers)
    , m_paceTimer(
          [](void *self) {
              auto *link = static_cast<ShipLink *>(self);
              if (link->m_lease)
                  link->handlePull(*link->m_lease);
          },
          this)
{ }

ShipLink::~ShipLink()
{
    QObject::disconnect(m_linkEnd);
    m_endpoint.desk.leave(m_visitor);
}

qint64 ShipLink::now() const noexcept
{
    return m_context.clock.now();
}

bool ShipLink::isExchanging() const noexcept
{
    return m_phase == Phase::Running && m_machine->state() == State::Data;
}

Role ShipLink::role() const noexcept
{
    return m_context.link.direction() == Link::Direction::Dialled ? Role::Client : Role::Server;
}

QByteArray ShipLink::topic(const char *leaf) const
{
    return options().root + '/' + m_peerKey + '/' + leaf;
}

void ShipLink::log(LogLevel level, const char *event, const QString &text) const
{
    if (!m_context.logger.isEnabled(level))
        return;
    m_context.logger.log(
        level,
        event,
        QStringLiteral("peer=%1 address=%2 %3")
            .arg(QString::fromLatin1(m_peerKey), QString::fromUtf8(m_context.peerAddress), text));
}

// The beginning.

void ShipLink::handleStarted()
{
    // A connection that breaks is told to nobody but the link, which still has its session then.
    m_linkEnd = QObject::connect(
        &m_context.link, &Link::stateChanged, &m_context.link, [this](Link::State, Link::State to) {
            if (to == Link::State::Closed)
                handleClosed(m_context.link.reason());
        });
    if (const Result<> begun = m_context.link.begin(); !begun)
        end(begun.error());
}

void ShipLink::handleOpen(const Principal *identity)
{
    if (m_phase != Phase::Opening)
        return;
    if (!m_messages) {
        end(Error(ErrorCode::NotSupported, QStringLiteral("SHIP needs a WebSocket")));
        return;
    }
    m_ski = identity && !identity->anonymous ? Ski::fromText(viewOf(identity->name)) : std::nullopt;
    if (!m_ski) {
        end(Error(ErrorCode::NotAuthenticated, QStringLiteral("the peer has proved no key")));
        return;
    }
    m_peerKey = m_ski->toHex();
    if (*m_ski == options().own) {
        end(Error(ErrorCode::IdentityMismatch, QStringLiteral("this is the host itself"))
                .setRetryable(false));
        return;
    }
    judge();
    m_phase = Phase::Authenticating;
    Credentials credentials;
    credentials.peerKey = viewOf(m_peerKey);
    m_context.bus.authenticate(credentials);
}

void ShipLink::judge()
{
    // Whom the configuration dials was chosen by it.
    if (options().role == Role::Client)
        m_endpoint.desk.trustDialled(*m_ski, options().endpoint);
    const TrustDesk::Arrival arrival
        = m_endpoint.desk.arrive(*m_ski,
                                 Entrance{options().endpoint, options().asksPeople},
                                 m_context.executor,
                                 *this,
                                 now(),
                                 m_context.clock.utcMs());
    m_visitor = arrival.visitor;
    m_trust = arrival.judgement.trust;
    if (arrival.judgement.newRequest) {
        log(LogLevel::Warning,
            "ship-pairing-request",
            QStringLiteral("is not trusted; to accept it: fairlead ship trust %1, or its SKI in "
                           "trusted of the endpoint %2")
                .arg(QString::fromLatin1(m_peerKey), QString::fromUtf8(options().endpoint)));
    } else if (arrival.judgement.autoAccepted) {
        log(LogLevel::Warning,
            "ship-pairing-auto",
            QStringLiteral("is trusted from here on, as the first that came while the window was "
                           "open"));
    }
}

// The decision.

void ShipLink::handleTrust(Trust trust)
{
    if (m_phase == Phase::Ended || trust == m_trust)
        return;
    m_trust = trust;
    log(LogLevel::Info,
        "ship-trust",
        isTrusted() ? QStringLiteral("is trusted from here on")
                    : QStringLiteral("is not trusted any more, or was rejected"));
    // Before the protocol runs it begins with what is decided by then.
    if (m_phase != Phase::Running)
        return;
    if (m_lease && isTrusted())
        subscribe(LeaseGrant());
    Actions actions;
    m_machine->decideTrust(trust, now(), actions);
    perform(actions);
}

void ShipLink::handlePin(const QByteArray &pin)
{
    if (m_phase != Phase::Running)
        return;
    Actions actions;
    // What is no PIN did not come this far.
    (void)m_machine->enterPin(viewOf(pin), now(), actions);
    m_visitor->wantsPin = false;
    perform(actions);
}

void ShipLink::handleClaims()
{
    if (m_phase != Phase::Running)
        return;
    publishInfo();
    if (m_phase == Phase::Running)
        mind(m_watch.follow(places()));
}

void ShipLink::handleAlone()
{
    if (m_lease && isExchanging())
        handlePull(*m_lease);
}

void ShipLink::handleAuthenticated(const Error &error)
{
    if (m_phase != Phase::Authenticating)
        return;
    if (!error.isNull()) {
        end(error);
        return;
    }
    m_phase = Phase::Acquiring;
    // For ends that leave no time for last words.
    PeerState gone;
    gone.role = role();
    gone.address = m_context.peerAddress;
    const QByteArray json = stateJson(gone);
    const QByteArray stateTopic = topic("state");
    Testament testament;
    testament.topic = viewOf(stateTopic);
    testament.properties = viewOf(m_endpoint.jsonProperties);
    testament.payload = viewOf(json);
    testament.qos = options().qos;
    testament.retain = true;
    SessionRequest request;
    request.peerKey = viewOf(m_peerKey);
    // A stranger leaves nothing behind.
    m_isStrangersLease = !isTrusted();
    if (isTrusted()) {
        request.expirySeconds = options().sessionExpiry;
        request.testament = &testament;
    }
    request.clean = request.expirySeconds == 0;
    request.doubleLinks = DoubleLinkRule::DeferredRecency;
    const QByteArray own = options().own.toHex();
    request.ownId = viewOf(own);
    m_context.bus.acquire(request);
    // Refused at once, it is over.
    if (m_phase == Phase::Acquiring)
        run();
}

void ShipLink::run()
{
    m_phase = Phase::Running;
    m_machine.emplace(machineSettings());
    mind(m_watch.begin(places()));
    if (m_phase != Phase::Running)
        return;
    Actions actions;
    m_machine->start(now(), actions);
    perform(actions);
}

void ShipLink::handleLease(const LeaseGrant &grant)
{
    if (m_phase != Phase::Acquiring && m_phase != Phase::Running)
        return;
    if (!grant.lease) {
        end(grant.error);
        return;
    }
    m_lease = grant.lease;
    m_sinceUtcMs = m_context.clock.utcMs();
    if (isTrusted())
        subscribe(grant);
    takeUp();
}

/// Tells on the bus what the peer said so far, in that order.
void ShipLink::takeUp()
{
    publishState();
    publishInfo();
    const QByteArrayList early = m_early.take();
    for (const QByteArray &payload : early) {
        if (m_lease)
            deliver(viewOf(payload));
    }
    if (m_lease && isExchanging())
        handlePull(*m_lease);
}

Settings ShipLink::machineSettings() const
{
    Settings settings;
    settings.role = role();
    settings.trust = m_trust;
    settings.shipId = options().shipId;
    if (const std::optional<TrustedPeer> peer = m_endpoint.desk.find(*m_ski);
        peer && !peer->claims.shipId.isEmpty()) {
        settings.peerShipId = peer->claims.shipId;
    }
    settings.pinDemand = options().pin.isEmpty() ? PinDemand::None : PinDemand::Required;
    settings.ownPin = options().pin;
    settings.wrongPins = m_endpoint.desk.wrongPins(*m_ski);
    const QByteArray entered = m_endpoint.desk.peerPin(*m_ski);
    settings.peerPin = entered.isEmpty() ? options().peerPin : entered;
    settings.canAskForPin = m_context.executor != nullptr;
    return settings;
}

void ShipLink::subscribe(const LeaseGrant &grant)
{
    const QByteArray wanted = topic("tx");
    // The root may have been configured anew while the session waited.
    const QByteArray before = copyOf(grant.note);
    if (grant.resumed && !before.isEmpty() && before != wanted) {
        const ByteSpan filter = viewOf(before);
        m_lease->unsubscribe(&filter, 1, kTxTag);
    }
    SubscribeRequest request;
    request.filter = viewOf(wanted);
    request.qos = options().qos;
    request.noLocal = true;
    // What was said to it once is not said again: data messages are numbered and answered.
    request.replay = RetainedReplay::Never;
    m_lease->subscribe(&request, 1, kTxTag);
    if (options().sessionExpiry > 0 && before != wanted)
        m_lease->setNote(viewOf(wanted));
}

QByteArray ShipLink::places() const
{
    const std::optional<TrustedPeer> peer = m_endpoint.desk.find(*m_ski);
    return peer ? peer->claims.places : QByteArray();
}

void ShipLink::mind(const Result<> &watched)
{
    if (!watched)
        end(watched.error());
}

void ShipLink::handleProbeDue()
{
    mind(m_watch.handleProbeDue());
}

// The protocol.

Consumed ShipLink::handleBytes(ByteSpan input)
{
    if (m_phase == Phase::Leaving) {
        Actions actions;
        m_machine->receive(input, now(), actions);
        performLeaving(actions);
        closeLeft();
        return {input.size(), 0};
    }
    if (m_phase != Phase::Running)
        return {m_phase == Phase::Ended ? input.size() : 0, 0};
    // It comes again with the lease.
    if (!m_lease && m_early.isFull())
        return {0, 0};
    Actions actions;
    m_machine->receive(input, now(), actions);
    perform(actions);
    return {input.size(), 0};
}

void ShipLink::handleEndOfInput()
{
    if (m_phase == Phase::Running) {
        Actions actions;
        m_machine->peerGone(now(), actions);
        perform(actions);
    }
    if (m_phase == Phase::Leaving) {
        m_phase = Phase::Ended;
        closeLeft();
    }
    if (m_phase != Phase::Ended) {
        end(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer closed the connection")));
    }
}

void ShipLink::handleTimer(TimerId timer)
{
    if (m_phase != Phase::Running && m_phase != Phase::Leaving)
        return;
    Actions actions;
    m_machine->expire(timer, now(), actions);
    if (m_phase == Phase::Running) {
        perform(actions);
    } else {
        performLeaving(actions);
        closeLeft();
    }
}

} // namespace fairlead::ship
