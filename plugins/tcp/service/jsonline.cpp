// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/jsonline.h"

#include "service/jsontext.h"

#include <QtCore/QByteArrayView>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <fairlead/error.h>

#include <algorithm>

namespace fairlead::tcp {

namespace {

constexpr char kRetryDetail[] = "retryAfterMs";

Bytes spanOf(const QByteArray &bytes) noexcept
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

} // namespace

bool isText(Bytes bytes) noexcept
{
    return QByteArrayView(bytes.data(), qsizetype(bytes.size())).isValidUtf8();
}

JsonLine::JsonLine(const char *operation)
    : m_out("{\"op\":\"")
{
    m_out += operation;
    m_out += '"';
}

void JsonLine::name(const char *key)
{
    if (!m_first)
        m_out += ',';
    m_first = false;
    m_out += '"';
    m_out += key;
    m_out += "\":";
}

JsonLine &JsonLine::text(const char *key, Bytes value)
{
    name(key);
    appendQuoted(m_out, value);
    return *this;
}

JsonLine &JsonLine::text(const char *key, const QByteArray &value)
{
    return text(key, spanOf(value));
}

JsonLine &JsonLine::texts(const char *key, const QByteArrayList &values)
{
    name(key);
    m_out += '[';
    for (const QByteArray &value : values) {
        if (&value != &values.front())
            m_out += ',';
        appendQuoted(m_out, spanOf(value));
    }
    m_out += ']';
    return *this;
}

JsonLine &JsonLine::number(const char *key, qint64 value)
{
    name(key);
    m_out += QByteArray::number(value);
    return *this;
}

JsonLine &JsonLine::flag(const char *key, bool value)
{
    name(key);
    m_out += value ? "true" : "false";
    return *this;
}

JsonLine &JsonLine::json(const char *key, Bytes json)
{
    name(key);
    appendCompact(m_out, json);
    return *this;
}

JsonLine &JsonLine::base64(const char *key, Bytes bytes)
{
    name(key);
    m_out += '"';
    m_out += QByteArray::fromRawData(bytes.data(), qsizetype(bytes.size())).toBase64();
    m_out += '"';
    return *this;
}

JsonLine &JsonLine::bytes(const char *key, Bytes bytes)
{
    if (isText(bytes))
        return text(key, bytes);
    return base64(QByteArray(key).append("_base64").constData(), bytes);
}

JsonLine &JsonLine::members(Bytes object)
{
    m_out += ',';
    QByteArray compact;
    appendCompact(compact, object);
    m_out += compact.sliced(1, compact.size() - 2);
    return *this;
}

JsonLine &JsonLine::error(const Error &error)
{
    text("code", Bytes(errorName(error.code())));
    text("message", error.text().toUtf8());
    QVariantMap details = error.details();
    const QVariant retry = details.take(QLatin1String(kRetryDetail));
    if (!details.isEmpty()) {
        const QByteArray json
            = QJsonDocument(QJsonObject::fromVariantMap(details)).toJson(QJsonDocument::Compact);
        this->json("details", spanOf(json));
    }
    if (retry.isValid())
        number("retry_after_ms", std::max<qint64>(0, retry.toLongLong()));
    return *this;
}

JsonLine &JsonLine::open(const char *key)
{
    name(key);
    m_out += '{';
    m_first = true;
    return *this;
}

JsonLine &JsonLine::close()
{
    m_out += '}';
    m_first = false;
    return *this;
}

const QByteArray &JsonLine::finish()
{
    m_out += "}\n";
    return m_out;
}

} // namespace fairlead::tcp
