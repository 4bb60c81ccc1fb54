// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "startsequence.h"

#include "core/lifecycle/broadcast/contained.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace fairlead::core {

namespace {

Error shutDownError()
{
    return Error(ErrorCode::ShuttingDown,
                 QStringLiteral("a host that was shut down does not start again"));
}

} // namespace

StartSequence::StartSequence(QObject *parent)
    : QObject(parent)
{ }

std::size_t StartSequence::indexOf(const QString &name) const
{
    const auto found = std::find_if(
        m_steps.begin(), m_steps.end(), [&](const StartStep &step) { return step.name == name; });
    return std::size_t(found - m_steps.begin());
}

Result<> StartSequence::add(StartStep step)
{
    if (m_state != State::Idle)
        return Error(ErrorCode::AlreadyStarted, QStringLiteral("steps are added before the start"));
    if (step.name.isEmpty() || !step.start)
        return Error(ErrorCode::InvalidArgument, QStringLiteral("a step has a name and a start"));
    if (indexOf(step.name) != m_steps.size()) {
        return Error(ErrorCode::AlreadyExists,
                     QStringLiteral("there is a step \"%1\" already").arg(step.name));
    }
    m_steps.push_back(std::move(step));
    return {};
}

Result<> StartSequence::start()
{
    if (m_state == State::ShutDown)
        return shutDownError();
    if (m_state != State::Idle) {
        return Error(ErrorCode::AlreadyStarted,
                     m_state == State::Running ? QStringLiteral("the host runs already")
                                               : QStringLiteral("the host is starting already"));
    }
    m_missing.clear();
    m_undoFailures.clear();
    setState(State::Starting);
    std::vector<std::size_t> started;
    Error failure;
    for (std::size_t i = 0; i < m_steps.size() && m_state == State::Starting; ++i) {
        const StartStep &step = m_steps[i];
        m_current = i;
        Result<> result;
        const Result<> called = contained(step.name, [&] { result = step.start(); });
        if (!called)
            result = called;
        if (result) {
            started.push_back(i);
        } else if (step.optional) {
            m_missing.push_back({i, result.error()});
        } else {
            failure = result.error();
            failure.setDetail(QStringLiteral("step"), step.name);
            break;
        }
    }
    if (m_state == State::ShutDown)
        failure = shutDownError();
    if (!failure.isNull()) {
        m_missing.clear();
        rollBack(started);
        if (m_state == State::Starting)
            setState(State::Idle);
        return failure;
    }
    setState(State::Running);
    if (isDegraded())
        Q_EMIT degradedChanged(true);
    return {};
}

void StartSequence::rollBack(const std::vector<std::size_t> &started)
{
    for (const std::size_t index : started | std::views::reverse) {
        const StartStep &step = m_steps[index];
        if (!step.undo)
            continue;
        const Result<> undone = contained(step.name, step.undo);
        if (!undone)
            m_undoFailures.push_back({step.name, undone.error()});
    }
}

void StartSequence::shutDown()
{
    if (m_state == State::ShutDown)
        return;
    const bool degraded = isDegraded();
    setState(State::ShutDown);
    if (degraded)
        Q_EMIT degradedChanged(false);
}

void StartSequence::setState(State state)
{
    const State from = std::exchange(m_state, state);
    Q_EMIT stateChanged(from, state);
}

QString StartSequence::currentStep() const
{
    const bool isAtStep = m_state == State::Starting && m_current < m_steps.size();
    return isAtStep ? m_steps[m_current].name : QString();
}

std::vector<StartFailure> StartSequence::missing() const
{
    std::vector<StartFailure> list;
    for (const Missing &part : m_missing)
        list.push_back({m_steps[part.step].name, part.error});
    return list;
}

Result<> StartSequence::checkOptional(const QString &name) const
{
    const std::size_t index = indexOf(name);
    if (index == m_steps.size() || !m_steps[index].optional) {
        return Error(ErrorCode::NotFound,
                     QStringLiteral("\"%1\" is no optional part of the start").arg(name));
    }
    return {};
}

Result<> StartSequence::markFailed(const QString &step, const Error &error)
{
    if (auto known = checkOptional(step); !known)
        return known;
    const bool before = isDegraded();
    const std::size_t index = indexOf(step);
    const auto place = std::find_if(m_missing.begin(),
                                    m_missing.end(),
                                    [index](const Missing &part) { return part.step >= index; });
    if (place != m_missing.end() && place->step == index) {
        place->error = error;
    } else {
        m_missing.insert(place, {index, error});
    }
    if (isDegraded() != before)
        Q_EMIT degradedChanged(true);
    return {};
}

Result<> StartSequence::markWorking(const QString &step)
{
    if (auto known = checkOptional(step); !known)
        return known;
    const bool before = isDegraded();
    const std::size_t index = indexOf(step);
    m_missing.erase(std::remove_if(m_missing.begin(),
                                   m_missing.end(),
                                   [index](const Missing &part) { return part.step == index; }),
                    m_missing.end());
    if (isDegraded() != before)
        Q_EMIT degradedChanged(false);
    return {};
}

} // namespace fairlead::core
