// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/bytes.h"

#include <optional>
#include <variant>
#include <vector>

namespace fairlead::ship {

/// The first byte of every message.
enum class MessageType : quint8 {
    Init = 0,
    Control = 1,
    Data = 2,
    End = 3
};

inline constexpr Bytes kFormatUtf8 = "JSON-UTF8";
inline constexpr Bytes kSpineProtocol = "ee1.0";

/// Connection mode initialisation: two bytes, no JSON.
struct Init
{
    quint8 head = 0; ///< 0, or the peer speaks something else
};

enum class HelloWord : quint8 {
    Pending,
    Ready,
    Aborted
};

struct Hello
{
    HelloWord phase = HelloWord::Ready;
    std::optional<quint32> waiting; ///< milliseconds
    std::optional<bool> prolongationRequest;
};

enum class HandshakeType : quint8 {
    AnnounceMax,
    Select
};

struct ProtocolHandshake
{
    HandshakeType type = HandshakeType::AnnounceMax;
    quint16 major = 1;
    quint16 minor = 0;
    std::vector<QByteArray> formats;
};

enum class HandshakeError : quint8 {
    Timeout = 1,
    UnexpectedMessage = 2,
    SelectionMismatch = 3
};

struct ProtocolHandshakeError
{
    quint8 error = 0; ///< HandshakeError, or what later versions add
};

enum class PinState : quint8 {
    Required,
    Optional,
    PinOk,
    None
};

enum class InputPermission : quint8 {
    Busy,
    Ok
};

struct ConnectionPinState
{
    PinState state = PinState::None;
    std::optional<InputPermission> permission; ///< goes with Required and Optional only
};

struct ConnectionPinInput
{
    QByteArray pin; ///< 8 to 16 hex digits if the peer keeps to the rules
};

inline constexpr quint8 kWrongPin = 1;

struct ConnectionPinError
{
    quint8 error = kWrongPin;
};

struct AccessMethodsRequest
{
};

struct AccessMethods
{
    QByteArray id; ///< the SHIP ID
    bool mdns = false;
    std::optional<QByteArray> dnsUri;
};

struct DataExtension
{
    std::optional<QByteArray> extensionId;
    std::optional<QByteArray> binary; ///< hex digits
    std::optional<QByteArray> string;
};

struct Data
{
    QByteArray protocolId;
    /// JSON in EEBUS form, exactly as it was received; a view into the message.
    Bytes payload;
    std::optional<DataExtension> extension;
};

enum class ClosePhase : quint8 {
    Announce,
    Confirm
};

enum class CloseCause : quint8 {
    Unspecific, ///< also what a peer says in words of its own
    RemovedConnection
};

struct ConnectionClose
{
    ClosePhase phase = ClosePhase::Announce;
    std::optional<quint32> maxTime; ///< milliseconds
    std::optional<CloseCause> cause;
};

using Message = std::variant<Init,
                             Hello,
                             ProtocolHandshake,
                             ProtocolHandshakeError,
                             ConnectionPinState,
                             ConnectionPinInput,
                             ConnectionPinError,
                             AccessMethodsRequest,
                             AccessMethods,
                             Data,
                             ConnectionClose>;

} // namespace fairlead::ship
