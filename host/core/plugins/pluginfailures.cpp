// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginfailures.h"

namespace fairlead::core {

namespace {

constexpr quint64 kToldEach = 8;

} // namespace

void PluginFailures::note(const Error &error, const QString &whose) noexcept
{
    const quint64 count = m_count.fetch_add(1, std::memory_order_relaxed) + 1;
    const bool isTold = count <= kToldEach || (count & (count - 1)) == 0;
    if (!isTold || !m_logger || !m_logger->isEnabled(LogLevel::Error))
        return;
    QString text
        = QStringLiteral("count=%1 reason=\"%2\"").arg(QString::number(count), error.toString());
    if (!whose.isEmpty())
        text.prepend(whose + QLatin1Char(' '));
    m_logger->log(LogLevel::Error, "plugin-failed", text);
}

} // namespace fairlead::core
