// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// Whether a schema is one that the validator reads. A wrong one is its plugin's fault and is found
// before any configuration is.

#include "core/config/schemakeywords.h"
#include "core/config/schemavalidator.h"

#include <QtCore/QJsonArray>
#include <QtCore/QRegularExpression>

namespace fairlead::core {

namespace {

constexpr int kDeepest = 32;

void expect(const QJsonObject &schema,
            QLatin1String key,
            QJsonValue::Type type,
            const char *words,
            const QString &where,
            QStringList *problems)
{
    if (schema.contains(key) && schema.value(key).type() != type) {
        problems->append(
            QStringLiteral("%1/%2: expected %3").arg(where, QString(key), QLatin1String(words)));
    }
}

void check(const QJsonObject &schema, const QString &where, int depth, QStringList *problems)
{
    static const QStringList types{QStringLiteral("object"),
                                   QStringLiteral("array"),
                                   QStringLiteral("string"),
                                   QStringLiteral("integer"),
                                   QStringLiteral("number"),
                                   QStringLiteral("boolean")};
    if (depth > kDeepest) {
        problems->append(where + QStringLiteral(": nested too deeply"));
        return;
    }
    if (!types.contains(schema.value(keyword::kType).toString())) {
        problems->append(QStringLiteral("%1/type: expected one of %2")
                             .arg(where, types.join(QStringLiteral(", "))));
    }
    expect(schema, keyword::kProperties, QJsonValue::Object, "an object", where, problems);
    expect(schema, keyword::kItems, QJsonValue::Object, "an object", where, problems);
    expect(schema, keyword::kRequired, QJsonValue::Array, "an array", where, problems);
    expect(schema, keyword::kEnum, QJsonValue::Array, "an array", where, problems);
    expect(schema, keyword::kPattern, QJsonValue::String, "a string", where, problems);
    expect(schema, keyword::kSecret, QJsonValue::Bool, "a boolean", where, problems);
    for (const QLatin1String key :
         {keyword::kMinimum, keyword::kMaximum, keyword::kMinLength, keyword::kMaxLength}) {
        expect(schema, key, QJsonValue::Double, "a number", where, problems);
    }
    const QRegularExpression pattern(schema.value(keyword::kPattern).toString());
    if (!pattern.isValid()) {
        problems->append(QStringLiteral("%1/pattern: %2").arg(where, pattern.errorString()));
    }

    const QJsonObject properties = schema.value(keyword::kProperties).toObject();
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        const QString below = where + QStringLiteral("/properties/") + it.key();
        if (it.value().isObject())
            check(it.value().toObject(), below, depth + 1, problems);
        else
            problems->append(below + QStringLiteral(": expected an object"));
    }
    if (schema.value(keyword::kItems).isObject()) {
        check(schema.value(keyword::kItems).toObject(),
              where + QStringLiteral("/items"),
              depth + 1,
              problems);
    }
    const QJsonValue additional = schema.value(keyword::kAdditionalProperties);
    if (additional.isObject()) {
        check(additional.toObject(),
              where + QStringLiteral("/additionalProperties"),
              depth + 1,
              problems);
    } else if (!additional.isUndefined() && !additional.isBool()) {
        problems->append(where
                         + QStringLiteral("/additionalProperties: expected an object or a "
                                          "boolean"));
    }
}

} // namespace

QStringList SchemaValidator::schemaProblems(const QJsonObject &schema)
{
    QStringList problems;
    check(schema, QString(), 0, &problems);
    return problems;
}

} // namespace fairlead::core
