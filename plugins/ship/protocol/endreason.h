// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::ship {

/// Why a connection ended.
enum class EndReason : quint8 {
    None,
    LocalClose,
    TrustRemovedHere,
    RejectedHere, ///< trust was refused during the hello
    UserAbort,
    Duplicate, ///< another connection to the same peer stays
    PeerClosed, ///< in order
    TrustRemovedByPeer,
    RejectedByPeer, ///< it aborted the hello
    NotAcceptedYet, ///< it was pending and went without a word: nobody pressed its button
    ConnectionLost,
    InitFailed, ///< the peer does not speak SHIP
    Timeout,
    ProtocolError, ///< the peer's
    VersionMismatch, ///< no version or format in common
    PeerReportedError,
    PinNotSupported, ///< the peer requires a PIN and nobody can enter one
    IdentityMismatch, ///< another SHIP ID than before
    TooLarge
};

inline constexpr int kEndReasonCount = 19;

/// Lower-case words with dashes: "rejected-by-peer".
[[nodiscard]] const char *toText(EndReason reason) noexcept;

/// What the websocket's close frame says. Peers show it to people; nothing may depend on it.
struct CloseFrame
{
    quint16 code;
    const char *text;
};

[[nodiscard]] CloseFrame closeFrameFor(EndReason reason) noexcept;

/// When a desired peer may be dialled again.
enum class Redial : quint8 {
    Never, ///< not by itself: somebody has to decide something first
    Slowly, ///< the peer has to change its mind, or its software
    Soon ///< with the usual jittered delays
};

[[nodiscard]] Redial redialAfter(EndReason reason) noexcept;

/// No dial sooner than this after an orderly end: peers hold the old connection for a while.
inline constexpr quint32 kRedialPauseMs = 2'000;

} // namespace fairlead::ship
