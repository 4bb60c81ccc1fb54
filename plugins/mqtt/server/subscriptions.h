// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/subscribe.h"

#include <QtCore/QtGlobal>

#include <fairlead/lease.h>

#include <string>
#include <vector>

namespace fairlead::mqtt {

class LinkCore;

/// SUBSCRIBE and UNSUBSCRIBE in, SUBACK and UNSUBACK out.
class Subscriptions
{
public:
    explicit Subscriptions(LinkCore &core) noexcept
        : m_core(core)
    { }

    void handleSubscribe(const Frame &frame);
    void handleUnsubscribe(const Frame &frame);
    void handleSubscribed(quint32 tag, const SubscribeOutcome *outcomes, int count);
    void handleUnsubscribed(quint32 tag, const UnsubscribeOutcome *outcomes, int count);

private:
    /// An answer that is put together from several parts. A packet that goes to the host whole needs
    /// none.
    struct Answer
    {
        PacketType type = PacketType::Suback;
        quint16 id = 0;
        std::string codes; ///< kOpen where the host has not answered
        std::size_t next = 0; ///< no code before it is open
    };

    Bytes::value_type check(const Subscription &subscription);
    void asked();
    void answered();
    void complete(PacketType type, quint16 id, Bytes codes);
    void send(PacketType type, quint16 id, Bytes codes);

    LinkCore &m_core;
    std::vector<Answer> m_answers;
    int m_outstanding = 0; ///< calls the host has not answered
};

} // namespace fairlead::mqtt
