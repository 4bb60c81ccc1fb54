// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/core_p.h"

namespace fairlead::ship {

/// We enter the partner's PIN, if it asks for one.
class PinAsk
{
public:
    explicit PinAsk(Core &core);

    void enter();
    void receive(const ConnectionPinState &state);
    void receive(const ConnectionPinError &error);
    void enterPin(Bytes pin);
    /// No answer to our PIN.
    void giveUpReply() noexcept;

    /// Whether we may exchange data with the partner, as far as its PIN goes.
    [[nodiscard]] bool isOpen() const noexcept { return m_open; }

    /// The partner requires a PIN that nobody can enter.
    [[nodiscard]] bool isHopeless() const noexcept;

private:
    void proceed();

    Core &m_core;
    QByteArray m_pin;
    bool m_open = false;
    bool m_wanted = false; ///< the partner's PIN can make a difference
    bool m_permitted = false; ///< it takes one now
    bool m_sent = false; ///< and was not answered
};

} // namespace fairlead::ship
