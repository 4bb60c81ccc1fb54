// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QJsonValue>
#include <QtCore/QString>

#include <fairlead/error.h>

#include <variant>

// JSON-RPC 2.0, one object per line, without a transport. Values; thread: any.
namespace fairlead::core::jsonrpc {

/// The longest line in either direction, its end not counted.
inline constexpr qsizetype kMaxLine = 1024 * 1024;

enum Code : int {
    ParseError = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    InternalError = -32603,
    HostError = -32000, ///< the method ran and failed, see data.code
};

/// An error object; data always holds "code", an errorName().
struct RpcError
{
    int code = InternalError;
    QString message;
    QJsonObject data;

    static RpcError make(int code, ErrorCode reason, const QString &message);
    /// What a method failed with.
    static RpcError from(const Error &error);
};

struct Request
{
    QString method;
    QJsonObject params;
    QJsonValue id;
    bool isNotification = false; ///< wants no answer
};

struct Refusal
{
    QJsonValue id; ///< null where the request's could not be read
    RpcError error;
};

/// Reads one line. Batches and positional parameters are refused.
std::variant<Request, Refusal> parseRequest(const QByteArray &line);

// Lines to send, their end included.
QByteArray resultLine(const QJsonValue &id, const QJsonValue &result);
QByteArray errorLine(const QJsonValue &id, const RpcError &error);
QByteArray notificationLine(const QString &method, const QJsonObject &params);

} // namespace fairlead::core::jsonrpc
