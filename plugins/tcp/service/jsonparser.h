// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

namespace fairlead::tcp {

/// Fills a tree from a text. Its recursion is bounded by the depth that is allowed.
class JsonParser
{
public:
    JsonParser(JsonTree &tree, Bytes text, const JsonLimits &limits) noexcept
        : m_tree(tree)
        , m_text(text)
        , m_limits(limits)
    { }

    JsonFault run();

private:
    // Each returns false when it failed.
    bool readValue(Bytes key);
    bool readArray();
    bool readObject(quint32 node);
    bool checkNames(quint32 node);
    bool readWord(Bytes word);
    bool readNumber();
    bool readDigits();
    /// @p inside: what is between the quotes.
    bool readString(Bytes *inside);
    bool readEscape();
    bool readHex(quint32 *unit);

    void skipSpace() noexcept;
    bool fail(const char *text) noexcept;

    bool atEnd() const noexcept { return m_at == m_text.size(); }

    char peek() const noexcept { return atEnd() ? '\0' : m_text[m_at]; }

    bool take(char expected) noexcept;

    JsonTree &m_tree;
    const Bytes m_text;
    const JsonLimits m_limits;
    JsonFault m_fault;
    std::size_t m_at = 0;
    int m_depth = 0;
};

} // namespace fairlead::tcp
