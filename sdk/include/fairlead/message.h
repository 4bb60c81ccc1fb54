// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>
#include <fairlead/export.h>
#include <fairlead/position.h>

#include <atomic>
#include <utility>

namespace fairlead {

/// "Never": of expiries and delays in seconds.
inline constexpr quint32 kNever = 0xFFFFFFFFU;

/// What a message is made from; borrowed for the call.
struct MessageFields
{
    ByteSpan topic;
    ByteSpan properties; ///< a property block, see properties.h
    ByteSpan payload;
    qint64 expiryDeadline = -1; ///< monotonic nanoseconds of the host's clock, -1: never
    quint64 origin = 0; ///< number of the session that published it, 0: none
    quint8 qos = 0;
    bool retain = false;
};

/// One immutable message, shared by everyone who holds it; one pointer wide.
///
/// Thread: may be read and dropped on any thread; only the distributor gives it its position,
/// before it is shared. Ownership: reference counted. Topic, properties and payload lie in one
/// allocation with the header, whose layout is frozen with the ABI. @since 0.1
class FAIRLEAD_SDK_EXPORT Message
{
public:
    Message() noexcept = default;
    explicit Message(const MessageFields &fields);

    Message(const Message &other) noexcept
        : m_body(other.m_body)
    {
        if (m_body)
            m_body->references.fetch_add(1, std::memory_order_relaxed);
    }

    Message(Message &&other) noexcept
        : m_body(std::exchange(other.m_body, nullptr))
    { }

    Message &operator=(Message other) noexcept
    {
        std::swap(m_body, other.m_body);
        return *this;
    }

    ~Message()
    {
        if (m_body && m_body->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
            destroy(m_body);
    }

    explicit operator bool() const noexcept { return m_body != nullptr; }

    // A null message reads as an empty one.

    ByteSpan topic() const noexcept
    {
        return m_body ? ByteSpan(bytes(), m_body->topicSize) : ByteSpan();
    }

    ByteSpan properties() const noexcept
    {
        return m_body ? ByteSpan(bytes() + m_body->topicSize, m_body->propertiesSize) : ByteSpan();
    }

    ByteSpan payload() const noexcept
    {
        return m_body
            ? ByteSpan(bytes() + m_body->topicSize + m_body->propertiesSize, m_body->payloadSize)
            : ByteSpan();
    }

    /// Bytes of topic, properties and payload together: what limits count.
    std::size_t size() const noexcept
    {
        return m_body
            ? std::size_t(m_body->topicSize) + m_body->propertiesSize + m_body->payloadSize
            : 0;
    }

    Position position() const noexcept
    {
        return m_body ? Position{m_body->epoch, m_body->sequence} : Position{};
    }

    quint64 sequence() const noexcept { return m_body ? m_body->sequence : 0; }

    quint64 origin() const noexcept { return m_body ? m_body->origin : 0; }

    qint64 expiryDeadline() const noexcept { return m_body ? m_body->expiryDeadline : -1; }

    /// Whether its deadline is reached at @p now, in the host's monotonic nanoseconds.
    bool isExpiredAt(qint64 now) const noexcept
    {
        return expiryDeadline() >= 0 && expiryDeadline() <= now;
    }

    quint8 qos() const noexcept { return m_body ? m_body->qos : 0; }

    bool isRetain() const noexcept { return m_body && m_body->retain; }

    /// Host only, before the message is shared.
    void setPosition(Position position) noexcept
    {
        if (!m_body)
            return;
        m_body->epoch = position.epoch;
        m_body->sequence = position.sequence;
    }

private:
    struct Body
    {
        std::atomic<quint32> references;
        quint32 epoch;
        quint64 sequence;
        quint64 origin;
        qint64 expiryDeadline;
        quint32 topicSize;
        quint32 propertiesSize;
        quint32 payloadSize;
        quint8 qos;
        bool retain;
        quint8 sizeClass;
        quint8 reserved;
    };

    const char *bytes() const noexcept { return reinterpret_cast<const char *>(m_body + 1); }

    static void destroy(Body *body) noexcept;

    Body *m_body = nullptr;
};

} // namespace fairlead
