// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "doublelinkarbiter.h"

#include "core/plantedbug.h"

#include <fairlead/bytes.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

/// A policy that asks to be asked again at once must not keep the loop busy.
constexpr qint64 kLeastWaitNs = 1 * kNsPerMs;

} // namespace

DoubleLinkArbiter::Waiting::Waiting(DoubleLinkArbiter &owner, const SwapRequest &asked)
    : arbiter(owner)
    , request(asked)
    , ownId(copyOf(asked.ownId))
    , peerId(copyOf(asked.peerId))
    , giveUpAt(owner.m_clock.now() + kMostWaitNs)
    , timer(
          [](void *self) noexcept {
              const auto *waiting = static_cast<Waiting *>(self);
              waiting->arbiter.putAgain(waiting->request.key);
          },
          this)
{
    request.ownId = spanOf(ownId);
    request.peerId = spanOf(peerId);
}

DoubleLinkArbiter::DoubleLinkArbiter(
    LinkRegistry &registry, const Clock &clock, Timers &timers, LinkProber &prober, QObject *parent)
    : QObject(parent)
    , m_registry(registry)
    , m_clock(clock)
    , m_timers(timers)
    , m_prober(prober)
{ }

DoubleLinkArbiter::~DoubleLinkArbiter() = default;

void DoubleLinkArbiter::submit(const SwapRequest &request)
{
    if (m_closed.isNull() || isPlanted(PlantedBug::SH03))
        put(std::make_shared<Waiting>(*this, request));
    else
        reject(request, m_closed);
    tell();
}

void DoubleLinkArbiter::linkEnded(const QByteArray &key, quint64 generation)
{
    const WaitingPtr waiting = m_waiting.value(key);
    if (!waiting)
        return;
    if (waiting->request.candidate.generation != generation) {
        putAgain(key);
        return;
    }
    takeWaiting(key);
    reject(waiting->request,
           Error(ErrorCode::Cancelled, QStringLiteral("the link ended while it waited")));
    tell();
}

void DoubleLinkArbiter::heard(const QByteArray &key, quint64 generation)
{
    const WaitingPtr waiting = m_waiting.value(key);
    if (waiting && waiting->request.candidate.generation == generation)
        waiting->probes.candidateAnswered = true;
    else if (waiting && waiting->probes.present == generation)
        waiting->probes.presentAnswered = true;
    else
        ++m_staleSigns;
}

void DoubleLinkArbiter::close(const Error &reason)
{
    if (!m_closed.isNull())
        return;
    m_closed = reason;
    const auto ended = std::exchange(m_waiting, {});
    for (const WaitingPtr &candidate : ended) {
        m_timers.disarm(candidate->timer);
        reject(candidate->request, reason);
    }
    tell();
}

/// The registry judges, with what the probes brought to light.
SwapResult DoubleLinkArbiter::ask(Waiting &candidate)
{
    SwapRequest request = candidate.request;
    request.now = m_clock.now();
    request.policy
        = [this, &candidate](const DoubleLinkCase &links) { return judge(candidate, links); };
    return m_registry.swap(request);
}

DoubleLinkDecision DoubleLinkArbiter::judge(const Waiting &candidate, DoubleLinkCase links) const
{
    const Probes &probes = candidate.probes;
    if (probes.present == links.present.generation && m_clock.now() >= probes.answerBy) {
        if (!probes.presentAnswered && !isPlanted(PlantedBug::RG08))
            links.present.live = false; // RG-08
        else if (!probes.candidateAnswered)
            links.candidate.live = false;
    }
    return candidate.request.policy(links);
}

/// A first asking, for a candidate that does not wait yet.
void DoubleLinkArbiter::put(const WaitingPtr &candidate)
{
    const SwapRequest &request = candidate->request;
    const QPointer<DoubleLinkArbiter> self = this;
    const SwapResult result = ask(*candidate);
    if (!self)
        return;
    const WaitingPtr waiting = m_waiting.value(request.key);
    if (result.outcome != SwapResult::Outcome::Deferred) {
        settle(request, result);
        if (waiting && result.outcome == SwapResult::Outcome::Kept)
            putAgain(request.key);
        return;
    }
    if (!m_closed.isNull()) {
        reject(request, m_closed);
        return;
    }
    if (waiting) {
        if (!takesPlaceOf(*candidate, *waiting)) {
            reject(request,
                   Error(ErrorCode::AlreadyExists,
                         QStringLiteral("another link of the peer waits for its place")));
            return;
        }
        takeWaiting(request.key);
        say([this, key = request.key, loser = waiting->request.candidate] {
            Q_EMIT evicted(key, loser);
        });
    }
    m_waiting.insert(request.key, candidate);
    wait(candidate, result.decision);
}

/// The candidate that waits for @p key, once more.
void DoubleLinkArbiter::putAgain(const QByteArray &key)
{
    const WaitingPtr candidate = m_waiting.value(key);
    if (!candidate)
        return;
    const QPointer<DoubleLinkArbiter> self = this;
    const SwapResult result = ask(*candidate);
    // A policy, a builder or the registry's observer may have called back.
    if (!self)
        return;
    if (m_waiting.value(key) != candidate) {
        // It got its verdict meanwhile, so the slot is not its any more.
        if (result.outcome == SwapResult::Outcome::Kept) {
            m_registry.remove(key, candidate->request.candidate.generation);
            if (result.evicted)
                say([this, key, loser = *result.evicted] { Q_EMIT evicted(key, loser); });
        }
    } else if (result.outcome != SwapResult::Outcome::Deferred) {
        takeWaiting(key);
        settle(candidate->request, result);
    } else if (m_clock.now() >= candidate->giveUpAt) {
        takeWaiting(key);
        reject(candidate->request,
               Error(ErrorCode::Timeout, QStringLiteral("no decision between two links in time")));
    } else {
        wait(candidate, result.decision);
    }
    tell();
}

void DoubleLinkArbiter::wait(const WaitingPtr &candidate, const DoubleLinkDecision &decision)
{
    const qint64 now = m_clock.now();
    qint64 due = now + std::max(decision.recheckNs, kLeastWaitNs);
    if (decision.probe)
        probe(*candidate);
    if (candidate->probes.answerBy > now)
        due = std::min(due, candidate->probes.answerBy);
    m_timers.arm(candidate->timer, std::min(due, candidate->giveUpAt));
}

/// A round of probes, unless one to the same links runs.
void DoubleLinkArbiter::probe(Waiting &candidate)
{
    const qint64 now = m_clock.now();
    const QByteArray key = candidate.request.key;
    const std::optional<LinkRef> present = m_registry.find(key, now);
    if (!present)
        return;
    Probes &probes = candidate.probes;
    if (probes.present == present->generation && now < probes.answerBy)
        return;
    probes = {present->generation, now + kAnswerNs, false, false};
    for (const LinkRef &link : {*present, candidate.request.candidate})
        say([this, key, link] { m_prober.probe(key, link); });
}

/// Whether a further candidate goes before the one that waits. Where the policy cannot tell, the
/// latest word of the peer counts.
bool DoubleLinkArbiter::takesPlaceOf(Waiting &candidate, const Waiting &waiting) const
{
    const qint64 now = m_clock.now();
    const DoubleLinkCase links = {candidate.request.ownId,
                                  candidate.request.peerId,
                                  factsOf(waiting.request.candidate, now),
                                  factsOf(candidate.request.candidate, now)};
    return candidate.request.policy(links).verdict != DoubleLinkVerdict::KeepPresent;
}

DoubleLinkArbiter::WaitingPtr DoubleLinkArbiter::takeWaiting(const QByteArray &key)
{
    WaitingPtr taken = m_waiting.take(key);
    if (taken)
        m_timers.disarm(taken->timer);
    return taken;
}

void DoubleLinkArbiter::settle(const SwapRequest &request, const SwapResult &result)
{
    if (result.outcome == SwapResult::Outcome::Rejected) {
        reject(request, result.error);
        return;
    }
    say([this, key = request.key, generation = request.candidate.generation] {
        Q_EMIT kept(key, generation);
    });
    if (result.evicted)
        say([this, key = request.key, loser = *result.evicted] { Q_EMIT evicted(key, loser); });
    say([this, key = request.key, generation = request.candidate.generation] {
        Q_EMIT dialsSuperseded(key, generation);
    });
}

void DoubleLinkArbiter::reject(const SwapRequest &request, const Error &error)
{
    say([this, key = request.key, generation = request.candidate.generation, error] {
        Q_EMIT rejected(key, generation, error);
    });
}

void DoubleLinkArbiter::say(std::function<void()> word)
{
    m_words.push_back(std::move(word));
}

/// Verdicts leave when all is committed, in order, also those of calls made from inside a slot.
void DoubleLinkArbiter::tell()
{
    if (m_telling)
        return;
    m_telling = true;
    const QPointer<DoubleLinkArbiter> self = this;
    while (!m_words.empty()) {
        const std::function<void()> word = std::move(m_words.front());
        m_words.pop_front();
        word();
        if (!self)
            return;
    }
    m_telling = false;
}

} // namespace fairlead::core
