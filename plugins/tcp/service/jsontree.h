// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <cstddef>
#include <iterator>
#include <string_view>
#include <vector>

namespace fairlead::tcp {

using Bytes = std::string_view;

enum class JsonKind : quint8 {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object
};

/// What one text may cost; checked while it is read.
struct JsonLimits
{
    int maxDepth = 64; ///< arrays and objects inside each other
    std::size_t maxValues = 64 * 1024;
};

/// What is wrong with a text. Null text: nothing.
struct JsonFault
{
    const char *text = nullptr; ///< English, lower case, fits after "the message "
    std::size_t offset = 0;

    explicit operator bool() const noexcept { return text != nullptr; }
};

class JsonValue;

/// One JSON text as a flat list of values that point into it, so that what is passed on keeps its
/// spelling. Stricter than RFC 8259 where readers disagree: no member twice in an object, no half of a
/// surrogate pair, no number beyond the range of a double.
class JsonTree
{
public:
    /// Reads one value with nothing but white space around it. @p text outlives the tree.
    [[nodiscard]] JsonFault parse(Bytes text, const JsonLimits &limits = JsonLimits());

    /// Forgets what was read; what many values took is given back.
    void clear();

    /// The outermost value, after a parse() without fault.
    JsonValue root() const noexcept;

private:
    friend class JsonValue;
    friend class JsonParser;

    struct Node
    {
        Bytes key; ///< between the quotes, for a member
        Bytes text;
        quint32 next = 0; ///< the first node after what is inside this one
        JsonKind kind = JsonKind::Null;
    };

    std::vector<Node> m_nodes;
};

/// A value of a tree, or none. Valid as long as the tree is not parsed anew.
class JsonValue
{
public:
    JsonValue() noexcept = default;

    explicit operator bool() const noexcept { return m_tree != nullptr; }

    JsonKind kind() const noexcept { return node().kind; }

    bool isObject() const noexcept { return kind() == JsonKind::Object; }

    /// As it was written: with quotes, braces or brackets.
    Bytes text() const noexcept { return node().text; }

    /// The member's name as it was written, without the quotes.
    Bytes rawKey() const noexcept { return node().key; }

    /// Of a string: what is between the quotes, as it was written.
    Bytes rawString() const noexcept { return text().substr(1, text().size() - 2); }

    bool isTrue() const noexcept { return text() == "true"; }

    double number() const noexcept;

    /// The member @p name of an object; none where there is none.
    JsonValue member(Bytes name) const;

    class Iterator
    {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = JsonValue;
        using difference_type = std::ptrdiff_t;
        using pointer = const JsonValue *;
        using reference = JsonValue;

        Iterator(const JsonTree *tree, quint32 index) noexcept
            : m_tree(tree)
            , m_index(index)
        { }

        JsonValue operator*() const noexcept { return JsonValue(m_tree, m_index); }

        Iterator &operator++() noexcept
        {
            m_index = m_tree->m_nodes[m_index].next;
            return *this;
        }

        bool operator==(const Iterator &other) const noexcept { return m_index == other.m_index; }

    private:
        const JsonTree *m_tree;
        quint32 m_index;
    };

    /// Members of an object, elements of an array; nothing for all others.
    Iterator begin() const noexcept { return {m_tree, m_index + 1}; }

    Iterator end() const noexcept { return {m_tree, node().next}; }

private:
    friend class JsonTree;

    JsonValue(const JsonTree *tree, quint32 index) noexcept
        : m_tree(tree)
        , m_index(index)
    { }

    const JsonTree::Node &node() const noexcept { return m_tree->m_nodes[m_index]; }

    const JsonTree *m_tree = nullptr;
    quint32 m_index = 0;
};

inline JsonValue JsonTree::root() const noexcept
{
    return {this, 0};
}

} // namespace fairlead::tcp
