// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/elfheader.h"

namespace fairlead::core {

namespace {

// Offsets in the ELF header: class, byte order, type, machine.
constexpr qsizetype kClass = 4;
constexpr qsizetype kByteOrder = 5;
constexpr qsizetype kType = 16;
constexpr qsizetype kMachine = 18;
constexpr char kLittleEndian = 1;
constexpr int kSharedObject = 3;

int number(const QByteArray &head, qsizetype offset) noexcept
{
    const auto low = static_cast<unsigned char>(head[offset]);
    const auto high = static_cast<unsigned char>(head[offset + 1]);
    return head[kByteOrder] == kLittleEndian ? low | high << 8 : high | low << 8;
}

} // namespace

LibraryKind libraryKind(const QByteArray &head, const QByteArray &ownHead) noexcept
{
    if (head.size() < kElfHeadSize || !head.startsWith("\177ELF")
        || number(head, kType) != kSharedObject) {
        return LibraryKind::NotALibrary;
    }
    const bool same = ownHead.size() >= kElfHeadSize && head[kClass] == ownHead[kClass]
        && head[kByteOrder] == ownHead[kByteOrder]
        && number(head, kMachine) == number(ownHead, kMachine);
    return same ? LibraryKind::Native : LibraryKind::Foreign;
}

} // namespace fairlead::core
