// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/textable.h"

#include <QJsonDocument>

#include <algorithm>
#include <array>

namespace fairlead::cli {

namespace {

struct Column
{
    QString title;
    QStringList cells;
    bool alignRight = false;
};

[[nodiscard]] QByteArray render(const std::vector<Column> &columns, qsizetype rows)
{
    std::vector<qsizetype> widths;
    for (const Column &column : columns) {
        qsizetype width = column.title.size();
        for (const QString &cell : column.cells) {
            width = std::max(width, cell.size());
        }
        widths.push_back(width);
    }
    QString text;
    for (qsizetype row = -1; row < rows; ++row) {
        QString line;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const Column &column = columns[i];
            const QString &cell = row < 0 ? column.title : column.cells.at(row);
            line += column.alignRight ? cell.rightJustified(widths[i])
                                      : cell.leftJustified(widths[i]);
            line += QStringLiteral("  ");
        }
        while (line.endsWith(u' ')) {
            line.chop(1);
        }
        text += line + u'\n';
    }
    return text.toUtf8();
}

[[nodiscard]] QString words(const QString &key)
{
    QString text;
    for (const QChar c : key) {
        if (c.isUpper()) {
            text += u' ';
        }
        text += c.toLower();
    }
    return text;
}

} // namespace

QString safeText(const QString &text)
{
    QString safe;
    safe.reserve(text.size());
    for (const QChar c : text) {
        if (c.category() == QChar::Other_Control || c.category() == QChar::Other_Format
            || c == QChar::LineSeparator || c == QChar::ParagraphSeparator) {
            safe += QStringLiteral("\\u%1").arg(c.unicode(), 4, 16, QLatin1Char('0'));
        } else {
            safe += c;
        }
    }
    return safe;
}

QString ageText(double seconds)
{
    struct Unit
    {
        qint64 seconds;
        const char *name;
    };

    static constexpr std::array<Unit, 4> kUnits
        = {{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
    if (seconds > 0 && seconds < 1) {
        return QStringLiteral("%1 ms").arg(qint64(seconds * 1000));
    }
    const auto whole = qint64(std::max(0.0, seconds));
    for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
        const qint64 count = whole / kUnits[i].seconds;
        if (count == 0) {
            continue;
        }
        const qint64 rest = whole % kUnits[i].seconds / kUnits[i + 1].seconds;
        QString text = QStringLiteral("%1 %2").arg(count).arg(QLatin1String(kUnits[i].name));
        if (rest > 0) {
            text += QStringLiteral(" %1 %2").arg(rest).arg(QLatin1String(kUnits[i + 1].name));
        }
        return text;
    }
    return QStringLiteral("%1 s").arg(whole);
}

QString bytesText(double bytes)
{
    static constexpr std::array<const char *, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    constexpr double kStep = 1024;
    std::size_t unit = 0;
    while (bytes >= kStep && unit + 1 < kUnits.size()) {
        bytes /= kStep;
        ++unit;
    }
    return QStringLiteral("%1 %2")
        .arg(bytes, 0, 'f', unit == 0 ? 0 : 1)
        .arg(QLatin1String(kUnits[unit]));
}

QString cellText(const QJsonValue &value, CellStyle style)
{
    if (value.isUndefined() || value.isNull()) {
        return {};
    }
    switch (style) {
    case CellStyle::Age:
        return ageText(value.toDouble());
    case CellStyle::Bytes:
        return bytesText(value.toDouble());
    case CellStyle::YesNo:
        return value.toBool() ? QStringLiteral("yes") : QStringLiteral("no");
    case CellStyle::Reason: {
        const QJsonObject reason = value.toObject();
        return safeText(
            QStringLiteral("%1 [%2]").arg(reason.value(QStringLiteral("text")).toString(),
                                          reason.value(QStringLiteral("code")).toString()));
    }
    case CellStyle::Text:
    case CellStyle::Number:
        break;
    }
    if (value.isString()) {
        return safeText(value.toString());
    }
    if (value.isDouble()) {
        // A whole number shows all its digits.
        const qint64 whole = value.toInteger(0);
        return whole == value.toInteger(1) ? QString::number(whole)
                                           : QString::number(value.toDouble());
    }
    if (value.isBool()) {
        return value.toBool() ? QStringLiteral("yes") : QStringLiteral("no");
    }
    if (value.isArray()) {
        QStringList items;
        const QJsonArray array = value.toArray();
        for (const auto &item : array) {
            items.append(cellText(item, CellStyle::Text));
        }
        return items.join(QStringLiteral(", "));
    }
    return safeText(
        QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact)));
}

QByteArray tableText(const QJsonArray &rows, std::span<const TableColumn> columns)
{
    std::vector<Column> shown;
    for (const TableColumn &column : columns) {
        Column one{QLatin1String(column.title),
                   {},
                   column.style == CellStyle::Number || column.style == CellStyle::Bytes};
        bool isUsed = rows.isEmpty();
        for (const auto &row : rows) {
            one.cells.append(
                cellText(row.toObject().value(QLatin1String(column.key)), column.style));
            isUsed = isUsed || !one.cells.constLast().isEmpty();
        }
        if (isUsed) {
            shown.push_back(std::move(one));
        }
    }
    return render(shown, rows.size());
}

QByteArray tableText(const QJsonArray &rows)
{
    QStringList keys;
    for (const auto &row : rows) {
        const QStringList own = row.toObject().keys();
        for (const QString &key : own) {
            if (!keys.contains(key)) {
                keys.append(key);
            }
        }
    }
    return tableText(rows, keys);
}

QByteArray tableText(const QJsonArray &rows, const QStringList &keys)
{
    std::vector<Column> columns;
    for (const QString &key : keys) {
        Column one{safeText(words(key)).toUpper(), {}, true};
        bool isUsed = rows.isEmpty();
        for (const auto &row : rows) {
            const QJsonValue value = row.toObject().value(key);
            one.cells.append(cellText(value, CellStyle::Text));
            const bool isEmpty = one.cells.constLast().isEmpty();
            one.alignRight = one.alignRight && (value.isDouble() || isEmpty);
            isUsed = isUsed || !isEmpty;
        }
        if (isUsed) {
            columns.push_back(std::move(one));
        }
    }
    return render(columns, rows.size());
}

QByteArray objectText(const QJsonObject &object)
{
    return objectText(object, object.keys());
}

QByteArray objectText(const QJsonObject &object, const QStringList &keys)
{
    QByteArray lines;
    QByteArray tables;
    for (const QString &key : keys) {
        const QString name = safeText(words(key));
        const QJsonValue member = object.value(key);
        const QJsonArray array = member.toArray();
        if (!array.isEmpty() && array.first().isObject()) {
            tables += '\n' + name.toUtf8() + ":\n" + tableText(array);
            continue;
        }
        const QString value = cellText(member, CellStyle::Text);
        if (!value.isEmpty()) {
            lines += (name + QStringLiteral(": ") + value + u'\n').toUtf8();
        }
    }
    return lines + tables;
}

} // namespace fairlead::cli
