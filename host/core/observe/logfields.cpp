// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/logfields.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr QChar kQuote = u'"';
constexpr QChar kBackslash = u'\\';

bool isUnsafe(QChar character)
{
    // Controls, and what some terminals and readers take for the end of a line or the order of text.
    return character.category() == QChar::Other_Control
        || character.category() == QChar::Other_Format
        || character.category() == QChar::Separator_Line
        || character.category() == QChar::Separator_Paragraph;
}

bool isKeyCharacter(QChar character)
{
    return (character >= u'a' && character <= u'z') || (character >= u'A' && character <= u'Z')
        || (character >= u'0' && character <= u'9') || character == u'_' || character == u'-'
        || character == u'.';
}

// The value that starts at @p at, which moves behind it; false if its quotes are not closed.
bool takeValue(const QString &text, qsizetype *at, QString *value)
{
    qsizetype i = *at;
    if (i >= text.size() || text[i] != kQuote) {
        const qsizetype space = text.indexOf(u' ', i);
        const qsizetype end = space < 0 ? text.size() : space;
        *value = text.mid(i, end - i);
        *at = end;
        return true;
    }
    value->clear();
    for (++i; i < text.size(); ++i) {
        if (text[i] == kQuote) {
            *at = i + 1;
            return true;
        }
        if (text[i] == kBackslash && i + 1 < text.size()
            && (text[i + 1] == kQuote || text[i + 1] == kBackslash)) {
            ++i;
        }
        value->append(text[i]);
    }
    return false;
}

} // namespace

QString logSafe(const QString &value)
{
    if (std::none_of(value.cbegin(), value.cend(), &isUnsafe))
        return value;
    QString safe;
    safe.reserve(value.size() + 8);
    for (const QChar character : value) {
        if (character == u'\n')
            safe += QStringLiteral("\\n");
        else if (isUnsafe(character))
            safe += QStringLiteral("\\u%1").arg(character.unicode(), 4, 16, QLatin1Char('0'));
        else
            safe += character;
    }
    return safe;
}

QString logField(const char *key, const QString &value)
{
    const QString name = QLatin1String(key) + QLatin1Char('=');
    const bool plain
        = !value.isEmpty() && std::none_of(value.cbegin(), value.cend(), [](QChar character) {
              return character == u' ' || character == kQuote || character == kBackslash
                  || character == u'=' || isUnsafe(character);
          });
    if (plain)
        return name + value;
    QString quoted = value;
    quoted.replace(kBackslash, QStringLiteral("\\\\"));
    quoted.replace(kQuote, QStringLiteral("\\\""));
    return name + kQuote + logSafe(quoted) + kQuote;
}

QString logField(const char *key, qint64 value)
{
    return QLatin1String(key) + QLatin1Char('=') + QString::number(value);
}

LogFields parseLogFields(const QString &text)
{
    LogFields result;
    qsizetype at = 0;
    while (at < text.size()) {
        qsizetype end = at;
        while (end < text.size() && isKeyCharacter(text[end]))
            ++end;
        if (end == at || end >= text.size() || text[end] != u'=')
            break;
        qsizetype next = end + 1;
        QString value;
        if (!takeValue(text, &next, &value) || (next < text.size() && text[next] != u' '))
            break;
        result.fields.append({text.mid(at, end - at), value});
        at = next;
        while (at < text.size() && text[at] == u' ')
            ++at;
    }
    result.rest = text.mid(at);
    return result;
}

} // namespace fairlead::core
