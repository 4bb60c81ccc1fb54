// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/formatparser.h"

#include "options/optionfailure.h"

#include <cstring>

namespace fairlead::cli {

namespace {

using Piece = FormatString::Piece;

constexpr qsizetype kMaxWidth = 10'000;
constexpr char kCodes[] = "%ACDEFIJPRSUXdfjlmpqrtx";
constexpr char kSeparators[] = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ ";
constexpr char kEscapes[][2] = {{'\\', '\\'},
                                {'0', '\0'},
                                {'a', '\a'},
                                {'e', '\x1b'},
                                {'n', '\n'},
                                {'r', '\r'},
                                {'t', '\t'},
                                {'v', '\v'}};

class Parser
{
public:
    Parser(const QByteArray &text, std::vector<Piece> &pieces)
        : m_text(text)
        , m_pieces(pieces)
    { }

    [[nodiscard]] Failure run()
    {
        while (!atEnd()) {
            const char octet = m_text[m_at++];
            if (octet != '%' && octet != '@' && octet != '\\') {
                literal(octet);
                continue;
            }
            if (atEnd()) {
                return incomplete();
            }
            Failure bad = octet == '%' ? percent() : octet == '@' ? time() : escape();
            if (bad) {
                return bad;
            }
        }
        return {};
    }

private:
    [[nodiscard]] bool atEnd() const { return m_at >= m_text.size(); }

    [[nodiscard]] static Failure incomplete()
    {
        return usageFailure("invalid-format",
                            QStringLiteral("-F: the format ends within a sequence"));
    }

    void literal(char octet)
    {
        if (m_pieces.empty() || m_pieces.back().kind != Piece::Kind::Literal) {
            m_pieces.emplace_back();
        }
        m_pieces.back().literal += octet;
    }

    [[nodiscard]] Failure escape()
    {
        const char code = m_text[m_at++];
        for (const auto &one : kEscapes) {
            if (one[0] == code) {
                literal(one[1]);
                return {};
            }
        }
        return usageFailure("invalid-format",
                            QStringLiteral("-F: unknown escape '\\%1'").arg(QLatin1Char(code)));
    }

    [[nodiscard]] Failure time()
    {
        const char code = m_text[m_at++];
        if (code == '@') {
            literal('@');
            return {};
        }
        Piece piece;
        piece.kind = Piece::Kind::Time;
        piece.code = code;
        m_pieces.push_back(piece);
        return {};
    }

    /// The digits that come now; more than kMaxWidth when they make no sensible width.
    [[nodiscard]] qsizetype number()
    {
        qsizetype value = 0;
        while (!atEnd() && m_text[m_at] >= '0' && m_text[m_at] <= '9') {
            value = std::min(value * 10 + (m_text[m_at] - '0'), kMaxWidth + 1);
            ++m_at;
        }
        return value;
    }

    [[nodiscard]] Failure percent()
    {
        Piece piece;
        piece.kind = Piece::Kind::Message;
        for (; !atEnd() && (m_text[m_at] == '-' || m_text[m_at] == '0'); ++m_at) {
            (m_text[m_at] == '-' ? piece.field.left : piece.field.zeros) = true;
        }
        piece.field.width = number();
        if (!atEnd() && m_text[m_at] == '.') {
            ++m_at;
            piece.field.precision = number();
        }
        if (piece.field.width > kMaxWidth || piece.field.precision > kMaxWidth) {
            return usageFailure("invalid-format",
                                QStringLiteral("-F: a field is wider than %1").arg(kMaxWidth));
        }
        if (m_at + 1 < m_text.size() && (m_text[m_at + 1] == 'x' || m_text[m_at + 1] == 'X')
            && std::strchr(kSeparators, m_text[m_at]) != nullptr) {
            piece.field.separator = m_text[m_at++];
        }
        if (atEnd()) {
            return incomplete();
        }
        piece.code = m_text[m_at++];
        if (piece.code == '\0' || std::strchr(kCodes, piece.code) == nullptr) {
            return usageFailure(
                "invalid-format",
                QStringLiteral("-F: unknown sequence '%%1'").arg(QLatin1Char(piece.code)));
        }
        if (piece.code == '%') {
            literal('%');
        } else {
            m_pieces.push_back(piece);
        }
        return {};
    }

    const QByteArray &m_text;
    std::vector<Piece> &m_pieces;
    qsizetype m_at = 0;
};

} // namespace

Failure parseFormat(const QByteArray &text, std::vector<FormatString::Piece> &pieces)
{
    return Parser(text, pieces).run();
}

} // namespace fairlead::cli
