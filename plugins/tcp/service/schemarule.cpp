// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/schemarule.h"

#include "service/jsontext.h"

#include <algorithm>
#include <cmath>

namespace fairlead::tcp {

namespace {

/// Code points; what a string says, not how it is spelled.
double lengthOf(Bytes raw) noexcept
{
    std::size_t count = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\') {
            const bool isUnit = raw[i + 1] == 'u';
            // The first of a pair is D800 to DBFF.
            const bool isPair = isUnit && (raw[i + 2] == 'd' || raw[i + 2] == 'D')
                && Bytes("89abAB").find(raw[i + 3]) != Bytes::npos;
            i += isPair ? 11 : isUnit ? 5 : 1;
        } else if ((static_cast<unsigned char>(raw[i]) & 0xC0) == 0x80) {
            continue;
        }
        ++count;
    }
    return double(count);
}

bool hasType(const JsonValue &value, const QByteArray &type)
{
    switch (value.kind()) {
    case JsonKind::Null:
        return type == "null";
    case JsonKind::Boolean:
        return type == "boolean";
    case JsonKind::Number:
        return type == "number"
            || (type == "integer" && std::floor(value.number()) == value.number());
    case JsonKind::String:
        return type == "string";
    case JsonKind::Array:
        return type == "array";
    case JsonKind::Object:
        return type == "object";
    }
    return false;
}

QByteArray joined(const std::vector<QByteArray> &words)
{
    return QByteArrayList(words.begin(), words.end()).join(", ");
}

QByteArray numberText(double number)
{
    return QByteArray::number(qint64(number));
}

SchemaFault checkBounds(double number,
                        const std::optional<double> &minimum,
                        const std::optional<double> &maximum,
                        const char *what,
                        const QByteArray &place)
{
    if (minimum && number < *minimum)
        return {place, QByteArray("must ") + what + " at least " + numberText(*minimum)};
    if (maximum && number > *maximum)
        return {place, QByteArray("must ") + what + " at most " + numberText(*maximum)};
    return {};
}

QByteArray placeOf(const QByteArray &place, QByteArray name)
{
    return place + '/' + name.replace('~', "~0").replace('/', "~1");
}

} // namespace

SchemaFault MessageSchema::Rule::check(const JsonValue &value, const QByteArray &place) const
{
    if (same)
        return same->check(value, place);
    if (const SchemaFault fault = checkType(value, place))
        return fault;
    SchemaFault fault;
    switch (value.kind()) {
    case JsonKind::String:
        fault = checkString(value, place);
        break;
    case JsonKind::Number:
        fault = checkNumber(value, place);
        break;
    case JsonKind::Array:
        fault = checkArray(value, place);
        break;
    case JsonKind::Object:
        fault = checkObject(value, place);
        break;
    case JsonKind::Null:
    case JsonKind::Boolean:
        break;
    }
    return fault ? fault : checkChoice(value, place);
}

SchemaFault MessageSchema::Rule::checkType(const JsonValue &value, const QByteArray &place) const
{
    const bool fits = types.empty()
        || std::any_of(types.begin(), types.end(), [&value](const QByteArray &type) {
                          return hasType(value, type);
                      });
    if (!fits)
        return {place, "must be of type " + joined(types)};
    if (!names.empty()
        && (value.kind() != JsonKind::String
            || std::find(names.begin(), names.end(), stringOf(value)) == names.end())) {
        return {place, "must be " + joined(names)};
    }
    return {};
}

SchemaFault MessageSchema::Rule::checkString(const JsonValue &value, const QByteArray &place) const
{
    if (!minLength && !maxLength)
        return {};
    return checkBounds(
        lengthOf(value.rawString()), minLength, maxLength, "have characters:", place);
}

SchemaFault MessageSchema::Rule::checkNumber(const JsonValue &value, const QByteArray &place) const
{
    return checkBounds(value.number(), minimum, maximum, "be", place);
}

SchemaFault MessageSchema::Rule::checkArray(const JsonValue &value, const QByteArray &place) const
{
    int count = 0;
    for (const JsonValue &element : value) {
        const SchemaFault fault = items
            ? items->check(element, place + '/' + QByteArray::number(count))
            : SchemaFault();
        if (fault)
            return fault;
        ++count;
    }
    return checkBounds(count, minItems, maxItems, "have elements:", place);
}

SchemaFault MessageSchema::Rule::checkObject(const JsonValue &value, const QByteArray &place) const
{
    for (const QByteArray &name : required) {
        if (!value.member({name.constData(), std::size_t(name.size())}))
            return {place, "needs the member " + name};
    }
    for (const JsonValue &member : value) {
        const auto known = properties.find(unescaped(member.rawKey()));
        if (known == properties.end())
            continue;
        if (const SchemaFault fault = known->second->check(member, placeOf(place, known->first)))
            return fault;
    }
    return {};
}

SchemaFault MessageSchema::Rule::checkChoice(const JsonValue &value, const QByteArray &place) const
{
    if (negated && !negated->check(value, place))
        return {place, "must not have both " + joined(negated->required)};
    if (oneOf.empty())
        return {};
    const auto fitting = std::count_if(oneOf.begin(), oneOf.end(), [&](const Rule *choice) {
        return !choice->check(value, place);
    });
    if (fitting == 1)
        return {};
    return {place, "must have exactly one of " + choices()};
}

QByteArray MessageSchema::Rule::choices() const
{
    QByteArrayList words;
    for (const Rule *choice : oneOf)
        words << joined(choice->required);
    return words.join(", ");
}

} // namespace fairlead::tcp
