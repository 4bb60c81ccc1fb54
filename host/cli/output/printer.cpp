// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/printer.h"

#include "output/jsonmessage.h"
#include "output/jsontext.h"

namespace fairlead::cli {

namespace {

constexpr int kFirstWatchLine = 2;
constexpr qsizetype kMaxWatched = 9'999;

[[nodiscard]] QByteArray toLine(int line)
{
    return "\x1b[" + QByteArray::number(line) + ";1H";
}

} // namespace

Printer::Printer(const Options &options)
    : m_host(options.host)
    , m_output(options.output)
    , m_verbose(options.verbose || options.watch)
    , m_lineEnd(options.lineEnd)
    , m_pretty(options.pretty)
    , m_watch(options.watch)
    , m_showOrigin(options.showOrigin)
{
    if (options.format) {
        m_format.emplace(*options.format, options.pretty);
    }
}

QByteArray Printer::beginning() const
{
    if (m_watch) {
        return "\x1b[2J" + toLine(1) + "Broker: " + m_host + '\n';
    }
    return m_output == OutputStyle::Json ? QByteArrayLiteral("[") : QByteArray();
}

QByteArray Printer::ending() const
{
    if (m_output != OutputStyle::Json) {
        return {};
    }
    return m_first ? QByteArrayLiteral("]\n") : QByteArrayLiteral("\n]\n");
}

QByteArray Printer::render(const IncomingMessage &message, const Moment &moment, QString &problem)
{
    if (m_output != OutputStyle::Text) {
        return record(message, moment);
    }
    QByteArray text;
    if (m_format) {
        m_format->render(message, moment, text, problem);
    } else {
        text = plain(message);
        if (text.isNull()) {
            return {};
        }
    }
    if (m_showOrigin) {
        const QByteArray origin = originOf(message);
        text.prepend((origin.isEmpty() ? QByteArrayLiteral("-") : origin) + ' ');
    }
    if (m_watch) {
        return placed(message, std::move(text));
    }
    if (m_lineEnd) {
        text += '\n';
    }
    return text;
}

QByteArray Printer::plain(const IncomingMessage &message) const
{
    if (m_verbose) {
        return message.topic + ' '
            + (message.payload.isEmpty() ? QByteArrayLiteral("(null)") : message.payload);
    }
    // Without its topic an empty message leaves nothing to print.
    return message.payload.isEmpty() ? QByteArray() : message.payload;
}

QByteArray Printer::record(const IncomingMessage &message, const Moment &moment)
{
    QByteArray object = jsonRecord(message, moment, m_showOrigin);
    if (m_pretty) {
        object = reformatJson(view(object), JsonLayout::Indented).value_or(object);
    }
    if (m_output == OutputStyle::Ndjson) {
        return object + '\n';
    }
    const bool first = std::exchange(m_first, false);
    return (first ? QByteArrayLiteral("\n") : QByteArrayLiteral(",\n")) + object;
}

QByteArray Printer::placed(const IncomingMessage &message, QByteArray text)
{
    auto known = m_lines.constFind(message.topic);
    if (known == m_lines.constEnd()) {
        if (m_lines.size() >= kMaxWatched) {
            return {};
        }
        known = m_lines.insert(message.topic, kFirstWatchLine + static_cast<int>(m_lines.size()));
    }
    // A payload must not move the cursor or recolour the screen.
    for (char &octet : text) {
        if ((octet >= 0 && octet < 0x20 && !m_format) || octet == '\n' || octet == '\r') {
            octet = ' ';
        }
    }
    const int below = kFirstWatchLine + static_cast<int>(m_lines.size());
    return toLine(*known) + text + "\x1b[K" + toLine(below);
}

} // namespace fairlead::cli
