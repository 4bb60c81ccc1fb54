// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/servicelabel.h"

namespace fairlead::ship {

namespace {

constexpr qsizetype kTellingDigits = 8; ///< of a SKI, to tell hosts apart

} // namespace

QByteArray labelFor(const Announcement &announcement)
{
    QByteArrayList words;
    for (const QByteArray &word : {announcement.type, announcement.brand, announcement.model}) {
        if (!word.trimmed().isEmpty())
            words.append(word.trimmed());
    }
    if (words.isEmpty())
        words = {QByteArrayLiteral("Fairlead"), announcement.ski.toHex().left(kTellingDigits)};
    return clipped(words.join(' '), kMaxLabelSize);
}

QByteArray labelAfter(const QByteArray &label)
{
    QByteArray stem = label;
    uint number = 1;
    const qsizetype at = label.lastIndexOf(" (");
    if (at > 0 && label.endsWith(')')) {
        bool isNumber = false;
        const uint read = label.mid(at + 2, label.size() - at - 3).toUInt(&isNumber);
        if (isNumber && read > 1) {
            stem = label.left(at);
            number = read;
        }
    }
    const QByteArray mark = " (" + QByteArray::number(number + 1) + ')';
    return clipped(stem, kMaxLabelSize - mark.size()) + mark;
}

} // namespace fairlead::ship
