// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/operatorcommands.h>

#include <utility>

namespace fairlead {

CommandReply::CommandReply() noexcept = default;

CommandReply::CommandReply(Sink sink) noexcept
    : m_sink(std::move(sink))
{ }

CommandReply::CommandReply(CommandReply &&other) noexcept
    : m_sink(std::exchange(other.m_sink, nullptr))
{ }

CommandReply &CommandReply::operator=(CommandReply &&other) noexcept
{
    if (this != &other) {
        CommandReply former(std::exchange(m_sink, nullptr));
        m_sink = std::exchange(other.m_sink, nullptr);
    }
    return *this;
}

CommandReply::~CommandReply()
{
    fail(Error(ErrorCode::Internal, QStringLiteral("the command was dropped unanswered")));
}

void CommandReply::done(const QJsonValue &value) noexcept
{
    answer(value);
}

void CommandReply::fail(const Error &error) noexcept
{
    answer(error.isNull() ? Error(ErrorCode::Internal, QStringLiteral("failed without a reason"))
                          : error);
}

void CommandReply::answer(const Result<QJsonValue> &answer) noexcept
{
    // Cleared first: what it calls may come back here.
    if (const Sink sink = std::exchange(m_sink, nullptr))
        sink(answer);
}

} // namespace fairlead
