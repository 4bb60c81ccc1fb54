// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/doublelinkarbiter.h"
#include "core/registry/generationsource.h"
#include "simclock.h"

#include <QtCore/QByteArray>
#include <QtCore/QStringList>

#include <fairlead/link.h>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace fairlead::sim {

class TwoHosts;

/// How a host deals with two links to one peer, as far as the other one can see.
struct HostRule
{
    const char *name = "";
    core::DoubleLinkPolicy policy;
    bool cancelsHandshakes = false; ///< ends its running dial whenever an incoming link completed
};

/// One end of a connection: a link of its host with the hooks of a host.
class End final : public LinkHooks
{
public:
    End(TwoHosts &world, int host, int connection, Link::Direction direction);

    int host;
    int connection;
    std::shared_ptr<core::LinkLiveness> liveness = std::make_shared<core::LinkLiveness>();
    Link link;
    qint64 since; ///< of the handshake, later of the question to the arbiter
    int verdicts = 0;
    int connects = 0;
    int closes = 0; ///< of its transport
    bool submitted = false;
    bool peerGone = false; ///< what it sends is for nobody any more

    qint64 goneSince = 0;

    void losePeer(qint64 now)
    {
        if (!std::exchange(peerGone, true))
            goneSince = now;
    }

    bool isOpen() const { return link.state() != Link::State::Closed; }

    bool hasTransport(const Link &) const noexcept override { return true; }

    bool needsNoHandshake(const Link &) const noexcept override { return false; }

    void linkEnding(const Link &) noexcept override { liveness->end(); }

    Result<> registerLink(Link &) override;
    Admission admitLink(Link &, Error *) override;

    void linkConnected(Link &) override { ++connects; }

    void linkRejected(Link &, const Error &) override { }

    void linkDraining(Link &) override { }

    void stopActivities(Link &) override { }

    void unregisterLink(Link &) override;
    void withdrawLink(Link &) override;
    void closeTransport(Link &, CloseMode) override;

    void linkDisconnected(Link &, bool) override { }

    void requestReconnect(Link &) override { }

private:
    TwoHosts &m_world;
};

/// Two hosts that know each other, each with its registry, arbiter and links, on a network whose
/// every delivery the test chooses.
class TwoHosts
{
public:
    struct Setup
    {
        std::array<QByteArray, 2> ids = {"a", "z"};
        std::array<HostRule, 2> rules;
        /// The dialling end is done before the accepting one (TLS 1.3), or after it (TLS 1.2).
        bool dialerDoneFirst = false;
        /// Dials even where a link stands already.
        bool eager = false;
    };

    explicit TwoHosts(const Setup &setup);
    ~TwoHosts();
    TwoHosts(const TwoHosts &) = delete;
    TwoHosts &operator=(const TwoHosts &) = delete;

    /// Dials the other host, unless a link or a dial to it lives.
    void dial(int host);
    /// The host forgets all it knew and tells nobody: power was cut.
    void restart(int host);
    /// The connection is cut; each end hears of it when its turn comes.
    void reset(int connection);

    /// The connection carries nothing from now on, and only @p noticing finds out.
    void cut(int connection, int noticing);
    /// Ends handshakes that take too long and links whose peer was not heard of for too long.
    void expire();

    /// Queues on which something is under way: connection * 2 + (0 to the acceptor, 1 to the
    /// dialler). Signs of life arrive by themselves.
    std::vector<int> deliverable();
    void deliver(int queue);
    void deliverAll();

    SimTime &time() noexcept { return m_time; }

    /// The connection that stands, on both sides and in both registries, with nothing else open or
    /// undecided; -1 with the reason in *why.
    int survivor(QString *why) const;

    bool hasLiveLink(int host) const;
    /// The connection that holds the host's slot; -1 for none.
    int holder(int host) const;
    bool isUndecided() const;

    std::size_t connectionCount() const noexcept { return m_connections.size(); }

    const End *end(int connection, int host) const;

    /// What happened, in words.
    QStringList history;

private:
    friend class End;

    enum class Word : quint8 {
        Syn,
        SynAck, ///< and the server's part of the handshake
        ClientFinished,
        ServerFinished,
        Ping,
        Pong,
        Close
    };

    struct Connection
    {
        int dialer = 0;
        std::array<std::unique_ptr<End>, 2> ends; ///< by host
        std::array<std::deque<Word>, 2> queues; ///< by receiving host
    };

    struct Host final : core::LinkProber
    {
        Host(TwoHosts &owner, int itsNumber);

        void probe(const QByteArray &key, const core::LinkRef &link) override;

        TwoHosts &world;
        int number;
        core::LinkRegistry registry;
        core::DoubleLinkArbiter arbiter;
    };

    void makeHost(int host);
    End *endOf(int host, quint64 generation);
    void submit(End &end);
    void judge(int host, quint64 generation, const Error &error, bool kept);
    void evict(int host, const core::LinkRef &link);
    void cancelDials(int host, quint64 winner);
    void send(int connection, int from, Word word);
    void receive(int connection, int host, Word word);
    void note(const QString &text);

    Setup m_setup;
    SimTime m_time;
    core::GenerationSource m_generations;
    std::array<std::unique_ptr<Host>, 2> m_hosts;
    std::vector<std::unique_ptr<Connection>> m_connections;
    std::vector<std::unique_ptr<End>> m_forgotten;
};

} // namespace fairlead::sim
