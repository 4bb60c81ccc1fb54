// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/repeatlimiter.h"

namespace fairlead::core {

bool RepeatLimiter::admit(const QString &kind, qint64 now, quint64 *earlier)
{
    *earlier = 0;
    const bool fits = m_windows.contains(kind) || m_windows.size() < kMostKinds;
    const QString key = fits ? kind : QString();
    if (!m_windows.contains(key))
        m_windows.insert(key, {now, 0, 0});
    Window &window = m_windows[key];
    if (now - window.start >= kWindowNs) {
        *earlier = window.suppressed;
        window = {now, 0, 0};
    }
    if (window.passed < kLinesPerWindow) {
        ++window.passed;
        return true;
    }
    ++window.suppressed;
    return false;
}

QList<RepeatLimiter::Summary> RepeatLimiter::takeOver(qint64 now)
{
    QList<Summary> over;
    for (auto it = m_windows.begin(); it != m_windows.end();) {
        if (now - it->start < kWindowNs) {
            ++it;
            continue;
        }
        if (it->suppressed > 0)
            over.append({it.key(), it->suppressed});
        it = m_windows.erase(it);
    }
    return over;
}

QList<RepeatLimiter::Summary> RepeatLimiter::takeAll()
{
    QList<Summary> all;
    for (auto it = m_windows.cbegin(); it != m_windows.cend(); ++it) {
        if (it->suppressed > 0)
            all.append({it.key(), it->suppressed});
    }
    m_windows.clear();
    return all;
}

} // namespace fairlead::core
