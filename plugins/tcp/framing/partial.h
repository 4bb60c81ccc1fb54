// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framer.h"

#include <string>

namespace fairlead::tcp {

/// The part of a frame that came so far.
class Partial
{
public:
    /// What is kept between frames, so that small ones do not allocate each time.
    static constexpr std::size_t kKept = 4096;

    /// Forgets a frame that was given out; first thing in each step.
    void begin()
    {
        if (!m_given)
            return;
        m_given = false;
        clear();
    }

    void clear()
    {
        if (m_bytes.capacity() > kKept)
            std::string().swap(m_bytes);
        else
            m_bytes.clear();
    }

    void append(Bytes bytes) { m_bytes.append(bytes); }

    std::size_t size() const noexcept { return m_bytes.size(); }

    bool isEmpty() const noexcept { return m_bytes.empty(); }

    /// The content as a frame, forgotten with the next step.
    Bytes give() noexcept
    {
        m_given = true;
        return m_bytes;
    }

private:
    std::string m_bytes;
    bool m_given = false;
};

} // namespace fairlead::tcp
