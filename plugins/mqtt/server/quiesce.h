// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QObject>

#include <fairlead/operations.h>

#include <atomic>

namespace fairlead::mqtt {

/// Whether a listener takes new clients, and how fast those it has are asked to leave.
///
/// Thread: main decides, any asks. Ownership: the listener's, it outlives the links.
class Quiesce final : public QObject
{
    Q_OBJECT

public:
    /// @p linksPerSecond is at least 1.
    explicit Quiesce(quint32 linksPerSecond);

    void begin(QuiesceReason reason);
    void end();

    /// None: new clients are welcome.
    QuiesceReason reason() const noexcept { return m_reason.load(std::memory_order_acquire); }

    bool isOpen() const noexcept { return reason() == QuiesceReason::None; }

    /// Whether those who are here shall go. Of a listener that is just idle, they may stay.
    bool asksToLeave() const noexcept;

    /// A place in the order of those who leave: the monotonic time at which one link may be asked,
    /// over all reactors at most so many per second. May lie a little in the past, for who is late.
    qint64 claim(qint64 now) noexcept;

Q_SIGNALS:
    void changed();

private:
    const qint64 m_interval;
    std::atomic<QuiesceReason> m_reason = QuiesceReason::None;
    std::atomic<qint64> m_next = 0;
};

} // namespace fairlead::mqtt
