// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "quiescestate.h"

namespace fairlead::core {

namespace {

Error closedError()
{
    return Error(ErrorCode::InvalidTransition, QStringLiteral("the target is closed"));
}

} // namespace

Error QuiesceState::refusal() const
{
    const QuiesceReason why = reason();
    const QString name = QString::fromLatin1(quiesceReasonName(why));
    if (state() == State::Closed)
        return Error(ErrorCode::ConnectionClosed, QStringLiteral("the target is closed"));
    if (why == QuiesceReason::HostShutdown)
        return Error(ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down"));
    return Error(ErrorCode::LimitReached,
                 QStringLiteral("the target takes no new work: %1").arg(name));
}

Result<> QuiesceState::beginWork() noexcept
{
    // Counted first, so that whoever drains sees either the refusal or the work.
    m_work.fetch_add(1);
    if (m_state.load() == State::Open)
        return {};
    m_work.fetch_sub(1);
    return refusal();
}

void QuiesceState::endWork() noexcept
{
    const qint64 before = m_work.fetch_sub(1);
    Q_ASSERT(before > 0);
    Q_UNUSED(before)
}

Result<> QuiesceState::drain(QuiesceReason reason)
{
    if (state() == State::Closed)
        return closedError();
    m_reason.store(reason);
    m_state.store(State::Draining);
    return {};
}

Result<> QuiesceState::resume()
{
    if (state() == State::Closed)
        return closedError();
    m_state.store(State::Open);
    m_reason.store(QuiesceReason::None);
    return {};
}

void QuiesceState::close() noexcept
{
    m_state.store(State::Closed);
    m_reason.store(QuiesceReason::None);
}

} // namespace fairlead::core
