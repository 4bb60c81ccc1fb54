// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/tomlreader.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 1
#define TOML_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <cmath>
#include <sstream>
#include <string_view>
#include <utility>

namespace fairlead::core {

namespace {

QString fromUtf8(std::string_view text)
{
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

ConfigOrigin originOf(const toml::source_region &region, const QString &source)
{
    return {source, int(region.begin.line), int(region.begin.column)};
}

template <typename T>
QString textOf(const T &value)
{
    std::ostringstream stream;
    stream << value;
    return QString::fromStdString(stream.str());
}

ConfigNode convert(const toml::node &node, const QString &source)
{
    using Kind = ConfigNode::Kind;
    const ConfigOrigin origin = originOf(node.source(), source);
    switch (node.type()) {
    case toml::node_type::table: {
        ConfigNode result(Kind::Table, origin);
        for (const auto &[key, value] : *node.as_table()) {
            ConfigNode member = convert(value, source);
            // A key is what a person looks for, more than what stands behind it.
            if (key.source().begin)
                member.origin = originOf(key.source(), source);
            result.table.emplace(fromUtf8(key.str()), std::move(member));
        }
        return result;
    }
    case toml::node_type::array: {
        ConfigNode result(Kind::Array, origin);
        for (const toml::node &value : *node.as_array())
            result.array.push_back(convert(value, source));
        return result;
    }
    case toml::node_type::integer: {
        ConfigNode result(Kind::Integer, origin);
        result.integer = node.as_integer()->get();
        return result;
    }
    case toml::node_type::floating_point: {
        ConfigNode result(Kind::Number, origin);
        result.number = node.as_floating_point()->get();
        return result;
    }
    case toml::node_type::boolean: {
        ConfigNode result(Kind::Boolean, origin);
        result.boolean = node.as_boolean()->get();
        return result;
    }
    case toml::node_type::date: {
        ConfigNode result(Kind::String, origin);
        result.string = textOf(node.as_date()->get());
        return result;
    }
    case toml::node_type::time: {
        ConfigNode result(Kind::String, origin);
        result.string = textOf(node.as_time()->get());
        return result;
    }
    case toml::node_type::date_time: {
        ConfigNode result(Kind::String, origin);
        result.string = textOf(node.as_date_time()->get());
        return result;
    }
    case toml::node_type::string:
    case toml::node_type::none:
        break;
    }
    ConfigNode result(Kind::String, origin);
    if (const auto *text = node.as_string())
        result.string = fromUtf8(text->get());
    return result;
}

} // namespace

std::optional<ConfigNode> readToml(const QByteArray &document,
                                   const QString &source,
                                   ConfigErrors *errors)
{
    const toml::parse_result parsed
        = toml::parse(std::string_view(document.constData(), std::size_t(document.size())));
    if (!parsed) {
        const toml::parse_error &failure = parsed.error();
        ConfigProblem problem;
        problem.code = ErrorCode::ConfigSyntax;
        problem.origin = originOf(failure.source(), source);
        problem.text = fromUtf8(failure.description());
        errors->append(problem.toError());
        return std::nullopt;
    }
    ConfigNode tree = convert(parsed.table(), source);
    tree.origin = {source, 0, 0};
    return tree;
}

} // namespace fairlead::core
