// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/jsontree.h"

#include "service/jsonparser.h"
#include "service/jsontext.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace fairlead::tcp {

JsonFault JsonTree::parse(Bytes text, const JsonLimits &limits)
{
    m_nodes.clear();
    return JsonParser(*this, text, limits).run();
}

void JsonTree::clear()
{
    constexpr std::size_t kKept = 64;
    if (m_nodes.capacity() > kKept)
        std::vector<Node>().swap(m_nodes);
    else
        m_nodes.clear();
}

double JsonValue::number() const noexcept
{
    double value = 0;
    const Bytes digits = text();
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

JsonValue JsonValue::member(Bytes name) const
{
    if (!m_tree || !isObject())
        return {};
    const auto found = std::find_if(begin(), end(), [name](const JsonValue &member) {
        return member.rawKey() == name
            || (member.rawKey().find('\\') != Bytes::npos
                && unescaped(member.rawKey()).toStdString() == name);
    });
    return found == end() ? JsonValue() : *found;
}

} // namespace fairlead::tcp
