// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>

#include <fairlead/error.h>

#include <cmath>
#include <initializer_list>
#include <utility>

namespace fairlead::tcp {

/// Reads keys one after another and keeps the first failure. A key that is missing leaves its value
/// as it is.
class OptionReader
{
public:
    explicit OptionReader(const QJsonObject &options)
        : m_options(options)
    { }

    bool has(const char *key) const { return !valueOf(key).isUndefined(); }

    void read(const char *key, bool &out)
    {
        const QJsonValue value = valueOf(key);
        if (value.isUndefined())
            return;
        if (!value.isBool())
            return fail(ErrorCode::ConfigType, key, QStringLiteral("must be true or false"));
        out = value.toBool();
    }

    template <typename Number>
    void read(const char *key, Number &out, quint32 minimum, quint32 maximum)
    {
        const QJsonValue value = valueOf(key);
        if (value.isUndefined())
            return;
        const double number = value.toDouble(-1.0);
        if (!value.isDouble() || number != std::floor(number))
            return fail(ErrorCode::ConfigType, key, QStringLiteral("must be a whole number"));
        if (number < double(minimum) || number > double(maximum)) {
            return fail(ErrorCode::ConfigRange,
                        key,
                        QStringLiteral("must be from %1 to %2").arg(minimum).arg(maximum));
        }
        out = static_cast<Number>(number);
    }

    /// Seconds, as nanoseconds.
    void readSeconds(const char *key, qint64 &out, double minimum, double maximum)
    {
        const QJsonValue value = valueOf(key);
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

    void read(const char *key, QString &out)
    {
        const QJsonValue value = valueOf(key);
        if (value.isUndefined())
            return;
        if (!value.isString())
            return fail(ErrorCode::ConfigType, key, QStringLiteral("must be a text"));
        out = value.toString();
    }

    /// One of a few names.
    template <typename Choice>
    void read(const char *key,
              Choice &out,
              std::initializer_list<std::pair<const char *, Choice>> choices)
    {
        QString name;
        read(key, name);
        if (name.isNull())
            return;
        QString known;
        for (const auto &[text, choice] : choices) {
            if (name == QLatin1String(text)) {
                out = choice;
                return;
            }
            known += known.isEmpty() ? QString() : QStringLiteral(", ");
            known += QLatin1String(text);
        }
        fail(ErrorCode::ConfigRange, key, QStringLiteral("must be one of ") + known);
    }

    void fail(ErrorCode code, const char *key, const QString &why)
    {
        if (m_error.isNull()) {
            m_error = Error(code, QStringLiteral("%1 %2").arg(QLatin1String(key), why));
            m_error.setDetail(QStringLiteral("key"), QString::fromLatin1(key));
        }
    }

    Error error() const { return m_error; }

private:
    QJsonValue valueOf(const char *key) const { return m_options.value(QLatin1String(key)); }

    const QJsonObject &m_options;
    Error m_error;
};

} // namespace fairlead::tcp
