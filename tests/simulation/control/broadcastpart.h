// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/lifecycle/broadcast/broadcaster.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead::sim {

/// A broadcaster and its targets, which come, die, are replaced, and answer once, twice, late, for
/// others or never.
class BroadcastPart final : public ControlPart
{
public:
    static constexpr qint64 kTimeoutNs = 1 * kNsPerSecond; ///< of every broadcast

    explicit BroadcastPart(ControlBase &base);
    ~BroadcastPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

    core::Broadcaster &broadcaster() noexcept { return m_broadcaster; }

private:
    class Target;

    struct Place
    {
        quint64 generation = 0; ///< 0: nobody is registered
        bool live = false;
        std::vector<quint64> earlier; ///< generations that are over
    };

    /// One target of one broadcast, by the model.
    struct Member
    {
        int place = 0;
        quint64 generation = 0;
        std::optional<core::TargetResult> result; ///< none: it is waited for
        bool mayAck = false; ///< it said so
        bool mayFail = false; ///< it said so, dropped the reply, or is gone
    };

    struct Run
    {
        std::vector<Member> members;
        qint64 deadline = 0;
    };

    struct Owed
    {
        quint64 correlation = 0;
        int place = 0;
        OperationReply reply;
    };

    void registerTarget(int number);
    void start(quint32 how);
    void begin(quint64 correlation);
    void answer(int number, quint32 how);
    void acknowledgeFalsely(int number, quint32 how);
    void lose(int number, quint64 generation);
    void watchTarget(quint64 correlation, int place, core::TargetResult result);
    void watchReport(const core::BroadcastReport &report);
    Member *memberOf(quint64 correlation, int place);
    quint64 ignoredCount() const;
    static QString nameOf(int place);
    static int placeOf(const QString &name);

    core::Broadcaster m_broadcaster;
    std::array<Place, 6> m_places;
    std::vector<int> m_order; ///< of registration
    std::map<quint64, Run> m_runs; ///< under way, by correlation
    std::vector<Owed> m_replies;
    quint64 m_latest = 0; ///< correlation
    quint64 m_ends = 0;
};

} // namespace fairlead::sim
