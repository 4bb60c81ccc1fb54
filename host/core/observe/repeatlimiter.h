// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QHash>
#include <QtCore/QList>
#include <QtCore/QString>

namespace fairlead::core {

/// Keeps what peers provoke from filling the log: of each kind only so many lines pass in a window
/// of time; the rest is counted and told once the window is over. The number of kinds is bounded
/// too; those beyond share one. Thread: one at a time.
class RepeatLimiter
{
public:
    static constexpr qint64 kWindowNs = 10'000'000'000;
    static constexpr quint32 kLinesPerWindow = 10;
    static constexpr qsizetype kMostKinds = 1024;

    /// What was held back in a window that is over.
    struct Summary
    {
        QString kind;
        quint64 suppressed = 0;
    };

    /// Whether a line of @p kind passes at @p now, in monotonic nanoseconds. @p earlier gets how
    /// many of its kind were held back in a former window; they are told with this line then.
    bool admit(const QString &kind, qint64 now, quint64 *earlier);

    /// The kinds whose window is over and that held something back; they start anew.
    QList<Summary> takeOver(qint64 now);
    /// All that is held back, for the end of the process.
    QList<Summary> takeAll();

private:
    struct Window
    {
        qint64 start = 0;
        quint32 passed = 0;
        quint64 suppressed = 0;
    };

    QHash<QString, Window> m_windows;
};

} // namespace fairlead::core
