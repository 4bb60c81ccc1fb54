// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/configlayers.h"

#include "core/config/tomlreader.h"
#include "core/platform/files.h"

#include <QtCore/QFileInfo>
#include <QtCore/QRegularExpression>

#include <algorithm>
#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

constexpr qint64 kLargestFile = 4 * 1024 * 1024;
constexpr QLatin1String kVariablePrefix("FAIRLEAD__");

const QString &endpointKey()
{
    static const QString key = QStringLiteral("endpoint");
    return key;
}

/// Tables of which there may be several, each with a name: [[endpoint]] and [[stream]].
struct NamedKind
{
    QString key;
    QString one; ///< in a sentence
    QString example;
};

const QList<NamedKind> &namedKinds()
{
    static const QList<NamedKind> kinds = {
        {endpointKey(), QStringLiteral("an endpoint"), QStringLiteral("mqtt")},
        {QStringLiteral("stream"), QStringLiteral("a stream"), QStringLiteral("meters")},
    };
    return kinds;
}

const NamedKind *namedKind(const QString &key)
{
    const auto found = std::find_if(namedKinds().begin(),
                                    namedKinds().end(),
                                    [&](const NamedKind &kind) { return kind.key == key; });
    return found == namedKinds().end() ? nullptr : &*found;
}

const QString &nameKey()
{
    static const QString key = QStringLiteral("name");
    return key;
}

void addProblem(ErrorCode code,
                const ConfigOrigin &origin,
                const QString &key,
                const QString &text,
                ConfigErrors *errors)
{
    ConfigProblem problem;
    problem.code = code;
    problem.origin = origin;
    problem.key = key;
    problem.text = text;
    errors->append(problem.toError());
}

// The name of one [[endpoint]] or [[stream]] table, if it has a good one that none before it in this
// file has.
std::optional<QString> takeName(const NamedKind &kind,
                                const ConfigNode &entry,
                                const ConfigNode &known,
                                ConfigErrors *errors)
{
    const QString nameOfIt = kind.key + QStringLiteral(".name");
    if (!entry.isTable()) {
        addProblem(
            ErrorCode::ConfigType,
            entry.origin,
            kind.key,
            QStringLiteral("expected [[%1]] tables, found %2").arg(kind.key, entry.kindName()),
            errors);
        return std::nullopt;
    }
    const ConfigNode *name = entry.find(nameKey());
    if (!name) {
        addProblem(ErrorCode::ConfigMissing,
                   entry.origin,
                   nameOfIt,
                   QStringLiteral("%1 needs a name of its own, as in name = \"%2\"")
                       .arg(kind.one, kind.example),
                   errors);
        return std::nullopt;
    }
    if (name->kind != ConfigNode::Kind::String || !isEndpointName(name->string)) {
        addProblem(ErrorCode::ConfigRange,
                   name->origin,
                   nameOfIt,
                   QStringLiteral("expected 1 to 64 of the characters a-z, 0-9 and -, found ")
                       + name->shown(),
                   errors);
        return std::nullopt;
    }
    if (const ConfigNode *first = known.find(name->string)) {
        addProblem(ErrorCode::ConfigRange,
                   name->origin,
                   nameOfIt,
                   QStringLiteral("\"%1\" is the name of another %2 too, see %3")
                       .arg(name->string, kind.key, first->origin.toString()),
                   errors);
        return std::nullopt;
    }
    return name->string;
}

// Turns the array of one file into a table by name. Returns whether there was any.
bool nameTables(const NamedKind &kind, ConfigNode &tree, ConfigErrors *errors)
{
    ConfigNode *tables = tree.find(kind.key);
    if (!tables)
        return false;
    ConfigNode named(ConfigNode::Kind::Table, tables->origin);
    if (tables->kind != ConfigNode::Kind::Array) {
        addProblem(ErrorCode::ConfigType,
                   tables->origin,
                   kind.key,
                   QStringLiteral("each %1 is a table of its own: write [[%1]] and its name in it")
                       .arg(kind.key),
                   errors);
    }
    for (ConfigNode &entry : tables->array) {
        if (const std::optional<QString> name = takeName(kind, entry, named, errors))
            named.table.emplace(*name, std::move(entry));
    }
    *tables = std::move(named);
    return true;
}

ConfigNode defaultEndpoint()
{
    const ConfigOrigin origin{QStringLiteral("default"), 0, 0};
    ConfigNode url(ConfigNode::Kind::String, origin);
    url.string = QStringLiteral("mqtt://127.0.0.1:1883");
    ConfigNode endpoint(ConfigNode::Kind::Table, origin);
    endpoint.table.emplace(QStringLiteral("url"), std::move(url));
    ConfigNode endpoints(ConfigNode::Kind::Table, origin);
    endpoints.table.emplace(QStringLiteral("mqtt"), std::move(endpoint));
    ConfigNode tree(ConfigNode::Kind::Table, origin);
    tree.table.emplace(endpointKey(), std::move(endpoints));
    return tree;
}

std::optional<ConfigNode> readTomlFile(const QString &path, bool mustExist, ConfigErrors *errors)
{
    const Result<QByteArray> content = readFile(path, kLargestFile);
    if (content)
        return readToml(*content, path, errors);
    const Error cause = content.error();
    if (cause.code() == ErrorCode::NotFound && !mustExist)
        return std::nullopt;
    const bool missing = cause.code() == ErrorCode::NotFound;
    ConfigProblem problem;
    problem.code = missing ? ErrorCode::ConfigMissing : ErrorCode::ConfigUnreadable;
    problem.text = QStringLiteral("the configuration cannot be read: ") + cause.text();
    Error error = problem.toError();
    error.setDetail(QStringLiteral("file"), path);
    errors->append(error);
    return std::nullopt;
}

QStringList partFiles(const QString &file, ConfigErrors *errors)
{
    const QString folder = QFileInfo(file).path() + QStringLiteral("/conf.d");
    const Result<QStringList> names = listFolder(folder);
    QStringList files;
    if (!names) {
        if (names.error().code() != ErrorCode::NotFound) {
            addProblem(ErrorCode::ConfigUnreadable,
                       {},
                       {},
                       QStringLiteral("the configuration cannot be read: ") + names.error().text(),
                       errors);
        }
        return files;
    }
    for (const QString &name : *names) {
        if (name.endsWith(QLatin1String(".toml")))
            files.append(folder + QLatin1Char('/') + name);
    }
    return files;
}

// A tree that holds one value at the end of a path.
ConfigNode treeOf(const QStringList &path, ConfigNode value)
{
    ConfigNode node = std::move(value);
    for (qsizetype i = path.size(); i-- > 0;) {
        ConfigNode table(ConfigNode::Kind::Table, node.origin);
        table.table.emplace(path.at(i), std::move(node));
        node = std::move(table);
    }
    return node;
}

// The key path that an environment variable names, empty if it names none.
QStringList pathOfVariable(const QString &variable)
{
    QStringList path = variable.mid(kVariablePrefix.size()).toLower().split(QStringLiteral("__"));
    if (path.contains(QString()))
        return {};
    if (namedKind(path.first()) && path.size() > 1)
        path[1].replace(QLatin1Char('_'), QLatin1Char('-'));
    return path;
}

// A value for one place; an endpoint's must name the endpoint and a key of it, a stream's alike.
void layOver(ConfigNode &tree, const QStringList &path, ConfigNode value, ConfigErrors *errors)
{
    const NamedKind *kind = namedKind(path.value(0));
    if (kind && (path.size() < 3 || !isEndpointName(path.at(1)))) {
        addProblem(
            ErrorCode::ConfigUnknownKey,
            value.origin,
            path.join(QLatin1Char('.')),
            QStringLiteral("expected %1, the name of %2 and a key of it").arg(kind->key, kind->one),
            errors);
        return;
    }
    if (kind && path.at(2) == nameKey()) {
        addProblem(ErrorCode::ConfigUnknownKey,
                   value.origin,
                   path.join(QLatin1Char('.')),
                   QStringLiteral("the name is given by the path and cannot be changed"),
                   errors);
        return;
    }
    tree.merge(treeOf(path, std::move(value)));
}

void layEnvironment(ConfigNode &tree, const Environment &environment, ConfigErrors *errors)
{
    QStringList names = environment.keys();
    names.sort();
    for (const QString &name : std::as_const(names)) {
        if (!name.startsWith(kVariablePrefix))
            continue;
        const ConfigOrigin origin{QStringLiteral("environment variable ") + name, 0, 0};
        const QStringList path = pathOfVariable(name);
        if (path.isEmpty()) {
            addProblem(ErrorCode::ConfigUnknownKey,
                       origin,
                       {},
                       QStringLiteral("expected a name like FAIRLEAD__HOST__REACTORS"),
                       errors);
            continue;
        }
        layOver(tree, path, ConfigNode::makeText(environment.value(name), origin), errors);
    }
}

void laySettings(ConfigNode &tree, const QStringList &settings, ConfigErrors *errors)
{
    for (const QString &setting : settings) {
        const qsizetype equals = setting.indexOf(QLatin1Char('='));
        const QString key = setting.left(equals).trimmed();
        const ConfigOrigin origin{QStringLiteral("option --set ") + key, 0, 0};
        const QStringList path = key.split(QLatin1Char('.'));
        if (equals <= 0 || path.contains(QString())) {
            addProblem(ErrorCode::ConfigSyntax,
                       origin,
                       {},
                       QStringLiteral("expected key.path=value, as in host.reactors=2"),
                       errors);
            continue;
        }
        layOver(tree, path, ConfigNode::makeText(setting.mid(equals + 1), origin), errors);
    }
}

} // namespace

bool isEndpointName(const QString &name)
{
    static const QRegularExpression pattern(QStringLiteral("\\A[a-z0-9-]{1,64}\\z"));
    return pattern.match(name).hasMatch();
}

ConfigNode readLayers(const ConfigSources &sources, ConfigErrors *errors)
{
    ConfigNode tree(ConfigNode::Kind::Table, {QStringLiteral("default"), 0, 0});
    bool hasEndpoints = false;
    if (!sources.file.isEmpty()) {
        const auto layFile = [&](const QString &path, bool mustExist) {
            if (std::optional<ConfigNode> layer = readTomlFile(path, mustExist, errors)) {
                for (const NamedKind &kind : namedKinds()) {
                    const bool some = nameTables(kind, *layer, errors);
                    hasEndpoints = hasEndpoints || (some && kind.key == endpointKey());
                }
                tree.merge(std::move(*layer));
            }
        };
        layFile(sources.file, sources.fileIsNamed);
        const QStringList parts = partFiles(sources.file, errors);
        for (const QString &part : parts)
            layFile(part, true);
    }
    if (!hasEndpoints)
        tree.merge(defaultEndpoint());
    layEnvironment(tree, sources.environment, errors);
    laySettings(tree, sources.settings, errors);
    return tree;
}

} // namespace fairlead::core
