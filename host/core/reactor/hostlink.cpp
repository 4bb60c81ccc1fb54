// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/hostlink.h"

#include "core/carrier/carrierstack.h"
#include "core/distributor/session.h"
#include "core/platform/systemerror.h"
#include "core/reactor/reactor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fairlead::core {

namespace {

// What a graceful end may take before it is cut off.
constexpr qint64 kDrainNs = 2 * kNsPerSecond;
// The most input kept for a driver that cannot use it yet.
constexpr std::size_t kMaxRest = Reactor::kReceiveBytes;
constexpr std::size_t kFirstGrowth = 64 * 1024;

} // namespace

HostLink::HostLink(Reactor &reactor,
                   EndpointRuntimePtr endpoint,
                   Direction direction,
                   quint64 generation,
                   std::unique_ptr<LinkStream> stream,
                   const Error &refusal)
    : Link(generation, direction, *this)
    , m_reactor(reactor)
    , m_endpoint(std::move(endpoint))
    , m_place(std::in_place, m_endpoint, stream->peerAddress())
    , m_stream(std::move(stream))
    , m_peerAddress(m_stream->peerAddress())
    , m_driverTimers(reactor.timerQueue(), *this)
    , m_liveness(std::make_shared<LinkLiveness>())
    , m_heartbeat(*this)
    , m_refusal(refusal)
    , m_deadline([](void *self) noexcept { static_cast<HostLink *>(self)->handleDeadline(); }, this)
    , m_since(reactor.clock().now())
{
    m_stream->setOwner(this);
}

HostLink::~HostLink()
{
    close(Error(ErrorCode::ShuttingDown, QStringLiteral("the host ends")), CloseMode::Abort, true);
}

bool HostLink::start()
{
    const LinkContext context = {*this,
                                 *m_stream,
                                 *this,
                                 m_reactor.clock(),
                                 m_driverTimers,
                                 m_reactor.random(),
                                 *m_endpoint->logger,
                                 m_peerAddress,
                                 &m_heartbeat};
    const Result<> made
        = callPlugin("createDriver", [&] { m_driver = m_endpoint->createDriver(context); });
    if (!made)
        handlePluginError(made.error());
    if (!m_driver)
        return false;
    if (m_endpoint->handshakeTimeoutNs > 0)
        m_reactor.timers().arm(m_deadline, m_since + m_endpoint->handshakeTimeoutNs);
    driver()->handleStarted();
    return true;
}

bool HostLink::mayRead() const noexcept
{
    return state() != State::Closed && state() != State::Draining && m_stream->isReading()
        && m_holds == 0 && m_stream->space() > 0 && !m_inputEnded;
}

void HostLink::readOnce()
{
    if (m_offerDue && state() != State::Closed && m_holds == 0) {
        offerAgain();
        if (state() == State::Closed)
            return;
    }
    if (!mayRead()) {
        m_readDue = true;
        if (m_inputEnded && state() != State::Closed)
            handleInputEnd();
        return;
    }
    m_readDue = false;
    LinkStream::IoResult got;
    WebSocketStream *messages
        = m_endpoint->carrier ? m_endpoint->carrier->messagesOf(*m_stream) : nullptr;
    if (messages) {
        if (!m_rest.empty()) {
            m_readDue = true; // until the driver takes the last one
            return;
        }
        const WebSocketStream::MessageRead read
            = messages->readMessage(m_reactor.receiveBuffer(), Reactor::kReceiveBytes);
        got = read.result;
        m_reactor.traffic().bytesReceived.add(got.size);
        if (read.hasLife)
            m_heartbeat.noteTraffic();
        if (read.message.data())
            offer(read.message);
    } else if (m_wanted > kMaxRest && !m_rest.empty()) {
        // A large frame is collected where it will be read; the room grows only with what came.
        const std::size_t have = m_rest.size();
        const std::size_t room = std::min(m_wanted, std::max(have * 2, have + kFirstGrowth));
        m_rest.resize(room);
        got = m_stream->read(m_rest.data() + have, room - have);
        m_rest.resize(have + got.size);
        m_reactor.traffic().bytesReceived.add(got.size);
        if (m_rest.size() >= m_wanted) {
            std::vector<char> input = std::move(m_rest);
            m_rest.clear();
            offer({input.data(), input.size()});
        }
    } else {
        const std::size_t have = m_rest.size();
        if (have >= kMaxRest) {
            m_readDue = true; // until the driver takes some
            return;
        }
        char *buffer = m_reactor.receiveBuffer();
        if (have > 0)
            std::memcpy(buffer, m_rest.data(), have);
        got = m_stream->read(buffer + have, Reactor::kReceiveBytes - have);
        m_reactor.traffic().bytesReceived.add(got.size);
        if (got.size > 0) {
            m_rest = std::vector<char>();
            offer({buffer, have + got.size});
        }
    }
    if (state() == State::Closed)
        return;
    if (got.size > 0)
        m_heartbeat.noteTraffic();
    switch (got.status) {
    case LinkStream::Io::Done:
        if (!readable) {
            readable = true;
            m_reactor.addReadable(*this);
        }
        break;
    case LinkStream::Io::WouldBlock:
        break;
    case LinkStream::Io::Ended:
        m_inputEnded = true;
        handleInputEnd();
        break;
    case LinkStream::Io::Failed:
        closeForSystemError(got.systemError);
        break;
    }
}

void HostLink::noteUse() noexcept
{
    if (m_endpoint->tracksUse)
        m_endpoint->lastUse.store(m_reactor.clock().now(), std::memory_order_relaxed);
}

// Who the carrier proved the peer to be, looked at once, before the driver sees a byte.
Error HostLink::checkIdentity()
{
    m_identityChecked = true;
    m_identity = m_stream->peerIdentity();
    if (!m_identity)
        return {};
    m_principal = *m_identity;
    return checkPrincipal();
}

Error HostLink::checkPrincipal() const
{
    if (m_principal.anonymous)
        return {};
    // A session's key has it in front; so none may look like another's, or like nobody's.
    if (m_principal.name.isEmpty() || m_principal.name.contains('\0')
        || m_principal.name == Principal().name) {
        return Error(ErrorCode::IdentityMismatch,
                     QStringLiteral("nobody can be called \"%1\" here")
                         .arg(QString::fromUtf8(m_principal.name.toPercentEncoding())));
    }
    if (!m_endpoint->gate || direction() != Direction::Accepted)
        return {};
    return m_endpoint->gate->admitPrincipal(m_principal, m_peerAddress, m_reactor.clock().now());
}

void HostLink::offer(ByteSpan input)
{
    noteUse();
    if (!m_identityChecked) {
        if (const Error error = checkIdentity(); !error.isNull()) {
            close(error, CloseMode::Abort, false);
            return;
        }
    }
    m_offerDue = false;
    const Consumed consumed = driver()->handleBytes(input);
    if (state() == State::Closed)
        return;
    if (consumed.used > input.size()) {
        handlePluginError(Error(ErrorCode::PluginFailed,
                                QStringLiteral("handleBytes used %1 bytes of %2")
                                    .arg(consumed.used)
                                    .arg(input.size())));
        return;
    }
    keepRest(input.substr(consumed.used), consumed.wanted);
}

void HostLink::keepRest(ByteSpan rest, std::size_t wanted)
{
    m_wanted = wanted;
    if (rest.empty())
        return;
    m_rest.assign(rest.begin(), rest.end());
}

void HostLink::offerAgain()
{
    m_offerDue = false;
    if (m_rest.empty())
        return;
    const std::vector<char> input = std::move(m_rest);
    m_rest.clear();
    offer({input.data(), input.size()});
}

// Its last frame is not asked for: who knows what state the driver is in.
void HostLink::handlePluginError(const Error &error) noexcept
{
    m_driverFailed = true;
    notePluginError(error);
    if (!fail(error, CloseMode::Abort))
        close(error, CloseMode::Abort, false);
}

void HostLink::notePluginError(const Error &error) noexcept
{
    m_endpoint->pluginFailures.note(
        error,
        QStringLiteral("link=%1 peer=%2").arg(generation()).arg(QString::fromUtf8(m_peerAddress)));
}

/// Whether its plugin ended it, here: a peer may report the same code.
bool HostLink::hasCrashed() const
{
    const Error why = reason();
    return why.code() == ErrorCode::PluginFailed
        && (m_driverFailed || why.details().contains(QStringLiteral("slot")));
}

void HostLink::handleInputEnd()
{
    // What the driver waits to be asked again for comes before the end.
    if (m_endTold || m_notices > 0 || m_authenticating || m_holds > 0)
        return;
    m_endTold = true;
    driver()->handleEndOfInput();
    if (state() != State::Closed) {
        close(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer closed the connection")),
              CloseMode::Drain,
              false);
    }
}

void HostLink::closeForSystemError(int systemError)
{
    if (const Error failure = m_stream->failure(); !failure.isNull()) {
        close(failure, CloseMode::Drain, false);
        return;
    }
    const bool reset = systemError == ECONNRESET || systemError == EPIPE;
    Error error(reset ? ErrorCode::ConnectionReset : ErrorCode::Unreachable,
                systemText(systemError));
    error.setRetryable(true);
    close(error, CloseMode::Abort, false);
}

void HostLink::flush()
{
    const std::size_t before = m_stream->outputSize();
    const LinkStream::IoResult result = m_stream->flush();
    m_reactor.traffic().bytesSent.add(before - m_stream->outputSize());
    if (before > m_stream->outputSize())
        noteUse();
    if (result.status == LinkStream::Io::Failed) {
        closeForSystemError(result.systemError);
        return;
    }
    if (!m_stream->isOutputEmpty() && !m_stream->isBlocked())
        streamFilled();
    if (state() == State::Draining && m_stream->isOutputEmpty()) {
        close(reason(), CloseMode::Drain, true);
        return;
    }
    if (m_stream->space() > 0) {
        if (m_session && m_session->hasWaiting() && !m_session->isBlocked())
            markDirty();
        if (m_readDue)
            streamReadable();
    }
}

void HostLink::markDirty()
{
    if (dirty || !m_connected)
        return;
    dirty = true;
    m_reactor.addDirty(*this);
}

void HostLink::pull()
{
    if (!m_session || state() != State::Ready || m_stream->space() <= 0)
        return;
    if (!m_session->hasWaiting() || m_session->isBlocked())
        return;
    m_turnBudget = kTurnMessages;
    driver()->handlePull(*this);
}

void HostLink::unhold()
{
    if (m_holds > 0 && --m_holds == 0) {
        m_offerDue = m_offerDue || !m_rest.empty();
        streamReadable();
    }
}

void HostLink::shutDown(const Error &reason)
{
    if (state() == State::Closed || state() == State::Draining)
        return;
    m_wasShutDown = true;
    if (state() == State::Ready) {
        (void)drain(reason);
        return;
    }
    driver()->handleClosing(reason);
    close(reason, CloseMode::Drain, true);
}

void HostLink::fence(FenceReason why)
{
    if (state() == State::Closed)
        return;
    if (!m_session) {
        completeAdmission(
            Error(ErrorCode::Superseded, QStringLiteral("another link of this peer came first")));
        return;
    }
    Session &session = *m_session;
    m_session = nullptr;
    m_reactor.sessions().release(session, m_released.get());
    driver()->handleFenced(why);
    close(Error(ErrorCode::Superseded,
                why == FenceReason::TakenOver
                    ? QStringLiteral("another link of this peer took over")
                    : QStringLiteral("its session was ended")),
          CloseMode::Drain,
          true);
}

void HostLink::handleDeadline() noexcept
{
    if (state() == State::Draining) {
        close(reason(), CloseMode::Abort, true);
        return;
    }
    const Error error
        = Error(ErrorCode::HandshakeTimeout, QStringLiteral("the handshake did not end in time"))
              .setRetryable(true);
    driver()->handleClosing(error);
    if (!fail(error))
        close(error, CloseMode::Drain, false);
}

// Streams.

void HostLink::streamReadable() noexcept
{
    if (readable)
        return;
    readable = true;
    m_reactor.addReadable(*this);
}

void HostLink::streamWritable() noexcept
{
    streamFilled();
}

void HostLink::streamFilled() noexcept
{
    if (filled)
        return;
    filled = true;
    m_reactor.addFilled(*this);
}

void HostLink::streamReadingChanged(bool reading) noexcept
{
    if (reading) {
        m_offerDue = m_offerDue || !m_rest.empty();
        streamReadable();
    }
}

// Lifecycle.

bool HostLink::needsNoHandshake(const Link &) const noexcept
{
    return m_endpoint->needsNoHandshake;
}

Result<> HostLink::registerLink(Link &)
{
    // The registry and the session directory decide in one step, see admitLink().
    m_liveness->setState(State::Ready);
    m_place->setPeerKey(peerKey());
    return {};
}

// A capacity or the end of the host is told in the protocol, once it can be.
Error HostLink::checkAdmission()
{
    if (!m_refusal.isNull())
        return m_refusal;
    if (!m_identityChecked) {
        if (Error error = checkIdentity(); !error.isNull())
            return error;
    }
    if (!m_identity)
        return checkPrincipal();
    m_principal = *m_identity;
    m_sessionKey = m_principal.name + '\0' + peerKey();
    return {};
}

Admission HostLink::admitLink(Link &, Error *error)
{
    m_reactor.timers().disarm(m_deadline);
    if (const Error refused = checkAdmission(); !refused.isNull()) {
        *error = refused;
        return Admission::Refused;
    }
    return m_reactor.sessions().acquire(*this, error);
}

SwapRequest HostLink::swapRequest() const
{
    SwapRequest request;
    request.candidate.generation = generation();
    request.candidate.liveness = m_liveness;
    request.candidate.reactor = m_reactor.number();
    request.candidate.endpoint = m_endpoint->number;
    request.candidate.direction = direction();
    request.candidate.since = m_since;
    request.now = m_reactor.clock().now();
    if (m_endpoint->maxLinks > 0)
        request.endpointLimit = qsizetype(m_endpoint->maxLinks);
    return request;
}

void HostLink::grant(Session &session, bool resumed, Ticket ticket)
{
    m_session = &session;
    m_session->tellsLosses = m_endpoint->notices;
    m_resumed = resumed;
    m_grantTicket = ticket;
}

void HostLink::linkConnected(Link &)
{
    m_reactor.traffic().linksConnected.add();
    Notice notice;
    notice.kind = Notice::Kind::Lease;
    m_reactor.queueNotice(*this, std::move(notice), m_grantTicket);
    tell(LinkReport::Kind::Connected);
}

bool HostLink::mayHaveInput() const noexcept
{
    return readable || m_readDue || m_reactor.isReadingStopped();
}

void HostLink::tell(LinkReport::Kind kind, const Error &reason) noexcept
{
    if (!m_endpoint->follower || !m_endpoint->follower->follows(direction()))
        return;
    LinkReport told = report(kind);
    told.reason = reason;
    m_endpoint->follower->handleReport(std::move(told));
}

LinkReport HostLink::report(LinkReport::Kind kind) const
{
    LinkReport report;
    report.kind = kind;
    report.direction = direction();
    report.generation = generation();
    report.endpoint = m_endpoint->number;
    report.peerKey = peerKey();
    report.peerAddress = m_peerAddress;
    return report;
}

void HostLink::reportEnd()
{
    if (m_endReported || !m_endpoint->follower || !m_endpoint->follower->follows(direction()))
        return;
    m_endReported = true;
    LinkReport ended = report(LinkReport::Kind::Ended);
    ended.wasConnected = m_wasConnected;
    ended.wasRefused = m_rejected;
    ended.asksReconnect = m_asksReconnect;
    ended.reason = reason();
    ended.wasShutDown = m_wasShutDown;
    ended.hasCrashed = hasCrashed();
    m_endpoint->follower->handleReport(std::move(ended));
}

void HostLink::linkRejected(Link &, const Error &error)
{
    m_rejected = true;
    LeaseGrant refusal;
    refusal.error = error;
    driver()->handleLease(refusal);
}

void HostLink::linkDraining(Link &)
{
    m_heartbeat.stop();
    // When the host ends, it counts who is late, and cuts them off itself.
    if (m_reactor.isReadingStopped())
        m_reactor.timers().disarm(m_deadline);
    else
        m_reactor.timers().arm(m_deadline, m_reactor.clock().now() + kDrainNs);
    driver()->handleClosing(reason());
    // The stream's next flush ends it, also when there is nothing left to send.
    streamFilled();
}

void HostLink::linkEnding(const Link &) noexcept
{
    m_liveness->end();
}

void HostLink::stopActivities(Link &)
{
    m_reactor.timers().disarm(m_deadline);
    m_heartbeat.stop();
    if (m_stream)
        m_stream->setOwner(nullptr);
}

void HostLink::unregisterLink(Link &)
{
    if (!m_sessionKey.isEmpty())
        m_reactor.distributor().links.remove(m_sessionKey, generation());
}

void HostLink::withdrawLink(Link &)
{
    if (m_session) {
        Session &session = *m_session;
        m_session = nullptr;
        m_reactor.sessions().release(session, m_released.get());
    } else {
        m_reactor.sessions().withdraw(*this);
    }
}

void HostLink::closeTransport(Link &, CloseMode mode)
{
    if (!m_stream)
        return;
    m_stream->close(mode);
    if (mode == CloseMode::Drain)
        m_reactor.linger(std::move(m_stream), std::move(*m_place), m_inputEnded);
    else
        m_stream->abandon();
    m_place.reset();
}

void HostLink::linkDisconnected(Link &, bool wasConnected)
{
    m_wasConnected = wasConnected;
    if (m_parked) {
        m_notices -= int(m_parked->size());
        m_parked.reset();
    }
    if (!m_driverFailed && hasCrashed())
        notePluginError(reason());
    if (wasConnected)
        m_reactor.traffic().linksDisconnected.add();
    if (m_endpoint->logger->isEnabled(LogLevel::Debug)) {
        m_endpoint->logger->log(LogLevel::Debug,
                                "link-closed",
                                QStringLiteral("link=%1 peer=%2 reason=%3")
                                    .arg(generation())
                                    .arg(QString::fromUtf8(peerKey()), reason().toString()));
    }
    m_reactor.linkClosed(*this);
}

} // namespace fairlead::core
