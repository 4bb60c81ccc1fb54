// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/linkregistry.h"

#include <QByteArray>
#include <QHash>

#include <mutex>
#include <optional>

namespace fairlead::core {

/// Which session belongs to which peer, where it lives, and who asked for it last.
///
/// Thread: any. A claim decides in the link registry and here in one step, so that both agree on
/// who came last. Lock order: this, then the registry.
class SessionDirectory
{
public:
    SessionDirectory(LinkRegistry &registry, quint64 maxSessions)
        : m_registry(registry)
        , m_maxSessions(maxSessions)
    { }

    /// The link that is to get the session next.
    struct Claimant
    {
        int reactor = -1;
        quint64 link = 0; ///< generation
    };

    struct Claim
    {
        bool created = false; ///< no session was there: the claimant's reactor makes it
        quint64 number = 0;
        int home = -1;
        std::optional<LinkRef> evicted;
        bool isDeferred = false; ///< the registry cannot decide yet; nothing changed
        Error error;
    };

    /// @p request's candidate asks for the session of @p key.
    Claim claim(const QByteArray &key, SwapRequest request);
    /// As claim(), of a link that got the slot before; an error when it lost it meanwhile, so that
    /// here too the last one to get it comes last.
    Claim claimHeld(const QByteArray &key, const LinkRef &holder, qint64 now);
    bool contains(const QByteArray &key) const;
    bool hasClaim(const QByteArray &key, quint64 number) const;
    /// The last claim on @p number, to be served now by @p reactor: when the claimant is there it
    /// is taken out, else the session's home becomes the claimant's reactor.
    std::optional<Claimant> serve(const QByteArray &key, quint64 number, int reactor);
    /// A claimant closed before it was served.
    void withdraw(const QByteArray &key, quint64 link);
    /// The session of @p key starts over under another number.
    quint64 renumber(const QByteArray &key, quint64 number);
    /// The session ended; false when a claim came first, which then goes before.
    bool remove(const QByteArray &key, quint64 number);
    /// A session that an earlier start of the host left is at @p home.
    void restore(const QByteArray &key, quint64 number, int home);
    /// Numbers given from here on are @p first and higher.
    void startAt(quint64 first);
    /// Where session @p number lives; -1 when it does not.
    int homeOf(quint64 number) const;

    quint64 count() const;

private:
    struct Entry
    {
        quint64 number = 0;
        int home = -1;
        Claimant claimant;
    };

    bool isFullFor(const QByteArray &key) const;
    void enter(const QByteArray &key, const LinkRef &holder, Claim *claim);

    LinkRegistry &m_registry;
    const quint64 m_maxSessions;
    mutable std::mutex m_lock;
    QHash<QByteArray, Entry> m_entries;
    QHash<quint64, int> m_homes;
    quint64 m_next = 1;
};

} // namespace fairlead::core
