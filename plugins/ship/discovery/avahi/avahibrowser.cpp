// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/avahi/avahibrowser.h"

#include "discovery/avahi/avahibus.h"
#include "discovery/avahi/avahinames.h"

#include <QtDBus/QDBusArgument>
#include <QtDBus/QDBusObjectPath>

#include <fairlead/clock.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace fairlead::ship {

namespace {

QString pathIn(const QDBusMessage &reply)
{
    return reply.arguments().value(0).value<QDBusObjectPath>().path();
}

/// Interface, family, name, type and domain begin every signal about a service.
ServiceRef serviceIn(const QDBusMessage &message)
{
    const QVariantList arguments = message.arguments();
    return {arguments.value(2).toString().toUtf8(),
            arguments.value(4).toString().toUtf8(),
            arguments.value(0).toInt(),
            arguments.value(1).toInt()};
}

ServiceReport reportIn(const QDBusMessage &message)
{
    const QVariantList arguments = message.arguments();
    return {arguments.value(5).toString(),
            arguments.value(7).toString(),
            qvariant_cast<quint16>(arguments.value(8)),
            qdbus_cast<QByteArrayList>(arguments.value(9))};
}

} // namespace

AvahiBrowser::AvahiBrowser(AvahiBus &bus, const Clock &clock, Timers &timers)
    : m_bus(bus)
    , m_clock(clock)
    , m_timers(timers)
    , m_retry([](void *self) { static_cast<AvahiBrowser *>(self)->resolveAgain(); }, this)
{ }

AvahiBrowser::~AvahiBrowser() = default;

void AvahiBrowser::begin()
{
    create();
}

void AvahiBrowser::drop()
{
    // The daemon may be the same one that goes on under another name.
    for (const auto &[path, service] : m_resolvers)
        m_bus.tell(path, avahi::kServiceResolver, "Free");
    if (!m_browser.isEmpty())
        m_bus.tell(m_browser, avahi::kServiceBrowser, "Free");
    ++m_browserTurn;
    m_browser.clear();
    m_isCreatingBrowser = false;
    m_services.clear();
    m_resolvers.clear();
    m_early.clear();
    m_timers.disarm(m_retry);
}

void AvahiBrowser::create()
{
    if (m_isCreatingBrowser || !m_browser.isEmpty())
        return;
    m_isCreatingBrowser = true;
    m_bus.call(QStringLiteral("/"),
               avahi::kServer,
               "ServiceBrowserNew",
               {avahi::kAnyInterface,
                avahi::kAnyFamily,
                QString::fromLatin1(kServiceType),
                QString(),
                avahi::noFlags()},
               this,
               [this, turn = m_browserTurn](const QDBusMessage &reply) {
                   const QString path = pathIn(reply);
                   if (turn != m_browserTurn) {
                       if (!path.isEmpty())
                           m_bus.tell(path, avahi::kServiceBrowser, "Free");
                       return;
                   }
                   m_isCreatingBrowser = false;
                   m_browser = path;
                   if (m_browser.isEmpty()) {
                       m_timers.arm(m_retry, m_clock.now() + kRetryMs * kNsPerMs);
                       Q_EMIT failed(reply.errorMessage());
                   }
                   replayEarly();
               });
}

bool AvahiBrowser::isCreating() const
{
    return m_isCreatingBrowser
        || std::any_of(m_services.cbegin(), m_services.cend(), [](const auto &service) {
               return service.second.isCreating;
           });
}

void AvahiBrowser::handleSignal(const QDBusMessage &message)
{
    if (!m_browser.isEmpty() && message.path() == m_browser) {
        handleBrowser(message);
        return;
    }
    if (const auto known = m_resolvers.find(message.path()); known != m_resolvers.end()) {
        const ServiceRef service = known->second;
        handleResolver(service, message);
        return;
    }
    if (isCreating() && m_early.size() < kMaxEarly)
        m_early.push_back(message);
}

void AvahiBrowser::replayEarly()
{
    // What is of no object that is known by now comes back into the queue.
    const std::deque<QDBusMessage> early = std::exchange(m_early, {});
    for (const QDBusMessage &message : early)
        handleSignal(message);
}

void AvahiBrowser::handleBrowser(const QDBusMessage &message)
{
    if (message.member() == QLatin1String("ItemNew")) {
        add(serviceIn(message));
    } else if (message.member() == QLatin1String("ItemRemove")) {
        remove(serviceIn(message));
    } else if (message.member() == QLatin1String("Failure")) {
        m_bus.tell(m_browser, avahi::kServiceBrowser, "Free");
        m_browser.clear();
        m_timers.arm(m_retry, m_clock.now() + kRetryMs * kNsPerMs);
        Q_EMIT failed(message.arguments().value(0).toString());
    }
}

void AvahiBrowser::add(const ServiceRef &service)
{
    if (m_services.contains(service) || m_services.size() >= kMaxServices)
        return;
    m_services.emplace(service, Service());
    resolve(service);
}

void AvahiBrowser::remove(const ServiceRef &service)
{
    const auto known = m_services.find(service);
    if (known == m_services.end())
        return;
    if (!known->second.resolver.isEmpty()) {
        m_bus.tell(known->second.resolver, avahi::kServiceResolver, "Free");
        m_resolvers.erase(known->second.resolver);
    }
    m_services.erase(known);
    Q_EMIT gone(service);
}

void AvahiBrowser::resolve(const ServiceRef &service)
{
    Service &entry = m_services[service];
    entry.turn = ++m_turn;
    entry.isCreating = true;
    m_bus.call(QStringLiteral("/"),
               avahi::kServer,
               "ServiceResolverNew",
               {service.interface,
                service.family,
                QString::fromUtf8(service.name),
                QString::fromLatin1(kServiceType),
                QString::fromUtf8(service.domain),
                entry.anyFamily ? avahi::kAnyFamily : service.family,
                avahi::noFlags()},
               this,
               [this, service, turn = entry.turn](const QDBusMessage &reply) {
                   const QString path = pathIn(reply);
                   const auto known = m_services.find(service);
                   if (known == m_services.end() || known->second.turn != turn) {
                       if (!path.isEmpty())
                           m_bus.tell(path, avahi::kServiceResolver, "Free");
                       return;
                   }
                   known->second.isCreating = false;
                   if (path.isEmpty()) {
                       handleUnresolved(service);
                       return;
                   }
                   known->second.resolver = path;
                   m_resolvers.emplace(path, service);
                   replayEarly();
               });
}

void AvahiBrowser::handleResolver(const ServiceRef &service, const QDBusMessage &message)
{
    if (message.member() == QLatin1String("Found")) {
        Q_EMIT found(service, reportIn(message));
    } else if (message.member() == QLatin1String("Failure")) {
        Service &entry = m_services[service];
        m_bus.tell(entry.resolver, avahi::kServiceResolver, "Free");
        m_resolvers.erase(entry.resolver);
        entry.resolver.clear();
        handleUnresolved(service);
    }
}

void AvahiBrowser::handleUnresolved(const ServiceRef &service)
{
    Service &entry = m_services[service];
    // A node may say by one family where it is by the other.
    if (!std::exchange(entry.anyFamily, !entry.anyFamily)) {
        resolve(service);
        return;
    }
    if (!m_retry.isArmed())
        m_timers.arm(m_retry, m_clock.now() + kRetryMs * kNsPerMs);
}

void AvahiBrowser::resolveAgain()
{
    if (!m_bus.isUp())
        return;
    create();
    std::vector<ServiceRef> unresolved;
    for (const auto &[service, entry] : m_services) {
        if (entry.resolver.isEmpty() && !entry.isCreating)
            unresolved.push_back(service);
    }
    for (const ServiceRef &service : unresolved)
        resolve(service);
}

} // namespace fairlead::ship
