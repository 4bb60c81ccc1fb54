// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framer.h"

#include <string>
#include <vector>

namespace fairlead::tcp {

/// Finds the first occurrence of a delimiter in bytes that come piece by piece, looking at each byte
/// once (Knuth, Morris and Pratt).
class DelimiterMatcher
{
public:
    static constexpr std::size_t kNone = std::size_t(-1);

    DelimiterMatcher() = default;
    /// @p delimiter is not empty.
    explicit DelimiterMatcher(std::string delimiter);

    const std::string &delimiter() const noexcept { return m_delimiter; }

    /// The end of the delimiter in @p input, which goes on from @p matched; kNone: not in there.
    /// @p matched becomes the number of bytes at the end that may be its beginning.
    std::size_t find(Bytes input, std::size_t &matched) const noexcept;

    /// Whether @p payload with the delimiter after it ends there and not before.
    bool ends(Bytes payload) const noexcept;

private:
    std::string m_delimiter;
    std::vector<std::size_t> m_fallback; ///< by matched bytes: the next shorter beginning
};

} // namespace fairlead::tcp
