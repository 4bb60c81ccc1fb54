// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/multiaddressdial.h"

#include <QtCore/QStringList>

#include <algorithm>
#include <array>
#include <limits>

namespace fairlead::core {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

bool isSame(const DialAddress &a, const DialAddress &b)
{
    return a.family == b.family && a.host == b.host && a.port == b.port;
}

} // namespace

QString DialAddress::text() const
{
    const QString name = family == Family::IPv6 ? u'[' + host + u']' : host;
    return name + u':' + QString::number(port);
}

std::vector<DialAddress> interleaveAddresses(const std::vector<DialAddress> &addresses)
{
    std::array<std::vector<DialAddress>, 3> families;
    for (const DialAddress &address : addresses) {
        auto &family = families[std::size_t(address.family)];
        const bool isKnown
            = std::any_of(family.cbegin(), family.cend(), [&address](const DialAddress &other) {
                  return isSame(address, other);
              });
        if (!isKnown)
            family.push_back(address);
    }
    std::vector<DialAddress> ordered;
    for (std::size_t round = 0;; ++round) {
        const std::size_t before = ordered.size();
        for (const auto &family : families) {
            if (round < family.size())
                ordered.push_back(family[round]);
        }
        if (ordered.size() == before)
            return ordered;
    }
}

MultiAddressDial::MultiAddressDial(const Clock &clock,
                                   Timers &timers,
                                   AddressOpener &opener,
                                   MultiAddressReceiver &receiver,
                                   qint64 headStartNs)
    : m_clock(clock)
    , m_timers(timers)
    , m_opener(opener)
    , m_receiver(receiver)
    , m_headStartNs(headStartNs)
    , m_timer([](void *self) noexcept { static_cast<MultiAddressDial *>(self)->handleTimer(); },
              this)
    , m_winner(kNone)
{ }

MultiAddressDial::~MultiAddressDial()
{
    abort();
}

void MultiAddressDial::start(const std::vector<DialAddress> &addresses,
                             qint64 deadline,
                             AddressOrder order)
{
    if (m_phase != Phase::Idle)
        return;
    m_phase = Phase::Running;
    m_deadline = deadline;
    const std::vector<DialAddress> ordered
        = order == AddressOrder::Interleaved ? interleaveAddresses(addresses) : addresses;
    for (const DialAddress &address : ordered) {
        if (m_attempts.size() < kMaxAddresses)
            m_attempts.push_back({address, Attempt::State::Waiting, {}});
        else
            ++m_leftOut;
    }
    m_startNext = true;
    advance();
}

void MultiAddressDial::abort() noexcept
{
    if (m_phase == Phase::Running) {
        m_phase = Phase::Done;
        m_timers.disarm(m_timer);
        cancelAll(kNone);
    }
}

bool MultiAddressDial::isOpening(std::size_t attempt) const noexcept
{
    return m_phase == Phase::Running && m_winner == kNone && attempt < m_attempts.size()
        && m_attempts[attempt].state == Attempt::State::Opening;
}

void MultiAddressDial::opened(std::size_t attempt)
{
    if (!isOpening(attempt)) {
        ++m_stale;
        return;
    }
    if (auto identity = m_opener.checkIdentity(attempt); !identity) {
        m_attempts[attempt].state = Attempt::State::Failed;
        m_attempts[attempt].error = identity.error();
        m_opener.cancel(attempt);
        m_startNext = true;
    } else {
        m_winner = attempt;
    }
    advance();
}

void MultiAddressDial::failed(std::size_t attempt, const Error &error)
{
    if (!isOpening(attempt)) {
        ++m_stale;
        return;
    }
    m_attempts[attempt].state = Attempt::State::Failed;
    m_attempts[attempt].error = error;
    // A failure gives the next address its turn at once.
    m_startNext = true;
    advance();
}

// An address may be opened or fail before open() returns: such reports only leave their mark, and
// the loop that runs already goes on with them.
void MultiAddressDial::advance()
{
    if (m_isAdvancing)
        return;
    m_isAdvancing = true;
    while (m_phase == Phase::Running && m_winner == kNone && m_startNext
           && m_next < m_attempts.size()) {
        m_startNext = false;
        openNext();
    }
    m_startNext = false;
    m_isAdvancing = false;
    if (m_phase != Phase::Running)
        return;
    if (m_winner != kNone) {
        m_phase = Phase::Done;
        m_timers.disarm(m_timer);
        cancelAll(m_winner);
        m_receiver.dialSucceeded(m_winner);
        return;
    }
    const bool isOver = m_next == m_attempts.size()
        && std::all_of(m_attempts.cbegin(), m_attempts.cend(), [](const Attempt &attempt) {
                            return attempt.state == Attempt::State::Failed;
                        });
    if (isOver)
        finish(joinedError(false));
    else
        armTimer();
}

void MultiAddressDial::openNext()
{
    const std::size_t attempt = m_next++;
    m_attempts[attempt].state = Attempt::State::Opening;
    m_nextStart = m_clock.now() + m_headStartNs;
    m_opener.open(attempt, m_attempts[attempt].address, m_deadline);
}

void MultiAddressDial::armTimer() noexcept
{
    const bool isMore = m_next < m_attempts.size();
    m_timers.arm(m_timer, isMore ? std::min(m_deadline, m_nextStart) : m_deadline);
}

void MultiAddressDial::handleTimer() noexcept
{
    if (m_clock.now() >= m_deadline) {
        const Error error = joinedError(true);
        cancelAll(kNone);
        finish(error);
        return;
    }
    m_startNext = true;
    advance();
}

void MultiAddressDial::cancelAll(std::size_t except)
{
    for (std::size_t i = 0; i < m_attempts.size(); ++i) {
        if (i != except && m_attempts[i].state == Attempt::State::Opening) {
            m_attempts[i].state = Attempt::State::Failed;
            m_opener.cancel(i);
        }
    }
}

void MultiAddressDial::finish(const Error &error)
{
    m_phase = Phase::Done;
    m_timers.disarm(m_timer);
    m_receiver.dialFailed(error);
}

Error MultiAddressDial::joinedError(bool isTimeout) const
{
    if (m_attempts.empty())
        return {ErrorCode::NameLookup, QStringLiteral("the peer has no address")};
    QStringList parts;
    Error first;
    bool isRetryable = isTimeout;
    for (const Attempt &attempt : m_attempts) {
        QString outcome;
        switch (attempt.state) {
        case Attempt::State::Waiting:
            outcome = QStringLiteral("not tried");
            break;
        case Attempt::State::Opening:
            outcome = QStringLiteral("no answer in time");
            break;
        case Attempt::State::Failed:
            outcome = attempt.error.toString();
            // One address that may work later keeps the peer within reach; its error leads.
            if (first.isNull() || (attempt.error.isRetryable() && !first.isRetryable()))
                first = attempt.error;
            isRetryable = isRetryable || attempt.error.isRetryable();
            break;
        }
        parts.append(attempt.address.text() + QStringLiteral(": ") + outcome);
    }
    if (m_leftOut > 0)
        parts.append(QStringLiteral("%1 more addresses left out").arg(m_leftOut));
    Error joined(isTimeout || first.isNull() ? ErrorCode::Timeout : first.code(),
                 parts.join(QStringLiteral("; ")));
    const QVariantMap details = first.details();
    for (auto it = details.cbegin(); it != details.cend(); ++it)
        joined.setDetail(it.key(), it.value());
    joined.setRetryable(isRetryable);
    return joined;
}

} // namespace fairlead::core
