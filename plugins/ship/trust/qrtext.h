// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/ski.h"

namespace fairlead::ship {

/// What the QR code on a device says, and what ours would: who it is, for an installer to scan.
struct QrText
{
    Ski ski;
    QByteArray id; ///< the SHIP ID
    QByteArray brand;
    QByteArray type;
    QByteArray model;
    QByteArray serial;
    QByteArray categories; ///< numbers with commas between them
};

/// "SHIP;SKI:...;ID:...;...;ENDSHIP;". Members that are empty are left out, semicolons in them too.
[[nodiscard]] QByteArray write(const QrText &text);

/// Unknown members are passed over, the end mark may be missing. Nothing without a valid SKI.
[[nodiscard]] std::optional<QrText> readQrText(Bytes text);

} // namespace fairlead::ship
