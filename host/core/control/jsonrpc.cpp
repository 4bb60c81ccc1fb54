// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/jsonrpc.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

namespace fairlead::core::jsonrpc {

namespace {

constexpr qsizetype kMaxName = 128;

QJsonObject envelope()
{
    return {{QStringLiteral("jsonrpc"), QStringLiteral("2.0")}};
}

QByteArray line(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

Refusal invalid(const QJsonValue &id, const QString &text)
{
    return {id, RpcError::make(InvalidRequest, ErrorCode::ProtocolViolation, text)};
}

bool isId(const QJsonValue &id)
{
    return id.isString() || id.isDouble() || id.isNull();
}

} // namespace

RpcError RpcError::make(int code, ErrorCode reason, const QString &message)
{
    return {code,
            message,
            {{QStringLiteral("code"), QLatin1String(errorName(reason))},
             {QStringLiteral("retryable"), false}}};
}

RpcError RpcError::from(const Error &error)
{
    const int code = error.code() == ErrorCode::Internal ? InternalError
        : error.code() == ErrorCode::InvalidArgument     ? InvalidParams
                                                         : HostError;
    RpcError out = make(code, error.code(), error.text());
    out.data.insert(QStringLiteral("retryable"), error.isRetryable());
    if (const QVariantMap details = error.details(); !details.isEmpty())
        out.data.insert(QStringLiteral("details"), QJsonObject::fromVariantMap(details));
    return out;
}

std::variant<Request, Refusal> parseRequest(const QByteArray &line)
{
    QJsonParseError failure;
    const QJsonDocument document = QJsonDocument::fromJson(line, &failure);
    if (failure.error != QJsonParseError::NoError) {
        return Refusal{QJsonValue(),
                       RpcError::make(ParseError,
                                      ErrorCode::ProtocolViolation,
                                      QStringLiteral("not JSON at byte %1: %2")
                                          .arg(failure.offset)
                                          .arg(failure.errorString()))};
    }
    if (!document.isObject()) {
        return invalid(QJsonValue(),
                       QStringLiteral("expected one JSON object per line; batches are not "
                                      "supported, several lines may be on their way at once"));
    }
    const QJsonObject object = document.object();
    const QJsonValue id = object.value(QStringLiteral("id"));
    const bool isNotification = id.isUndefined();
    if (!isNotification && !isId(id))
        return invalid(QJsonValue(), QStringLiteral("\"id\" is a string, a number or null"));
    const QJsonValue answerId = isNotification ? QJsonValue() : id;
    if (object.value(QStringLiteral("jsonrpc")).toString() != QLatin1String("2.0"))
        return invalid(answerId, QStringLiteral("\"jsonrpc\" must be \"2.0\""));
    const QJsonValue method = object.value(QStringLiteral("method"));
    if (!method.isString() || method.toString().isEmpty() || method.toString().size() > kMaxName) {
        return invalid(answerId,
                       QStringLiteral("\"method\" is a name of 1 to %1 characters").arg(kMaxName));
    }
    const QJsonValue params = object.value(QStringLiteral("params"));
    if (params.isArray()) {
        return Refusal{
            answerId,
            RpcError::make(InvalidParams,
                           ErrorCode::InvalidArgument,
                           QStringLiteral("parameters are given by name, as an object"))};
    }
    if (!params.isUndefined() && !params.isObject())
        return invalid(answerId, QStringLiteral("\"params\" is an object"));
    return Request{method.toString(), params.toObject(), answerId, isNotification};
}

QByteArray resultLine(const QJsonValue &id, const QJsonValue &result)
{
    QJsonObject object = envelope();
    object.insert(QStringLiteral("id"), id);
    object.insert(QStringLiteral("result"), result);
    return line(object);
}

QByteArray errorLine(const QJsonValue &id, const RpcError &error)
{
    QJsonObject object = envelope();
    object.insert(QStringLiteral("id"), id);
    object.insert(QStringLiteral("error"),
                  QJsonObject{{QStringLiteral("code"), error.code},
                              {QStringLiteral("message"), error.message},
                              {QStringLiteral("data"), error.data}});
    return line(object);
}

QByteArray notificationLine(const QString &method, const QJsonObject &params)
{
    QJsonObject object = envelope();
    object.insert(QStringLiteral("method"), method);
    object.insert(QStringLiteral("params"), params);
    return line(object);
}

} // namespace fairlead::core::jsonrpc
