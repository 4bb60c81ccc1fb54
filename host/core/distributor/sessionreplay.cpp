// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What a session reads from the history for its subscriptions, and how they become live.

#include "core/distributor/sessiontaking.h"
#include "core/distributor/streamset.h"
#include "core/distributor/topicindex.h"

#include <algorithm>

namespace fairlead::core {

namespace {

// Pages that one take looks through at most: others on the reactor have their turn too.
constexpr int kMaxPages = 16;

} // namespace

void Session::replay(ReplayWalk walk, const std::optional<ReplayGap> &gap, quint32 epoch)
{
    m_epoch = epoch;
    forgetHistory(walk.cursor.filter);
    if (gap) {
        if (!m_losses)
            m_losses = std::make_unique<LossLedger>();
        m_losses->noteGap(walk.cursor.filter.bytes(), *gap, epoch);
    }
    if (!walk.seek)
        beginHistory(walk);
    m_replays.push_back(std::move(walk));
}

// Its start is known; what is retained from before belongs to it.
void Session::beginHistory(const ReplayWalk &walk)
{
    if (walk.wantsRetained) {
        const quint64 start = walk.cursor.after + 1;
        replayRetained(walk.cursor.filter, walk.terms.options, std::min(start, walk.cursor.before));
    }
}

void Session::joinReplay(const TopicFilter &filter, quint64 from)
{
    for (ReplayWalk &walk : m_replays) {
        if (walk.cursor.filter == filter && !walk.isLive())
            walk.setLiveFrom(from);
    }
}

void Session::goLive(TopicIndex &index)
{
    for (ReplayWalk &walk : m_replays) {
        if (!walk.isLive())
            goLive(&walk, index);
    }
}

// All before the first live message is in the stream now; what of it was not read yet follows.
void Session::goLive(ReplayWalk *walk, TopicIndex &index)
{
    quint64 from = 0;
    index.subscribe(m_subscriber, walk->cursor.filter, walk->terms.options, &from);
    walk->setLiveFrom(from);
}

void Session::forgetHistory(const TopicFilter &filter)
{
    std::erase_if(m_replays, [&](const ReplayWalk &walk) {
        if (!(walk.cursor.filter == filter))
            return false;
        dropPage(walk.page, walk.terms);
        return true;
    });
}

bool Session::hasLiveReplay() const noexcept
{
    return std::any_of(
        m_replays.begin(), m_replays.end(), [](const ReplayWalk &walk) { return walk.isLive(); });
}

void Session::seekHistory(const SessionSources &sources, qint64 now)
{
    int pages = 0;
    for (ReplayWalk &walk : m_replays) {
        ReplayRing &ring = sources.streams.ring(walk.stream);
        while (walk.seek) {
            if (pages++ == kMaxPages) {
                m_searching = true;
                return;
            }
            if (ring.seekLast(&*walk.seek, now)) {
                walk.cursor.after = std::min(walk.seek->after, walk.cursor.after);
                walk.seek.reset();
                beginHistory(walk);
            }
        }
    }
}

// Only live: of those subscriptions alone whose live messages wait behind their history.
void Session::takeHistory(Taking *taking, const SessionSources &sources, bool onlyLive)
{
    int pages = 0;
    for (std::size_t next = 0; next < m_replays.size();) {
        ReplayWalk &walk = m_replays[next];
        if (onlyLive && !walk.isLive()) {
            ++next;
            continue;
        }
        if (!takePage(taking, &walk.page, walk.terms) || taking->isFull())
            return;
        if (walk.seek || pages == kMaxPages) {
            m_searching = true;
            return;
        }
        if (walk.more && !walk.page.messages.empty() && next + 1 < m_replays.size()) {
            // Its page is given: another subscription's turn.
            walk.page = WalkPage();
            const auto here = m_replays.begin() + std::ptrdiff_t(next);
            std::rotate(here, here + 1, m_replays.end());
            continue;
        }
        if (walk.more) {
            ++pages;
            readHistory(taking, sources, &walk);
            // What was lost is told before what follows it.
            takeNotices(taking);
            continue;
        }
        if (!walk.isLive()) {
            goLive(&walk, sources.index);
            continue;
        }
        m_replays.erase(m_replays.begin() + std::ptrdiff_t(next));
    }
}

void Session::readHistory(Taking *taking, const SessionSources &sources, ReplayWalk *walk)
{
    WalkPage &page = walk->page;
    page.messages.clear();
    page.next = 0;
    const ReplayPage read
        = sources.streams.ring(walk->stream).read(&walk->cursor, taking->now, &page.messages);
    walk->more = read.more;
    page.shown = read.ticket;
    taking->taken.expired += read.expired;
    if (read.lostFirst != 0) {
        if (!m_losses)
            m_losses = std::make_unique<LossLedger>();
        m_losses->noteOvertaken(
            walk->cursor.filter.bytes(), read.lostFirst, read.lostLast, m_epoch);
    }
    if (walk->terms.options.noLocal) {
        std::erase_if(page.messages,
                      [this](const Message &message) { return message.origin() == number(); });
    }
    keepPage(&page, walk->terms);
}

} // namespace fairlead::core
