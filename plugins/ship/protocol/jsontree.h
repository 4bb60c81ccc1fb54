// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/bytes.h"
#include "protocol/jsonerror.h"

#include <cstddef>
#include <iterator>
#include <vector>

namespace fairlead::ship {

enum class JsonKind : quint8 {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object
};

/// What a text may cost at most; checked while it is read.
struct JsonLimits
{
    std::size_t maxBytes = 1024 * 1024;
    quint32 maxDepth = 128; ///< containers inside each other, at most kJsonDepthCeiling
    quint32 maxValues = 256 * 1024;
};

inline constexpr quint32 kJsonDepthCeiling = 256;

class JsonValue;

/// A JSON text, read once into a flat list of values that point into the text.
///
/// Strings and numbers keep their spelling, members their order and their duplicates: what QJsonValue
/// would lose is what a payload is passed on with. The text must outlive the tree.
class JsonTree
{
public:
    /// Reads one value; white space around it is fine, a byte order mark before it too.
    [[nodiscard]] JsonError parse(Bytes text, const JsonLimits &limits = JsonLimits());

    /// The outermost value; only after a parse() without error.
    [[nodiscard]] JsonValue root() const noexcept;

private:
    friend class JsonValue;
    friend class JsonParser;

    struct Node
    {
        quint32 keyBegin = 0; ///< between the quotes
        quint32 keySize = 0;
        quint32 begin = 0; ///< of the value's own text
        quint32 size = 0;
        quint32 next = 0; ///< the node after the last one inside this
        JsonKind kind = JsonKind::Null;
    };

    Bytes m_text;
    std::vector<Node> m_nodes;
};

/// One value of a JsonTree; valid as long as the tree is.
class JsonValue
{
public:
    JsonValue() noexcept = default;

    [[nodiscard]] bool isNull() const noexcept { return m_tree == nullptr; }

    [[nodiscard]] JsonKind kind() const noexcept { return node().kind; }

    [[nodiscard]] bool isObject() const noexcept { return kind() == JsonKind::Object; }

    [[nodiscard]] bool isArray() const noexcept { return kind() == JsonKind::Array; }

    /// The value as it is written, with its quotes or brackets.
    [[nodiscard]] Bytes text() const noexcept
    {
        return m_tree->m_text.substr(node().begin, node().size);
    }

    /// The member's name as it is written, without the quotes; empty for what is no member.
    [[nodiscard]] Bytes rawKey() const noexcept
    {
        return m_tree->m_text.substr(node().keyBegin, node().keySize);
    }

    class Iterator
    {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = JsonValue;
        using difference_type = std::ptrdiff_t;
        using pointer = const JsonValue *;
        using reference = JsonValue;

        Iterator() noexcept = default;

        Iterator(const JsonTree *tree, quint32 index) noexcept
            : m_tree(tree)
            , m_index(index)
        { }

        JsonValue operator*() const noexcept { return {m_tree, m_index}; }

        Iterator &operator++() noexcept
        {
            m_index = m_tree->m_nodes[m_index].next;
            return *this;
        }

        Iterator operator++(int) noexcept
        {
            const Iterator before = *this;
            ++*this;
            return before;
        }

        bool operator==(const Iterator &other) const noexcept { return m_index == other.m_index; }

    private:
        const JsonTree *m_tree = nullptr;
        quint32 m_index = 0;
    };

    /// The members of an object or the elements of an array; nothing for all others.
    [[nodiscard]] Iterator begin() const noexcept { return {m_tree, m_index + 1}; }

    [[nodiscard]] Iterator end() const noexcept { return {m_tree, node().next}; }

    [[nodiscard]] bool isEmpty() const noexcept { return node().next == m_index + 1; }

private:
    friend class JsonTree;

    JsonValue(const JsonTree *tree, quint32 index) noexcept
        : m_tree(tree)
        , m_index(index)
    { }

    [[nodiscard]] const JsonTree::Node &node() const noexcept { return m_tree->m_nodes[m_index]; }

    const JsonTree *m_tree = nullptr;
    quint32 m_index = 0;
};

inline JsonValue JsonTree::root() const noexcept
{
    return {this, 0};
}

} // namespace fairlead::ship
