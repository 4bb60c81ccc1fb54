// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <QtCore/QByteArray>
#include <QtCore/QByteArrayList>

namespace fairlead {
class Error;
}

namespace fairlead::tcp {

/// Builds one message, member after member.
class JsonLine
{
public:
    explicit JsonLine(const char *operation);

    /// @p value is UTF-8.
    JsonLine &text(const char *key, Bytes value);
    JsonLine &text(const char *key, const QByteArray &value);
    JsonLine &texts(const char *key, const QByteArrayList &values);
    JsonLine &number(const char *key, qint64 value);
    JsonLine &flag(const char *key, bool value);
    /// @p json is a good JSON text.
    JsonLine &json(const char *key, Bytes json);
    /// What is no text.
    JsonLine &base64(const char *key, Bytes bytes);
    /// As text, or as base64 under @p key + "_base64".
    JsonLine &bytes(const char *key, Bytes bytes);
    /// The members of @p object, which is a JSON text of one that is not empty.
    JsonLine &members(Bytes object);
    /// code, message, details and retry_after_ms.
    JsonLine &error(const Error &error);

    JsonLine &open(const char *key);
    JsonLine &close();

    /// The whole, with its end of line. Nothing comes after it.
    const QByteArray &finish();

private:
    void name(const char *key);

    QByteArray m_out;
    bool m_first = false;
};

/// Whether @p bytes are well-formed UTF-8.
bool isText(Bytes bytes) noexcept;

} // namespace fairlead::tcp
