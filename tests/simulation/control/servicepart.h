// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/registry/servicewatch.h"

#include <map>
#include <vector>

namespace fairlead::sim {

/// The registry of services beside a plain list of them: what is registered, refused, changed,
/// silent, pruned and asked for, also from inside its signals.
class ServicePart final : public ControlPart
{
public:
    explicit ServicePart(ControlBase &base);
    ~ServicePart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

    core::ServiceRegistry &registry() noexcept { return m_registry; }

private:
    using Records = std::vector<core::ServiceRecord>;

    void add(quint32 how);
    void remove(quint32 whom, quint32 how);
    void setStatus(quint32 whom, quint32 how);
    void restart(quint32 whom, quint32 how);
    void beat(quint32 whom, quint32 how);
    void setOffer(quint32 whom, quint32 how);
    void prune();
    void ask(quint32 how);
    void stepInside();

    Records::iterator find(const QString &id);
    /// The generation to speak for: the right one, or one that is not.
    quint64 generationOf(quint32 whom, quint32 how);
    /// What a call for @p id and @p generation is to say before anything else.
    ErrorCode expectedAt(const QString &id, quint64 generation, quint64 *stale);
    bool takesAway(const core::ServiceInfo &info, const QString &except) const;
    void takeDead();
    void expect(bool done, const Error &error, ErrorCode expected, const char *what);

    void watchRegistered(const core::ServiceRecord &service);
    void watchUnregistered(const core::ServiceRecord &service);
    void watchStatus(const core::ServiceRecord &service, core::ServiceStatus from);
    void watchExpired(const core::ServiceRecord &service);
    void checkAll();
    void checkStatistics();

    core::GenerationSource m_generations;
    core::ServiceRegistry m_registry;
    core::ServiceWatch m_watch;
    Records m_model; ///< in the order of registration; generation 0: not told yet
    std::map<QString, core::ServiceRecord> m_told; ///< the registry by its signals
    core::ServiceStatistics m_counts;
    qsizetype m_capacity;
    qint64 m_checkedAt = -1;
    bool m_changed = true;
    quint32 m_inside = 0; ///< what to do in the next slot
};

} // namespace fairlead::sim
