// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/jsonparser.h"

#include "service/jsontext.h"

#include <QtCore/QByteArrayView>

#include <algorithm>
#include <charconv>
#include <string>

namespace fairlead::tcp {

namespace {

constexpr const char *kCut = "is cut off";
constexpr const char *kNoJson = "is no JSON";
constexpr const char *kBadEscape = "has a bad escape in a string";

bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

} // namespace

JsonFault JsonParser::run()
{
    if (!QByteArrayView(m_text.data(), qsizetype(m_text.size())).isValidUtf8())
        fail("is not UTF-8");
    else if (readValue({})) {
        skipSpace();
        if (!atEnd())
            fail("has something after its end");
    }
    if (m_fault)
        m_tree.m_nodes.clear();
    return m_fault;
}

bool JsonParser::readValue(Bytes key)
{
    skipSpace();
    if (m_tree.m_nodes.size() >= m_limits.maxValues)
        return fail("holds too many values");
    const auto index = quint32(m_tree.m_nodes.size());
    m_tree.m_nodes.emplace_back();
    const std::size_t begin = m_at;
    JsonKind kind = JsonKind::Null;
    bool good = false;
    switch (peek()) {
    case '{':
        kind = JsonKind::Object;
        good = readObject(index);
        break;
    case '[':
        kind = JsonKind::Array;
        good = readArray();
        break;
    case '"': {
        kind = JsonKind::String;
        Bytes inside;
        good = readString(&inside);
        break;
    }
    case 't':
        kind = JsonKind::Boolean;
        good = readWord("true");
        break;
    case 'f':
        kind = JsonKind::Boolean;
        good = readWord("false");
        break;
    case 'n':
        good = readWord("null");
        break;
    default:
        kind = JsonKind::Number;
        good = readNumber();
    }
    JsonTree::Node &node = m_tree.m_nodes[index];
    node.key = key;
    node.text = m_text.substr(begin, m_at - begin);
    node.kind = kind;
    node.next = quint32(m_tree.m_nodes.size());
    return good;
}

bool JsonParser::readArray()
{
    if (++m_depth > m_limits.maxDepth)
        return fail("is nested too deep");
    ++m_at;
    skipSpace();
    if (take(']')) {
        --m_depth;
        return true;
    }
    do {
        if (!readValue({}))
            return false;
        skipSpace();
    } while (take(','));
    --m_depth;
    return take(']') || fail(atEnd() ? kCut : kNoJson);
}

bool JsonParser::readObject(quint32 node)
{
    if (++m_depth > m_limits.maxDepth)
        return fail("is nested too deep");
    ++m_at;
    skipSpace();
    if (take('}')) {
        --m_depth;
        return true;
    }
    do {
        skipSpace();
        Bytes key;
        if (peek() != '"')
            return fail(atEnd() ? kCut : kNoJson);
        if (!readString(&key))
            return false;
        skipSpace();
        if (!take(':'))
            return fail(atEnd() ? kCut : kNoJson);
        if (!readValue(key))
            return false;
        skipSpace();
    } while (take(','));
    --m_depth;
    if (!take('}'))
        return fail(atEnd() ? kCut : kNoJson);
    return checkNames(node);
}

// Readers disagree on which of two counts.
bool JsonParser::checkNames(quint32 node)
{
    std::vector<Bytes> names;
    std::vector<std::string> resolved; // of names with escapes
    const auto end = quint32(m_tree.m_nodes.size());
    for (quint32 i = node + 1; i < end; i = m_tree.m_nodes[i].next) {
        const Bytes key = m_tree.m_nodes[i].key;
        if (key.find('\\') == Bytes::npos)
            names.push_back(key);
        else
            resolved.push_back(unescaped(key).toStdString());
    }
    names.insert(names.end(), resolved.begin(), resolved.end());
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end())
        return fail("has a member twice");
    return true;
}

bool JsonParser::readWord(Bytes word)
{
    if (m_text.substr(m_at, word.size()) != word)
        return fail(m_text.size() - m_at < word.size() ? kCut : kNoJson);
    m_at += word.size();
    return true;
}

bool JsonParser::readNumber()
{
    const std::size_t begin = m_at;
    take('-');
    if (!take('0') && !readDigits())
        return false;
    if (take('.') && !readDigits())
        return false;
    if (peek() == 'e' || peek() == 'E') {
        ++m_at;
        if (!take('+'))
            take('-');
        if (!readDigits())
            return false;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(m_text.data() + begin, m_text.data() + m_at, value);
    if (error != std::errc())
        return fail("has a number out of range");
    return true;
}

bool JsonParser::readDigits()
{
    if (!isDigit(peek()))
        return fail(atEnd() ? kCut : kNoJson);
    while (isDigit(peek()))
        ++m_at;
    return true;
}

bool JsonParser::readString(Bytes *inside)
{
    const std::size_t begin = ++m_at;
    for (;;) {
        while (!atEnd() && m_text[m_at] != '"' && m_text[m_at] != '\\'
               && static_cast<unsigned char>(m_text[m_at]) >= 0x20) {
            ++m_at;
        }
        if (atEnd())
            return fail(kCut);
        if (m_text[m_at] == '"')
            break;
        if (m_text[m_at] != '\\')
            return fail("has a control character in a string");
        ++m_at;
        if (!readEscape())
            return false;
    }
    *inside = m_text.substr(begin, m_at - begin);
    ++m_at;
    return true;
}

bool JsonParser::readEscape()
{
    if (atEnd())
        return fail(kCut);
    const char kind = m_text[m_at++];
    if (kind != 'u')
        return Bytes("\"\\/bfnrt").find(kind) != Bytes::npos || fail(kBadEscape);
    quint32 unit = 0;
    if (!readHex(&unit))
        return false;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    // A code point beyond the first plane is a pair of them.
    if (unit > 0xDBFF || !take('\\') || !take('u'))
        return fail(kBadEscape);
    if (!readHex(&unit))
        return false;
    return (unit >= 0xDC00 && unit <= 0xDFFF) || fail(kBadEscape);
}

bool JsonParser::readHex(quint32 *unit)
{
    if (m_text.size() - m_at < 4)
        return fail(kCut);
    const char *begin = m_text.data() + m_at;
    const auto [end, error] = std::from_chars(begin, begin + 4, *unit, 16);
    if (error != std::errc() || end != begin + 4)
        return fail(kBadEscape);
    m_at += 4;
    return true;
}

void JsonParser::skipSpace() noexcept
{
    while (!atEnd()
           && (m_text[m_at] == ' ' || m_text[m_at] == '\t' || m_text[m_at] == '\r'
               || m_text[m_at] == '\n')) {
        ++m_at;
    }
}

bool JsonParser::take(char expected) noexcept
{
    if (peek() != expected || atEnd())
        return false;
    ++m_at;
    return true;
}

bool JsonParser::fail(const char *text) noexcept
{
    if (!m_fault)
        m_fault = {text, m_at};
    return false;
}

} // namespace fairlead::tcp
