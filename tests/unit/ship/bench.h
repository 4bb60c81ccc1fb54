// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/machine.h"
#include "protocol/messagewriter.h"

#include <QtCore/QByteArrayList>

#include <array>
#include <memory>
#include <optional>

namespace fairlead::ship::bench {

inline constexpr qint64 kNsPerMs = 1'000'000;

/// "02 {...}": the type in hex and the JSON; "00 00" for what is no JSON.
[[nodiscard]] QByteArray readable(Bytes message);
/// The bytes of what readable() shows.
[[nodiscard]] QByteArray bytesOf(const QByteArray &readable);

/// One line per action: what a test compares. Timers are not in it, see Bench::left().
[[nodiscard]] QByteArray describe(const Action &action);

[[nodiscard]] const char *toText(NoticeKind kind) noexcept;

/// A machine with a clock that stands still unless it is moved.
class Bench
{
public:
    explicit Bench(Settings settings);

    Machine machine;
    qint64 now = 5'000'000'000; ///< nanoseconds; a machine must not take its start for zero

    void start();
    /// @p message as readable() shows it.
    void receive(const QByteArray &message);
    void receiveRaw(Bytes bytes);
    /// Moves the clock and fires what is due on the way, in order.
    void advance(qint64 milliseconds);
    void fire(TimerId timer);
    void trust(Trust trust);
    bool enterPin(const QByteArray &pin);
    SendVerdict send(const QByteArray &payload);
    void close(EndReason reason = EndReason::LocalClose);
    void abort();
    void peerGone();
    void askAccessMethods();

    [[nodiscard]] State state() const { return machine.state(); }

    /// Milliseconds until a timer fires; -1 when it is not armed.
    [[nodiscard]] qint64 left(TimerId timer) const;
    [[nodiscard]] int armedTimers() const;

    /// What was done since the last take: all but timers.
    [[nodiscard]] QByteArrayList take();
    /// What was sent since the last take, and the end.
    [[nodiscard]] QByteArrayList takeSent();

    [[nodiscard]] std::optional<EndReason> ended() const { return m_ended; }

private:
    void absorb(const Actions &actions);

    QByteArrayList m_lines;
    std::array<std::optional<qint64>, kTimerCount> m_deadlines;
    std::optional<EndReason> m_ended;
};

/// Settings of a node that trusts its peer and is called "us".
[[nodiscard]] Settings trusting(Role role);
[[nodiscard]] Settings undecided(Role role);

/// A bench that stands in @p state, everything on the way taken. Pending ones become trusted where
/// the state is behind the hello.
[[nodiscard]] std::unique_ptr<Bench> inState(State state, Settings settings);

// What peers say, as readable() shows it.
inline constexpr char kInitBytes[] = "00 00";
inline constexpr char kReady[] = R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":60000}]})";
inline constexpr char kPending[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000}]})";
inline constexpr char kProlong[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":true}]})";
inline constexpr char kAborted[] = R"(01 {"connectionHello":[{"phase":"aborted"}]})";
inline constexpr char kAnnounceMax[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]})";
inline constexpr char kSelect[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]})";
inline constexpr char kProtocolTimeout[] = R"(01 {"messageProtocolHandshakeError":[{"error":1}]})";
inline constexpr char kProtocolUnexpected[]
    = R"(01 {"messageProtocolHandshakeError":[{"error":2}]})";
inline constexpr char kProtocolMismatch[] = R"(01 {"messageProtocolHandshakeError":[{"error":3}]})";
inline constexpr char kPinNone[] = R"(01 {"connectionPinState":[{"pinState":"none"}]})";
inline constexpr char kPinOk[] = R"(01 {"connectionPinState":[{"pinState":"pinOk"}]})";
inline constexpr char kPinRequired[]
    = R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"ok"}]})";
inline constexpr char kPinRequiredBusy[]
    = R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"busy"}]})";
inline constexpr char kPinOptional[]
    = R"(01 {"connectionPinState":[{"pinState":"optional"},{"inputPermission":"ok"}]})";
inline constexpr char kPinInput[] = R"(01 {"connectionPinInput":[{"pin":"1234abcd"}]})";
inline constexpr char kPinWrongInput[] = R"(01 {"connectionPinInput":[{"pin":"00000000"}]})";
inline constexpr char kPinError[] = R"(01 {"connectionPinError":[{"error":1}]})";
inline constexpr char kAccessRequest[] = R"(01 {"accessMethodsRequest":[]})";
inline constexpr char kAccessPeer[] = R"(01 {"accessMethods":[{"id":"peer"}]})";
inline constexpr char kAccessUs[] = R"(01 {"accessMethods":[{"id":"us"}]})";
inline constexpr char kData[]
    = R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[{"a":1}]}}]})";
inline constexpr char kAnnounce[]
    = R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":500},{"reason":"unspecific"}]})";
inline constexpr char kAnnounceRemoved[]
    = R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":500},{"reason":"removedConnection"}]})";
inline constexpr char kConfirm[] = R"(03 {"connectionClose":[{"phase":"confirm"}]})";

} // namespace fairlead::ship::bench
