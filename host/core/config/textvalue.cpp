// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/textvalue.h"

#include "core/config/tomlreader.h"

#include <utility>

namespace fairlead::core {

namespace {

void setOrigin(ConfigNode &node, const ConfigOrigin &origin)
{
    node.origin = origin;
    for (auto &[key, member] : node.table)
        setOrigin(member, origin);
    for (ConfigNode &item : node.array)
        setOrigin(item, origin);
}

std::optional<ConfigNode> fromToml(const ConfigNode &text, ConfigNode::Kind kind)
{
    ConfigErrors ignored;
    std::optional<ConfigNode> tree = readToml("v = " + text.string.toUtf8(), {}, &ignored);
    ConfigNode *value = tree ? tree->find(QStringLiteral("v")) : nullptr;
    if (!value || tree->table.size() != 1 || value->kind != kind)
        return std::nullopt;
    setOrigin(*value, text.origin);
    return std::move(*value);
}

ConfigNode splitAtCommas(const ConfigNode &text)
{
    ConfigNode list(ConfigNode::Kind::Array, text.origin);
    const QStringList items = text.string.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString &item : items)
        list.array.push_back(ConfigNode::makeText(item.trimmed(), text.origin));
    return list;
}

} // namespace

std::optional<ConfigNode> typedFromText(const ConfigNode &text, const QString &type)
{
    using Kind = ConfigNode::Kind;
    if (type == QLatin1String("string")) {
        ConfigNode node = text;
        node.kind = Kind::String;
        return node;
    }
    if (type == QLatin1String("integer"))
        return fromToml(text, Kind::Integer);
    if (type == QLatin1String("boolean"))
        return fromToml(text, Kind::Boolean);
    if (type == QLatin1String("number")) {
        std::optional<ConfigNode> node = fromToml(text, Kind::Number);
        return node ? node : fromToml(text, Kind::Integer);
    }
    if (type == QLatin1String("array")) {
        if (text.string.trimmed().startsWith(QLatin1Char('[')))
            return fromToml(text, Kind::Array);
        return splitAtCommas(text);
    }
    if (type == QLatin1String("object"))
        return fromToml(text, Kind::Table);
    return std::nullopt;
}

} // namespace fairlead::core
