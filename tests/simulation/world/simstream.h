// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/linkstream.h"

#include <string>

namespace fairlead::sim {

/// A link's stream whose other end is the test: bytes arrive and leave as it says.
class SimStream final : public core::LinkStream
{
public:
    explicit SimStream(core::ChunkPool &pool)
        : LinkStream(pool)
    { }

    ~SimStream() override
    {
        if (m_watch)
            *m_watch = nullptr;
    }

    /// @p watch is set to null when the host lets the stream go.
    void watch(SimStream **watch) { m_watch = watch; }

    std::optional<Principal> identity; ///< what the carrier proved
    bool endsWithLastByte = false; ///< one read yields both, the end and what came before it

    // The peer's side.
    void arrive(std::string_view bytes);
    void endInput();
    void breakOff();
    /// How many more bytes the carrier takes; -1: any number.
    void setRoom(qint64 room);

    std::string takeSent() { return std::exchange(m_sent, {}); }

    /// What arrived and was not read yet.
    std::size_t unread() const noexcept { return m_arrived.size(); }

    bool isOutputFinished() const noexcept { return m_finished; }

    bool isAbandoned() const noexcept { return m_abandoned; }

    QByteArray peerAddress() const override { return QByteArrayLiteral("sim:1"); }

    std::optional<Principal> peerIdentity() const override { return identity; }

    IoResult read(char *buffer, std::size_t size) noexcept override;

    void finishOutput() noexcept override { m_finished = true; }

    void abandon() noexcept override { m_abandoned = true; }

private:
    IoResult write(const iovec *parts, int count) noexcept override;

    SimStream **m_watch = nullptr;
    std::string m_arrived;
    std::string m_sent;
    qint64 m_room = -1;
    bool m_ended = false;
    bool m_broken = false;
    bool m_finished = false;
    bool m_abandoned = false;
};

} // namespace fairlead::sim
