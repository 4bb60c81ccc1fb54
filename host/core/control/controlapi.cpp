// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlapi.h"

#include <QtCore/QJsonArray>

#include <algorithm>
#include <exception>
#include <optional>

namespace fairlead::core {

using jsonrpc::RpcError;

namespace {

QString kindName(Parameter::Kind kind)
{
    switch (kind) {
    case Parameter::Kind::String:
        return QStringLiteral("a string");
    case Parameter::Kind::Integer:
        return QStringLiteral("an integer");
    case Parameter::Kind::Boolean:
        return QStringLiteral("true or false");
    case Parameter::Kind::Object:
        return QStringLiteral("an object");
    case Parameter::Kind::StringList:
        break;
    }
    return QStringLiteral("a list of strings");
}

bool isStringList(const QJsonValue &value)
{
    const QJsonArray items = value.toArray();
    return value.isArray() && std::all_of(items.begin(), items.end(), [](const QJsonValue &item) {
               return item.isString();
           });
}

/// The measure that a parameter's bounds are about; nothing when the type is wrong.
std::optional<qint64> measure(const Parameter &parameter, const QJsonValue &value)
{
    switch (parameter.kind) {
    case Parameter::Kind::String:
        return value.isString() ? std::optional<qint64>(value.toString().size()) : std::nullopt;
    case Parameter::Kind::Integer: {
        // A fraction, or a number beyond 64 bits, yields both defaults.
        const qint64 number = value.toInteger(0);
        const bool exact = value.isDouble() && number == value.toInteger(1);
        return exact ? std::optional(number) : std::nullopt;
    }
    case Parameter::Kind::Boolean:
        return value.isBool() ? std::optional(parameter.min) : std::nullopt;
    case Parameter::Kind::Object:
        return value.isObject() ? std::optional<qint64>(value.toObject().size()) : std::nullopt;
    case Parameter::Kind::StringList:
        break;
    }
    return isStringList(value) ? std::optional<qint64>(value.toArray().size()) : std::nullopt;
}

QString problemWith(const Parameter &parameter, const QJsonValue &value)
{
    if (value.isUndefined()) {
        return parameter.required ? QStringLiteral("\"%1\" is missing").arg(parameter.name)
                                  : QString();
    }
    const std::optional<qint64> size = measure(parameter, value);
    if (!size) {
        return QStringLiteral("\"%1\" must be %2").arg(parameter.name, kindName(parameter.kind));
    }
    if (*size < parameter.min || *size > parameter.max) {
        const QString what = parameter.kind == Parameter::Kind::Integer
            ? QStringLiteral("\"%1\" must be from %2 to %3, found %4")
            : QStringLiteral("the length of \"%1\" must be from %2 to %3, found %4");
        return what.arg(parameter.name).arg(parameter.min).arg(parameter.max).arg(*size);
    }
    return {};
}

std::optional<RpcError> check(const std::vector<Parameter> &parameters, const QJsonObject &given)
{
    QString problem;
    for (const Parameter &parameter : parameters) {
        if (problem.isEmpty())
            problem = problemWith(parameter, given.value(parameter.name));
    }
    for (auto it = given.begin(); it != given.end() && problem.isEmpty(); ++it) {
        const bool known
            = std::any_of(parameters.begin(), parameters.end(), [&it](const Parameter &parameter) {
                  return parameter.name == it.key();
              });
        if (!known)
            problem = QStringLiteral("unknown parameter \"%1\"").arg(it.key().left(64));
    }
    if (problem.isEmpty())
        return std::nullopt;
    RpcError error = RpcError::make(jsonrpc::InvalidParams, ErrorCode::InvalidArgument, problem);
    QJsonArray known;
    for (const Parameter &parameter : parameters)
        known.append(parameter.name);
    error.data.insert(QStringLiteral("parameters"), known);
    return error;
}

} // namespace

Reply::Reply(Deliver deliver)
    : m_deliver(std::move(deliver))
{ }

Reply::~Reply()
{
    if (!isAnswered())
        fail(Error(ErrorCode::Internal, QStringLiteral("the method ended without an answer")));
}

void Reply::succeed(const QJsonValue &result)
{
    answer({result, std::nullopt});
}

void Reply::fail(const Error &error)
{
    answer({QJsonValue(), RpcError::from(error)});
}

void Reply::fail(const RpcError &error)
{
    answer({QJsonValue(), error});
}

void Reply::answer(const Outcome &outcome)
{
    // Cleared first: what it calls may come back here.
    if (const Deliver deliver = std::exchange(m_deliver, nullptr))
        deliver(outcome);
}

Result<> ControlApi::add(const QString &method, std::vector<Parameter> parameters, Handler handler)
{
    if (m_methods.contains(method)) {
        return Error(ErrorCode::AlreadyExists,
                     QStringLiteral("the method \"%1\" is there already").arg(method));
    }
    m_methods.insert(method, {std::move(parameters), std::move(handler)});
    return {};
}

void ControlApi::call(const jsonrpc::Request &request, ControlPeer *peer, Reply::Deliver deliver)
{
    ++m_counters->calls;
    auto reply = std::make_shared<Reply>(
        [counters = m_counters, deliver = std::move(deliver)](const Reply::Outcome &outcome) {
            if (outcome.error)
                ++counters->errors;
            deliver(outcome);
        });
    const auto found = m_methods.constFind(request.method);
    if (found == m_methods.constEnd()) {
        RpcError error
            = RpcError::make(jsonrpc::MethodNotFound,
                             ErrorCode::NotSupported,
                             QStringLiteral("unknown method \"%1\"").arg(request.method));
        error.data.insert(QStringLiteral("methods"), QJsonArray::fromStringList(methods()));
        reply->fail(error);
        return;
    }
    if (const std::optional<RpcError> problem = check(found->parameters, request.params)) {
        reply->fail(*problem);
        return;
    }
    // A copy: a method may add methods.
    const Handler handler = found->handler;
    try {
        handler({request.params, reply, peer});
    } catch (const std::exception &exception) {
        reply->fail(Error(ErrorCode::Internal, QString::fromUtf8(exception.what())));
    } catch (...) {
        reply->fail(Error(ErrorCode::Internal, QStringLiteral("the method threw")));
    }
}

} // namespace fairlead::core
