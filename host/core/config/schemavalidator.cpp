// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/schemavalidator.h"

#include "core/config/schemakeywords.h"
#include "core/config/textvalue.h"

#include <QtCore/QJsonArray>
#include <QtCore/QRegularExpression>

#include <cmath>
#include <utility>

namespace fairlead::core {

namespace {

QString joined(const QString &path, const QString &key)
{
    return path.isEmpty() ? key : path + QLatin1Char('.') + key;
}

bool fits(const ConfigNode &node, const QString &type)
{
    switch (node.kind) {
    case ConfigNode::Kind::Table:
        return type == QLatin1String("object");
    case ConfigNode::Kind::Array:
        return type == QLatin1String("array");
    case ConfigNode::Kind::String:
        return type == QLatin1String("string");
    case ConfigNode::Kind::Integer:
        return type == QLatin1String("integer") || type == QLatin1String("number");
    case ConfigNode::Kind::Number:
        return type == QLatin1String("number") && std::isfinite(node.number);
    case ConfigNode::Kind::Boolean:
        return type == QLatin1String("boolean");
    case ConfigNode::Kind::Text:
        return false;
    }
    Q_UNREACHABLE();
}

QString typeInWords(const QString &type)
{
    if (type == QLatin1String("object"))
        return QStringLiteral("a table");
    if (type == QLatin1String("array"))
        return QStringLiteral("an array");
    if (type == QLatin1String("integer"))
        return QStringLiteral("an integer");
    if (type == QLatin1String("boolean"))
        return QStringLiteral("true or false");
    return QStringLiteral("a ") + type;
}

QString valueInWords(const QJsonValue &value)
{
    if (value.isString())
        return QLatin1Char('"') + value.toString() + QLatin1Char('"');
    return value.toVariant().toString();
}

// In JSON Schema the dollar stands for the very end; here it would let a line feed follow.
QRegularExpression expression(const QString &pattern)
{
    QString text = pattern;
    if (text.endsWith(QLatin1Char('$')) && !text.endsWith(QLatin1String("\\$"))) {
        text.chop(1);
        text += QStringLiteral("\\z");
    }
    return QRegularExpression(text, QRegularExpression::UseUnicodePropertiesOption);
}

// The schema of a member; what is inside a secret is one too.
QJsonObject inside(const QJsonObject &schema, const QJsonValue &member)
{
    QJsonObject result = member.toObject();
    if (schema.value(keyword::kSecret).toBool(false))
        result.insert(keyword::kSecret, true);
    return result;
}

// A tree whose types no schema names.
QJsonValue untyped(const ConfigNode &node)
{
    switch (node.kind) {
    case ConfigNode::Kind::Table: {
        QJsonObject object;
        for (const auto &[key, member] : node.table)
            object.insert(key, untyped(member));
        return object;
    }
    case ConfigNode::Kind::Array: {
        QJsonArray array;
        for (const ConfigNode &item : node.array)
            array.append(untyped(item));
        return array;
    }
    case ConfigNode::Kind::String:
    case ConfigNode::Kind::Text:
        return node.string;
    case ConfigNode::Kind::Integer:
        return node.integer;
    case ConfigNode::Kind::Number:
        return node.number;
    case ConfigNode::Kind::Boolean:
        return node.boolean;
    }
    Q_UNREACHABLE();
}

// What an object has when nobody wrote it: its members' defaults, if they make it complete.
QJsonValue defaultOf(const QJsonObject &schema)
{
    if (schema.contains(keyword::kDefault))
        return schema.value(keyword::kDefault);
    if (schema.value(keyword::kType).toString() != QLatin1String("object"))
        return QJsonValue::Undefined;
    QJsonObject object;
    const QJsonObject properties = schema.value(keyword::kProperties).toObject();
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        const QJsonValue value = defaultOf(it.value().toObject());
        if (!value.isUndefined())
            object.insert(it.key(), value);
    }
    const QJsonArray required = schema.value(keyword::kRequired).toArray();
    for (const auto &key : required) {
        if (!object.contains(key.toString()))
            return QJsonValue::Undefined;
    }
    return object.isEmpty() ? QJsonValue(QJsonValue::Undefined) : QJsonValue(object);
}

} // namespace

QJsonValue SchemaValidator::validate(const ConfigNode &node,
                                     const QJsonObject &schema,
                                     const QString &path)
{
    const QString type = schema.value(keyword::kType).toString();
    if (node.kind == ConfigNode::Kind::Text) {
        if (const std::optional<ConfigNode> typed = typedFromText(node, type))
            return validateTyped(*typed, schema, path);
    }
    return validateTyped(node, schema, path);
}

QJsonValue SchemaValidator::validateTyped(const ConfigNode &node,
                                          const QJsonObject &schema,
                                          const QString &path)
{
    const QString type = schema.value(keyword::kType).toString();
    if (!fits(node, type)) {
        report(ErrorCode::ConfigType, node, schema, path, typeInWords(type));
        return QJsonValue::Undefined;
    }
    QJsonValue value = QJsonValue::Undefined;
    bool good = true;
    switch (node.kind) {
    case ConfigNode::Kind::Table:
        value = validateObject(node, schema, path);
        break;
    case ConfigNode::Kind::Array:
        value = validateArray(node, schema, path);
        break;
    case ConfigNode::Kind::Integer:
    case ConfigNode::Kind::Number:
        good = checkNumber(node, schema, path);
        value = untyped(node);
        break;
    case ConfigNode::Kind::String:
        good = checkString(node, schema, path);
        value = untyped(node);
        break;
    case ConfigNode::Kind::Boolean:
    case ConfigNode::Kind::Text:
        value = untyped(node);
        break;
    }
    if (!good || !checkChoice(node, value, schema, path))
        return QJsonValue::Undefined;
    return value;
}

QJsonValue SchemaValidator::validateObject(const ConfigNode &node,
                                           const QJsonObject &schema,
                                           const QString &path)
{
    const QJsonObject properties = schema.value(keyword::kProperties).toObject();
    const QJsonValue additional = schema.value(keyword::kAdditionalProperties);
    QJsonObject object;
    for (const auto &[key, member] : node.table) {
        const QString memberPath = joined(path, key);
        QJsonValue value = QJsonValue::Undefined;
        if (properties.contains(key)) {
            value = validate(member, inside(schema, properties.value(key)), memberPath);
        } else if (additional.isObject()) {
            value = validate(member, inside(schema, additional), memberPath);
        } else if (additional.toBool(false)) {
            value = untyped(member);
        } else {
            ConfigProblem problem;
            problem.code = ErrorCode::ConfigUnknownKey;
            problem.origin = member.origin;
            problem.key = memberPath;
            problem.text = QStringLiteral("unknown key");
            problem.nearest = nearestWord(key, properties.keys());
            if (problem.nearest.isEmpty() && !properties.isEmpty())
                problem.text += QStringLiteral("; known here: ")
                    + properties.keys().join(QStringLiteral(", "));
            m_errors->append(problem.toError());
        }
        if (!value.isUndefined())
            object.insert(key, value);
    }

    const QJsonArray required = schema.value(keyword::kRequired).toArray();
    for (const auto &entry : required) {
        const QString key = entry.toString();
        const QJsonObject member = properties.value(key).toObject();
        if (node.find(key) || member.contains(keyword::kDefault))
            continue;
        ConfigProblem problem;
        problem.code = ErrorCode::ConfigMissing;
        problem.origin = node.origin;
        problem.key = joined(path, key);
        problem.text = QStringLiteral("this key is missing");
        m_errors->append(problem.toError());
    }
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        if (node.find(it.key()))
            continue;
        const QJsonValue value = defaultOf(it.value().toObject());
        if (!value.isUndefined())
            object.insert(it.key(), value);
    }
    return object;
}

QJsonValue SchemaValidator::validateArray(const ConfigNode &node,
                                          const QJsonObject &schema,
                                          const QString &path)
{
    const QJsonValue items = schema.value(keyword::kItems);
    QJsonArray array;
    qsizetype index = 0;
    for (const ConfigNode &item : node.array) {
        const QString itemPath = QStringLiteral("%1[%2]").arg(path).arg(index++);
        const QJsonValue value
            = items.isObject() ? validate(item, inside(schema, items), itemPath) : untyped(item);
        if (!value.isUndefined())
            array.append(value);
    }
    return array;
}

bool SchemaValidator::checkNumber(const ConfigNode &node,
                                  const QJsonObject &schema,
                                  const QString &path)
{
    const bool isInteger = node.kind == ConfigNode::Kind::Integer;
    // 64-bit integers do not fit a double: compared as what they are where the bound is one too.
    const auto below = [&](const QJsonValue &bound) {
        if (isInteger && bound.toDouble() == double(bound.toInteger()))
            return node.integer < bound.toInteger();
        return (isInteger ? double(node.integer) : node.number) < bound.toDouble();
    };
    const auto above = [&](const QJsonValue &bound) {
        if (isInteger && bound.toDouble() == double(bound.toInteger()))
            return node.integer > bound.toInteger();
        return (isInteger ? double(node.integer) : node.number) > bound.toDouble();
    };
    const QJsonValue minimum = schema.value(keyword::kMinimum);
    const QJsonValue maximum = schema.value(keyword::kMaximum);
    if ((minimum.isUndefined() || !below(minimum)) && (maximum.isUndefined() || !above(maximum)))
        return true;
    QString expected;
    if (maximum.isUndefined())
        expected = QStringLiteral("at least %1").arg(valueInWords(minimum));
    else if (minimum.isUndefined())
        expected = QStringLiteral("at most %1").arg(valueInWords(maximum));
    else
        expected = QStringLiteral("%1 to %2").arg(valueInWords(minimum), valueInWords(maximum));
    report(ErrorCode::ConfigRange, node, schema, path, expected);
    return false;
}

bool SchemaValidator::checkString(const ConfigNode &node,
                                  const QJsonObject &schema,
                                  const QString &path)
{
    // Characters, not UTF-16 units.
    const auto length = qint64(node.string.toUcs4().size());
    const QJsonValue minimum = schema.value(keyword::kMinLength);
    const QJsonValue maximum = schema.value(keyword::kMaxLength);
    QString expected;
    if (!minimum.isUndefined() && length < minimum.toInteger())
        expected = QStringLiteral("at least %1 characters").arg(minimum.toInteger());
    else if (!maximum.isUndefined() && length > maximum.toInteger())
        expected = QStringLiteral("at most %1 characters").arg(maximum.toInteger());
    const QString pattern = schema.value(keyword::kPattern).toString();
    if (expected.isEmpty() && !pattern.isEmpty()
        && !expression(pattern).match(node.string).hasMatch()) {
        expected = QStringLiteral("text that matches ") + pattern;
    }
    if (expected.isEmpty())
        return true;
    report(ErrorCode::ConfigRange, node, schema, path, expected);
    return false;
}

bool SchemaValidator::checkChoice(const ConfigNode &node,
                                  const QJsonValue &value,
                                  const QJsonObject &schema,
                                  const QString &path)
{
    if (schema.contains(keyword::kConst) && value != schema.value(keyword::kConst)) {
        report(ErrorCode::ConfigRange,
               node,
               schema,
               path,
               valueInWords(schema.value(keyword::kConst)));
        return false;
    }
    const QJsonArray choices = schema.value(keyword::kEnum).toArray();
    if (choices.isEmpty() || choices.contains(value))
        return true;
    QStringList words;
    for (const auto &choice : choices)
        words.append(valueInWords(choice));
    report(ErrorCode::ConfigRange,
           node,
           schema,
           path,
           QStringLiteral("one of ") + words.join(QStringLiteral(", ")));
    return false;
}

void SchemaValidator::report(ErrorCode code,
                             const ConfigNode &node,
                             const QJsonObject &schema,
                             const QString &path,
                             const QString &expected)
{
    ConfigProblem problem;
    problem.code = code;
    problem.origin = node.origin;
    problem.key = path;
    problem.expected = expected;
    if (schema.value(keyword::kSecret).toBool(false))
        problem.found = QStringLiteral("something else");
    else if (code == ErrorCode::ConfigType && node.kind != ConfigNode::Kind::Text
             && node.kind != ConfigNode::Kind::Table && node.kind != ConfigNode::Kind::Array)
        problem.found = node.kindName() + QLatin1Char(' ') + node.shown();
    else
        problem.found = node.shown();
    m_errors->append(problem.toError());
}

} // namespace fairlead::core
