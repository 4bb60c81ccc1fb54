// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlpeer.h"
#include "core/observe/eventreader.h"

#include <QtCore/QJsonObject>
#include <QtCore/QObject>

#include <memory>
#include <optional>

namespace fairlead::core {

/// Hands the events of one subscription to its peer, as fast as that one reads.
/// Thread: main. Ownership: its parent's, which drops it after finished().
class EventSubscriber final : public QObject
{
    Q_OBJECT

public:
    EventSubscriber(quint64 number,
                    ControlPeer &peer,
                    std::unique_ptr<EventReader> reader,
                    QObject *parent);
    ~EventSubscriber() override;

    const ControlPeer *peer() const noexcept { return m_peer; }

    /// Nothing is sent any more.
    void stop();

Q_SIGNALS:
    /// The peer is gone, or the last event was sent.
    void finished();

private:
    void pump();

    const quint64 m_number;
    ControlPeer *m_peer; ///< null once stopped
    std::unique_ptr<EventReader> m_reader;
    std::optional<QJsonObject> m_waiting; ///< taken, and the peer had no room
};

} // namespace fairlead::core
