// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/export.h>

#include <cstddef>

namespace fairlead {

/// The host's randomness; seeded in simulation, the system's otherwise. Thread: the reactor that
/// handed it out. @since 0.1
class FAIRLEAD_SDK_EXPORT Random
{
public:
    virtual ~Random();

    virtual quint64 next() noexcept = 0;
    /// Unpredictable bytes, fit for identifiers and nonces.
    virtual void fill(char *out, std::size_t size) noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_RANDOM_IID "org.fairlead.Random/1"
