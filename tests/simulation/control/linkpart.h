// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controllink.h"
#include "controlpart.h"
#include "core/registry/doublelinkarbiter.h"
#include "core/registry/generationsource.h"

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace fairlead::sim {

/// Links, registry and arbiter of one host: several peers, each with another policy, a capacity,
/// peers that fall silent, words that come late, and calls from inside every hook.
class LinkPart final : public ControlPart, private core::LinkProber
{
public:
    explicit LinkPart(ControlBase &base);
    ~LinkPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

    static constexpr qsizetype kEndpointLimit = 3;

    static QByteArray keyName(int key);

    /// Nobody new from here on.
    void refuse(const Error &reason);
    void closeAll(const Error &reason);

    qsizetype slotCount() const { return m_registry.size(); }

    // For the links.
    quint64 nextGeneration() { return m_generations.next(); }

    void submit(ControlLink &link);
    void leave(ControlLink &link);
    void withdraw(ControlLink &link);
    bool isHolder(const ControlLink &link) const;
    /// A call from inside a hook, if one is due.
    void stepInside();

private:
    struct Told
    {
        core::LinkRef link;
        quint64 order = 0;
    };

    struct Answer
    {
        int key;
        quint64 link;
    };

    void probe(const QByteArray &key, const core::LinkRef &link) override;
    void watch(const std::vector<core::LinkEvent> &events);
    void watchLimits(const core::LinkEvent &event);
    void judge(quint64 number, const Error &error, bool kept);
    void handleEvicted(const core::LinkRef &ref);
    void checkSlots();
    void checkWaiting(const ControlLink &link);
    void end(ControlLink &link, quint32 how);
    void closeEvicted(ControlLink &link);
    void moveTime(quint32 how);
    void speak(ControlLink &link, quint32 how);
    void saySomethingLate(const ControlLink &link, quint32 how);
    void open(std::size_t place, quint32 how);
    ControlLink *linkOf(quint64 number);
    int liveCount(int endpoint) const;

    core::GenerationSource m_generations;
    core::LinkRegistry m_registry;
    core::DoubleLinkArbiter m_arbiter;
    std::array<std::unique_ptr<ControlLink>, 15> m_links; ///< three to each peer
    std::vector<quint64> m_toClose; ///< evicted, their owners are slow
    std::vector<Answer> m_answers; ///< signs of life on their way
    std::map<QByteArray, Told> m_told; ///< the registry by its events
    std::array<quint64, 4> m_stale = {};
    quint64 m_revision = 0;
    quint64 m_registered = 0;
    quint64 m_removed = 0;
    qsizetype m_limit;
    quint64 m_ends = 0;
    bool m_refusing = false;
    quint32 m_inside = 0; ///< what to do in the next hook
};

} // namespace fairlead::sim
