// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "frames.h"

#include <fairlead/bytestream.h>
#include <fairlead/message.h>

namespace fairlead::loopback {

// Each writes one whole frame. A frame is at most kMaxFrame long; the callers see to it.
void writeHello(ByteStream &stream, const Hello &frame) noexcept;
void writeWelcome(ByteStream &stream, const Welcome &frame) noexcept;
void writeSubscribe(ByteStream &stream, const SubscribeFrame &frame) noexcept;
void writeUnsubscribe(ByteStream &stream, const UnsubscribeFrame &frame) noexcept;
void writePublish(ByteStream &stream, const MessageFrame &frame) noexcept;
/// The payload is @p message's, by reference where that is cheaper than a copy.
void writeMessage(ByteStream &stream, const MessageFrame &frame, const Message &message) noexcept;
void writeDone(ByteStream &stream, const DoneFrame &frame) noexcept;
void writeAck(ByteStream &stream, const AckFrame &frame) noexcept;
void writePing(ByteStream &stream) noexcept;
void writePong(ByteStream &stream) noexcept;
/// A longer text is cut.
void writeBye(ByteStream &stream, const Bye &frame) noexcept;

} // namespace fairlead::loopback
