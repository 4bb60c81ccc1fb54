// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QObject>

#include <fairlead/timers.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace fairlead {
class Clock;
struct LinkContext;
} // namespace fairlead

namespace fairlead::mqtt {

class LinkCore;
class Quiesce;

/// The running links of one listener on one reactor, in the order in which they came. While they are
/// asked to leave it ends one after another, at the pace that all groups of the listener share.
///
/// Thread: its reactor, from birth to death. Ownership: its links'.
class LinkGroup final : public QObject, public std::enable_shared_from_this<LinkGroup>
{
public:
    /// One link's place in its group; leaves when it is destroyed.
    class Member
    {
    public:
        explicit Member(LinkCore &core) noexcept
            : m_core(core)
        { }

        ~Member();
        Member(const Member &) = delete;
        Member &operator=(const Member &) = delete;

        void join(const std::shared_ptr<LinkGroup> &group);
        void leave();

    private:
        friend class LinkGroup;
        LinkCore &m_core;
        std::shared_ptr<LinkGroup> m_group; ///< once it joined, so that it lives as long
        Member *m_before = nullptr;
        Member *m_after = nullptr;
        bool m_joined = false;
    };

    LinkGroup(Quiesce &quiesce, const Clock &clock);
    ~LinkGroup() override;

private:
    void schedule();
    void arm(qint64 deadline);
    void handOver();
    void handleChanged();
    void handleTimeout();

    Quiesce &m_quiesce;
    const Clock &m_clock;
    Member *m_first = nullptr;
    Member *m_last = nullptr;
    Member *m_armedBy = nullptr; ///< whose timers have the claimed place; a link's end with it
    Timer m_timer;
};

/// The groups of one listener. Thread: any.
class LinkGroups
{
public:
    explicit LinkGroups(Quiesce &quiesce)
        : m_quiesce(quiesce)
    { }

    /// That of the calling reactor.
    std::shared_ptr<LinkGroup> groupOf(const LinkContext &context);

private:
    Quiesce &m_quiesce;
    std::mutex m_mutex;
    std::vector<std::pair<const Clock *, std::weak_ptr<LinkGroup>>> m_groups; ///< by reactor
};

} // namespace fairlead::mqtt
