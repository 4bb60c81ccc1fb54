// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <sys/socket.h>

#include <functional>
#include <vector>

namespace fairlead::core {

/// What the reserve asks of the system; tests ask elsewhere. Failures are told by errno.
struct DescriptorCalls
{
    /// A connected, non-blocking descriptor, or -1.
    std::function<int(int listener, sockaddr *peer, socklen_t *size)> accept;
    /// A descriptor to keep, or -1.
    std::function<int()> open;
    std::function<void(int fd)> close;

    static DescriptorCalls system();
};

/// Accepts connections, also when the process or the system has no descriptor left (AD-05): some
/// are kept for that. With them, links are refused instead of left waiting, and operators still get
/// in. It is over after kRecovery accepts without trouble.
///
/// Thread: main.
class DescriptorReserve
{
public:
    static constexpr int kSize = 16;
    /// Of these, what links do not get.
    static constexpr int kForOperators = 8;
    static constexpr int kRecovery = 3;

    enum class Use : quint8 {
        Links,
        Operators
    };

    enum class Outcome : quint8 {
        Good,
        Refuse, ///< accepted on a spare descriptor: say why, and end soon
        Close, ///< so many of these are open that it can only be closed
        None, ///< nothing waits
        Exhausted ///< somebody waits, and cannot be accepted: try later
    };

    struct Accepted
    {
        Outcome outcome = Outcome::None;
        int fd = -1;
    };

    explicit DescriptorReserve(int size = kSize, DescriptorCalls calls = DescriptorCalls::system());
    ~DescriptorReserve();
    DescriptorReserve(const DescriptorReserve &) = delete;
    DescriptorReserve &operator=(const DescriptorReserve &) = delete;

    /// For operators a spare descriptor is as good as another.
    Accepted accept(int listener, Use use, sockaddr *peer = nullptr, socklen_t *size = nullptr);

    /// Since the last time it happened fewer than kRecovery accepts went well.
    bool isExhausted() const noexcept { return m_isExhausted; }

    /// How often it happened.
    quint64 exhaustions() const noexcept { return m_exhaustions; }

    int spare() const noexcept { return int(m_spare.size()); }

    /// Told when isExhausted() changes.
    void setObserver(std::function<void(bool)> observer) { m_observer = std::move(observer); }

private:
    Accepted acceptOnSpare(int listener, Use use, sockaddr *peer, socklen_t *size);
    int acceptOnce(int listener, sockaddr *peer, socklen_t *size) const;
    void refill();
    void noteGood();
    void noteExhausted();

    const DescriptorCalls m_calls;
    const std::size_t m_size;
    std::vector<int> m_spare;
    std::function<void(bool)> m_observer;
    quint64 m_exhaustions = 0;
    int m_good = 0;
    bool m_isExhausted = false;
};

} // namespace fairlead::core
