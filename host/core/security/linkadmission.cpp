// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/security/linkadmission.h"

namespace fairlead::core {

namespace {

/// Of "192.0.2.1:1883" or "[fe80::1]:1883"; null for anything else, as a peer in memory has it.
QHostAddress addressOf(const QByteArray &peerAddress)
{
    QByteArray host = peerAddress.left(peerAddress.lastIndexOf(':'));
    if (host.startsWith('[') && host.endsWith(']'))
        host = host.mid(1, host.size() - 2);
    return QHostAddress(QString::fromLatin1(host));
}

} // namespace

const char *refusalName(RefusalReason reason) noexcept
{
    switch (reason) {
    case RefusalReason::Address:
        return "address";
    case RefusalReason::Rate:
        return "rate";
    case RefusalReason::Capacity:
        return "capacity";
    case RefusalReason::Descriptors:
        return "descriptors";
    case RefusalReason::ShuttingDown:
        return "shutting-down";
    case RefusalReason::Count:
        break;
    }
    return "other";
}

LinkAdmission::LinkAdmission(Executor &main,
                             const Clock &clock,
                             Timers &timers,
                             const AdmissionSettings &settings)
    : m_main(main)
    , m_clock(clock)
    , m_timers(timers)
    , m_settings(settings)
    , m_rates(settings.linkRate)
    , m_sweep([](void *self) noexcept { static_cast<LinkAdmission *>(self)->sweep(); }, this)
    , m_life(std::make_shared<char>())
{ }

LinkAdmission::~LinkAdmission()
{
    m_timers.disarm(m_sweep);
}

bool LinkAdmission::isExempt(const QHostAddress &peer) const
{
    return peer.isNull() || (!m_settings.limitsLoopback && plainAddress(peer).isLoopback());
}

std::optional<RefusalReason> LinkAdmission::judge(const QHostAddress &peer,
                                                  const AddressRules &rules)
{
    std::optional<RefusalReason> why;
    if (!rules.admits(peer)) {
        why = RefusalReason::Address;
    } else if (m_settings.linkRate > 0 && !isExempt(peer)) {
        if (m_rates.take(rateKey(peer), m_clock.now()))
            wantSweep();
        else
            why = RefusalReason::Rate;
    }
    if (why)
        countRefused(*why);
    return why;
}

Error LinkAdmission::admitPrincipal(const Principal &principal,
                                    const QByteArray &peerAddress,
                                    qint64 now)
{
    const QHostAddress address = addressOf(peerAddress);
    if (principal.anonymous || m_settings.linkRate == 0 || isExempt(address))
        return {};
    if (!m_rates.take(rateKey(principal.name), now)) {
        countRefused(RefusalReason::Rate);
        return Error(ErrorCode::RateExceeded,
                     QStringLiteral("more than %1 links within a second").arg(m_settings.linkRate))
            .setDetail(QStringLiteral("retryAfterMs"), LinkRates::kWindowNs / kNsPerMs);
    }
    m_rates.giveBack(rateKey(address), now);
    wantSweep();
    return {};
}

void LinkAdmission::countRefused(RefusalReason reason) noexcept
{
    m_refused[std::size_t(reason)].fetch_add(1, std::memory_order_relaxed);
}

void LinkAdmission::wantSweep()
{
    if (m_isSweepDue.exchange(true))
        return;
    if (m_main.isCurrent()) {
        armSweep();
        return;
    }
    m_main.post([this, life = std::weak_ptr<char>(m_life)] {
        if (!life.expired())
            armSweep();
    });
}

void LinkAdmission::armSweep()
{
    m_timers.arm(m_sweep, m_clock.now() + LinkRates::kWindowNs);
}

void LinkAdmission::sweep() noexcept
{
    m_rates.forgetIdle(m_clock.now());
    m_isSweepDue.store(false);
    // A link may have begun on a reactor in between.
    if (m_rates.size() > 0 && !m_isSweepDue.exchange(true))
        armSweep();
}

} // namespace fairlead::core
