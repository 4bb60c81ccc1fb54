// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/plugincall.h"

#include <exception>

namespace fairlead::core {

namespace {

constexpr qsizetype kMaxThrownText = 512; // a plugin's words are not to fill the logs

Error failure(const char *call, const char *what)
{
    return Error(ErrorCode::PluginFailed,
                 QStringLiteral("%1 threw: %2")
                     .arg(QLatin1String(call), QString::fromUtf8(what).left(kMaxThrownText)));
}

} // namespace

Error thrownByPlugin(const char *call) noexcept
{
    try {
        throw;
    } catch (const std::exception &exception) {
        return failure(call, exception.what());
    } catch (...) {
        return failure(call, "something that is no std::exception");
    }
}

} // namespace fairlead::core
