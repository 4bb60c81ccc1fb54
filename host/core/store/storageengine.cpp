// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/storageengine.h"

namespace fairlead::core {

bool EngineBatch::isEmpty() const noexcept
{
    return removedMessages.empty() && messages.empty() && settled.empty() && removedSessions.empty()
        && sessions.empty() && removedSubscriptions.empty() && subscriptions.empty()
        && removedKeys.empty() && keys.empty() && removedTags.empty() && tags.empty()
        && removedRetained.empty() && retained.empty() && removedValues.empty() && values.empty()
        && reservedSequence == 0 && reservedSession == 0 && epoch == 0;
}

} // namespace fairlead::core
