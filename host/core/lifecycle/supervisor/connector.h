// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/failureclass.h"

#include <QtCore/QString>

#include <fairlead/result.h>

namespace fairlead::core {

/// What an EndpointConnector reports, with the generation it was given. Each call may come from
/// inside connect(), and may destroy the connector before it returns when it does not: it is the
/// last thing the connector does. A report about an older generation is dropped and counted.
/// Thread: main.
class ConnectorReceiver
{
public:
    virtual ~ConnectorReceiver() = default;

    /// The dial is done, the handshake begins: the attempt is under the handshake deadline now.
    /// Optional, and nothing is Running by it.
    virtual void dialFinished(quint64 generation) = 0;

    /// The handshake is done, and whether this link of the peer stays is being decided: the deadline
    /// of the handshake is off. linkReady() or attemptFailed() follows within minutes. Optional.
    virtual void verdictPending(quint64 generation) { Q_UNUSED(generation) }

    /// The link is Ready, the socket listens. False: nobody wants it any more (cancelled, timed
    /// out, host closing); the connector closes it and reports nothing further about it (SH-03).
    [[nodiscard]] virtual bool linkReady(quint64 generation, const QString &peer) = 0;
    /// The attempt ended before linkReady(); the connector holds nothing of it any more.
    virtual void attemptFailed(quint64 generation,
                               const Error &error,
                               EndCause cause = EndCause::Lost)
        = 0;
    /// A link that was ready is gone; exactly once per link, also as the answer to close() and
    /// drain().
    virtual void linkEnded(quint64 generation, const Error &reason, EndCause cause = EndCause::Lost)
        = 0;
    /// The peer has proven to be well (a heartbeat answered): earlier crashes are forgotten.
    virtual void healthVerified(quint64 generation) = 0;
};

/// How one endpoint is opened; the supervisor knows no sockets. Owned by its SupervisedEndpoint.
/// Thread: main.
class EndpointConnector
{
public:
    virtual ~EndpointConnector() = default;

    /// Where reports go; called once, before anything else.
    void setReceiver(ConnectorReceiver *receiver) noexcept { m_receiver = receiver; }

    /// Asked before each attempt: what makes it pointless now (peer unknown, untrusted ...). Its
    /// class decides what follows; after connectedElsewhere() it is asked again before long. A pure
    /// question: reports nothing, changes nothing.
    virtual Result<> checkAttempt() const { return {}; }

    /// Dials or listens. Ends in linkReady() or attemptFailed(), possibly before it returns, unless
    /// cancel() comes first. @p deadline (monotonic) covers all of the dial; the supervisor keeps
    /// it too.
    virtual void connect(quint64 generation, qint64 deadline) = 0;
    /// Interrupts the attempt at once and frees all of it; nothing is reported (SH-04). Also cuts
    /// off a link that did not end in time after close().
    virtual void cancel(quint64 generation) = 0;
    /// Ends a link that was ready; linkEnded() follows. @p reason null: as asked.
    virtual void close(quint64 generation, const Error &reason) = 0;

    /// Takes no new work, delivers what was accepted, then ends the link by @p deadline;
    /// linkEnded() follows.
    virtual void drain(quint64 generation, qint64 deadline)
    {
        Q_UNUSED(deadline)
        close(generation, {});
    }

    /// Live links that this endpoint accepted (role Listen).
    virtual qint64 acceptedLinks() const noexcept { return 0; }

protected:
    ConnectorReceiver &receiver() const noexcept { return *m_receiver; }

private:
    ConnectorReceiver *m_receiver = nullptr;
};

} // namespace fairlead::core
