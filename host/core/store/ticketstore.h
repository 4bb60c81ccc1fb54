// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

#include <fairlead/message.h>

#include <functional>

namespace fairlead::core {

/// Names a point in the store's queue; what was appended before it is safe once it is committed.
using Ticket = quint64;

/// One thing to keep. Which fields count depends on the kind.
struct TicketRecord
{
    enum class Kind : quint8 {
        Message, ///< a message with a receive key or a durable receiver
        Mark, ///< session's delivery got a tag
        ForgetKey, ///< session's receive key is gone
    };
    Kind kind = Kind::Message;
    quint64 session = 0;
    quint64 handle = 0;
    quint32 tag = 0;
    Message message;
};

/// Keeps what was promised to be kept. Asynchronous: append() only queues.
///
/// Thread: append() any; the listener may be called on any thread. Errors: a failed group is told
/// with the range of its tickets.
class TicketStore
{
public:
    virtual ~TicketStore() = default;

    /// @p committed is called with the highest ticket that is safe, in rising order.
    using Committed = std::function<void(Ticket)>;
    virtual void setListener(Committed committed) = 0;
    /// Queues @p record; the ticket is higher than those given before.
    virtual Ticket append(TicketRecord record) = 0;
    virtual Ticket committedUpTo() const noexcept = 0;
};

} // namespace fairlead::core
