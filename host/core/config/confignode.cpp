// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/confignode.h"

#include <QtCore/QRegularExpression>

#include <utility>

namespace fairlead::core {

namespace {

constexpr qsizetype kShownLength = 80;

QString masked(const QString &text)
{
    static const QRegularExpression credentials(QStringLiteral("(://)[^/@]*@"));
    QString shown = text;
    shown.replace(credentials, QStringLiteral("\\1***@"));
    if (shown.size() > kShownLength)
        shown = shown.left(kShownLength) + QChar(0x2026);
    return QLatin1Char('"') + shown + QLatin1Char('"');
}

} // namespace

QString ConfigOrigin::toString() const
{
    if (line <= 0)
        return source;
    return QStringLiteral("%1:%2:%3").arg(source).arg(line).arg(column);
}

ConfigNode ConfigNode::makeText(const QString &text, const ConfigOrigin &origin)
{
    ConfigNode node(Kind::Text, origin);
    node.string = text;
    return node;
}

const ConfigNode *ConfigNode::find(const QString &key) const
{
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
}

ConfigNode *ConfigNode::find(const QString &key)
{
    const auto found = table.find(key);
    return found == table.end() ? nullptr : &found->second;
}

void ConfigNode::merge(ConfigNode &&over)
{
    if (!isTable() || !over.isTable()) {
        *this = std::move(over);
        return;
    }
    // A file is where a person looks for what a table lacks, and the first one that has it.
    if (origin.line <= 0 && over.origin.line > 0)
        origin = std::move(over.origin);
    for (auto &[key, node] : over.table) {
        const auto found = table.find(key);
        if (found == table.end())
            table.emplace(key, std::move(node));
        else
            found->second.merge(std::move(node));
    }
}

QString ConfigNode::kindName() const
{
    switch (kind) {
    case Kind::Table:
        return QStringLiteral("table");
    case Kind::Array:
        return QStringLiteral("array");
    case Kind::String:
        return QStringLiteral("string");
    case Kind::Integer:
        return QStringLiteral("integer");
    case Kind::Number:
        return QStringLiteral("float");
    case Kind::Boolean:
        return QStringLiteral("boolean");
    case Kind::Text:
        return QStringLiteral("text");
    }
    Q_UNREACHABLE();
}

QString ConfigNode::shown() const
{
    switch (kind) {
    case Kind::Table:
        return QStringLiteral("a table");
    case Kind::Array:
        return QStringLiteral("an array of %1").arg(array.size());
    case Kind::String:
    case Kind::Text:
        return masked(string);
    case Kind::Integer:
        return QString::number(integer);
    case Kind::Number:
        return QString::number(number);
    case Kind::Boolean:
        return boolean ? QStringLiteral("true") : QStringLiteral("false");
    }
    Q_UNREACHABLE();
}

} // namespace fairlead::core
