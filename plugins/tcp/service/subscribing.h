// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <fairlead/lease.h>

#include <optional>
#include <unordered_map>

namespace fairlead::tcp {

class PeerCore;

/// What the peer subscribed to, on its way to it. Thread: the link's reactor.
class Subscribing
{
public:
    explicit Subscribing(PeerCore &core)
        : m_core(core)
    { }

    // Good messages of these operations.
    void subscribe(const JsonValue &message, quint32 id);
    void unsubscribe(const JsonValue &message, quint32 id);
    void acknowledge(const JsonValue &message, quint32 id);

    void handleSubscribed(quint32 id, const SubscribeOutcome *outcomes, int count);
    void handleUnsubscribed(quint32 id, const UnsubscribeOutcome *outcomes, int count);
    void pull(Lease &lease);

private:
    /// How the delivery ends; empty: when the peer says so.
    std::optional<Settle::How> send(const Delivery &delivery);

    PeerCore &m_core;
    std::unordered_map<quint64, quint64> m_awaited; ///< delivery number to handle
    quint64 m_lastDelivery = 0;
};

} // namespace fairlead::tcp
