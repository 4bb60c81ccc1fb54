// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/callcontent.h"

#include "service/members.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

namespace fairlead::tcp {

namespace {

/// Bytes of details that are passed on.
constexpr std::size_t kMaxDetails = 64 * 1024;
/// One level is the message's own.
constexpr JsonLimits kBodyLimits{63, 60 * 1024};

} // namespace

Error failureOf(const JsonValue &failure)
{
    QString message;
    readMember(failure, "message", message);
    Error error(ErrorCode::CallFailed, message);
    const JsonValue details = failure.member("details");
    if (details && details.text().size() <= kMaxDetails) {
        const Bytes text = details.text();
        const QVariantMap map
            = QJsonDocument::fromJson(QByteArray(text.data(), qsizetype(text.size())))
                  .object()
                  .toVariantMap();
        for (auto detail = map.begin(); detail != map.end(); ++detail)
            error.setDetail(detail.key(), detail.value());
    }
    QString code;
    readMember(failure, "code", code);
    if (!code.isEmpty())
        error.setDetail(QStringLiteral("code"), code);
    return error;
}

void appendBody(JsonLine &line, const QByteArray &body)
{
    const Bytes bytes(body.constData(), std::size_t(body.size()));
    JsonTree tree;
    if (!tree.parse(bytes, kBodyLimits))
        line.json("body", bytes);
    else
        line.bytes("body", bytes);
}

} // namespace fairlead::tcp
