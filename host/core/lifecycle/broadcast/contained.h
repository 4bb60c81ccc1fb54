// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/result.h>

#include <exception>
#include <utility>

namespace fairlead::core {

/// Calls foreign code that must not stop the caller: what it throws becomes an Error with @p code,
/// naming @p name.
template <typename Call>
Result<> contained(const QString &name, Call &&call, ErrorCode code = ErrorCode::Internal) noexcept
{
    QString what;
    try {
        std::forward<Call>(call)();
        return {};
    } catch (const std::exception &exception) {
        what = QString::fromUtf8(exception.what());
    } catch (...) {
        what = QStringLiteral("something that is no exception");
    }
    return Error(code, QStringLiteral("%1 threw: %2").arg(name, what));
}

} // namespace fairlead::core
