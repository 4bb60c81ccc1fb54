// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/avahi/avahibrowser.h"
#include "discovery/avahi/avahibus.h"
#include "discovery/avahi/avahipublication.h"

namespace fairlead::ship {

/// Multicast DNS by the Avahi daemon, over D-Bus. A daemon that is not there is waited for, one that
/// comes back gets everything anew. Thread: main.
class AvahiMdns final : public QObject, public Mdns
{
    Q_OBJECT

public:
    /// The references outlive it.
    AvahiMdns(const Clock &clock, Timers &timers);
    ~AvahiMdns() override;

    void start(MdnsReceiver &receiver) override;
    void announce(const MdnsService &service) override;
    void withdraw() override;

private:
    AvahiBus m_bus;
    AvahiPublication m_publication{m_bus};
    AvahiBrowser m_browser;
    MdnsReceiver *m_receiver = nullptr;
};

} // namespace fairlead::ship
