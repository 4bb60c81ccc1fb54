// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"
#include "core/config/confignode.h"

#include <QtCore/QJsonObject>
#include <QtCore/QJsonValue>
#include <QtCore/QString>
#include <QtCore/QStringList>

namespace fairlead::core {

/// Checks a tree against the JSON Schema subset of plugin metadata (plugin-1.schema.json, "config")
/// and makes the JSON that a plugin gets, defaults filled in. Unlike in JSON Schema an object takes
/// no unknown keys unless additionalProperties allows them, so that a misspelt key is found.
///
/// Every error is collected. Values under "secret" never appear in one. Thread: any, one each.
class SchemaValidator
{
public:
    explicit SchemaValidator(ConfigErrors *errors)
        : m_errors(errors)
    { }

    /// @p path is the key path of @p node, empty for the whole. What failed is missing from the
    /// result.
    QJsonValue validate(const ConfigNode &node, const QJsonObject &schema, const QString &path);

    /// What is wrong with @p schema itself; empty for a good one.
    static QStringList schemaProblems(const QJsonObject &schema);

private:
    QJsonValue validateTyped(const ConfigNode &node,
                             const QJsonObject &schema,
                             const QString &path);
    QJsonValue validateObject(const ConfigNode &node,
                              const QJsonObject &schema,
                              const QString &path);
    QJsonValue validateArray(const ConfigNode &node,
                             const QJsonObject &schema,
                             const QString &path);
    bool checkNumber(const ConfigNode &node, const QJsonObject &schema, const QString &path);
    bool checkString(const ConfigNode &node, const QJsonObject &schema, const QString &path);
    bool checkChoice(const ConfigNode &node,
                     const QJsonValue &value,
                     const QJsonObject &schema,
                     const QString &path);
    void report(ErrorCode code,
                const ConfigNode &node,
                const QJsonObject &schema,
                const QString &path,
                const QString &expected);

    ConfigErrors *m_errors;
};

} // namespace fairlead::core
