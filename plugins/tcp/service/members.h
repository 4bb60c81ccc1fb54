// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <QtCore/QByteArray>
#include <QtCore/QByteArrayList>
#include <QtCore/QStringList>

#include <optional>

namespace fairlead::tcp {

// Members of messages that the schema found good. A member that is missing leaves its value alone.

/// The member @p name of @p object as text.
std::optional<QByteArray> textMember(const JsonValue &object, Bytes name);
void readMember(const JsonValue &object, Bytes name, QByteArray &out);
void readMember(const JsonValue &object, Bytes name, QString &out);
void readMember(const JsonValue &object, Bytes name, QByteArrayList &out);
void readMember(const JsonValue &object, Bytes name, QStringList &out);
void readMember(const JsonValue &object, Bytes name, bool &out);

/// A whole number that the schema bounds to what @p out can hold.
template <typename Number>
void readNumber(const JsonValue &object, Bytes name, Number &out)
{
    if (const JsonValue member = object.member(name))
        out = static_cast<Number>(member.number());
}

/// Base64, strictly. False: there is such a member, and it is none.
bool readBase64(const JsonValue &object, Bytes name, std::optional<QByteArray> &out);

} // namespace fairlead::tcp
