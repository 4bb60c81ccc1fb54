// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/core_p.h"

namespace fairlead::ship {

/// The orderly end: one side announces, the other confirms, then the websocket is closed.
class Closing
{
public:
    explicit Closing(Core &core) noexcept;

    void announce(EndReason reason, const char *text);
    void sendAnnounce(EndReason reason);
    /// The peer closes: an announcement is confirmed, a confirmation taken at its word.
    void obey(const ConnectionClose &close);
    /// In CloseAnnounced and CloseConfirmed.
    void receive(const Message &message);
    void expire();
    void finish(bool peerIsGone);

private:
    Core &m_core;
    EndReason m_reason = EndReason::LocalClose;
    const char *m_text = "";
};

} // namespace fairlead::ship
