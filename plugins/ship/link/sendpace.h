// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <algorithm>

namespace fairlead::ship {

/// How many data messages may leave at once. Some devices have room for thirty, and drop the rest: even
/// the end of one span and the beginning of the next are fewer.
class SendPace
{
public:
    static constexpr int kShare = 12;
    static constexpr qint64 kSpanNs = 3'000'000;

    /// What is left of the span's share; 0: nothing before next().
    int share(qint64 now) noexcept
    {
        if (now >= m_next) {
            m_left = kShare;
            m_next = now + kSpanNs;
        }
        return m_left;
    }

    void spend(int count) noexcept { m_left = std::max(0, m_left - count); }

    qint64 next() const noexcept { return m_next; }

private:
    qint64 m_next = 0;
    int m_left = 0;
};

} // namespace fairlead::ship
