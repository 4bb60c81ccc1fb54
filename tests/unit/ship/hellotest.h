// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "bench.h"

#include <memory>

/// What a side in the hello hears and says.
namespace fairlead::ship::bench {

inline QByteArray hello(const char *phase, qint64 waiting)
{
    return QByteArray(R"(01 {"connectionHello":[{"phase":")") + phase + R"("},{"waiting":)"
        + QByteArray::number(waiting) + "}]}";
}

inline QByteArray sent(const QByteArray &message)
{
    return "send " + message;
}

inline QByteArrayList aborted(const char *end)
{
    return {sent(kAborted), end};
}

inline std::unique_ptr<Bench> ready()
{
    return inState(State::HelloReady, trusting(Role::Server));
}

inline std::unique_ptr<Bench> pending()
{
    return inState(State::HelloPending, undecided(Role::Server));
}

} // namespace fairlead::ship::bench
