// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/accesstalk_p.h"

#include <utility>

namespace fairlead::ship {

AccessTalk::AccessTalk(Core &core)
    : m_core(core)
    , m_peerId(core.settings().peerShipId)
{ }

void AccessTalk::enter()
{
    if (m_core.settings().askAccessMethods && !m_asked)
        ask();
}

void AccessTalk::ask()
{
    m_asked = true;
    m_core.send(AccessMethodsRequest());
}

void AccessTalk::answer()
{
    // Some peers listen to no request any more once they have seen an answer: ours goes first.
    enter();
    m_core.send(AccessMethods{m_core.settings().shipId, false, {}});
}

bool AccessTalk::receive(AccessMethods methods)
{
    if (m_peerId.value_or(methods.id) != methods.id)
        return false;
    m_peerId = methods.id;
    m_core.act(PeerIdentified{std::move(methods)});
    return true;
}

} // namespace fairlead::ship
