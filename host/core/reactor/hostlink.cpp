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
    , m_service(*this)
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
                                 &m_heartbeat,
                                 m_endpoint->seats ? &m_service : nullptr,
                                 &m_reactor};
    const Result<> made
        = callPlugin("createDriver", [&] { m_driver = m_endpoint->createDriver(context); });
    if (!made)
        handlePluginError(made.error());
    if (!m_driver)
        return false;
    if (m_endpoint->handshakeTimeoutNs > 0)
        m_reactor.timers().arm(m_deadline, m_since + m_endpoint->handshakeTimeoutNs);
    driver()->handleStarted();
    if (m_stream && m_stream->isOpen())
        noteOpen();
    return true;
}

bool HostLink::mayRead() const noexcept
{
    return state() != State::Closed && (state() != State::Draining || m_awaitsAnswer)
        && m_stream->isReading() && m_holds == 0
        && !m_inputEnded
        // A handshake of the carrier needs both directions, whatever waits for its end.
        && (m_stream->space() > 0 || !m_stream->isOpen());
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
        noteLife();
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
            noteLife();
            return;
        }
        const WebSocketStream::MessageRead read
            = messages->readMessage(m_reactor.receiveBuffer(), Reactor::kReceiveBytes);
        got = read.result;
        m_reactor.traffic().bytesReceived.add(got.size);
        if (read.hasLife) {
            m_heartbeat.noteTraffic();
            noteLife();
        }
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
    if (m_stream && m_stream->isOpen())
        noteOpen();
    if (state() == State::Closed)
        return;
    if (got.size > 0) {
        m_heartbeat.noteTraffic();
        noteLife();
    }
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

// The driver hears of it before the first byte, and also when none comes.
void HostLink::noteOpen()
{
    if (m_openTold || state() == State::Closed)
        return;
    m_openTold = true;
    if (!m_identityChecked) {
        if (const Error error = checkIdentity(); !error.isNull()) {
            close(error, CloseMode::Abort, false);
            return;
        }
    }
    driver()->handleOpen(m_identity ? &*m_identity : nullptr);
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
    noteOpen();
    if (state() == State::Closed)
        return;
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
    if (m_endTold || m_notices > 0 || m_authenticating || m_holds > 0 || m_offerDue)
        return;
    // The rest and the end may come with one read; who stopped reading gets to the end later too.
    if (!m_rest.empty() && !m_stream->isReading())
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
    if (state() == State::Draining && m_stream->isOutputEmpty() && !m_awaitsAnswer) {
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
    if (!m_session || m_released || state() != State::Ready || m_stream->space() <= 0)
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

} // namespace fairlead::core
