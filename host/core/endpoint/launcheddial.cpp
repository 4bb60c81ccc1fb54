// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/launcheddial.h"

#include "core/endpoint/hostendpoint.h"
#include "core/reactor/mainloop.h"

#include <utility>

namespace fairlead::core {

namespace {

/// A program needs a moment before it listens.
constexpr qint64 kAgainNs = 50 * kNsPerMs;

} // namespace

LaunchedDial::LaunchedDial(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host)
    : LaunchConnector(loop, std::move(endpoint), host)
    , m_again([](void *self) noexcept { static_cast<LaunchedDial *>(self)->dial(); }, this)
{ }

LaunchedDial::~LaunchedDial()
{
    loop().timers().disarm(m_again);
}

void LaunchedDial::complete(ChildCommand &command) const
{
    command.talks = false;
    command.environment.append(
        QStringLiteral("FAIRLEAD_URL=")
        + endpoint().settings().url.toString(QUrl::RemoveUserInfo | QUrl::FullyEncoded));
}

void LaunchedDial::reach(ChildProcess &, qint64 deadline)
{
    m_deadline = deadline;
    dial();
}

void LaunchedDial::abortReach() noexcept
{
    loop().timers().disarm(m_again);
    m_dial.reset();
}

void LaunchedDial::dial() noexcept
{
    const EndpointSettings &settings = endpoint().settings();
    m_dial = std::make_unique<HostDial>(
        loop(), [this](const Result<HostDial::Connection> &result) { handleDial(result); });
    m_dial->start(settings.url.host(), settings.port, m_deadline);
}

void LaunchedDial::handleDial(const Result<HostDial::Connection> &result)
{
    const std::unique_ptr<HostDial> over = std::move(m_dial);
    if (result) {
        adopt(result->fd, result->peerAddress);
        return;
    }
    const qint64 again = loop().clock().now() + kAgainNs;
    if (again < m_deadline)
        loop().timers().arm(m_again, again);
    else
        giveUp(result.error());
}

} // namespace fairlead::core
