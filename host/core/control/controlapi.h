// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/jsonrpc.h"

#include <QtCore/QMap>
#include <QtCore/QStringList>

#include <fairlead/result.h>

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead::core {

class ControlPeer;

/// The answer to one call: given once, now or later. One that is dropped without an answer tells
/// the caller of an internal error, so that nobody waits for ever. Thread: main.
class Reply
{
public:
    struct Outcome
    {
        QJsonValue result;
        std::optional<jsonrpc::RpcError> error;
    };

    using Deliver = std::function<void(const Outcome &)>;

    explicit Reply(Deliver deliver);
    ~Reply();
    Reply(const Reply &) = delete;
    Reply &operator=(const Reply &) = delete;

    // Only the first answer counts.
    void succeed(const QJsonValue &result);
    void fail(const Error &error);
    void fail(const jsonrpc::RpcError &error);

    bool isAnswered() const noexcept { return m_deliver == nullptr; }

private:
    void answer(const Outcome &outcome);

    Deliver m_deliver;
};

using ReplyPtr = std::shared_ptr<Reply>;

/// One parameter of a method.
struct Parameter
{
    enum class Kind : quint8 {
        String, ///< the bounds are those of its length
        Integer,
        Boolean,
        StringList, ///< the bounds are those of its length
        Object, ///< the bounds are those of the number of its members
    };

    QString name;
    Kind kind = Kind::String;
    bool required = false;
    qint64 min = 0;
    qint64 max = std::numeric_limits<qint64>::max();
};

struct Call
{
    QJsonObject params; ///< checked
    ReplyPtr reply;
    ControlPeer *peer = nullptr; ///< who asked; valid during the call only, null without one
};

/// The methods of the control plane. Thread: main.
class ControlApi
{
public:
    /// May throw: that is an internal error of the method.
    using Handler = std::function<void(const Call &)>;

    /// Errors: AlreadyExists.
    Result<> add(const QString &method, std::vector<Parameter> parameters, Handler handler);

    /// @p deliver gets the outcome once, perhaps before this returns.
    void call(const jsonrpc::Request &request, ControlPeer *peer, Reply::Deliver deliver);

    /// In alphabetical order.
    QStringList methods() const { return m_methods.keys(); }

    struct Counters
    {
        quint64 calls = 0;
        quint64 errors = 0;
    };

    const Counters &counters() const noexcept { return *m_counters; }

private:
    struct Method
    {
        std::vector<Parameter> parameters;
        Handler handler;
    };

    QMap<QString, Method> m_methods;
    std::shared_ptr<Counters> m_counters = std::make_shared<Counters>();
};

} // namespace fairlead::core
