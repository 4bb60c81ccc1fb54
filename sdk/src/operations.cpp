// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/operations.h>

#include <utility>

namespace fairlead {

const char *operationName(OperationKind kind) noexcept
{
    switch (kind) {
    case OperationKind::ReleaseHandles:
        return "release-handles";
    case OperationKind::Quiesce:
        return "quiesce";
    }
    return "unknown";
}

const char *quiesceReasonName(QuiesceReason reason) noexcept
{
    switch (reason) {
    case QuiesceReason::None:
        return "none";
    case QuiesceReason::IdleTimeout:
        return "idle-timeout";
    case QuiesceReason::HostShutdown:
        return "host-shutdown";
    case QuiesceReason::Maintenance:
        return "maintenance";
    }
    return "unknown";
}

OperationReply::OperationReply() noexcept = default;

OperationReply::OperationReply(Sink sink) noexcept
    : m_sink(std::move(sink))
{ }

OperationReply::OperationReply(OperationReply &&other) noexcept
    : m_sink(std::exchange(other.m_sink, nullptr))
    , m_answered(std::exchange(other.m_answered, false))
{ }

OperationReply &OperationReply::operator=(OperationReply &&other) noexcept
{
    if (this != &other) {
        abandon();
        m_sink = std::exchange(other.m_sink, nullptr);
        m_answered = std::exchange(other.m_answered, false);
    }
    return *this;
}

OperationReply::~OperationReply()
{
    abandon();
}

void OperationReply::done() noexcept
{
    answer({});
}

void OperationReply::fail(const Error &error) noexcept
{
    answer(error.isNull() ? Error(ErrorCode::Internal, QStringLiteral("failed without a reason"))
                          : error);
}

void OperationReply::answer(const Result<> &outcome) noexcept
{
    if (!m_sink)
        return;
    m_answered = true;
    m_sink(outcome);
}

void OperationReply::abandon() noexcept
{
    if (isOpen())
        answer(Error(ErrorCode::Internal, QStringLiteral("the operation was dropped unanswered")));
}

} // namespace fairlead
