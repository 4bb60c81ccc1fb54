// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/jsontree.h"

#include "protocol/jsonparser_p.h"

#include <QtCore/QByteArrayView>

#include <algorithm>
#include <limits>
#include <utility>

namespace fairlead::ship {

namespace {

constexpr Bytes kByteOrderMark = "\xEF\xBB\xBF";

} // namespace

JsonError JsonTree::parse(Bytes text, const JsonLimits &limits)
{
    m_text = text;
    m_nodes.clear();
    const JsonError error = JsonParser(*this, text, limits).run();
    if (error)
        m_nodes.clear();
    return error;
}

JsonParser::JsonParser(JsonTree &tree, Bytes text, const JsonLimits &limits) noexcept
    : m_tree(tree)
    , m_text(text)
    , m_limits(limits)
{
    m_limits.maxDepth = std::min(m_limits.maxDepth, kJsonDepthCeiling);
}

JsonError JsonParser::run()
{
    if (m_text.size() > m_limits.maxBytes || m_text.size() > std::numeric_limits<quint32>::max())
        return {JsonErrorKind::TooLarge, 0};
    if (!QByteArrayView(m_text.data(), static_cast<qsizetype>(m_text.size())).isValidUtf8())
        return {JsonErrorKind::BadUtf8, 0};
    if (m_text.starts_with(kByteOrderMark))
        m_at = kByteOrderMark.size();
    while (!m_done) {
        if (!readValue() || !goOn())
            return m_error;
    }
    skipSpace();
    if (!atEnd())
        fail(JsonErrorKind::TrailingBytes);
    return m_error;
}

bool JsonParser::readValue()
{
    // Opened containers lead here again until a value is complete.
    while (true) {
        skipSpace();
        if (atEnd())
            return fail(JsonErrorKind::UnexpectedEnd);
        if (m_tree.m_nodes.size() >= m_limits.maxValues)
            return fail(JsonErrorKind::TooManyValues);
        Node node;
        node.keyBegin = std::exchange(m_keyBegin, 0);
        node.keySize = std::exchange(m_keySize, 0);
        node.begin = static_cast<quint32>(m_at);
        const char first = m_text[m_at];
        if (first != '{' && first != '[')
            return readScalar(node);
        if (!openContainer(node))
            return false;
        skipSpace();
        if (atEnd())
            return fail(JsonErrorKind::UnexpectedEnd);
        if (m_text[m_at] == (first == '{' ? '}' : ']')) {
            ++m_at;
            closeContainer();
            return true;
        }
        if (first == '{' && !readKey())
            return false;
    }
}

bool JsonParser::readScalar(Node &node)
{
    bool good = false;
    switch (m_text[m_at]) {
    case 'n':
        node.kind = JsonKind::Null;
        good = readWord("null");
        break;
    case 't':
        node.kind = JsonKind::True;
        good = readWord("true");
        break;
    case 'f':
        node.kind = JsonKind::False;
        good = readWord("false");
        break;
    case '"':
        node.kind = JsonKind::String;
        ++m_at;
        good = readString();
        break;
    default:
        node.kind = JsonKind::Number;
        good = readNumber();
    }
    if (!good)
        return false;
    node.size = static_cast<quint32>(m_at) - node.begin;
    node.next = static_cast<quint32>(m_tree.m_nodes.size()) + 1;
    m_tree.m_nodes.push_back(node);
    return true;
}

bool JsonParser::openContainer(Node &node)
{
    if (m_depth == m_limits.maxDepth)
        return fail(JsonErrorKind::TooDeep);
    node.kind = m_text[m_at] == '{' ? JsonKind::Object : JsonKind::Array;
    m_open[m_depth] = static_cast<quint32>(m_tree.m_nodes.size());
    ++m_depth;
    m_tree.m_nodes.push_back(node);
    ++m_at;
    return true;
}

void JsonParser::closeContainer()
{
    --m_depth;
    Node &node = m_tree.m_nodes[m_open[m_depth]];
    node.size = static_cast<quint32>(m_at) - node.begin;
    node.next = static_cast<quint32>(m_tree.m_nodes.size());
}

bool JsonParser::goOn()
{
    while (m_depth > 0) {
        skipSpace();
        if (atEnd())
            return fail(JsonErrorKind::UnexpectedEnd);
        const bool inObject = m_tree.m_nodes[m_open[m_depth - 1]].kind == JsonKind::Object;
        const char c = m_text[m_at];
        if (c == ',') {
            ++m_at;
            return !inObject || readKey();
        }
        if (c != (inObject ? '}' : ']'))
            return fail(JsonErrorKind::UnexpectedCharacter);
        ++m_at;
        closeContainer();
    }
    m_done = true;
    return true;
}

bool JsonParser::readKey()
{
    skipSpace();
    if (atEnd())
        return fail(JsonErrorKind::UnexpectedEnd);
    if (m_text[m_at] != '"')
        return fail(JsonErrorKind::UnexpectedCharacter);
    ++m_at;
    const std::size_t begin = m_at;
    if (!readString())
        return false;
    m_keyBegin = static_cast<quint32>(begin);
    m_keySize = static_cast<quint32>(m_at - 1 - begin);
    skipSpace();
    if (atEnd())
        return fail(JsonErrorKind::UnexpectedEnd);
    if (m_text[m_at] != ':')
        return fail(JsonErrorKind::UnexpectedCharacter);
    ++m_at;
    return true;
}

bool JsonParser::readWord(Bytes word)
{
    for (const char c : word) {
        if (atEnd())
            return fail(JsonErrorKind::UnexpectedEnd);
        if (m_text[m_at] != c)
            return fail(JsonErrorKind::UnexpectedCharacter);
        ++m_at;
    }
    return true;
}

bool JsonParser::readNumber()
{
    const bool negative = m_text[m_at] == '-';
    if (negative)
        ++m_at;
    if (atEnd())
        return fail(JsonErrorKind::UnexpectedEnd);
    if (!isDigit(m_text[m_at]))
        return fail(negative ? JsonErrorKind::BadNumber : JsonErrorKind::UnexpectedCharacter);
    if (m_text[m_at] == '0') {
        ++m_at;
        if (!atEnd() && isDigit(m_text[m_at]))
            return fail(JsonErrorKind::BadNumber);
    } else if (!readDigits()) {
        return false;
    }
    if (!atEnd() && m_text[m_at] == '.') {
        ++m_at;
        if (!readDigits())
            return false;
    }
    if (!atEnd() && (m_text[m_at] == 'e' || m_text[m_at] == 'E')) {
        ++m_at;
        if (!atEnd() && (m_text[m_at] == '+' || m_text[m_at] == '-'))
            ++m_at;
        return readDigits();
    }
    return true;
}

bool JsonParser::readDigits()
{
    if (atEnd())
        return fail(JsonErrorKind::UnexpectedEnd);
    if (!isDigit(m_text[m_at]))
        return fail(JsonErrorKind::BadNumber);
    while (!atEnd() && isDigit(m_text[m_at]))
        ++m_at;
    return true;
}

bool JsonParser::readString()
{
    while (!atEnd()) {
        const char c = m_text[m_at];
        if (static_cast<unsigned char>(c) < 0x20)
            return fail(JsonErrorKind::ControlCharacter);
        ++m_at;
        if (c == '"')
            return true;
        if (c == '\\' && !readEscape())
            return false;
    }
    return fail(JsonErrorKind::UnexpectedEnd);
}

bool JsonParser::readEscape()
{
    if (atEnd())
        return fail(JsonErrorKind::UnexpectedEnd);
    const char c = m_text[m_at];
    if (c != 'u') {
        if (Bytes("\"\\/bfnrt").find(c) == Bytes::npos)
            return fail(JsonErrorKind::BadEscape);
        ++m_at;
        return true;
    }
    ++m_at;
    for (int i = 0; i < 4; ++i, ++m_at) {
        if (atEnd())
            return fail(JsonErrorKind::UnexpectedEnd);
        if (!isHexDigit(m_text[m_at]))
            return fail(JsonErrorKind::BadEscape);
    }
    return true;
}

void JsonParser::skipSpace() noexcept
{
    while (!atEnd()) {
        const char c = m_text[m_at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
        ++m_at;
    }
}

bool JsonParser::fail(JsonErrorKind kind) noexcept
{
    m_error = {kind, static_cast<quint32>(m_at)};
    return false;
}

} // namespace fairlead::ship
