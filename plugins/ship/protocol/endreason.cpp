// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/endreason.h"

#include <array>

namespace fairlead::ship {

namespace {

struct Row
{
    const char *text;
    CloseFrame frame;
    Redial redial;
};

constexpr CloseFrame kClose = {4001, "close"};
constexpr CloseFrame kRejected = {4452, "Node rejected by application"};

constexpr std::array<Row, kEndReasonCount> kRows = {{
    {"none", kClose, Redial::Soon},
    {"local-close", kClose, Redial::Soon},
    {"trust-removed-here", kClose, Redial::Never},
    {"rejected-here", kRejected, Redial::Never},
    {"user-abort", {4500, "User close"}, Redial::Never},
    {"duplicate", {1000, "double connection"}, Redial::Never},
    {"peer-closed", kClose, Redial::Soon},
    {"trust-removed-by-peer", kClose, Redial::Never},
    {"rejected-by-peer", kClose, Redial::Slowly},
    {"not-accepted-yet", kClose, Redial::Slowly},
    {"connection-lost", kClose, Redial::Soon},
    {"init-failed", kClose, Redial::Slowly},
    {"timeout", kClose, Redial::Soon},
    {"protocol-error", kClose, Redial::Slowly},
    {"version-mismatch", kClose, Redial::Slowly},
    {"peer-reported-error", kClose, Redial::Slowly},
    {"pin-not-supported", kClose, Redial::Never},
    {"identity-mismatch", {4450, "SHIP id mismatch"}, Redial::Never},
    {"too-large", kClose, Redial::Soon},
}};

const Row &rowOf(EndReason reason) noexcept
{
    const auto index = static_cast<std::size_t>(reason);
    return index < kRows.size() ? kRows[index] : kRows[0];
}

} // namespace

const char *toText(EndReason reason) noexcept
{
    return rowOf(reason).text;
}

CloseFrame closeFrameFor(EndReason reason) noexcept
{
    return rowOf(reason).frame;
}

Redial redialAfter(EndReason reason) noexcept
{
    return rowOf(reason).redial;
}

} // namespace fairlead::ship
