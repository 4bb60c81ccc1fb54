// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/clock.h>
#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <cstddef>
#include <vector>

namespace fairlead::core {

struct DialAddress
{
    enum class Family : quint8 {
        Name, ///< still to be resolved by whoever opens it
        IPv6,
        IPv4
    };
    Family family = Family::Name;
    QString host;
    quint16 port = 0;

    /// "host:port", with brackets around IPv6.
    QString text() const;
};

/// The order in which to try: names, IPv6 and IPv4 in turn, each family in its own order, without
/// repetitions.
std::vector<DialAddress> interleaveAddresses(const std::vector<DialAddress> &addresses);

enum class AddressOrder : quint8 {
    Interleaved, ///< see interleaveAddresses()
    AsGiven
};

/// Opens single addresses for a MultiAddressDial, which it tells by opened() and failed(), possibly
/// before open() returns. Thread: main.
class AddressOpener
{
public:
    virtual ~AddressOpener() = default;

    /// @p attempt: the index of the address in the order of the dial.
    virtual void open(std::size_t attempt, const DialAddress &address, qint64 deadline) = 0;
    /// Ends it at once, whether it is being opened or was opened; nothing is reported.
    virtual void cancel(std::size_t attempt) = 0;
    /// Whether what was opened leads to the right peer (certificate, key ...). Asked before it
    /// counts; an error closes it.
    virtual Result<> checkIdentity(std::size_t attempt) = 0;
};

/// How a MultiAddressDial ends; called once, as its last act: the dial may be destroyed in it.
class MultiAddressReceiver
{
public:
    virtual ~MultiAddressReceiver() = default;

    /// The only one left open; its owner is the receiver now.
    virtual void dialSucceeded(std::size_t attempt) = 0;
    /// Nothing is left open.
    virtual void dialFailed(const Error &error) = 0;
};

/// Dials one peer by all its addresses within one deadline (SV-14): an address is given a head
/// start, then the next is tried beside it; the first that leads to the right peer ends the others.
/// Single use. Thread: main.
class MultiAddressDial
{
public:
    static constexpr qint64 kHeadStartNs = 250 * kNsPerMs;
    /// Of one peer; what is beyond is left out, so that no answer of a name server floods us.
    static constexpr std::size_t kMaxAddresses = 16;

    /// The references outlive it.
    MultiAddressDial(const Clock &clock,
                     Timers &timers,
                     AddressOpener &opener,
                     MultiAddressReceiver &receiver,
                     qint64 headStartNs = kHeadStartNs);
    MultiAddressDial(const MultiAddressDial &) = delete;
    MultiAddressDial &operator=(const MultiAddressDial &) = delete;
    /// As abort().
    ~MultiAddressDial();

    /// @p deadline: monotonic, of all of it. Without an address it fails at once.
    void start(const std::vector<DialAddress> &addresses,
               qint64 deadline,
               AddressOrder order = AddressOrder::Interleaved);
    /// Cancels what is open and reports nothing.
    void abort() noexcept;

    void opened(std::size_t attempt);
    void failed(std::size_t attempt, const Error &error);

    const DialAddress &address(std::size_t attempt) const { return m_attempts[attempt].address; }

    bool isRunning() const noexcept { return m_phase == Phase::Running; }

    /// Reports about attempts that had ended already.
    quint64 stale() const noexcept { return m_stale; }

private:
    enum class Phase : quint8 {
        Idle,
        Running,
        Done
    };

    struct Attempt
    {
        enum class State : quint8 {
            Waiting,
            Opening,
            Failed
        };
        DialAddress address;
        State state = State::Waiting;
        Error error;
    };

    bool isOpening(std::size_t attempt) const noexcept;
    void advance();
    void openNext();
    void armTimer() noexcept;
    void handleTimer() noexcept;
    void cancelAll(std::size_t except);
    void finish(const Error &error);
    Error joinedError(bool isTimeout) const;

    const Clock &m_clock;
    Timers &m_timers;
    AddressOpener &m_opener;
    MultiAddressReceiver &m_receiver;
    const qint64 m_headStartNs;
    Timer m_timer;
    std::vector<Attempt> m_attempts;
    std::size_t m_leftOut = 0;
    std::size_t m_next = 0;
    std::size_t m_winner;
    qint64 m_deadline = 0;
    qint64 m_nextStart = 0;
    quint64 m_stale = 0;
    Phase m_phase = Phase::Idle;
    bool m_isAdvancing = false;
    bool m_startNext = false;
};

} // namespace fairlead::core
