// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/discovery.h"

#include "discovery/servicelabel.h"

#include <fairlead/clock.h>
#include <fairlead/logger.h>
#include <fairlead/peerdials.h>
#include <fairlead/properties.h>
#include <fairlead/publisher.h>

#include <utility>

namespace fairlead::ship {

Discovery::Discovery(std::unique_ptr<Mdns> mdns, Parts parts)
    : m_parts(std::move(parts))
    , m_showTimer([](void *self) { static_cast<Discovery *>(self)->show(); }, this)
    , m_windowTimer([](void *self) { static_cast<Discovery *>(self)->announce(); }, this)
    , m_found(m_parts.own.ski, m_parts.isTrusted)
    , m_mdns(std::move(mdns))
{ }

Discovery::~Discovery() = default;

void Discovery::log(LogLevel level, const char *event, const QString &text) const
{
    if (m_parts.logger.isEnabled(level))
        m_parts.logger.log(level, event, text);
}

void Discovery::listening(quint16 port)
{
    m_port = port;
    announce();
    if (!std::exchange(m_isStarted, true))
        m_mdns->start(*this);
    // What was found before it stopped is dialled again.
    const std::vector<FoundPeer> peers = m_found.peers();
    for (const FoundPeer &peer : peers)
        want(peer);
    // Not everybody announces itself again.
    const std::vector<FoundPeer> remembered = m_parts.remembered();
    for (const FoundPeer &peer : remembered) {
        if (!m_found.find(peer.claims.ski))
            dial(peer);
    }
    show();
}

void Discovery::stopped()
{
    m_port = 0;
    m_parts.timers.disarm(m_windowTimer);
    m_state.label.clear();
    m_mdns->withdraw();
    if (m_parts.dials) {
        for (const std::vector<FoundPeer> &peers : {m_found.peers(), m_parts.remembered()}) {
            for (const FoundPeer &peer : peers)
                m_parts.dials->unwant(peer.claims.ski.toHex());
        }
    }
}

void Discovery::announce()
{
    if (m_port == 0 || !m_parts.announces)
        return;
    Announcement own = m_parts.own;
    own.registers = m_parts.isWindowOpen();
    if (own.registers)
        m_parts.timers.arm(m_windowTimer, m_parts.clock.now() + kWindowMs * kNsPerMs);
    m_mdns->announce({labelFor(own), m_port, writeTxt(own)});
}

void Discovery::windowChanged()
{
    announce();
}

void Discovery::mdnsStarted()
{
    m_state = {true, {}, {}};
    log(LogLevel::Info, "ship-mdns-up", QStringLiteral("looking for peers through Avahi"));
    showSoon();
}

void Discovery::mdnsStopped(const QString &why)
{
    m_state = {false, why, {}};
    log(LogLevel::Warning,
        "ship-mdns-down",
        QStringLiteral("reason=\"%1\": nothing is announced or found until it is back; configured "
                       "addresses work")
            .arg(why));
    (void)m_found.removeAll();
    showSoon();
}

void Discovery::announced(const QByteArray &label)
{
    m_state.label = label;
    log(LogLevel::Info,
        "ship-mdns-announced",
        QStringLiteral("name=\"%1\" port=%2").arg(QString::fromUtf8(label)).arg(m_port));
    showSoon();
}

void Discovery::announceFailed(const QString &why)
{
    m_state.label.clear();
    log(LogLevel::Warning, "ship-mdns-not-announced", QStringLiteral("reason=\"%1\"").arg(why));
    showSoon();
}

void Discovery::browseFailed(const QString &why)
{
    log(LogLevel::Warning, "ship-mdns-not-browsed", QStringLiteral("reason=\"%1\"").arg(why));
}

void Discovery::serviceFound(const ServiceRef &service, const ServiceReport &report)
{
    follow(m_found.report(service, report));
    if (m_found.passedOver() > 0 && !std::exchange(m_isFull, true)) {
        log(LogLevel::Warning,
            "ship-mdns-flood",
            QStringLiteral("more is announced than there is room for; some of it is passed over"));
    }
}

void Discovery::serviceGone(const ServiceRef &service)
{
    follow(m_found.remove(service));
}

void Discovery::follow(const std::vector<Ski> &changed)
{
    for (const Ski &ski : changed) {
        if (const FoundPeer *peer = m_found.find(ski))
            want(*peer);
    }
    if (!changed.empty())
        showSoon();
}

void Discovery::want(const FoundPeer &peer)
{
    if (m_port == 0 || !m_parts.isTrusted(peer.claims.ski))
        return;
    m_parts.learn(peer);
    dial(peer);
}

void Discovery::dial(const FoundPeer &peer)
{
    const Announcement &claims = peer.claims;
    if (!m_parts.dials || peer.addresses.isEmpty())
        return;
    PeerTarget target;
    target.key = claims.ski.toHex();
    target.path = claims.path;
    for (const PeerAddress &address : peer.addresses)
        target.places.append({address.host, address.port});
    if (const Result<> wanted = m_parts.dials->want(target); !wanted) {
        log(LogLevel::Warning,
            "ship-peer-not-dialled",
            QStringLiteral("peer=%1 reason=%2")
                .arg(QString::fromLatin1(target.key), wanted.error().toString()));
    }
}

void Discovery::trustChanged(const Ski &ski)
{
    if (!m_parts.isTrusted(ski)) {
        if (m_parts.dials)
            m_parts.dials->unwant(ski.toHex());
    } else if (const FoundPeer *peer = m_found.find(ski)) {
        want(*peer);
    }
    if (m_found.find(ski))
        showSoon();
}

void Discovery::showSoon()
{
    if (!m_showTimer.isArmed())
        m_parts.timers.arm(m_showTimer, m_parts.clock.now() + kShowMs * kNsPerMs);
}

void Discovery::show()
{
    if (!m_parts.publisher || m_parts.topic.isEmpty())
        return;
    const QByteArray text = foundJson(m_state, foundViews(m_found.peers(), m_parts.isTrusted));
    if (text == m_shown)
        return;
    m_shown = text;
    PropertyWriter properties;
    properties.append(PropertyId::PayloadFormat, "\1");
    properties.append(PropertyId::ContentType, "application/json");
    PublishView view;
    view.topic = viewOf(m_parts.topic);
    view.properties = properties.block();
    view.payload = viewOf(text);
    view.qos = 1;
    view.retain = true;
    if (const Result<> shown = m_parts.publisher->publish(view); !shown)
        log(LogLevel::Debug, "ship-found-not-shown", shown.error().toString());
}

} // namespace fairlead::ship
