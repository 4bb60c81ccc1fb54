// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "dialpart.h"

#include "core/lifecycle/supervisor/multiaddressdial.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace fairlead::sim {

using core::DialAddress;
using core::MultiAddressDial;

namespace {

constexpr std::array<qint64, 6> kPauses = {1 * kNsPerMs,
                                           100 * kNsPerMs,
                                           250 * kNsPerMs,
                                           1 * kNsPerSecond,
                                           4 * kNsPerSecond,
                                           12 * kNsPerSecond};

Error refused()
{
    return Error(ErrorCode::ConnectionRefused, QStringLiteral("simulated"));
}

/// What becomes of an address is in its port: most answer later.
enum class Fate : quint8 {
    OpensAtOnce,
    FailsAtOnce,
    Answers
};

Fate fateOf(const DialAddress &address)
{
    switch (address.port % 8) {
    case 0:
    case 2:
        return Fate::OpensAtOnce;
    case 1:
        return Fate::FailsAtOnce;
    default:
        return Fate::Answers;
    }
}

/// Opens, but somebody else is there.
bool isAnother(const DialAddress &address)
{
    return address.port % 8 == 2 || address.port % 8 == 3;
}

std::vector<DialAddress> addressesOf(quint32 how)
{
    std::vector<DialAddress> addresses;
    const quint32 count = how % 20;
    for (quint32 i = 0; i < count; ++i) {
        const quint32 number = (how >> 5) * 2654435761U + i * 40503U;
        addresses.push_back({DialAddress::Family((number >> 7) % 3),
                             QStringLiteral("host%1").arg((number >> 10) % 4),
                             quint16((number >> 12) % 16)});
    }
    return addresses;
}

/// SV-14: each family in its own order, one of each in turn, none twice.
std::vector<DialAddress> inTurn(std::vector<DialAddress> rest)
{
    const auto isSame = [](const DialAddress &a, const DialAddress &b) {
        return a.family == b.family && a.host == b.host && a.port == b.port;
    };
    std::vector<DialAddress> ordered;
    std::vector<int> turns;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        int turn = 0;
        bool isKnown = false;
        for (std::size_t j = 0; j < ordered.size(); ++j) {
            isKnown = isKnown || isSame(ordered[j], rest[i]);
            if (ordered[j].family == rest[i].family)
                ++turn;
        }
        if (isKnown)
            continue;
        ordered.push_back(rest[i]);
        turns.push_back(turn * 3 + int(rest[i].family));
    }
    std::vector<DialAddress> sorted;
    for (int turn = 0; sorted.size() < ordered.size(); ++turn) {
        for (std::size_t i = 0; i < ordered.size(); ++i) {
            if (turns[i] == turn)
                sorted.push_back(ordered[i]);
        }
    }
    if (sorted.size() > MultiAddressDial::kMaxAddresses)
        sorted.resize(MultiAddressDial::kMaxAddresses);
    return sorted;
}

} // namespace

/// One dial and the network below it.
class DialPart::Dial final : private core::AddressOpener, private core::MultiAddressReceiver
{
public:
    Dial(DialPart &part, quint32 how)
        : m_part(part)
        , m_order(inTurn(addressesOf(how)))
        , m_open(m_order.size(), State::Untried)
        , m_deadline(part.now() + qint64(1 + (how >> 3) % 20) * kNsPerSecond / 2)
        , m_dial(part.m_base.time, part.m_base.time.timers(), *this, *this)
    {
        m_isRunning = true;
        m_dial.start(addressesOf(how), m_deadline);
    }

    ~Dial() override = default;

    void answer(quint32 how)
    {
        if (m_open.empty())
            return;
        const std::size_t attempt = (how >> 2) % m_open.size();
        const bool isStale = m_open[attempt] != State::Opening || !m_isRunning;
        const quint64 stale = m_dial.stale();
        const bool was = m_isRunning;
        if (m_open[attempt] == State::Untried)
            return;
        if (how % 2 == 0) {
            if (!isStale)
                m_open[attempt] = State::Opened;
            m_dial.opened(attempt);
        } else {
            if (!isStale)
                m_open[attempt] = State::Closed;
            m_dial.failed(attempt, refused());
        }
        if (m_dial.stale() != stale + (isStale ? 1 : 0) || (isStale && m_isRunning != was))
            m_part.fail("RG-14", QStringLiteral("a late word of an address was taken"));
    }

    void abort()
    {
        m_isRunning = false;
        m_dial.abort();
        if (!m_won && openCount() != 0)
            m_part.fail("SH-04", QStringLiteral("an aborted dial goes on"));
    }

    void check() const
    {
        if (m_dial.isRunning() != m_isRunning)
            m_part.fail("SV-14", QStringLiteral("a dial ended and told nobody"));
        const qint64 timer = m_part.m_base.time.nextDeadline();
        const qint64 now = m_part.now();
        if (!m_isRunning) {
            if (openCount() != (m_won ? 1 : 0))
                m_part.fail("SV-14", QStringLiteral("%1 addresses stay open").arg(openCount()));
            return;
        }
        if (openCount() == 0)
            m_part.fail("SV-14", QStringLiteral("a dial does nothing"));
        if (timer >= 0 && timer <= now)
            return;
        if (now >= m_deadline)
            m_part.fail("SV-14", QStringLiteral("a dial goes on after its deadline"));
        if (m_next < m_open.size() && now - m_openedAt >= MultiAddressDial::kHeadStartNs)
            m_part.fail("SV-14", QStringLiteral("an address waits for its turn"));
    }

private:
    enum class State : quint8 {
        Untried,
        Opening,
        Opened,
        Closed
    };

    std::size_t openCount() const
    {
        return std::size_t(std::count_if(m_open.begin(), m_open.end(), [](State state) {
            return state == State::Opening || state == State::Opened;
        }));
    }

    void open(std::size_t attempt, const DialAddress &address, qint64 deadline) override
    {
        m_part.note(
            [&] { return QStringLiteral("    opens %1: %2").arg(attempt).arg(address.text()); });
        if (!m_isRunning || attempt != m_next || attempt >= m_open.size()
            || address.text() != m_order[attempt].text() || deadline != m_deadline) {
            m_part.fail("SV-14", QStringLiteral("address %1 out of turn").arg(address.text()));
            return;
        }
        ++m_next;
        m_openedAt = m_part.now();
        m_open[attempt] = State::Opening;
        switch (fateOf(address)) {
        case Fate::OpensAtOnce:
            m_open[attempt] = State::Opened;
            m_dial.opened(attempt);
            break;
        case Fate::FailsAtOnce:
            m_open[attempt] = State::Closed;
            m_dial.failed(attempt, refused());
            break;
        case Fate::Answers:
            break;
        }
    }

    void cancel(std::size_t attempt) override
    {
        if (m_open[attempt] != State::Opening && m_open[attempt] != State::Opened)
            m_part.fail("SH-04", QStringLiteral("what is not open was cancelled"));
        m_open[attempt] = State::Closed;
    }

    Result<> checkIdentity(std::size_t attempt) override
    {
        if (isAnother(m_order[attempt]))
            return Error(ErrorCode::IdentityMismatch, QStringLiteral("simulated"));
        return {};
    }

    void dialSucceeded(std::size_t attempt) override
    {
        m_part.note([&] { return QStringLiteral("    address %1 won").arg(attempt); });
        if (!std::exchange(m_isRunning, false) || m_open[attempt] != State::Opened
            || openCount() != 1 || isAnother(m_order[attempt]))
            m_part.fail("SV-14", QStringLiteral("address %1 should not win").arg(attempt));
        m_won = true;
    }

    void dialFailed(const Error &error) override
    {
        m_part.note([&] { return QStringLiteral("    dial failed: ") + error.toString(); });
        const bool isOver = m_next == m_open.size() || m_part.now() >= m_deadline;
        if (!std::exchange(m_isRunning, false) || openCount() != 0 || !isOver)
            m_part.fail("SV-14", QStringLiteral("a dial failed too early, or twice"));
    }

    DialPart &m_part;
    const std::vector<DialAddress> m_order;
    std::vector<State> m_open;
    const qint64 m_deadline;
    qint64 m_openedAt = 0;
    std::size_t m_next = 0;
    bool m_isRunning = false;
    bool m_won = false;
    MultiAddressDial m_dial; ///< the last member: the first to go
};

DialPart::DialPart(ControlBase &base)
    : ControlPart(base)
{ }

DialPart::~DialPart() = default;

int DialPart::actions() const
{
    return 6;
}

void DialPart::act(int action, quint32 whom, quint32 how)
{
    const std::size_t number = whom % m_dials.size();
    auto &dial = m_dials[number];
    note([&] {
        return QStringLiteral("action %1 on dial %2 (%3)").arg(action).arg(number).arg(how);
    });
    if (!dial || action == 0) {
        dial.reset();
        dial = std::make_unique<Dial>(*this, how);
        return;
    }
    switch (action) {
    case 1:
    case 2:
    case 3:
        dial->answer(how);
        break;
    case 4:
        if (how % 4 == 0)
            dial->abort();
        break;
    default:
        m_base.time.runTo(now() + kPauses[how % kPauses.size()]);
        break;
    }
}

void DialPart::check()
{
    for (const auto &dial : m_dials) {
        if (dial)
            dial->check();
    }
}

} // namespace fairlead::sim
