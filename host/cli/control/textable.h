// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>
#include <QJsonArray>
#include <QJsonObject>
#include <QString>
#include <QStringList>

#include <span>
#include <vector>

namespace fairlead::cli {

// JSON for people.

/// How a value is shown.
enum class CellStyle : quint8 {
    Text,
    Number,
    Bytes, ///< "1.5 MiB"
    Age, ///< "2 d 3 h", from seconds
    YesNo,
    Reason, ///< an error object's text
};

struct TableColumn
{
    const char *title;
    const char *key;
    CellStyle style = CellStyle::Text;
};

/// What a terminal may be given of a stranger's text: no control characters.
[[nodiscard]] QString safeText(const QString &text);
/// "45 s", "3 min 20 s", "2 h 5 min", "9 d 4 h".
[[nodiscard]] QString ageText(double seconds);
[[nodiscard]] QString bytesText(double bytes);
[[nodiscard]] QString cellText(const QJsonValue &value, CellStyle style);

/// Aligned columns under their titles. A column that nobody has a value for is left out.
[[nodiscard]] QByteArray tableText(const QJsonArray &rows, std::span<const TableColumn> columns);
/// A table of whatever keys the rows have.
[[nodiscard]] QByteArray tableText(const QJsonArray &rows);
/// A table of these keys, in their order. One that nobody has a value for is left out.
[[nodiscard]] QByteArray tableText(const QJsonArray &rows, const QStringList &keys);
/// "key: value" lines; lists of objects as tables.
[[nodiscard]] QByteArray objectText(const QJsonObject &object);
/// The same of these keys, in their order.
[[nodiscard]] QByteArray objectText(const QJsonObject &object, const QStringList &keys);

} // namespace fairlead::cli
