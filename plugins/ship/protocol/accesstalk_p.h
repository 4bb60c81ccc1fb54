// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/core_p.h"

namespace fairlead::ship {

/// Both sides ask each other who they are. A side conversation: nothing waits for it.
class AccessTalk
{
public:
    explicit AccessTalk(Core &core);

    void enter();
    void ask();
    void answer();
    /// False: the peer is not the one that it was.
    [[nodiscard]] bool receive(AccessMethods methods);

private:
    Core &m_core;
    std::optional<QByteArray> m_peerId;
    bool m_asked = false;
};

} // namespace fairlead::ship
