// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/decodeerror.h"
#include "protocol/endreason.h"
#include "protocol/message.h"

namespace fairlead::ship {

/// Where a connection stands. The order is that of the protocol.
enum class State : quint8 {
    Idle, ///< not started
    InitWait, ///< connection mode initialisation
    HelloReady, ///< we trust; the partner has to become ready
    HelloPending, ///< somebody has to decide about the partner
    ProposalWait, ///< server: for the partner's versions
    ChoiceWait, ///< client: for the partner's choice
    ConfirmWait, ///< server: for the same choice from the partner
    PinWait, ///< until PINs permit to go on
    Data, ///< data exchange
    CloseAnnounced, ///< by us; the partner has to confirm
    CloseConfirmed, ///< announced by the partner and confirmed; it closes, or we do
    Closed
};

inline constexpr int kStateCount = 12;

/// Lower-case words with dashes: "hello-ready".
[[nodiscard]] const char *toText(State state) noexcept;

/// The timers of one connection. One of each at most is armed.
enum class TimerId : quint8 {
    Init,
    HelloWait, ///< the specification's Wait-For-Ready: limits the partner
    HelloSend, ///< Send-Prolongation-Request
    HelloReply, ///< Prolongation-Request-Reply
    Protocol,
    PinState,
    PinReply,
    PinEntry,
    PinPenalty,
    Close
};

inline constexpr int kTimerCount = 10;

[[nodiscard]] const char *toText(TimerId timer) noexcept;

struct SendMessage
{
    QByteArray bytes; ///< one binary websocket message
};

struct ArmTimer
{
    TimerId timer;
    qint64 deadline; ///< monotonic nanoseconds; an armed timer moves
};

struct DisarmTimer
{
    TimerId timer;
};

struct EnterState
{
    State state;
};

/// A payload from the peer. The views live as long as the bytes given to Machine::receive().
struct DeliverData
{
    Bytes payload; ///< JSON in EEBUS form
    QByteArray protocolId;
    std::optional<DataExtension> extension;
};

/// What the peer says of itself.
struct PeerIdentified
{
    AccessMethods methods;
};

enum class NoticeKind : quint8 {
    PartnerPending, ///< its user has to accept us
    PartnerReady,
    ProlongationAsked, ///< by us
    ProlongationGranted,
    PinWanted, ///< the peer's PIN has to be entered: Machine::enterPin()
    PinBusy, ///< it is wanted, and the peer takes none now
    PinAccepted, ///< ours, by the peer
    PinRefused, ///< the one that we sent is wrong
    PeerPinAccepted, ///< the peer entered our PIN
    PeerPinWrong,
    Discarded ///< a message was passed over; the error says why
};

struct Notice
{
    NoticeKind kind;
    DecodeError error; ///< with Discarded
};

/// The last action: close the websocket as soon as everything is sent, if it still stands.
struct End
{
    EndReason reason;
    const char *text; ///< static English text for logs
    CloseFrame frame;
    bool peerIsGone; ///< the websocket was closed already
};

using Action = std::variant<SendMessage,
                            ArmTimer,
                            DisarmTimer,
                            EnterState,
                            DeliverData,
                            PeerIdentified,
                            Notice,
                            End>;
/// To be done in this order.
using Actions = std::vector<Action>;

} // namespace fairlead::ship
