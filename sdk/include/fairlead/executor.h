// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/export.h>

#include <functional>

namespace fairlead {

/// Runs calls on one reactor, in the order they were posted, never inside post(). @since 0.1
class FAIRLEAD_SDK_EXPORT Executor
{
public:
    virtual ~Executor();

    /// Thread: any. Control rate only: a payload never travels this way.
    virtual void post(std::function<void()> call) = 0;
    /// Whether the caller is on that reactor.
    virtual bool isCurrent() const noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_EXECUTOR_IID "org.fairlead.Executor/1"
