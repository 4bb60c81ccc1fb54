// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/delimitermatcher.h"

#include <utility>

namespace fairlead::tcp {

DelimiterMatcher::DelimiterMatcher(std::string delimiter)
    : m_delimiter(std::move(delimiter))
    , m_fallback(m_delimiter.size() + 1, 0)
{
    std::size_t matched = 0;
    for (std::size_t i = 1; i < m_delimiter.size(); ++i) {
        while (matched > 0 && m_delimiter[i] != m_delimiter[matched])
            matched = m_fallback[matched];
        if (m_delimiter[i] == m_delimiter[matched])
            ++matched;
        m_fallback[i + 1] = matched;
    }
}

std::size_t DelimiterMatcher::find(Bytes input, std::size_t &matched) const noexcept
{
    for (std::size_t i = 0; i < input.size(); ++i) {
        if (matched == 0) {
            i = input.find(m_delimiter.front(), i);
            if (i == Bytes::npos)
                return kNone;
        }
        while (matched > 0 && input[i] != m_delimiter[matched])
            matched = m_fallback[matched];
        if (input[i] == m_delimiter[matched])
            ++matched;
        if (matched == m_delimiter.size()) {
            matched = 0;
            return i + 1;
        }
    }
    return kNone;
}

bool DelimiterMatcher::ends(Bytes payload) const noexcept
{
    std::size_t matched = 0;
    if (find(payload, matched) != kNone)
        return false;
    return find(m_delimiter, matched) == m_delimiter.size();
}

} // namespace fairlead::tcp
