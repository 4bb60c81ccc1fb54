// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/export.h>

namespace fairlead {

enum class LogLevel : quint8 {
    Debug,
    Info,
    Warning,
    Error
};

/// The host's log, already bound to whoever asked for it. Thread: any. Payloads, credentials and
/// secrets are never passed (DS-12). @since 0.1
class FAIRLEAD_SDK_EXPORT Logger
{
public:
    virtual ~Logger();

    virtual bool isEnabled(LogLevel level) const noexcept = 0;
    /// @p event is a stable lower-case code ("link-closed"), @p text English key=value fields.
    virtual void log(LogLevel level, const char *event, const QString &text) = 0;
};

} // namespace fairlead

#define FAIRLEAD_LOGGER_IID "org.fairlead.Logger/1"
