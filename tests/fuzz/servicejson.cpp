// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/jsontext.h"
#include "service/jsontree.h"
#include "service/messageschema.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace fairlead::tcp;

namespace {

[[noreturn]] void report(const char *what, const QByteArray &detail)
{
    std::fprintf(stderr, "%s: %s\n", what, detail.constData());
    std::abort();
}

Bytes bytesOf(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

/// Every value lies in the text, inside of what it is a part of; every string comes back.
void checkValue(const JsonValue &value, Bytes whole, int depth)
{
    const Bytes text = value.text();
    if (text.data() < whole.data() || text.data() + text.size() > whole.data() + whole.size())
        report("a value outside of its container", {});
    if (depth > JsonLimits().maxDepth + 1)
        report("deeper than allowed", {});
    if (value.kind() == JsonKind::String) {
        const QByteArray says = stringOf(value);
        QByteArray quoted;
        appendQuoted(quoted, bytesOf(says));
        JsonTree again;
        if (again.parse(bytesOf(quoted)) || stringOf(again.root()) != says)
            report("a string does not come back", quoted);
    }
    for (const JsonValue &part : value) {
        checkValue(part, text, depth + 1);
        if (value.isObject() && !value.member(bytesOf(unescaped(part.rawKey()))))
            report("a member is not found", unescaped(part.rawKey()));
    }
}

/// What one line is, is one line.
void checkCompact(const JsonValue &value)
{
    QByteArray compact;
    appendCompact(compact, value.text());
    JsonTree tree;
    if (compact.contains('\n') || tree.parse(bytesOf(compact)))
        report("the compact form is none", compact);
    QByteArray again;
    appendCompact(again, bytesOf(compact));
    if (again != compact)
        report("the compact form is not stable", again);
}

void checkMessage(const JsonValue &message)
{
    const MessageSchema &schema = MessageSchema::instance();
    for (const auto sender : {MessageSchema::Sender::Peer, MessageSchema::Sender::Host}) {
        for (const QByteArray &operation : schema.operations(sender)) {
            const SchemaFault fault = schema.check(message, sender, operation);
            const JsonValue op = message.member("op");
            const bool isNamed = op && op.kind() == JsonKind::String && stringOf(op) == operation;
            if (!fault && !isNamed)
                report("a message of another operation passes", operation);
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::vector<char> input(data, data + size);
    const Bytes text(input.data(), input.size());
    JsonTree tree;
    if (const JsonFault fault = tree.parse(text)) {
        if (fault.offset > size)
            report("a fault outside of the text", fault.text);
        return 0;
    }
    checkValue(tree.root(), text, 0);
    checkCompact(tree.root());
    if (tree.root().isObject())
        checkMessage(tree.root());
    return 0;
}
