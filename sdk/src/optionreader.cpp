// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/optionreader.h>

#include <cmath>
#include <utility>

namespace fairlead {

namespace {

QJsonValue valueOf(const QJsonObject &options, const char *key)
{
    return options.value(QLatin1String(key));
}

} // namespace

bool OptionReader::has(const char *key) const
{
    return m_options.contains(QLatin1String(key));
}

void OptionReader::read(const char *key, bool &out)
{
    const QJsonValue value = valueOf(m_options, key);
    if (value.isUndefined())
        return;
    if (!value.isBool())
        return fail(ErrorCode::ConfigType, key, QStringLiteral("must be true or false"));
    out = value.toBool();
}

std::optional<QString> OptionReader::text(const char *key)
{
    const QJsonValue value = valueOf(m_options, key);
    if (value.isString())
        return value.toString();
    if (!value.isUndefined())
        fail(ErrorCode::ConfigType, key, QStringLiteral("must be a text"));
    return {};
}

void OptionReader::read(const char *key, QString &out)
{
    if (auto value = text(key))
        out = std::move(*value);
}

void OptionReader::read(const char *key, QByteArray &out)
{
    if (const auto value = text(key))
        out = value->toUtf8();
}

std::optional<quint32> OptionReader::wholeNumber(const char *key, quint32 minimum, quint32 maximum)
{
    const QJsonValue value = valueOf(m_options, key);
    if (value.isUndefined())
        return {};
    const double number = value.toDouble(-1.0);
    if (!value.isDouble() || number != std::floor(number)) {
        fail(ErrorCode::ConfigType, key, QStringLiteral("must be a whole number"));
        return {};
    }
    if (number < double(minimum) || number > double(maximum)) {
        fail(ErrorCode::ConfigRange,
             key,
             QStringLiteral("must be from %1 to %2").arg(minimum).arg(maximum));
        return {};
    }
    return quint32(number);
}

void OptionReader::readSeconds(const char *key, qint64 &out, double minimum, double maximum)
{
    const QJsonValue value = valueOf(m_options, key);
    if (value.isUndefined())
        return;
    if (!value.isDouble())
        return fail(ErrorCode::ConfigType, key, QStringLiteral("must be a number of seconds"));
    const double seconds = value.toDouble();
    if (!(seconds >= minimum && seconds <= maximum)) {
        return fail(ErrorCode::ConfigRange,
                    key,
                    QStringLiteral("must be from %1 to %2").arg(minimum).arg(maximum));
    }
    out = std::llround(seconds * 1e9);
}

void OptionReader::fail(ErrorCode code, const char *key, const QString &why)
{
    if (!m_error.isNull())
        return;
    m_error = Error(code, QStringLiteral("%1 %2").arg(QLatin1String(key), why));
    m_error.setDetail(QStringLiteral("key"), QString::fromLatin1(key));
}

} // namespace fairlead
