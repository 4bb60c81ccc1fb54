// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/connector.h"
#include "core/reactor/endpointruntime.h"

#include <QtCore/QMetaObject>

#include <memory>

namespace fairlead::core {

class DoubleLinkDesk;
class HostEndpoint;
class LinkPlacer;
class LinkReports;
class Reactor;

/// What dialled endpoints have in common: a dial that leads to a link on a reactor, whose life is
/// followed by its reports. The link carries the attempt's generation. Thread: main.
class DialConnector : public EndpointConnector
{
public:
    Result<> checkAttempt() const final;
    void connect(quint64 generation, qint64 deadline) final;
    void cancel(quint64 generation) final;
    void close(quint64 generation, const Error &reason) final;

    ~DialConnector() override;

    /// What it needs of the host; outlives it.
    struct Host
    {
        LinkPlacer &placer;
        LinkReports &reports;
        DoubleLinkDesk *doubleLinks = nullptr; ///< who is connected already; null: nobody knows
    };

protected:
    DialConnector(std::shared_ptr<HostEndpoint> endpoint, const Host &host);

    /// Starts what ends in adopted() or failed(), possibly before it returns.
    virtual void startDial(qint64 deadline) = 0;
    /// Interrupts it at once.
    virtual void abortDial() noexcept = 0;

    /// The connection became a link on @p reactor. The last thing a dial does.
    void adopted(Reactor &reactor);
    /// There is no connection. The last thing a dial does.
    void failed(const Error &error, EndCause cause = EndCause::Lost);

    /// The link of this dial is over, torn down and all. Here, or later when more has to end first,
    /// comes tellEnd().
    virtual void linkIsOver(const LinkReport &report) { tellEnd(report); }

    /// Passes the end on, unless the dial was cancelled or there is another by now.
    void tellEnd(const LinkReport &report);

    HostEndpoint &endpoint() const noexcept { return *m_endpoint; }

    LinkPlacer &placer() const noexcept { return m_host.placer; }

    quint64 generation() const noexcept { return m_generation; }

private:
    enum class Stage : quint8 {
        Idle,
        Dialling,
        Handshaking,
        Ready
    };

    void handleReport(const LinkReport &report);
    /// A server that refused one path is soon asked for the other.
    LinkReport withOtherPath(const LinkReport &report) const;
    void becomeReady(const LinkReport &report);
    void handleConnected(const QByteArray &principal, quint64 winner);

    const std::shared_ptr<HostEndpoint> m_endpoint;
    const Host m_host;
    Stage m_stage = Stage::Idle;
    quint64 m_generation = 0;
    QMetaObject::Connection m_connected;
    Reactor *m_reactor = nullptr; ///< of the link
};

} // namespace fairlead::core
