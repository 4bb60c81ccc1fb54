// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/properties.h"

#include <memory>

namespace fairlead::mqtt {

/// The properties of a packet that travel on with the message. Usually the block as it came; copied
/// only when properties of the hop are in it.
class ForwardedProperties
{
public:
    explicit ForwardedProperties(const PropertyBlock &block) noexcept
    {
        if (isForwardable(block)) {
            m_bytes = block.raw();
            return;
        }
        const std::size_t size = forwardableSize(block);
        char *memory = m_small;
        if (size > sizeof m_small) {
            m_large = std::make_unique_for_overwrite<char[]>(size);
            memory = m_large.get();
        }
        Writer out(memory, size);
        copyForwardable(out, block);
        m_bytes = out.bytes();
    }

    ForwardedProperties(const ForwardedProperties &) = delete;
    ForwardedProperties &operator=(const ForwardedProperties &) = delete;

    Bytes bytes() const noexcept { return m_bytes; }

private:
    char m_small[512];
    std::unique_ptr<char[]> m_large;
    Bytes m_bytes;
};

} // namespace fairlead::mqtt
