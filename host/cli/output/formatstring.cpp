// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/formatstring.h"

#include "output/formatparser.h"
#include "output/jsonmessage.h"
#include "output/jsontext.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>

namespace fairlead::cli {

using namespace fairlead::mqtt;

namespace {

using Field = FormatString::Field;

/// Characters, not octets, so that columns line up.
[[nodiscard]] qsizetype characterCount(Bytes text)
{
    return std::count_if(text.begin(), text.end(), [](char octet) {
        return (static_cast<unsigned char>(octet) & 0xC0) != 0x80;
    });
}

[[nodiscard]] Bytes firstCharacters(Bytes text, qsizetype count)
{
    std::size_t at = 0;
    while (at < text.size()) {
        if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && count-- == 0) {
            break;
        }
        ++at;
    }
    return text.substr(0, at);
}

void appendPadded(QByteArray &out, Bytes text, qsizetype size, const Field &field, bool zeros)
{
    const qsizetype missing = std::max<qsizetype>(0, field.width - size);
    if (!field.left) {
        out.append(missing, zeros && field.zeros ? '0' : ' ');
    }
    out.append(text.data(), static_cast<qsizetype>(text.size()));
    if (field.left) {
        out.append(missing, ' ');
    }
}

void appendText(QByteArray &out, Bytes text, const Field &field)
{
    if (field.precision >= 0) {
        text = firstCharacters(text, field.precision);
    }
    appendPadded(out, text, characterCount(text), field, false);
}

void appendNumber(QByteArray &out, qint64 number, const Field &field)
{
    const QByteArray digits = QByteArray::number(number);
    appendPadded(out, view(digits), digits.size(), field, true);
}

void appendBlank(QByteArray &out, const Field &field, bool zeros)
{
    appendPadded(out, {}, 0, field, zeros);
}

void appendHex(QByteArray &out, const QByteArray &payload, const Field &field, bool upper)
{
    QByteArray digits = payload.toHex();
    if (upper) {
        digits = digits.toUpper();
    }
    if (field.separator == '\0' || field.precision <= 0) {
        appendPadded(out, view(digits), digits.size(), field, true);
        return;
    }
    QByteArray grouped;
    for (qsizetype i = 0; i < digits.size(); i += field.precision) {
        if (i > 0) {
            grouped += field.separator;
        }
        grouped += digits.mid(i, field.precision);
    }
    appendPadded(out, view(grouped), grouped.size(), field, true);
}

template <typename Real>
[[nodiscard]] bool appendReal(QByteArray &out, const QByteArray &payload, const Field &field)
{
    Real value = 0;
    if (payload.size() != static_cast<qsizetype>(sizeof value)) {
        return false;
    }
    std::memcpy(&value, payload.constData(), sizeof value);
    // The largest double has 309 digits before the point.
    const int precision = field.precision < 0 ? 6 : static_cast<int>(field.precision);
    QByteArray digits(precision + 330, '\0');
    digits.truncate(std::snprintf(digits.data(),
                                  static_cast<std::size_t>(digits.size()),
                                  "%.*f",
                                  precision,
                                  static_cast<double>(value)));
    appendPadded(out, view(digits), digits.size(), field, true);
    return true;
}

void appendNumericProperty(QByteArray &out,
                           const IncomingMessage &message,
                           PropertyId id,
                           const Field &field)
{
    if (const std::optional<Property> property = message.property(id)) {
        appendNumber(out, property->number, field);
    } else {
        appendBlank(out, field, true);
    }
}

void appendTextProperty(QByteArray &out,
                        const IncomingMessage &message,
                        PropertyId id,
                        const Field &field)
{
    const std::optional<Property> property = message.property(id);
    appendText(out, property ? property->value : Bytes(), field);
}

void appendUserProperties(QByteArray &out, const IncomingMessage &message)
{
    bool first = true;
    for (auto it = message.firstProperty(); it != std::default_sentinel; ++it) {
        if (it->id == PropertyId::UserProperty) {
            out += first ? "" : " ";
            out += copyOf(it->name) + ':' + copyOf(it->value);
            first = false;
        }
    }
}

void appendTime(QByteArray &out, const Moment &moment, char code)
{
    if (code == 'N') {
        out += QByteArray::number(static_cast<qlonglong>(moment.nanoseconds))
                   .rightJustified(9, '0');
        return;
    }
    const char format[] = {'%', code, '\0'};
    out += moment.formatted(format);
}

[[nodiscard]] QString problemWith(const IncomingMessage &message, const char *what)
{
    return QStringLiteral("the payload on topic %1 is not %2")
        .arg(QString::fromUtf8(message.topic), QLatin1String(what));
}

void appendJson(QByteArray &out,
                const IncomingMessage &message,
                const Moment &moment,
                bool parsed,
                bool indented,
                QString &problem)
{
    std::optional<QByteArray> text = jsonWithText(message, moment);
    if (parsed) {
        text = jsonWithJson(message, moment);
    }
    if (text && indented) {
        text = reformatJson(view(*text), JsonLayout::Indented);
    }
    if (text) {
        out += *text;
    } else {
        problem = problemWith(message, "valid JSON");
    }
}

} // namespace

Failure FormatString::check(const QByteArray &text)
{
    std::vector<Piece> pieces;
    return parseFormat(text, pieces);
}

FormatString::FormatString(const QByteArray &text, bool indentJson)
    : m_indentJson(indentJson)
{
    if (parseFormat(text, m_pieces)) {
        m_pieces.clear();
    }
}

void FormatString::render(const IncomingMessage &message,
                          const Moment &moment,
                          QByteArray &out,
                          QString &problem) const
{
    for (const Piece &piece : m_pieces) {
        if (piece.kind == Piece::Kind::Literal) {
            out += piece.literal;
            continue;
        }
        if (piece.kind == Piece::Kind::Time) {
            appendTime(out, moment, piece.code);
            continue;
        }
        const Field &field = piece.field;
        switch (piece.code) {
        case 'A':
            appendNumericProperty(out, message, PropertyId::TopicAlias, field);
            break;
        case 'C':
            appendTextProperty(out, message, PropertyId::ContentType, field);
            break;
        case 'D':
            if (const auto property = message.property(PropertyId::CorrelationData)) {
                out += copyOf(property->value);
            }
            break;
        case 'E':
            appendNumericProperty(out, message, PropertyId::MessageExpiryInterval, field);
            break;
        case 'F':
            appendNumericProperty(out, message, PropertyId::PayloadFormatIndicator, field);
            break;
        case 'I':
            appendText(out, view(moment.formatted("%Y-%m-%dT%H:%M:%S%z")), field);
            break;
        case 'J':
        case 'j':
            appendJson(out, message, moment, piece.code == 'J', m_indentJson, problem);
            break;
        case 'P':
            appendUserProperties(out, message);
            break;
        case 'R':
            appendTextProperty(out, message, PropertyId::ResponseTopic, field);
            break;
        case 'S':
            appendNumericProperty(out, message, PropertyId::SubscriptionIdentifier, field);
            break;
        case 'U':
            out += QByteArray::number(static_cast<qlonglong>(moment.seconds)) + '.';
            appendTime(out, moment, 'N');
            break;
        case 'X':
        case 'x':
            appendHex(out, message.payload, field, piece.code == 'X');
            break;
        case 'd':
            if (!appendReal<double>(out, message.payload, field)) {
                problem = problemWith(message, "a double (8 bytes)");
            }
            break;
        case 'f':
            if (!appendReal<float>(out, message.payload, field)) {
                problem = problemWith(message, "a float (4 bytes)");
            }
            break;
        case 'l':
            appendNumber(out, message.payload.size(), field);
            break;
        case 'm':
            appendNumber(out, message.packetId, field);
            break;
        case 'p':
            appendPadded(out, view(message.payload), message.payload.size(), field, true);
            break;
        case 'q':
            out += QByteArray::number(message.qos);
            break;
        case 'r':
            out += message.retain ? '1' : '0';
            break;
        default:
            appendText(out, view(message.topic), field);
            break;
        }
    }
}

} // namespace fairlead::cli
