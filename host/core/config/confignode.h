// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QString>

#include <map>
#include <vector>

namespace fairlead::core {

/// Where a value was written.
struct ConfigOrigin
{
    QString source; ///< a file, "environment variable X", "option --set x=…" or "default"
    int line = 0; ///< from 1; 0 where there are no lines
    int column = 0;

    /// "fairlead.toml:3:7" or the source alone.
    QString toString() const;
};

/// A value of the configuration with its origin: what TOML knows, and text of unknown type from the
/// environment and the command line, which gets its type from the schema. Thread: a value.
class ConfigNode
{
public:
    enum class Kind : quint8 {
        Table,
        Array,
        String,
        Integer,
        Number,
        Boolean,
        Text
    };
    using Table = std::map<QString, ConfigNode>;
    using Array = std::vector<ConfigNode>;

    ConfigNode() = default;

    explicit ConfigNode(Kind nodeKind, ConfigOrigin nodeOrigin = {})
        : kind(nodeKind)
        , origin(std::move(nodeOrigin))
    { }

    static ConfigNode makeText(const QString &text, const ConfigOrigin &origin);

    bool isTable() const noexcept { return kind == Kind::Table; }

    /// The member of a table, null if there is none.
    const ConfigNode *find(const QString &key) const;
    ConfigNode *find(const QString &key);

    /// Lays @p over over this one: tables are merged, everything else is replaced.
    void merge(ConfigNode &&over);

    /// The words for errors: "integer", "table".
    QString kindName() const;
    /// The value as a person wrote it, shortened; credentials in URLs are masked.
    QString shown() const;

    Kind kind = Kind::Table;
    ConfigOrigin origin;
    Table table;
    Array array;
    QString string; ///< of String and Text
    qint64 integer = 0;
    double number = 0;
    bool boolean = false;
};

} // namespace fairlead::core
