// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/targetset.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fairlead::core {

namespace {

bool comesFirst(const TargetSet::Target &a, const TargetSet::Target &b) noexcept
{
    return std::tie(a.session, a.copy) < std::tie(b.session, b.copy);
}

bool isSettled(const TargetSet::Target &target) noexcept
{
    return (target.flags & TargetSet::kSettled) != 0;
}

} // namespace

TargetSet::TargetSet(TargetSet &&other) noexcept
    : m_size(std::exchange(other.m_size, 0))
    , m_open(std::exchange(other.m_open, 0))
{
    if (m_size > 1)
        m_many = other.m_many;
    else
        m_one = other.m_one;
}

TargetSet &TargetSet::operator=(TargetSet &&other) noexcept
{
    if (this == &other)
        return *this;
    if (m_size > 1)
        delete[] m_many;
    m_size = std::exchange(other.m_size, 0);
    m_open = std::exchange(other.m_open, 0);
    if (m_size > 1)
        m_many = other.m_many;
    else
        m_one = other.m_one;
    return *this;
}

void TargetSet::assign(const std::vector<Target> &targets)
{
    if (m_size > 1)
        delete[] m_many;
    m_size = quint32(targets.size());
    m_open = quint32(std::count_if(
        targets.begin(), targets.end(), [](const Target &t) { return !isSettled(t); }));
    if (m_size > 1) {
        m_many = new Target[m_size];
        std::copy(targets.begin(), targets.end(), m_many);
    } else {
        m_one = targets.empty() ? Target() : targets.front();
    }
}

TargetSet::Target *TargetSet::tail() noexcept
{
    Target *at = end();
    while (at != begin() && (at[-1].flags & kAdded) != 0)
        --at;
    return at;
}

TargetSet::Target *TargetSet::lowerBound(quint64 session, quint32 copy) noexcept
{
    return std::lower_bound(begin(), tail(), Target{session, copy, 0}, comesFirst);
}

TargetSet::Target *TargetSet::find(quint64 session, quint32 copy) noexcept
{
    const auto isIt = [session, copy](const Target &target) {
        return target.session == session && target.copy == copy && !isSettled(target);
    };
    if (m_size == 1)
        return isIt(m_one) ? &m_one : nullptr;
    Target *const added = tail();
    Target *at = std::lower_bound(begin(), added, Target{session, copy, 0}, comesFirst);
    if (at != added && isIt(*at))
        return at;
    at = std::find_if(added, end(), isIt);
    return at != end() ? at : nullptr;
}

void TargetSet::insert(const Target &target)
{
    std::vector<Target> targets(begin(), end());
    targets.insert(std::upper_bound(targets.begin(), targets.end(), target, comesFirst), target);
    assign(targets);
}

void TargetSet::append(const Target &target)
{
    std::vector<Target> targets(begin(), end());
    targets.push_back(target);
    targets.back().flags |= kAdded;
    assign(targets);
}

void TargetSet::dropSettled()
{
    if (m_open == m_size)
        return;
    std::vector<Target> targets(begin(), end());
    targets.erase(std::remove_if(targets.begin(), targets.end(), isSettled), targets.end());
    assign(targets);
}

void TargetSet::tidyAdded()
{
    std::vector<Target> targets(begin(), end());
    const auto added = targets.begin() + rowSize();
    std::sort(added, targets.end(), comesFirst);
    targets.erase(std::remove_if(added, targets.end(), isSettled), targets.end());
    assign(targets);
}

} // namespace fairlead::core
