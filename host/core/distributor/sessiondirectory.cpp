// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/sessiondirectory.h"

#include <algorithm>

namespace fairlead::core {

namespace {

Error noMoreSessions()
{
    return Error(ErrorCode::LimitReached, QStringLiteral("the host keeps no more sessions"));
}

Error anotherStays()
{
    return Error(ErrorCode::Superseded, QStringLiteral("another link of this peer stays"));
}

} // namespace

SessionDirectory::Claim SessionDirectory::claim(const QByteArray &key, SwapRequest request)
{
    const std::scoped_lock locked(m_lock);
    Claim claim;
    if (isFullFor(key)) {
        claim.error = noMoreSessions();
        return claim;
    }
    request.key = key;
    SwapResult swapped = m_registry.swap(request);
    if (swapped.outcome == SwapResult::Outcome::Deferred) {
        claim.isDeferred = true;
        return claim;
    }
    if (swapped.outcome != SwapResult::Outcome::Kept) {
        claim.error = swapped.error.isNull() ? anotherStays() : swapped.error;
        return claim;
    }
    claim.evicted = std::move(swapped.evicted);
    enter(key, request.candidate, &claim);
    return claim;
}

SessionDirectory::Claim SessionDirectory::claimHeld(const QByteArray &key,
                                                    const LinkRef &holder,
                                                    qint64 now)
{
    const std::scoped_lock locked(m_lock);
    Claim claim;
    const std::optional<LinkRef> present = m_registry.find(key, now);
    if (!present || present->generation != holder.generation)
        claim.error = anotherStays();
    else if (isFullFor(key))
        claim.error = noMoreSessions();
    else
        enter(key, holder, &claim);
    return claim;
}

bool SessionDirectory::isFullFor(const QByteArray &key) const
{
    return quint64(m_entries.size()) >= m_maxSessions && !m_entries.contains(key);
}

void SessionDirectory::enter(const QByteArray &key, const LinkRef &holder, Claim *claim)
{
    const auto found = m_entries.find(key);
    if (found != m_entries.end()) {
        found->claimant = {holder.reactor, holder.generation};
        claim->number = found->number;
        claim->home = found->home;
        return;
    }
    Entry entry;
    entry.number = m_next++;
    entry.home = holder.reactor;
    m_entries.insert(key, entry);
    m_homes.insert(entry.number, holder.reactor);
    claim->created = true;
    claim->number = entry.number;
    claim->home = holder.reactor;
}

bool SessionDirectory::contains(const QByteArray &key) const
{
    const std::scoped_lock locked(m_lock);
    return m_entries.contains(key);
}

bool SessionDirectory::hasClaim(const QByteArray &key, quint64 number) const
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_entries.find(key);
    return found != m_entries.end() && found->number == number && found->claimant.link != 0;
}

std::optional<SessionDirectory::Claimant> SessionDirectory::serve(const QByteArray &key,
                                                                  quint64 number,
                                                                  int reactor)
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_entries.find(key);
    if (found == m_entries.end() || found->number != number || found->claimant.link == 0)
        return std::nullopt;
    const Claimant claimant = found->claimant;
    if (claimant.reactor == reactor) {
        found->claimant = {};
    } else {
        found->home = claimant.reactor;
        m_homes[number] = claimant.reactor;
    }
    return claimant;
}

void SessionDirectory::withdraw(const QByteArray &key, quint64 link)
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_entries.find(key);
    if (found != m_entries.end() && found->claimant.link == link)
        found->claimant = {};
}

quint64 SessionDirectory::renumber(const QByteArray &key, quint64 number)
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_entries.find(key);
    if (found == m_entries.end() || found->number != number)
        return 0;
    found->number = m_next++;
    m_homes.insert(found->number, found->home);
    m_homes.remove(number);
    return found->number;
}

bool SessionDirectory::remove(const QByteArray &key, quint64 number)
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_entries.find(key);
    if (found == m_entries.end() || found->number != number)
        return true;
    if (found->claimant.link != 0)
        return false;
    m_entries.erase(found);
    m_homes.remove(number);
    return true;
}

void SessionDirectory::restore(const QByteArray &key, quint64 number, int home)
{
    const std::scoped_lock locked(m_lock);
    Entry entry;
    entry.number = number;
    entry.home = home;
    m_entries.insert(key, entry);
    m_homes.insert(number, home);
    m_next = std::max(m_next, number + 1);
}

void SessionDirectory::startAt(quint64 first)
{
    const std::scoped_lock locked(m_lock);
    m_next = std::max(m_next, first);
}

int SessionDirectory::homeOf(quint64 number) const
{
    const std::scoped_lock locked(m_lock);
    return m_homes.value(number, -1);
}

quint64 SessionDirectory::count() const
{
    const std::scoped_lock locked(m_lock);
    return quint64(m_entries.size());
}

} // namespace fairlead::core
