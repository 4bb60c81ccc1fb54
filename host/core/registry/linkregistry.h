// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "doublelinkpolicy.h"
#include "linkliveness.h"

#include <QtCore/QByteArray>
#include <QtCore/QHash>

#include <fairlead/error.h>

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace fairlead::core {

/// A link as the registry knows it; it never looks behind `link`.
struct LinkRef
{
    quint64 generation = 0;
    std::shared_ptr<const LinkLiveness> liveness;
    void *link = nullptr; ///< the holder's, valid on its reactor only
    qint64 since = 0; ///< when the peer was known, monotonic nanoseconds
    int reactor = -1;
    int endpoint = -1;
    Link::Direction direction = Link::Direction::Accepted;

    bool isLive(qint64 now) const noexcept { return !liveness || liveness->isLive(now); }
};

/// What a policy learns of @p link.
LinkFacts factsOf(const LinkRef &link, qint64 now);

/// One question to the registry: may this link have the peer's slot?
struct SwapRequest
{
    QByteArray key; ///< never empty; callers with several name spaces put the space in front
    LinkRef candidate;
    DoubleLinkPolicy policy = newestWins;
    ByteSpan ownId; ///< for policies that compare ids
    ByteSpan peerId;
    qint64 now = 0; ///< monotonic nanoseconds
    qsizetype endpointLimit = std::numeric_limits<qsizetype>::max();
    /// Called once if the candidate is kept, after the commit and without a lock. If it throws, the
    /// slot is given up.
    std::function<void(const LinkRef &)> build;
};

struct SwapResult
{
    enum class Outcome : quint8 {
        Kept,
        Rejected, ///< see error; the owner of the candidate closes it
        Deferred, ///< see decision; nothing changed, ask again later
    };
    Outcome outcome = Outcome::Rejected;
    /// The link that lost the slot; whoever gets it closes it, on its reactor.
    std::optional<LinkRef> evicted;
    Error error;
    DoubleLinkDecision decision;
};

/// A change, told after the commit. Revisions have no holes unless events were lost.
struct LinkEvent
{
    enum class Kind : quint8 {
        Registered,
        Replaced,
        Removed
    };
    Kind kind = Kind::Registered;
    quint64 revision = 0;
    QByteArray key;
    LinkRef link; ///< the one that holds the slot, or left it
    LinkRef previous; ///< with Replaced
    qsizetype total = 0; ///< slots after the change: 1 after Registered is the first-peer edge
};

struct LinkEntry
{
    QByteArray key;
    LinkRef link;
};

/// What arrives late for a link that lost its slot.
enum class StaleKind : quint8 {
    Signal,
    Timer,
    Ack,
    Close
};

struct RegistryStats
{
    qsizetype size = 0;
    quint64 registered = 0; ///< slots taken, replacements not counted
    quint64 replaced = 0;
    quint64 removed = 0; ///< size == registered - removed
    quint64 rejectedByPolicy = 0;
    quint64 rejectedByLimit = 0;
    quint64 rejectedOther = 0;
    quint64 deferred = 0;
    quint64 decisionsRetried = 0;
    quint64 eventsLost = 0;
    std::array<quint64, 4> stale = {}; ///< by StaleKind
};

/// The links of the host by peer key, at most one live link each (RG-01..RG-05, RG-09, RG-10).
///
/// Thread: any; a mutex guards the table, and nothing of others runs under it: policies, builders
/// and the observer may call back. A policy is asked about a copy, and asked again when the slot
/// changed meanwhile.
class LinkRegistry
{
public:
    /// Called with changes in order, one call at a time, on whichever thread made one; quick: it
    /// posts them on, and throws nothing.
    using Observer = std::function<void(const std::vector<LinkEvent> &)>;

    explicit LinkRegistry(Observer observer = {},
                          qsizetype limit = std::numeric_limits<qsizetype>::max());
    LinkRegistry(const LinkRegistry &) = delete;
    LinkRegistry &operator=(const LinkRegistry &) = delete;

    /// Decides and registers in one step. A stale holder counts as absent and is not handed out.
    SwapResult swap(const SwapRequest &request);
    /// Empties the slot if @p generation holds it; else it is counted as stale, and the end of that
    /// link is nobody's loss.
    bool remove(const QByteArray &key, quint64 generation);
    /// Whether @p generation holds the slot; else what came is counted as stale, to be dropped.
    bool accepts(const QByteArray &key, quint64 generation, StaleKind kind);

    /// The live holder of the slot.
    std::optional<LinkRef> find(const QByteArray &key, qint64 now) const;
    /// Values, in the order of registration, stale ones included.
    std::vector<LinkEntry> snapshot() const;
    /// Removes the stale entries and returns them, in the order of registration.
    std::vector<LinkEntry> prune(qint64 now);

    void setLimit(qsizetype limit);
    qsizetype size() const;
    RegistryStats stats() const;

private:
    struct Slot
    {
        LinkRef link;
        quint64 order = 0;
    };

    /// "As of `ended` and until `until` nobody here is stale", so that a full registry does not
    /// search itself for every candidate it refuses.
    struct NoneStale
    {
        quint64 ended = std::numeric_limits<quint64>::max();
        qint64 until = 0;
    };

    struct Place
    {
        qsizetype count = 0;
        NoneStale noneStale;
    };

    struct Numbered
    {
        quint64 order = 0;
        LinkEntry entry;
    };

    using Slots = QHash<QByteArray, Slot>;

    std::optional<SwapResult> trySwap(const SwapRequest &request,
                                      const std::optional<LinkRef> &judged,
                                      const DoubleLinkDecision &decision,
                                      LinkRef *present);
    void build(const SwapRequest &request);
    bool hasPlace(Place &place, qsizetype limit, const int *endpoint, qint64 now);
    Error checkLimits(const SwapRequest &request, const LinkRef *held);
    void commit(const SwapRequest &request, Slots::iterator held);
    void addToPlaces(const LinkRef &link);
    void dropFromPlaces(const LinkRef &link);
    void eraseSlot(Slots::iterator at);
    void record(LinkEvent::Kind kind, const QByteArray &key, const LinkRef &link, LinkRef previous);
    void tell();
    static std::vector<LinkEntry> inOrder(std::vector<Numbered> entries);

    const Observer m_observer;
    mutable std::mutex m_mutex;
    // All below are guarded by the mutex.
    Slots m_slots;
    Place m_host;
    QHash<int, Place> m_endpoints;
    qsizetype m_limit;
    quint64 m_nextOrder = 1;
    quint64 m_revision = 0;
    RegistryStats m_stats;
    std::vector<LinkEvent> m_outbox;
    bool m_telling = false;
};

} // namespace fairlead::core
