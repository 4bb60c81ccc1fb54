// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "heartbeatpart.h"

#include "core/lifecycle/heartbeat/heartbeatmonitor.h"

#include <algorithm>
#include <utility>

namespace fairlead::sim {

using core::HeartbeatMonitor;
using core::HeartbeatSetting;
using core::HeartbeatWish;
using core::LinkLiveness;

namespace {

constexpr std::array<qint64, 7> kPauses = {1 * kNsPerMs,
                                           20 * kNsPerMs,
                                           999 * kNsPerMs,
                                           2 * kNsPerSecond,
                                           6 * kNsPerSecond,
                                           31 * kNsPerSecond,
                                           76 * kNsPerSecond};

HeartbeatSetting settingOf(int number)
{
    HeartbeatWish wish;
    switch (number) {
    case 0:
        wish.configuredMs = 3000;
        break;
    case 1:
        wish.protocolMs = 20'000;
        wish.probeMs = 5000;
        wish.graceMs = 5000;
        break;
    case 2:
        wish.keepAliveSeconds = 4;
        break;
    case 3:
        wish.configuredMs = 1;
        wish.suspensionMs = 20;
        break;
    default:
        wish.configuredMs = 0;
        break;
    }
    return core::resolveHeartbeat(wish).value_or(HeartbeatSetting());
}

} // namespace

/// One link: its monitor, and what the rows HB-01 to HB-05 say of it.
class HeartbeatPart::Beat final : private core::HeartbeatHandler
{
public:
    Beat(HeartbeatPart &part, int number)
        : m_part(part)
        , m_number(number)
        , m_setting(settingOf(number))
    {
        make();
    }

    void start()
    {
        if (!m_monitor)
            make();
        m_earlier = std::exchange(m_generation, m_part.m_generations.next());
        m_liveness = std::make_shared<LinkLiveness>();
        m_state = HeartbeatMonitor::State::Watching;
        m_heardAt = m_part.now();
        m_heardAny = false;
        m_inFlight = 0;
        m_excusedFrom = -1;
        m_reprieve = -1;
        m_probedAt = -1;
        m_owesAnswer = false;
        m_monitor->start(m_generation, m_setting, m_liveness);
    }

    void stop()
    {
        if (!m_monitor)
            return;
        m_state = HeartbeatMonitor::State::Stopped;
        m_monitor->stop();
    }

    void destroy()
    {
        m_state = HeartbeatMonitor::State::Stopped;
        m_monitor.reset();
    }

    /// From what is over, for nobody, or for the link that is watched.
    void speak(quint32 how)
    {
        if (!m_monitor)
            return;
        const bool right = how % 2 == 0;
        const quint64 generation = right ? m_generation : m_earlier;
        const bool counts = right && isWatching();
        Result<> said;
        switch ((how >> 1) % 4) {
        case 0:
            said = m_monitor->beat(generation);
            if (counts)
                hear();
            break;
        case 1:
            if (counts && m_inFlight == 0)
                return;
            said = m_monitor->endRequest(generation);
            if (counts)
                endRequest();
            break;
        case 2:
            said = m_monitor->beginRequest(generation);
            if (counts)
                beginRequest();
            break;
        default:
            // On the wire of the link itself.
            m_monitor->noteTraffic();
            if (isWatching())
                hear();
            return;
        }
        if (!counts)
            ++m_strays;
        const ErrorCode expected = m_state != HeartbeatMonitor::State::Stopped && !right
            ? ErrorCode::Superseded
            : (m_state == HeartbeatMonitor::State::Expired ? ErrorCode::InvalidTransition
                                                           : ErrorCode::NotFound);
        if (bool(said) != counts || (!counts && said.error().code() != expected))
            m_part.fail("HB-05", QStringLiteral("a stray word to beat %1 was taken").arg(m_number));
    }

    void setMute(bool mute) { m_mute = mute; }

    /// The answer to a probe arrives.
    void deliver()
    {
        if (std::exchange(m_owesAnswer, false) && isWatching() && !m_mute) {
            m_monitor->noteTraffic();
            hear();
        }
    }

    void check() const
    {
        if (!m_monitor)
            return;
        const qint64 now = m_part.now();
        if (m_monitor->state() != m_state || m_monitor->strayCount() != m_strays)
            m_part.fail("HB-05", QStringLiteral("beat %1 changed by itself").arg(m_number));
        if (m_monitor->deadline() != deadline())
            m_part.fail("HB-02", QStringLiteral("beat %1 has another deadline").arg(m_number));
        if (m_state != HeartbeatMonitor::State::Stopped && m_liveness->isLive(now) != isWatching())
            m_part.fail("RG-04", QStringLiteral("beat %1 is not shown as it is").arg(m_number));
        if (!isWatching() || !m_setting.isEnabled())
            return;
        const qint64 asked = std::max(m_heardAt, m_probedAt) + m_setting.probeNs;
        const qint64 timer = m_part.m_base.time.nextDeadline();
        if (timer < 0 || timer > now) {
            if (now >= deadline())
                m_part.fail("HB-02", QStringLiteral("beat %1 expires too late").arg(m_number));
            if (m_setting.probeNs > 0 && m_inFlight == 0 && now >= asked)
                m_part.fail("HB-04", QStringLiteral("peer %1 is not asked").arg(m_number));
        }
    }

private:
    void make()
    {
        m_monitor
            = std::make_unique<HeartbeatMonitor>(m_part.m_base.time,
                                                 m_part.m_base.time.timers(),
                                                 static_cast<core::HeartbeatHandler &>(*this));
        m_strays = 0;
    }

    bool isWatching() const { return m_state == HeartbeatMonitor::State::Watching; }

    void hear()
    {
        m_heardAt = m_part.now();
        m_heardAny = true;
        m_excusedFrom = m_inFlight > 0 ? m_heardAt : -1;
    }

    void beginRequest()
    {
        if (m_excusedFrom < 0)
            m_excusedFrom = m_part.now();
        ++m_inFlight;
    }

    void endRequest()
    {
        if (--m_inFlight > 0)
            return;
        m_reprieve = std::min(m_part.now() + m_setting.checkPeriodNs(),
                              m_excusedFrom + m_setting.suspensionNs);
    }

    /// HB-02, HB-05: silence for the timeout, or as long as a request excuses it.
    qint64 deadline() const
    {
        if (!isWatching() || !m_setting.isEnabled())
            return LinkLiveness::kNoDeadline;
        const qint64 silent
            = m_heardAt + m_setting.timeoutNs + (m_heardAny ? 0 : m_setting.graceNs);
        const qint64 excused = m_excusedFrom + m_setting.suspensionNs;
        return std::max(silent, m_inFlight > 0 ? excused : m_reprieve);
    }

    void handleProbeDue(quint64 generation) noexcept override
    {
        const qint64 now = m_part.now();
        m_part.note([&] { return QStringLiteral("    beat %1: probe").arg(m_number); });
        if (!isWatching() || generation != m_generation || m_inFlight > 0
            || now < std::max(m_heardAt, m_probedAt) + m_setting.probeNs)
            m_part.fail("HB-04", QStringLiteral("peer %1 is asked for nothing").arg(m_number));
        m_probedAt = now;
        if (stepInside())
            return;
        if (m_mute)
            return;
        m_owesAnswer = m_number % 2 != 0;
        if (!m_owesAnswer) {
            m_monitor->noteTraffic();
            hear();
        }
    }

    void handleHeartbeatExpired(quint64 generation, const Error &reason) noexcept override
    {
        m_part.note([&] { return QStringLiteral("    beat %1: expired").arg(m_number); });
        if (!isWatching() || generation != m_generation
            || reason.code() != ErrorCode::HeartbeatTimeout)
            m_part.fail("HB-03", QStringLiteral("beat %1 expired twice").arg(m_number));
        else if (m_part.now() != deadline())
            m_part.fail("HB-02", QStringLiteral("beat %1 expired at its time not").arg(m_number));
        m_state = HeartbeatMonitor::State::Expired;
        (void)stepInside();
    }

    /// What the owner of the link does from inside; true when it did.
    bool stepInside()
    {
        const quint32 how = std::exchange(m_part.m_inside, 0);
        if (how == 0)
            return false;
        m_part.note(
            [&] { return QStringLiteral("    inside beat %1 (%2)").arg(m_number).arg(how); });
        switch ((how >> 1) % 3) {
        case 0:
            start();
            break;
        case 1:
            stop();
            break;
        default:
            destroy();
            break;
        }
        return true;
    }

    HeartbeatPart &m_part;
    const int m_number;
    const HeartbeatSetting m_setting;
    std::shared_ptr<LinkLiveness> m_liveness;
    HeartbeatMonitor::State m_state = HeartbeatMonitor::State::Stopped;
    quint64 m_generation = 0;
    quint64 m_earlier = 0;
    quint64 m_strays = 0;
    qint64 m_heardAt = 0; ///< or Ready since
    qint64 m_excusedFrom = -1; ///< since then a request excuses the silence that lasts
    qint64 m_reprieve = -1;
    qint64 m_probedAt = -1;
    int m_inFlight = 0;
    bool m_heardAny = false;
    bool m_mute = false;
    bool m_owesAnswer = false;
    std::unique_ptr<HeartbeatMonitor> m_monitor;
};

HeartbeatPart::HeartbeatPart(ControlBase &base)
    : ControlPart(base)
{
    for (int number = 0; number < int(m_beats.size()); ++number)
        m_beats[std::size_t(number)] = std::make_unique<Beat>(*this, number);
}

HeartbeatPart::~HeartbeatPart() = default;

int HeartbeatPart::actions() const
{
    return 10;
}

void HeartbeatPart::act(int action, quint32 whom, quint32 how)
{
    const std::size_t number = whom % m_beats.size();
    Beat &beat = *m_beats[number];
    note([&] {
        return QStringLiteral("action %1 on beat %2 (%3)").arg(action).arg(number).arg(how);
    });
    switch (action) {
    case 0:
        beat.start();
        break;
    case 1:
        if (how % 4 == 0)
            beat.destroy();
        else if (how % 4 == 1)
            beat.stop();
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        beat.speak(how);
        break;
    case 6:
        beat.setMute(how % 4 != 0);
        break;
    case 7:
        m_inside = how | 1U;
        break;
    case 8:
        for (const auto &each : m_beats)
            each->deliver();
        break;
    default:
        m_base.time.runTo(now() + kPauses[how % kPauses.size()]);
        break;
    }
}

void HeartbeatPart::check()
{
    for (const auto &beat : m_beats)
        beat->check();
}

} // namespace fairlead::sim
