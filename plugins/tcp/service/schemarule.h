// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/messageschema.h"

#include <map>
#include <optional>
#include <vector>

namespace fairlead::tcp {

/// One schema of the document.
struct MessageSchema::Rule
{
    /// Empty: fine.
    SchemaFault check(const JsonValue &value, const QByteArray &place) const;

    std::vector<QByteArray> types;
    std::vector<QByteArray> names; ///< of enum or const, which are strings here
    std::optional<double> minimum;
    std::optional<double> maximum;
    std::optional<double> minLength; ///< in code points
    std::optional<double> maxLength;
    std::optional<double> minItems;
    std::optional<double> maxItems;
    std::vector<QByteArray> required;
    std::map<QByteArray, const Rule *> properties;
    std::vector<const Rule *> oneOf;
    const Rule *items = nullptr;
    const Rule *negated = nullptr;
    const Rule *same = nullptr; ///< $ref

private:
    SchemaFault checkType(const JsonValue &value, const QByteArray &place) const;
    SchemaFault checkString(const JsonValue &value, const QByteArray &place) const;
    SchemaFault checkNumber(const JsonValue &value, const QByteArray &place) const;
    SchemaFault checkArray(const JsonValue &value, const QByteArray &place) const;
    SchemaFault checkObject(const JsonValue &value, const QByteArray &place) const;
    SchemaFault checkChoice(const JsonValue &value, const QByteArray &place) const;
    QByteArray choices() const;
};

} // namespace fairlead::tcp
