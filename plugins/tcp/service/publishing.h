// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <fairlead/bus.h>
#include <fairlead/result.h>

namespace fairlead::tcp {

class PeerCore;

/// What the peer publishes. Thread: the link's reactor.
class Publishing
{
public:
    explicit Publishing(PeerCore &core)
        : m_core(core)
    { }

    /// @p message is a good `publish`.
    Flow publish(const JsonValue &message, quint32 id);
    void handleCompletions(const Completion *completions, int count);

private:
    PeerCore &m_core;
};

/// The failure that an outcome means; null for a success.
Error errorOf(Outcome outcome);

} // namespace fairlead::tcp
