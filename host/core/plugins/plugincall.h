// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/result.h>

#include <utility>

namespace fairlead::core {

/// What the exception under way says, as PluginFailed: "<call> threw: <what>". Only from inside a
/// catch clause.
Error thrownByPlugin(const char *call) noexcept;

/// Calls a plugin; what it throws, whatever it is, becomes PluginFailed (PL-05).
template <typename Call>
Result<> callPlugin(const char *name, Call &&call) noexcept
{
    try {
        std::forward<Call>(call)();
    } catch (...) {
        return thrownByPlugin(name);
    }
    return {};
}

} // namespace fairlead::core
