// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/avahi/avahimdns.h"

#include <QtDBus/QDBusMetaType>

namespace fairlead::ship {

AvahiMdns::AvahiMdns(const Clock &clock, Timers &timers)
    : m_bus(clock, timers)
    , m_browser(m_bus, clock, timers)
{
    qDBusRegisterMetaType<QByteArrayList>();
}

AvahiMdns::~AvahiMdns() = default;

void AvahiMdns::start(MdnsReceiver &receiver)
{
    m_receiver = &receiver;
    connect(&m_bus, &AvahiBus::up, this, [this] {
        m_publication.begin();
        m_browser.begin();
        m_receiver->mdnsStarted();
    });
    connect(&m_bus, &AvahiBus::down, this, [this](const QString &why) {
        m_publication.drop();
        m_browser.drop();
        m_receiver->mdnsStopped(why);
    });
    connect(&m_bus, &AvahiBus::signalled, &m_publication, &AvahiPublication::handleSignal);
    connect(&m_bus, &AvahiBus::signalled, &m_browser, &AvahiBrowser::handleSignal);
    connect(&m_publication, &AvahiPublication::announced, this, [this](const QByteArray &label) {
        m_receiver->announced(label);
    });
    connect(&m_publication, &AvahiPublication::failed, this, [this](const QString &why) {
        m_receiver->announceFailed(why);
    });
    connect(&m_browser,
            &AvahiBrowser::found,
            this,
            [this](const ServiceRef &service, const ServiceReport &report) {
                m_receiver->serviceFound(service, report);
            });
    connect(&m_browser, &AvahiBrowser::gone, this, [this](const ServiceRef &service) {
        m_receiver->serviceGone(service);
    });
    connect(&m_browser, &AvahiBrowser::failed, this, [this](const QString &why) {
        m_receiver->browseFailed(why);
    });
    m_bus.start();
}

void AvahiMdns::announce(const MdnsService &service)
{
    m_publication.set(service);
}

void AvahiMdns::withdraw()
{
    m_publication.set(std::nullopt);
}

} // namespace fairlead::ship
