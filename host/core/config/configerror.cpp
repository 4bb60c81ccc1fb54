// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/configerror.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace fairlead::core {

namespace {

// The number of letters to insert, remove, replace or swap with their neighbour.
qsizetype editDistance(const QString &a, const QString &b)
{
    const auto width = std::size_t(b.size()) + 1;
    std::vector<qsizetype> before(width);
    std::vector<qsizetype> last(width);
    std::vector<qsizetype> row(width);
    std::iota(last.begin(), last.end(), 0);
    for (qsizetype i = 0; i < a.size(); ++i) {
        row[0] = i + 1;
        for (qsizetype j = 0; j < b.size(); ++j) {
            const auto at = std::size_t(j);
            row[at + 1]
                = std::min({last[at + 1] + 1, row[at] + 1, last[at] + (a[i] == b[j] ? 0 : 1)});
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
                row[at + 1] = std::min(row[at + 1], before[at - 1] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last.back();
}

} // namespace

Error ConfigProblem::toError() const
{
    QStringList parts;
    if (const QString place = origin.toString(); !place.isEmpty())
        parts.append(place);
    if (!key.isEmpty())
        parts.append(key);
    QString message = text;
    if (message.isEmpty())
        message = QStringLiteral("expected %1, found %2").arg(expected, found);
    if (!nearest.isEmpty())
        message += QStringLiteral("; did you mean \"%1\"?").arg(nearest);
    parts.append(message);

    Error error(code, parts.join(QStringLiteral(": ")));
    error.setDetail(QStringLiteral("file"), origin.source);
    error.setDetail(QStringLiteral("line"), origin.line);
    error.setDetail(QStringLiteral("column"), origin.column);
    error.setDetail(QStringLiteral("key"), key);
    if (!expected.isEmpty())
        error.setDetail(QStringLiteral("expected"), expected);
    if (!found.isEmpty())
        error.setDetail(QStringLiteral("found"), found);
    if (!nearest.isEmpty())
        error.setDetail(QStringLiteral("nearest"), nearest);
    return error;
}

QString nearestWord(const QString &word, const QStringList &known)
{
    constexpr qsizetype kLongest = 64; // nothing we know is longer, and the cost is quadratic
    if (word.size() > kLongest)
        return {};
    QString nearest;
    qsizetype best = std::max(qsizetype(2), word.size() / 3) + 1;
    for (const QString &candidate : known) {
        // Near means that something of the word is left.
        const qsizetype distance = editDistance(word.toLower(), candidate);
        if (distance < best && distance < candidate.size()) {
            best = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

} // namespace fairlead::core
