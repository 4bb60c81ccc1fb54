// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/session.h"
#include "core/distributor/sessiondirectory.h"

#include <fairlead/error.h>
#include <fairlead/lease.h>
#include <fairlead/link.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace fairlead {
class Clock;
}

namespace fairlead::core {

struct Distributor;
struct InboxItem;

/// What a session had before a link asked for it.
struct FormerSession
{
    quint32 expirySeconds = 0;
    std::unique_ptr<StoredTestament> testament;
};

/// What the sessions of a reactor need from it. Thread: that reactor.
class SessionHost
{
public:
    virtual ~SessionHost() = default;

    virtual HostLink *findLink(quint64 generation) noexcept = 0;
    virtual void fenceLink(int reactor, quint64 generation) = 0;
    virtual void serveClaim(int reactor, const QByteArray &key, quint64 number) = 0;
    virtual void publishTestament(const StoredTestament &testament, quint64 origin) = 0;
    /// What was published here so far comes before all that is published anywhere from here on.
    virtual void commitBatch() = 0;
    /// @p session leaves: it gets what waits here for it, and @p inbox waits for the others. Under
    /// the index' read lock and the sequencer's.
    virtual void handOver(Session &session, std::vector<InboxItem> *inbox) = 0;
    /// A message of a shared group, for another of its members than @p member, which is gone.
    virtual void redirect(const Message &message, const SharedMember &member) = 0;
    virtual void localSessionsChanged() = 0;
    virtual void countExpired() = 0;
    /// How safe what a link's peer is promised is to be.
    virtual Durability durabilityOf(const HostLink &link) const noexcept = 0;
    virtual void relieve(Session &session) = 0;
    virtual void endPatience(Session &session) = 0;
    virtual Timers &timers() noexcept = 0;
    virtual const Clock &clock() const noexcept = 0;
};

/// What a peer is told whose session cannot be stored.
Error notStoredError(const Store &store);

/// The sessions whose home is one reactor: gives them to links, takes them over, moves them, lets
/// them expire. Thread: that reactor.
class SessionTable
{
public:
    SessionTable(int reactor, Distributor &distributor, SessionHost &host);
    ~SessionTable();

    /// A link asks for the session its request names. Pending: HostLink::grant() or nothing comes.
    Admission acquire(HostLink &link, Error *error);
    /// The slot of the peer became @p link's, which waited for it; HostLink::completeAdmission()
    /// follows.
    void acquireHeld(HostLink &link);
    /// Serves the claim on a session that is, or was, here.
    void serve(const QByteArray &key, quint64 number);
    /// A session comes here from another reactor.
    void arrive(std::unique_ptr<Session> session);
    /// The link that holds @p session lets go of it; null @p request: it was lost.
    void release(Session &session, const ReleaseRequest *request);
    /// As release(), of a session that could not be stored as its link asked for it: it goes back to
    /// what it was, and ends if that was nothing.
    void takeBack(Session &session, FormerSession former);
    /// A link closed before its claim was served.
    void withdraw(const HostLink &link);

    Session *find(quint64 number) const noexcept;

    std::size_t size() const noexcept { return m_sessions.size(); }

    void handleExpired(Session &session);
    void publishTestament(Session &session);

    /// What the session keeps for its plugin changed.
    void noteNote(const Session &session) { noteChanged(session); }

    void handlePatienceOver(Session &session) { m_host.endPatience(session); }

    /// Takes a session up that an earlier start of the host left. Before the reactor turns.
    Session &restore(const SessionRow &row);
    /// The restored sessions wait for their peers from now on.
    void beginWaiting();
    /// Writes down what sessions became in this turn; after the messages that they sent in it.
    void flushRows();

    /// Destroys what ended; never while a session is on the stack.
    void reap() { m_ended.clear(); }

    void forEach(const std::function<void(Session &)> &visit);

private:
    Admission take(HostLink &link, const SessionDirectory::Claim &claim, Error *error);
    Session &create(quint64 number, const QByteArray &key, const QByteArray &peerKey);
    Session &restart(Session &session);
    /// An error: what it needs stored cannot be, and @p session is as it was.
    Error give(Session &session, HostLink &link, bool fresh);
    /// Whether what @p link asks for is more than is stored of any session, and cannot be stored now.
    bool isOutOfReach(const HostLink &link) const;
    void end(Session &session);
    void bury(Session &session);
    Ticket removeGone(Durability level);
    void awaitReturn(Session &session);
    void sendAway(Session &session, int reactor);
    SessionRow rowOf(const Session &session) const;
    void noteChanged(const Session &session);

    const int m_reactor;
    Distributor &m_distributor;
    SessionHost &m_host;
    std::unordered_map<quint64, std::unique_ptr<Session>> m_sessions;
    std::vector<std::unique_ptr<Session>> m_ended;
    std::vector<quint64> m_changed; ///< sessions whose rows are to be written
    std::vector<quint64> m_gone; ///< sessions whose rows are to be removed
    std::vector<std::pair<quint64, qint64>>
        m_waiting; ///< restored ones, and when they expire (UTC)
};

} // namespace fairlead::core
