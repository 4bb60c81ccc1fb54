// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/jsontree.h"

#include <array>

namespace fairlead::ship {

/// Fills a tree from a text. Keeps its own stack, so that the depth of a text costs no call frames.
class JsonParser
{
public:
    JsonParser(JsonTree &tree, Bytes text, const JsonLimits &limits) noexcept;

    [[nodiscard]] JsonError run();

private:
    using Node = JsonTree::Node;

    bool readValue();
    bool readScalar(Node &node);
    bool openContainer(Node &node);
    void closeContainer();
    /// After a value: the next comma or the ends of the containers around it.
    bool goOn();
    bool readKey();
    bool readWord(Bytes word);
    bool readNumber();
    bool readDigits();
    /// From behind the opening quote to behind the closing one.
    bool readString();
    bool readEscape();
    void skipSpace() noexcept;
    bool fail(JsonErrorKind kind) noexcept;

    [[nodiscard]] bool atEnd() const noexcept { return m_at == m_text.size(); }

    JsonTree &m_tree;
    Bytes m_text;
    JsonLimits m_limits;
    JsonError m_error;
    std::size_t m_at = 0;
    quint32 m_keyBegin = 0;
    quint32 m_keySize = 0;
    quint32 m_depth = 0;
    bool m_done = false;
    std::array<quint32, kJsonDepthCeiling> m_open{};
};

} // namespace fairlead::ship
