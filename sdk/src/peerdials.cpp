// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/peerdials.h>
#include <fairlead/transport.h>

namespace fairlead {

PeerDials::~PeerDials() = default;

void Listener::handleListening(quint16) { }

void Listener::handleStopped() { }

} // namespace fairlead
