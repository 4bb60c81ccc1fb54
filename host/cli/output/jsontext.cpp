// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/jsontext.h"

#include "codec/topic.h"

#include <QString>

#include <vector>

namespace fairlead::cli {

using mqtt::Bytes;

namespace {

constexpr std::size_t kMaxDepth = 500;

/// A run over JSON text that copies the tokens and lays them out anew. Not recursive: the depth is
/// the sender's to choose.
class Reformatter
{
public:
    Reformatter(Bytes text, JsonLayout layout)
        : m_text(text)
        , m_indented(layout == JsonLayout::Indented)
    { }

    [[nodiscard]] bool run()
    {
        do {
            if (!value()) {
                return false;
            }
        } while (m_opened || anotherFollows());
        if (m_failed) {
            return false;
        }
        skipBlanks();
        return m_at == m_text.size();
    }

    [[nodiscard]] QByteArray takeOutput() { return std::move(m_out); }

private:
    /// Behind a value: closes what is complete, and says whether a comma calls for one more.
    [[nodiscard]] bool anotherFollows()
    {
        for (skipBlanks(); !m_open.empty(); skipBlanks()) {
            if (take(',')) {
                m_out += ',';
                newLine();
                return true;
            }
            if (!take(m_open.back())) {
                m_failed = true;
                return false;
            }
            closeLevel();
        }
        return false;
    }

    [[nodiscard]] char peek() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }

    bool take(char wanted)
    {
        if (m_at < m_text.size() && m_text[m_at] == wanted) {
            ++m_at;
            return true;
        }
        return false;
    }

    void skipBlanks()
    {
        while (m_at < m_text.size()
               && (m_text[m_at] == ' ' || m_text[m_at] == '\t' || m_text[m_at] == '\n'
                   || m_text[m_at] == '\r')) {
            ++m_at;
        }
    }

    void newLine()
    {
        if (m_indented) {
            m_out += '\n';
            m_out.append(static_cast<qsizetype>(m_open.size()) * 2, ' ');
        }
    }

    void closeLevel()
    {
        const char bracket = m_open.back();
        m_open.pop_back();
        newLine();
        m_out += bracket;
    }

    /// One value, after its name if it stands in an object; m_opened when it is the beginning of a
    /// list or object that is not empty.
    bool value()
    {
        m_opened = false;
        skipBlanks();
        if (!m_open.empty() && m_open.back() == '}') {
            if (!string()) {
                return false;
            }
            skipBlanks();
            if (!take(':')) {
                return false;
            }
            m_out += m_indented ? QByteArrayLiteral(": ") : QByteArrayLiteral(":");
            skipBlanks();
        }
        switch (peek()) {
        case '{':
            return open('{', '}');
        case '[':
            return open('[', ']');
        case '"':
            return string();
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number();
        }
    }

    bool open(char left, char right)
    {
        ++m_at;
        m_out += left;
        skipBlanks();
        if (take(right)) {
            m_out += right;
            return true;
        }
        if (m_open.size() >= kMaxDepth) {
            return false;
        }
        m_open.push_back(right);
        newLine();
        m_opened = true;
        return true;
    }

    bool word(const char *expected)
    {
        const Bytes wanted(expected);
        if (m_text.substr(m_at, wanted.size()) != wanted) {
            return false;
        }
        m_at += wanted.size();
        m_out.append(expected);
        return true;
    }

    bool digits()
    {
        const std::size_t begin = m_at;
        while (peek() >= '0' && peek() <= '9') {
            ++m_at;
        }
        return m_at > begin;
    }

    bool number()
    {
        const std::size_t begin = m_at;
        take('-');
        if (!take('0') && !digits()) {
            return false;
        }
        if (take('.') && !digits()) {
            return false;
        }
        if (peek() == 'e' || peek() == 'E') {
            ++m_at;
            if (!take('+')) {
                take('-');
            }
            if (!digits()) {
                return false;
            }
        }
        copyFrom(begin);
        return true;
    }

    bool string()
    {
        const std::size_t begin = m_at;
        if (!take('"')) {
            return false;
        }
        while (m_at < m_text.size()) {
            const char octet = m_text[m_at++];
            if (octet == '"') {
                copyFrom(begin);
                return true;
            }
            if (static_cast<unsigned char>(octet) < 0x20 || (octet == '\\' && !escape())) {
                return false;
            }
        }
        return false;
    }

    bool escape()
    {
        const char kind = peek();
        ++m_at;
        if (kind != 'u') {
            return kind != '\0' && Bytes("\"\\/bfnrt").find(kind) != Bytes::npos;
        }
        for (int i = 0; i < 4; ++i, ++m_at) {
            const char digit = peek();
            if (digit == '\0' || Bytes("0123456789abcdefABCDEF").find(digit) == Bytes::npos) {
                return false;
            }
        }
        return true;
    }

    void copyFrom(std::size_t begin)
    {
        m_out.append(m_text.data() + begin, static_cast<qsizetype>(m_at - begin));
    }

    Bytes m_text;
    std::size_t m_at = 0;
    std::vector<char> m_open; ///< the brackets that are still to come
    QByteArray m_out;
    bool m_indented;
    bool m_opened = false;
    bool m_failed = false;
};

} // namespace

void appendJsonString(QByteArray &out, Bytes text)
{
    constexpr char kHex[] = "0123456789abcdef";
    QByteArray repaired;
    if (!mqtt::isValidUtf8(text)) {
        repaired = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).toUtf8();
        text = {repaired.constData(), static_cast<std::size_t>(repaired.size())};
    }
    out += '"';
    for (const char octet : text) {
        switch (octet) {
        case '"':
        case '\\':
            out += '\\';
            out += octet;
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (static_cast<unsigned char>(octet) < 0x20) {
                out += "\\u00";
                out += kHex[static_cast<unsigned char>(octet) >> 4];
                out += kHex[static_cast<unsigned char>(octet) & 0x0F];
            } else {
                out += octet;
            }
            break;
        }
    }
    out += '"';
}

std::optional<QByteArray> reformatJson(Bytes text, JsonLayout layout)
{
    // Text that holds U+0000 fails as well: JSON strings have to escape it.
    if (!mqtt::isValidUtf8(text)) {
        return std::nullopt;
    }
    Reformatter reformatter(text, layout);
    if (!reformatter.run()) {
        return std::nullopt;
    }
    return reformatter.takeOutput();
}

} // namespace fairlead::cli
