// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkpart.h"

#include <algorithm>
#include <utility>

namespace fairlead::sim {

namespace {

constexpr qint64 kProbeNs = core::DoubleLinkArbiter::kAnswerNs;

} // namespace

/// OB-01, RG-03, RG-09: the registry's events form one chain for each peer.
void LinkPart::watch(const std::vector<core::LinkEvent> &events)
{
    using Kind = core::LinkEvent::Kind;
    for (const core::LinkEvent &event : events) {
        if (event.revision != ++m_revision)
            fail("OB-01", QStringLiteral("a hole before event %1").arg(event.revision));
        const auto held = m_told.find(event.key);
        const quint64 before = held == m_told.end() ? 0 : held->second.link.generation;
        switch (event.kind) {
        case Kind::Registered:
            ++m_registered;
            if (before != 0)
                fail("RG-03", QStringLiteral("registered over link %1").arg(before));
            break;
        case Kind::Replaced:
            if (before == 0 || before != event.previous.generation)
                fail("RG-03", QStringLiteral("replaced another one than link %1").arg(before));
            break;
        case Kind::Removed:
            ++m_removed;
            if (before != event.link.generation)
                fail("RG-03", QStringLiteral("removed another one than link %1").arg(before));
            if (event.link.isLive(now()))
                fail("RG-03", QStringLiteral("live link %1 was removed").arg(before));
            m_told.erase(event.key);
            continue;
        }
        if (m_refusing)
            fail("SH-03", QStringLiteral("link %1 came in at the end").arg(event.link.generation));
        if (ControlLink *previous = linkOf(event.previous.generation))
            previous->lostAlive = event.previous.isLive(now());
        m_told[event.key] = {event.link, event.revision};
        watchLimits(event);
    }
}

/// RG-09: whoever takes a place finds one; replacing a live link needs none.
void LinkPart::watchLimits(const core::LinkEvent &event)
{
    const bool replaces
        = event.kind == core::LinkEvent::Kind::Replaced && event.previous.isLive(now());
    if (!replaces && liveCount(-1) > m_limit)
        fail("RG-09", QStringLiteral("more links than the host takes"));
    const int endpoint = event.link.endpoint;
    if ((!replaces || event.previous.endpoint != endpoint) && liveCount(endpoint) > kEndpointLimit)
        fail("RG-09", QStringLiteral("more links than endpoint %1 takes").arg(endpoint));
}

int LinkPart::liveCount(int endpoint) const
{
    int live = 0;
    for (const auto &[key, told] : m_told) {
        if (told.link.isLive(now()) && (endpoint < 0 || told.link.endpoint == endpoint))
            ++live;
    }
    return live;
}

void LinkPart::check()
{
    checkSlots();
    for (const auto &link : m_links) {
        if (!link)
            continue;
        if (link->builds != (link->kept ? 1 : 0))
            fail("RG-01", QStringLiteral("link %1 was not built once").arg(link->number()));
        if (link->isOpen() == (link->liveness->state() == Link::State::Closed))
            fail("RG-05", QStringLiteral("link %1 and its liveness differ").arg(link->number()));
        checkWaiting(*link);
    }
    const core::RegistryStats stats = m_registry.stats();
    if (stats.size != qsizetype(m_told.size()) || stats.registered != m_registered
        || stats.removed != m_removed || stats.stale != m_stale)
        fail("RG-13", QStringLiteral("the statistics do not add up"));
}

/// RG-01, RG-04, RG-13: at most one live link per peer, which is the one that the registry shows.
void LinkPart::checkSlots()
{
    std::array<quint64, 8> holders = {};
    for (const auto &link : m_links) {
        if (!link || !link->kept || link->evicted || !link->liveness->isLive(now()))
            continue;
        quint64 &holder = holders[std::size_t(link->key)];
        if (holder != 0)
            fail("RG-01",
                 QStringLiteral("links %1 and %2 to one peer").arg(holder).arg(link->number()));
        holder = link->number();
    }
    for (int key = 0; key < int(holders.size()); ++key) {
        const auto found = m_registry.find(keyName(key), now());
        if ((found ? found->generation : 0) != holders[std::size_t(key)]) {
            fail("RG-04",
                 QStringLiteral("peer %1 is not shown as it is: %2 and %3")
                     .arg(key)
                     .arg(found ? found->generation : 0)
                     .arg(holders[std::size_t(key)]));
        }
    }
    quint64 last = 0;
    const std::vector<core::LinkEntry> entries = m_registry.snapshot();
    for (const core::LinkEntry &entry : entries) {
        const auto told = m_told.find(entry.key);
        if (told == m_told.end() || told->second.link.generation != entry.link.generation)
            fail("OB-01", QStringLiteral("the events tell another story than the registry"));
        else if (std::exchange(last, told->second.order) > told->second.order)
            fail("RG-13", QStringLiteral("the snapshot is out of order"));
    }
    if (entries.size() != m_told.size())
        fail("OB-01", QStringLiteral("the events tell of other slots than the registry"));
}

/// RG-08: whoever waits behind a silent link does so for one round of probes at most.
void LinkPart::checkWaiting(const ControlLink &link)
{
    if (!link.isWaiting() || !link.isOpen())
        return;
    const auto held = m_told.find(keyName(link.key));
    const ControlLink *holder
        = held == m_told.end() ? nullptr : linkOf(held->second.link.generation);
    if (!holder || holder->frozenAt < 0)
        return;
    // It may have answered the round that was under way when it fell silent.
    const qint64 since = std::max({link.submittedAt, holder->frozenAt, holder->submittedAt});
    const qint64 most = holder->frozenAt < link.submittedAt ? kProbeNs : 2 * kProbeNs;
    if (now() - since >= most)
        fail("RG-08", QStringLiteral("link %1 is locked out").arg(link.number()));
}

} // namespace fairlead::sim
