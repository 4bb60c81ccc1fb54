// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/endpointruntime.h"
#include "core/security/addressrules.h"
#include "core/security/linkrates.h"

#include <fairlead/executor.h>
#include <fairlead/timers.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>

namespace fairlead::core {

/// Why the host took no link, or took it only to say so.
enum class RefusalReason : quint8 {
    Address,
    Rate,
    Capacity,
    Descriptors,
    ShuttingDown,
    Count
};

/// "rate": stable, in the control API and in metrics.
const char *refusalName(RefusalReason reason) noexcept;

struct AdmissionSettings
{
    quint32 linkRate = 256; ///< per peer and second; 0: no bound
    bool limitsLoopback = false;
};

/// Who may begin a link, for all listeners together (AD-01, AD-05).
///
/// An address is judged before anything of the link is read. A peer that is verified later is
/// counted under its own name instead, so that those behind one address do not share its rate.
///
/// Thread: main, but for admitPrincipal(), countRefused() and the figures. Ownership: outlives the
/// links.
class LinkAdmission final : public PrincipalGate
{
public:
    LinkAdmission(Executor &main,
                  const Clock &clock,
                  Timers &timers,
                  const AdmissionSettings &settings);
    ~LinkAdmission() override;

    /// Why a link from @p peer is not taken; nothing when it is.
    std::optional<RefusalReason> judge(const QHostAddress &peer, const AddressRules &rules);

    // PrincipalGate
    Error admitPrincipal(const Principal &principal,
                         const QByteArray &peerAddress,
                         qint64 now) override;

    void countRefused(RefusalReason reason) noexcept;

    quint64 refused(RefusalReason reason) const noexcept
    {
        return m_refused[std::size_t(reason)].load(std::memory_order_relaxed);
    }

    /// Peers that began a link lately.
    std::size_t peers() const { return m_rates.size(); }

private:
    bool isExempt(const QHostAddress &peer) const;
    void wantSweep();
    void armSweep();
    void sweep() noexcept;

    Executor &m_main;
    const Clock &m_clock;
    Timers &m_timers;
    const AdmissionSettings m_settings;
    LinkRates m_rates;
    std::array<std::atomic<quint64>, std::size_t(RefusalReason::Count)> m_refused = {};
    std::atomic<bool> m_isSweepDue = false;
    Timer m_sweep;
    std::shared_ptr<char> m_life; ///< what was posted finds out whether it is still there
};

} // namespace fairlead::core
