// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QString>

#include <fairlead/error.h>
#include <fairlead/export.h>

#include <initializer_list>
#include <optional>
#include <utility>

namespace fairlead {

/// Reads the options of an endpoint, key after key, and keeps the first failure. A key that is missing
/// leaves its value as it is: the default that the plugin's metadata names.
///
/// Thread: any, one at a time. Ownership: @p options outlive the reader. Errors: error(), with the key
/// in its details: ConfigType for a value of the wrong kind, ConfigRange for one out of bounds.
/// @since 0.1
class FAIRLEAD_SDK_EXPORT OptionReader
{
public:
    explicit OptionReader(const QJsonObject &options) noexcept
        : m_options(options)
    { }

    bool has(const char *key) const;

    void read(const char *key, bool &out);
    void read(const char *key, QString &out);
    /// A text, as UTF-8.
    void read(const char *key, QByteArray &out);

    /// A whole number.
    template <typename Number>
    void read(const char *key, Number &out, quint32 minimum, quint32 maximum)
    {
        if (const std::optional<quint32> number = wholeNumber(key, minimum, maximum))
            out = static_cast<Number>(*number);
    }

    /// A number of seconds, as nanoseconds.
    void readSeconds(const char *key, qint64 &out, double minimum, double maximum);

    /// One of a few names.
    template <typename Choice>
    void read(const char *key,
              Choice &out,
              std::initializer_list<std::pair<const char *, Choice>> choices)
    {
        const std::optional<QString> name = text(key);
        if (!name)
            return;
        QString known;
        for (const auto &[word, choice] : choices) {
            if (*name == QLatin1String(word)) {
                out = choice;
                return;
            }
            known += known.isEmpty() ? QString() : QStringLiteral(", ");
            known += QLatin1String(word);
        }
        fail(ErrorCode::ConfigRange, key, QStringLiteral("must be one of ") + known);
    }

    /// For what the plugin itself finds wrong; @p why follows the key ("must be …").
    void fail(ErrorCode code, const char *key, const QString &why);

    /// The first failure; null: none.
    const Error &error() const noexcept { return m_error; }

private:
    std::optional<QString> text(const char *key);
    std::optional<quint32> wholeNumber(const char *key, quint32 minimum, quint32 maximum);

    const QJsonObject &m_options;
    Error m_error;
};

} // namespace fairlead
