// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/shiplink.h"

#include "link/endcode.h"
#include "protocol/eebusjson.h"
#include "protocol/jsonerror.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/heartbeat.h>
#include <fairlead/link.h>
#include <fairlead/messagestream.h>
#include <fairlead/properties.h>
#include <fairlead/security.h>

#include <algorithm>
#include <utility>

namespace fairlead::ship {

namespace {

/// The specification's: a question every 50 s, an answer within 10.
constexpr qint64 kPingMs = 50'000;
constexpr qint64 kSilenceMs = 60'000;

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
    , m_timers(*this, context.timers)
{ }

ShipLink::~ShipLink()
{
    QObject::disconnect(m_linkEnd);
    m_endpoint.desk.leave(m_seat);
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
    m_seat = arrival.seat;
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
    m_seat->wantsPin = false;
    perform(actions);
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
    watch();
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
    if (m_methods)
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

void ShipLink::watch()
{
    if (!m_context.heartbeat)
        return;
    HeartbeatPlan plan;
    plan.timeoutMs = kSilenceMs;
    plan.probeMs = kPingMs;
    if (const Result<> watched = m_context.heartbeat->watch(plan); !watched)
        end(watched.error());
}

void ShipLink::handleProbeDue()
{
    m_messages->ping();
}

// The protocol.

Consumed ShipLink::handleBytes(ByteSpan input)
{
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
    if (m_phase != Phase::Ended) {
        end(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer closed the connection")));
    }
}

void ShipLink::handleTimer(TimerId timer)
{
    if (m_phase != Phase::Running)
        return;
    Actions actions;
    m_machine->expire(timer, now(), actions);
    perform(actions);
}

// To the peer.

void ShipLink::handlePull(Lease &lease)
{
    if (!isExchanging()) {
        if (m_phase == Phase::Running && !m_waiting) {
            m_waiting = true;
            log(LogLevel::Info,
                "ship-messages-wait",
                QStringLiteral("state=%1: messages for it wait until data is exchanged")
                    .arg(QLatin1String(toText(m_machine->state()))));
            publishState();
        }
        return;
    }
    m_waiting = false;
    constexpr int kAtOnce = 32;
    while (isExchanging() && m_context.stream.space() > 0) {
        Delivery deliveries[kAtOnce];
        Window window;
        window.unacked = kAtOnce;
        window.bytes = m_context.stream.space();
        const int count = lease.take(deliveries, kAtOnce, window);
        if (count == 0)
            return;
        Settle settles[kAtOnce];
        int settled = 0;
        for (int i = 0; i < count; ++i) {
            const Settle::How how = send(deliveries[i].message);
            // SHIP acknowledges nothing: the connection has it now.
            if (deliveries[i].handle != 0)
                settles[settled++] = {deliveries[i].handle, how};
        }
        if (settled > 0)
            lease.settle(settles, settled);
        if (std::exchange(m_stateChanged, false))
            publishState();
    }
}

Settle::How ShipLink::send(const fairlead::Message &message)
{
    // Not for the device: what the host tells its session.
    if (message.topic().starts_with('$')) {
        log(LogLevel::Warning,
            "ship-messages-lost",
            QStringLiteral("topic=%1 notice=%2")
                .arg(QString::fromUtf8(copyOf(message.topic())),
                     QString::fromUtf8(copyOf(message.payload()))));
        ++m_counters.txLosses;
        m_stateChanged = true;
        return Settle::How::Acked;
    }
    QByteArray payload;
    const JsonError error = options().form == JsonForm::Plain
        ? toEebusJson(message.payload(), payload)
        : toCompactJson(message.payload(), payload);
    SendVerdict verdict = SendVerdict::TooLarge;
    if (!error) {
        Actions actions;
        verdict = m_machine->sendData(viewOf(payload), now(), actions);
        perform(actions);
    }
    if (!error && verdict == SendVerdict::Sent) {
        ++m_counters.txMessages;
        m_counters.txBytes += std::size_t(payload.size());
        return Settle::How::Acked;
    }
    ++m_counters.txDropped;
    log(LogLevel::Warning,
        "ship-message-dropped",
        QStringLiteral("reason=%1 bytes=%2")
            .arg(error ? QLatin1String(toText(error.kind)) : QLatin1String("too-large"))
            .arg(message.payload().size()));
    return error ? Settle::How::Refused : Settle::How::TooLarge;
}

// On the bus.

void ShipLink::publish(const QByteArray &topic, const QByteArray &payload, quint32 expirySeconds)
{
    PublishView view;
    view.topic = viewOf(topic);
    view.properties = viewOf(m_endpoint.jsonProperties);
    view.payload = viewOf(payload);
    view.expirySeconds = expirySeconds;
    view.completionTag = kStateTag;
    view.qos = options().qos;
    view.retain = true;
    (void)m_context.bus.publish(view);
}

void ShipLink::publishState(const Error &reason)
{
    // Whoever makes keys by the thousand fills no topics.
    m_isShown = m_isShown || isTrusted();
    if (!m_lease || !m_isShown)
        return;
    PeerState state;
    state.connected = m_phase == Phase::Running;
    state.phase = m_machine->state();
    state.waiting = m_waiting && !isExchanging();
    state.role = role();
    state.address = m_context.peerAddress;
    state.sinceUtcMs = state.connected ? m_sinceUtcMs : m_context.clock.utcMs();
    state.counters = &m_counters;
    state.reason = reason;
    publish(topic("state"), stateJson(state), kNever);
}

void ShipLink::publishInfo()
{
    if (const std::optional<TrustedPeer> peer = m_endpoint.desk.find(*m_ski))
        publish(topic("info"), infoJson(*peer, *m_methods), kNever);
    m_methods.reset();
}

void ShipLink::handleCompletions(const Completion *completions, int count)
{
    for (int i = 0; i < count; ++i) {
        const Completion &completion = completions[i];
        if (completion.tag != kRxTag || completion.outcome == Outcome::Done
            || completion.outcome == Outcome::NoReceiver) {
            continue;
        }
        ++m_counters.rxDropped;
        log(LogLevel::Warning,
            "ship-data-dropped",
            QStringLiteral("reason=refused outcome=%1").arg(int(completion.outcome)));
    }
}

void ShipLink::handleSubscribed(quint32, const SubscribeOutcome *outcomes, int count)
{
    if (count > 0 && outcomes[0].outcome != Outcome::Done) {
        log(LogLevel::Warning,
            "ship-tx-refused",
            QStringLiteral("topic=%1 outcome=%2")
                .arg(QString::fromUtf8(topic("tx")))
                .arg(int(outcomes[0].outcome)));
    }
}

void ShipLink::handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) { }

// The end.

void ShipLink::sayGoodbye(EndReason reason)
{
    if (m_phase != Phase::Running)
        return;
    const CloseFrame frame = closeFrameFor(reason);
    m_messages->setCloseReason(frame.code, frame.text);
    Actions actions;
    m_machine->close(reason, now(), actions);
    for (const Action &action : actions) {
        if (const auto *message = std::get_if<SendMessage>(&action))
            act(*message);
    }
}

void ShipLink::handleFenced(FenceReason)
{
    // The session has another holder, or its testament speaks; the host closes with the reason.
    m_lease = nullptr;
    sayGoodbye(EndReason::Duplicate);
    leave(Error());
}

void ShipLink::handleClosing(const Error &reason)
{
    sayGoodbye(EndReason::LocalClose);
    leave(reason);
}

void ShipLink::handleClosed(const Error &reason)
{
    switch (reason.code()) {
    case ErrorCode::AlreadyExists:
    case ErrorCode::Superseded:
        sayGoodbye(EndReason::Duplicate);
        break;
    case ErrorCode::ShuttingDown:
        sayGoodbye(EndReason::LocalClose);
        break;
    default:
        break;
    }
    leave(reason);
}

void ShipLink::leave(const Error &reason)
{
    if (m_phase == Phase::Ended)
        return;
    const bool wasRunning = m_phase == Phase::Running;
    m_phase = Phase::Ended;
    m_endpoint.desk.leave(m_seat);
    for (int i = 0; i < kTimerCount; ++i)
        m_timers.disarm(static_cast<TimerId>(i));
    if (!wasRunning)
        return;
    m_endpoint.desk.noteWrongPins(*m_ski, m_machine->wrongPins());
    log(LogLevel::Info,
        "ship-link-ended",
        QStringLiteral("state=%1 reason=%2")
            .arg(QLatin1String(toText(m_machine->state())), reason.toString()));
    publishState(reason);
    if (m_lease) {
        ReleaseRequest request;
        // It came to trust, or lost it, since the session was asked for.
        request.changeExpiry = m_isStrangersLease == isTrusted();
        request.expirySeconds = isTrusted() ? options().sessionExpiry : 0;
        m_lease->release(request);
    }
    m_lease = nullptr;
}

void ShipLink::end(const Error &error)
{
    if (m_phase == Phase::Ended)
        return;
    if (m_phase != Phase::Running)
        log(LogLevel::Warning, "ship-link-refused", QStringLiteral("reason=") + error.toString());
    leave(error);
    Link &link = m_context.link;
    if (!link.fail(error))
        link.close(error, CloseMode::Drain, false);
}

} // namespace fairlead::ship
