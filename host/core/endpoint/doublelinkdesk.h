// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/doublelinkarbiter.h"
#include "core/registry/linkarbitration.h"

#include <QtCore/QByteArray>
#include <QtCore/QHash>
#include <QtCore/QObject>

#include <functional>
#include <memory>

namespace fairlead {
class Executor;
} // namespace fairlead

namespace fairlead::core {

struct Distributor;
class HostLink;

/// Brings the links that reactors cannot decide about to the arbiter, and its verdicts back; knows
/// which peers are connected by links of that kind, for those who would dial them.
///
/// Thread: main, but for LinkArbitration's calls. Ownership: the host's; outlives the reactors' links,
/// and what it is made with outlives it.
class DoubleLinkDesk final : public QObject, public LinkArbitration, private LinkProber
{
    Q_OBJECT

public:
    /// For how long a peer whose link ended is not dialled: it may hold that one for a while still,
    /// and refuses another until then.
    static constexpr qint64 kPauseNs = 2 * kNsPerSecond;

    DoubleLinkDesk(Executor &main, const Clock &clock, Timers &timers, Distributor &distributor);
    ~DoubleLinkDesk() override;

    /// Whether who proves to be @p principal has its link.
    bool isConnected(const QByteArray &principal) const;
    /// Whether a dial to it is one too many: it is connected, or was a moment ago.
    bool isTaken(const QByteArray &principal) const;
    /// Ends all that waits, and what asks from now on (SH-03).
    void close(const Error &reason);

    // LinkArbitration
    void submit(DeferredCandidate candidate) noexcept override;
    void noteKept(const QByteArray &key, quint64 generation) noexcept override;
    void noteEnded(const QByteArray &key, quint64 generation) noexcept override;
    void noteHeard(const QByteArray &key, quint64 generation) noexcept override;

Q_SIGNALS:
    /// The peer has its link now: who dials it and is not as far as a handshake ends that (RG-07).
    void peerConnected(const QByteArray &principal, quint64 winner);

private:
    struct Shared;

    struct Peer
    {
        QByteArray key;
        qint64 leftAt = -1; ///< -1: it did not
    };

    // LinkProber
    void probe(const QByteArray &key, const LinkRef &link) override;

    void toMain(std::function<void(DoubleLinkDesk &)> call) noexcept;
    void ask(const DeferredCandidate &candidate);
    void tell(quint64 generation, const Error &refusal);
    void evict(const QByteArray &key, const LinkRef &loser);
    void noteConnected(const QByteArray &key, quint64 winner);
    void forget(const QByteArray &key);
    void atLink(int reactor, quint64 generation, std::function<void(HostLink &)> call);

    Executor &m_main;
    const Clock &m_clock;
    Distributor &m_distributor;
    std::shared_ptr<Shared> m_shared;
    DoubleLinkArbiter m_arbiter;
    QHash<quint64, int> m_undecided; ///< their reactors, by generation
    QHash<QByteArray, Peer> m_peers; ///< by principal
};

} // namespace fairlead::core
