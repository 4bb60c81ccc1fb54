// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QHash>
#include <QtCore/QObject>
#include <QtCore/QString>

#include <fairlead/clock.h>
#include <fairlead/timers.h>

#include <algorithm>
#include <functional>

namespace fairlead::core {

/// Tells who was not used for a while (BC-07), once per idleness: whoever is told quiesces the
/// target, and calls rearm() when that failed, so that it is due again after a further timeout.
///
/// Thread: main.
class IdleTracker final : public QObject
{
    Q_OBJECT

public:
    static constexpr qint64 kDefaultTimeout = 30 * kNsPerSecond;

    IdleTracker(const Clock &clock,
                Timers &timers,
                qint64 timeout = kDefaultTimeout,
                QObject *parent = nullptr);

    /// When a target was used last, for those that are used on other threads.
    using LastUse = std::function<qint64()>;

    /// Watches @p id from now on, with the tracker's timeout or its own; of a target that is watched already, @p generation is the later
    /// one and the idleness begins anew.
    void watch(const QString &id, quint64 generation);
    void watch(const QString &id, quint64 generation, qint64 timeout, LastUse asked = {});
    void forget(const QString &id);
    /// It is in use. While it drains that changes nothing (BC-06).
    void touch(const QString &id);
    /// The quiesce was not delivered, or the target took up work again: due after a further timeout.
    /// False, and counted, for an older @p generation or one that is not watched.
    bool rearm(const QString &id, quint64 generation);

    qsizetype size() const noexcept { return m_watched.size(); }

    quint64 staleCount() const noexcept { return m_stale; }

Q_SIGNALS:
    /// It may be forgotten, watched or the tracker deleted from here.
    void idleDue(const QString &id, quint64 generation);

private:
    struct Watched
    {
        qint64 deadline() const { return std::max(lastUse, asked ? asked() : 0) + timeout; }

        quint64 generation = 0;
        qint64 timeout = 0;
        qint64 lastUse = 0;
        LastUse asked;
        bool told = false;
    };

    void handleTimeout() noexcept;
    void armFor(qint64 deadline) noexcept;

    const Clock &m_clock;
    Timers &m_timers;
    const qint64 m_timeout;
    QHash<QString, Watched> m_watched;
    quint64 m_stale = 0;
    Timer m_timer;
};

} // namespace fairlead::core
