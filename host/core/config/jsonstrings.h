// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonArray>
#include <QtCore/QJsonValue>
#include <QtCore/QStringList>

namespace fairlead::core {

/// The strings of an array; what is no string is an empty one.
inline QStringList stringsOf(const QJsonValue &array)
{
    QStringList list;
    const QJsonArray items = array.toArray();
    for (const auto &item : items)
        list.append(item.toString());
    return list;
}

} // namespace fairlead::core
