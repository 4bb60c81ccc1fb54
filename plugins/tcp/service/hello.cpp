// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/hello.h"

#include "service/members.h"
#include "service/messageschema.h"

#include <algorithm>

namespace fairlead::tcp {

namespace {

constexpr qsizetype kMaxIdentity = 128;

bool isIdentity(const QByteArray &text)
{
    const QString letters = QString::fromUtf8(text);
    return text.size() <= kMaxIdentity && std::none_of(letters.begin(), letters.end(), [](QChar c) {
               return c.category() == QChar::Other_Control;
           });
}

Error versionRefused()
{
    Error error(ErrorCode::VersionRefused,
                QStringLiteral("the host speaks versions %1 to %1").arg(kProtocolVersion));
    error.setDetail(QStringLiteral("protocol"),
                    QVariantMap{{QStringLiteral("min"), kProtocolVersion},
                                {QStringLiteral("max"), kProtocolVersion}});
    return error;
}

} // namespace

Result<Hello> readHello(const JsonValue &message)
{
    const MessageSchema &schema = MessageSchema::instance();
    if (const SchemaFault fault = schema.checkPart(message, QByteArrayLiteral("hello-range")))
        return memberFailure(fault);
    quint16 oldest = 0;
    quint16 newest = 0;
    readNumber(message.member("protocol"), "min", oldest);
    readNumber(message.member("protocol"), "max", newest);
    if (oldest > newest)
        return badMember("/protocol/min", QStringLiteral("must be at most max"));
    if (oldest > kProtocolVersion || newest < kProtocolVersion)
        return versionRefused();
    if (const SchemaFault fault
        = schema.check(message, MessageSchema::Sender::Peer, QByteArrayLiteral("hello"))) {
        return memberFailure(fault);
    }
    Hello hello;
    readMember(message, "identity", hello.identity);
    if (!isIdentity(hello.identity)) {
        return badMember("/identity",
                         QStringLiteral("must be at most 128 bytes, without control characters"));
    }
    readMember(message, "instance", hello.instance);
    QByteArrayList features;
    readMember(message, "features", features);
    for (const QByteArray &feature : features)
        hello.features.add(feature);
    readNumber(message, "max_frame", hello.maxFrame);
    const JsonValue session = message.member("session");
    if (session.member("expiry")) {
        hello.sessionExpiry = 0;
        readNumber(session, "expiry", *hello.sessionExpiry);
    }
    readMember(session, "clean", hello.isClean);
    readNumber(session, "window", hello.window);
    const JsonValue credentials = message.member("credentials");
    hello.user = textMember(credentials, "user");
    hello.password = textMember(credentials, "password");
    return hello;
}

} // namespace fairlead::tcp
