// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/core_p.h"

namespace fairlead::ship {

/// The partner enters our PIN, if we have one to enter.
class PinCheck
{
public:
    explicit PinCheck(Core &core) noexcept;

    void enter();
    void receive(const ConnectionPinInput &input);
    /// The penalty for wrong PINs is over.
    void expire();

    /// Whether the partner may exchange data with us.
    [[nodiscard]] bool isOpen() const noexcept;

    [[nodiscard]] quint32 wrongPins() const noexcept { return m_wrong; }

private:
    void sendDemand(InputPermission permission);
    void punish();

    Core &m_core;
    quint32 m_wrong;
    bool m_accepted = false;
};

} // namespace fairlead::ship
