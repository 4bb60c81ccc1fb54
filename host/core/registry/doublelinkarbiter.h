// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "linkregistry.h"

#include <QtCore/QByteArray>
#include <QtCore/QHash>
#include <QtCore/QObject>
#include <QtCore/QPointer>

#include <fairlead/clock.h>
#include <fairlead/error.h>
#include <fairlead/timers.h>

#include <deque>
#include <functional>
#include <memory>

namespace fairlead::core {

/// Asks a peer for a sign of life, such as a ping. Whatever the link then receives is told through
/// DoubleLinkArbiter::heard(). Thread: the arbiter's.
class LinkProber
{
public:
    virtual ~LinkProber() = default;

    virtual void probe(const QByteArray &key, const LinkRef &link) = 0;
};

/// Carries a question that the registry deferred to its end (RG-07, RG-08): a candidate waits
/// beside the holder of the slot, the registry is asked again when the policy said, both peers are
/// asked for a sign of life where it said so, and a holder that gives none makes room.
///
/// Every submitted candidate ends in exactly one of kept, rejected and evicted. One candidate per
/// peer waits; a further one that has to wait too is judged against it.
///
/// Thread: one, the control plane's. Ownership: the host's; registry, clock, timers and prober
/// outlive it. It holds no transport: whoever listens closes what lost. It may be destroyed from
/// inside any of its signals and of the prober; a candidate that still waits then gets no verdict.
class DoubleLinkArbiter final : public QObject
{
    Q_OBJECT

public:
    /// How long a peer has to answer a probe.
    static constexpr qint64 kAnswerNs = 3 * kNsPerSecond;
    /// A policy that never decides is not asked for ever.
    static constexpr qint64 kMostWaitNs = 300 * kNsPerSecond;

    DoubleLinkArbiter(LinkRegistry &registry,
                      const Clock &clock,
                      Timers &timers,
                      LinkProber &prober,
                      QObject *parent = nullptr);
    ~DoubleLinkArbiter() override;

    /// Puts the question for the candidate; the verdict may come before the call returns. Ids and
    /// time of the request are read here, `now` at each asking.
    void submit(const SwapRequest &request);
    /// A link to the peer closed: a waiting candidate ends, or its question is put again.
    void linkEnded(const QByteArray &key, quint64 generation);
    /// Something arrived on the link.
    void heard(const QByteArray &key, quint64 generation);
    /// Ends all that waits with @p reason, and everything that is submitted from now on (SH-03).
    void close(const Error &reason);

    qsizetype waiting() const noexcept { return m_waiting.size(); }

    /// Signs of life of links that nobody asks about (RG-14).
    quint64 staleSigns() const noexcept { return m_staleSigns; }

Q_SIGNALS:
    /// The candidate holds the slot.
    void kept(const QByteArray &key, quint64 generation);
    /// The candidate does not get the slot; its owner closes it.
    void rejected(const QByteArray &key, quint64 generation, const fairlead::Error &error);
    /// The link lost the slot, or its place in the wait for it; its owner closes it.
    void evicted(const QByteArray &key, const fairlead::core::LinkRef &link);
    /// Dials to the peer end, unless their handshake began: such a link may be the one that the
    /// peer keeps already, so it runs on and is judged as a candidate (RG-07).
    void dialsSuperseded(const QByteArray &key, quint64 winner);

private:
    /// Whom a round of probes asked, and who answered.
    struct Probes
    {
        quint64 present = 0; ///< generation; 0: nobody was asked
        qint64 answerBy = 0;
        bool presentAnswered = false;
        bool candidateAnswered = false;
    };

    struct Waiting
    {
        Waiting(DoubleLinkArbiter &owner, const SwapRequest &asked);

        DoubleLinkArbiter &arbiter;
        SwapRequest request;
        QByteArray ownId; ///< what the request's ids point into
        QByteArray peerId;
        qint64 giveUpAt;
        Probes probes;
        Timer timer;
    };

    using WaitingPtr = std::shared_ptr<Waiting>;

    SwapResult ask(Waiting &candidate);
    void put(const WaitingPtr &candidate);
    void putAgain(const QByteArray &key);
    void wait(const WaitingPtr &candidate, const DoubleLinkDecision &decision);
    bool takesPlaceOf(Waiting &candidate, const Waiting &waiting) const;
    DoubleLinkDecision judge(const Waiting &candidate, DoubleLinkCase links) const;
    void probe(Waiting &candidate);
    WaitingPtr takeWaiting(const QByteArray &key);
    void settle(const SwapRequest &request, const SwapResult &result);
    void reject(const SwapRequest &request, const Error &error);
    void say(std::function<void()> word);
    void tell();

    LinkRegistry &m_registry;
    const Clock &m_clock;
    Timers &m_timers;
    LinkProber &m_prober;
    QHash<QByteArray, WaitingPtr> m_waiting;
    std::deque<std::function<void()>> m_words; ///< to be said in this order
    Error m_closed;
    quint64 m_staleSigns = 0;
    bool m_telling = false;
};

} // namespace fairlead::core
