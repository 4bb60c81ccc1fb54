// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsontree.h"

#include <QtCore/QByteArray>
#include <QtCore/QByteArrayList>

#include <map>
#include <memory>
#include <vector>

namespace fairlead::tcp {

/// What a message breaks.
struct SchemaFault
{
    QByteArray place; ///< a JSON pointer into the message; empty: the message itself
    QByteArray text; ///< empty: nothing is broken

    explicit operator bool() const noexcept { return !text.isEmpty(); }
};

/// The messages of the protocol as protocol.schema.json describes them, the document that authors read
/// too. Of JSON Schema it knows the keywords that this document uses.
///
/// Thread: any; constant once made.
class MessageSchema
{
public:
    enum class Sender : quint8 {
        Peer,
        Host
    };
    struct Rule;

    /// That of protocol.schema.json.
    static const MessageSchema &instance();

    explicit MessageSchema(Bytes document);
    ~MessageSchema();
    MessageSchema(const MessageSchema &) = delete;
    MessageSchema &operator=(const MessageSchema &) = delete;

    /// What the document says that is not understood; empty for a good one.
    const QByteArrayList &problems() const noexcept { return m_problems; }

    /// The operations of @p sender, in order.
    const QByteArrayList &operations(Sender sender) const noexcept
    {
        return sender == Sender::Peer ? m_peerOperations : m_hostOperations;
    }

    bool knows(Sender sender, const QByteArray &operation) const;
    /// @p message is an object; @p operation is known.
    SchemaFault check(const JsonValue &message, Sender sender, const QByteArray &operation) const;
    /// By one definition of the document, which is there.
    SchemaFault checkPart(const JsonValue &value, const QByteArray &definition) const;

private:
    const Rule *compile(const JsonValue &schema);
    void compileKeyword(Rule &rule, const QByteArray &keyword, const JsonValue &value);
    const Rule *definition(const QByteArray &name);
    QByteArrayList operationsOf(const QByteArray &name);

    JsonTree m_tree; ///< while it is compiled
    std::vector<std::unique_ptr<Rule>> m_rules;
    std::map<QByteArray, const Rule *> m_definitions;
    QByteArrayList m_problems;
    QByteArrayList m_peerOperations;
    QByteArrayList m_hostOperations;
};

/// The text of protocol.schema.json.
extern const char *const kProtocolSchema;

} // namespace fairlead::tcp
