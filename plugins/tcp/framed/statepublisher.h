// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framed/framedendpoint.h"
#include "framed/linkstate.h"

#include <fairlead/linkdriver.h>
#include <fairlead/timers.h>

namespace fairlead::tcp {

/// Says of a link, retained, whether it stands and what passed over it: when that begins, again after
/// each interval of the options, and when it ends.
///
/// Thread: the link's reactor.
class StatePublisher
{
public:
    /// All outlive it; @p framer counts what came outside of frames.
    StatePublisher(const LinkContext &context,
                   const FramedEndpoint &endpoint,
                   const Framer &framer);

    /// Before the first word. Empty: it stays silent.
    void setTopic(const QByteArray &topic) { m_topic = topic; }

    bool isSilent() const noexcept { return m_topic.isEmpty(); }

    /// What is said where an end leaves no time for last words: @p payload is a farewell().
    Testament testament(const QByteArray &payload) const;
    QByteArray farewell() const;
    /// The link has its lease.
    void start();
    /// The last words.
    void end(const Error &reason);

    /// No further word by itself.
    void stop() { m_context.timers.disarm(m_timer); }

    LinkCounters counters;

private:
    void publish(bool connected, const Error &reason = Error());
    void awaitTurn();

    const LinkContext &m_context;
    const FramedEndpoint &m_endpoint;
    const Framer &m_framer;
    QByteArray m_topic;
    qint64 m_sinceUtcMs = -1;
    Timer m_timer;
};

} // namespace fairlead::tcp
