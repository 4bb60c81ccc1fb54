// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/bytes.h"

#include <QtCore/QByteArrayList>

#include <utility>

namespace fairlead::ship {

/// What a peer said while its link had no session yet: kept in order, and bounded. A connection that
/// has to give way to another one takes it along.
class EarlyData
{
public:
    // No more than the host takes of one link between two looks at who cannot follow.
    static constexpr qsizetype kMostMessages = 256;
    static constexpr std::size_t kMostBytes = 256 * 1024;

    bool isFull() const noexcept
    {
        return m_payloads.size() >= kMostMessages || m_bytes >= kMostBytes;
    }

    void add(Bytes payload)
    {
        m_bytes += payload.size();
        m_payloads.append(copyOf(payload));
    }

    QByteArrayList take()
    {
        m_bytes = 0;
        return std::exchange(m_payloads, {});
    }

private:
    QByteArrayList m_payloads;
    std::size_t m_bytes = 0;
};

} // namespace fairlead::ship
