// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/members.h"

#include "service/jsontext.h"

namespace fairlead::tcp {

std::optional<QByteArray> textMember(const JsonValue &object, Bytes name)
{
    const JsonValue member = object.member(name);
    return member ? std::optional<QByteArray>(stringOf(member)) : std::nullopt;
}

void readMember(const JsonValue &object, Bytes name, QByteArray &out)
{
    if (const JsonValue member = object.member(name))
        out = stringOf(member);
}

void readMember(const JsonValue &object, Bytes name, QString &out)
{
    if (const JsonValue member = object.member(name))
        out = QString::fromUtf8(stringOf(member));
}

void readMember(const JsonValue &object, Bytes name, QByteArrayList &out)
{
    if (const JsonValue member = object.member(name)) {
        for (const JsonValue &element : member)
            out << stringOf(element);
    }
}

void readMember(const JsonValue &object, Bytes name, QStringList &out)
{
    if (const JsonValue member = object.member(name)) {
        for (const JsonValue &element : member)
            out << QString::fromUtf8(stringOf(element));
    }
}

void readMember(const JsonValue &object, Bytes name, bool &out)
{
    if (const JsonValue member = object.member(name))
        out = member.isTrue();
}

bool readBase64(const JsonValue &object, Bytes name, std::optional<QByteArray> &out)
{
    const std::optional<QByteArray> text = textMember(object, name);
    if (!text)
        return true;
    // Padding may be missing; a letter that is none may not.
    const auto decoded
        = QByteArray::fromBase64Encoding(*text, QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded)
        return false;
    out = *decoded;
    return true;
}

} // namespace fairlead::tcp
