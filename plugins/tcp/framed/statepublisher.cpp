// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/statepublisher.h"

#include <fairlead/bytes.h>
#include <fairlead/clock.h>

namespace fairlead::tcp {

namespace {

/// What completions of it are about; those of frames have another.
constexpr quint32 kStateTag = 2;
/// A state that is said again outlives so many silent intervals.
constexpr quint32 kStateLives = 3;

} // namespace

StatePublisher::StatePublisher(const LinkContext &context,
                               const FramedEndpoint &endpoint,
                               const Framer &framer)
    : m_context(context)
    , m_endpoint(endpoint)
    , m_framer(framer)
    , m_timer(
          [](void *self) {
              auto *publisher = static_cast<StatePublisher *>(self);
              publisher->publish(true);
              publisher->awaitTurn();
          },
          this)
{ }

QByteArray StatePublisher::farewell() const
{
    LinkState gone;
    gone.address = m_context.peerAddress;
    return stateJson(gone);
}

Testament StatePublisher::testament(const QByteArray &payload) const
{
    const FramedOptions &options = m_endpoint.options;
    Testament testament;
    testament.topic = spanOf(m_topic);
    testament.properties = spanOf(m_endpoint.stateProperties);
    testament.payload = spanOf(payload);
    testament.expirySeconds = options.isDialled() ? kNever : options.stateExpiry;
    testament.qos = options.qos;
    testament.retain = true;
    return testament;
}

void StatePublisher::start()
{
    m_sinceUtcMs = m_context.clock.utcMs();
    publish(true);
    awaitTurn();
}

void StatePublisher::end(const Error &reason)
{
    publish(false, reason);
}

void StatePublisher::publish(bool connected, const Error &reason)
{
    if (isSilent())
        return;
    const FramedOptions &options = m_endpoint.options;
    counters.skippedBytes = m_framer.skipped();
    LinkState state;
    state.connected = connected;
    state.address = m_context.peerAddress;
    state.sinceUtcMs = connected ? m_sinceUtcMs : m_context.clock.utcMs();
    state.counters = &counters;
    state.reason = reason;
    const QByteArray json = stateJson(state);
    PublishView view;
    view.topic = spanOf(m_topic);
    view.properties = spanOf(m_endpoint.stateProperties);
    view.payload = spanOf(json);
    view.completionTag = kStateTag;
    view.qos = options.qos;
    view.retain = true;
    // A host that was cut off leaves no peer behind that seems to be there.
    if (connected && options.stateInterval > 0)
        view.expirySeconds = options.stateInterval * kStateLives;
    else if (!connected && !options.isDialled())
        view.expirySeconds = options.stateExpiry;
    (void)m_context.bus.publish(view);
}

void StatePublisher::awaitTurn()
{
    const quint32 interval = m_endpoint.options.stateInterval;
    if (interval == 0 || isSilent())
        return;
    m_context.timers.arm(m_timer, m_context.clock.now() + interval * kNsPerSecond);
}

} // namespace fairlead::tcp
