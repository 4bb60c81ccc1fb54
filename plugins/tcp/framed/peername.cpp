// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/peername.h"

namespace fairlead::tcp {

namespace {

constexpr bool isPlain(char byte) noexcept
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z')
        || (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == ':' || byte == '-';
}

} // namespace

Result<QByteArray> peerNameOf(ByteSpan name)
{
    static constexpr char kDigits[] = "0123456789ABCDEF";
    if (name.empty())
        return Error(ErrorCode::ProtocolViolation, QStringLiteral("the peer's name is empty"));
    QByteArray encoded;
    for (const char byte : name) {
        if (isPlain(byte)) {
            encoded += byte;
        } else {
            encoded += '%';
            encoded += kDigits[quint8(byte) >> 4];
            encoded += kDigits[quint8(byte) & 15];
        }
        // Judged as it grows: a first frame may have megabytes.
        if (encoded.size() > kMaxPeerName) {
            return Error(
                ErrorCode::ProtocolViolation,
                QStringLiteral("the peer's name is longer than %1 bytes").arg(kMaxPeerName));
        }
    }
    return encoded;
}

} // namespace fairlead::tcp
