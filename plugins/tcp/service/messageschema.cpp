// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/messageschema.h"

#include "service/jsontext.h"
#include "service/schemarule.h"

#include <utility>

namespace fairlead::tcp {

namespace {

constexpr Bytes kDefinitions = "#/$defs/";

std::vector<QByteArray> stringsOf(const JsonValue &value)
{
    std::vector<QByteArray> out;
    if (value.kind() == JsonKind::String) {
        out.push_back(stringOf(value));
        return out;
    }
    for (const JsonValue &element : value)
        out.push_back(stringOf(element));
    return out;
}

/// The name of the definition that a reference leads to.
QByteArray targetOf(const JsonValue &reference)
{
    return stringOf(reference).mid(qsizetype(kDefinitions.size()));
}

bool isRemark(const QByteArray &keyword)
{
    return keyword.startsWith('$') || keyword == "title" || keyword == "description";
}

} // namespace

const MessageSchema &MessageSchema::instance()
{
    static const MessageSchema schema{Bytes(kProtocolSchema)};
    return schema;
}

MessageSchema::MessageSchema(Bytes document)
{
    if (const JsonFault fault = m_tree.parse(document)) {
        m_problems << QByteArray("the document ") + fault.text;
        return;
    }
    for (const JsonValue &part : m_tree.root().member("$defs"))
        definition(unescaped(part.rawKey()));
    m_peerOperations = operationsOf("from-peer");
    m_hostOperations = operationsOf("from-host");
    m_tree = JsonTree();
}

MessageSchema::~MessageSchema() = default;

bool MessageSchema::knows(Sender sender, const QByteArray &operation) const
{
    return operations(sender).contains(operation);
}

SchemaFault MessageSchema::check(const JsonValue &message,
                                 Sender sender,
                                 const QByteArray &operation) const
{
    // What both sides may say has one definition.
    if (sender == Sender::Host && m_definitions.contains("host-" + operation))
        return checkPart(message, "host-" + operation);
    return checkPart(message, "peer-" + operation);
}

SchemaFault MessageSchema::checkPart(const JsonValue &value, const QByteArray &definition) const
{
    return m_definitions.at(definition)->check(value, {});
}

const MessageSchema::Rule *MessageSchema::definition(const QByteArray &name)
{
    if (const auto known = m_definitions.find(name); known != m_definitions.end())
        return known->second;
    const JsonValue part
        = m_tree.root().member("$defs").member({name.constData(), std::size_t(name.size())});
    if (!part) {
        m_problems << "no definition of " + name;
        return nullptr;
    }
    const Rule *rule = compile(part);
    m_definitions.emplace(name, rule);
    return rule;
}

const MessageSchema::Rule *MessageSchema::compile(const JsonValue &schema)
{
    Rule &rule = *m_rules.emplace_back(std::make_unique<Rule>());
    for (const JsonValue &keyword : schema)
        compileKeyword(rule, unescaped(keyword.rawKey()), keyword);
    return &rule;
}

void MessageSchema::compileKeyword(Rule &rule, const QByteArray &keyword, const JsonValue &value)
{
    const std::pair<const char *, std::optional<double> *> bounds[] = {
        {"minimum", &rule.minimum},
        {"maximum", &rule.maximum},
        {"minLength", &rule.minLength},
        {"maxLength", &rule.maxLength},
        {"minItems", &rule.minItems},
        {"maxItems", &rule.maxItems},
    };
    for (const auto &[name, bound] : bounds) {
        if (keyword == name) {
            *bound = value.number();
            return;
        }
    }
    if (keyword == "$ref") {
        rule.same = definition(targetOf(value));
    } else if (keyword == "type") {
        rule.types = stringsOf(value);
    } else if (keyword == "enum" || keyword == "const") {
        rule.names = stringsOf(value);
    } else if (keyword == "required") {
        rule.required = stringsOf(value);
    } else if (keyword == "properties") {
        for (const JsonValue &member : value)
            rule.properties.emplace(unescaped(member.rawKey()), compile(member));
    } else if (keyword == "items") {
        rule.items = compile(value);
    } else if (keyword == "not") {
        rule.negated = compile(value);
    } else if (keyword == "oneOf") {
        for (const JsonValue &choice : value)
            rule.oneOf.push_back(compile(choice));
    } else if (!isRemark(keyword)) {
        m_problems << "unknown keyword " + keyword;
    }
}

QByteArrayList MessageSchema::operationsOf(const QByteArray &name)
{
    QByteArrayList operations;
    const JsonValue choices = m_tree.root()
                                  .member("$defs")
                                  .member({name.constData(), std::size_t(name.size())})
                                  .member("oneOf");
    if (!choices) {
        m_problems << "no choices in " + name;
        return operations;
    }
    for (const JsonValue &choice : choices) {
        const QByteArray target = targetOf(choice.member("$ref"));
        operations << target.mid(target.indexOf('-') + 1);
    }
    return operations;
}

} // namespace fairlead::tcp
