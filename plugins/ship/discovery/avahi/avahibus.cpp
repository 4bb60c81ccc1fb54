// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/avahi/avahibus.h"

#include "discovery/avahi/avahinames.h"

#include <QtDBus/QDBusError>
#include <QtDBus/QDBusPendingCallWatcher>
#include <QtDBus/QDBusServiceWatcher>

#include <fairlead/clock.h>

#include <array>
#include <atomic>

namespace fairlead::ship {

namespace {

constexpr char kBusService[] = "org.freedesktop.DBus";
constexpr char kBusPath[] = "/org/freedesktop/DBus";
constexpr char kNoOwner[] = "org.freedesktop.DBus.Error.NameHasNoOwner";

QString text(const char *latin1)
{
    return QString::fromLatin1(latin1);
}

/// Each has a connection of its own, that it may close.
QString nextBusName()
{
    static std::atomic<quint64> count = 0;
    return QStringLiteral("fairlead-avahi-%1").arg(++count);
}

} // namespace

AvahiBus::AvahiBus(const Clock &clock, Timers &timers)
    : m_clock(clock)
    , m_timers(timers)
    , m_retry([](void *self) { static_cast<AvahiBus *>(self)->start(); }, this)
{ }

AvahiBus::~AvahiBus()
{
    m_watcher.reset();
    m_bus.reset();
    if (!m_busName.isEmpty())
        QDBusConnection::disconnectFromBus(m_busName);
}

void AvahiBus::start()
{
    if (!m_bus)
        connectToBus();
    if (m_bus && m_owner.isEmpty())
        askOwner();
    else if (m_bus && !m_isUp)
        setOwner(m_owner);
}

void AvahiBus::connectToBus()
{
    m_busName = nextBusName();
    QDBusConnection bus = QDBusConnection::connectToBus(QDBusConnection::SystemBus, m_busName);
    if (!bus.isConnected()) {
        const QString why = bus.lastError().message();
        QDBusConnection::disconnectFromBus(m_busName);
        m_busName.clear();
        fail(QStringLiteral("there is no system message bus: ") + why);
        retryLater();
        return;
    }
    m_bus = bus;
    // Signals of the daemon's objects may come before the answer that names them, so all of them are
    // listened to, whatever their path.
    const std::array<const char *, 3> interfaces
        = {avahi::kEntryGroup, avahi::kServiceBrowser, avahi::kServiceResolver};
    for (const char *interface : interfaces) {
        m_bus->connect({}, {}, text(interface), {}, this, SLOT(handleSignal(QDBusMessage)));
    }
    m_bus->connect({},
                   QStringLiteral("/"),
                   text(avahi::kServer),
                   QStringLiteral("StateChanged"),
                   this,
                   SLOT(handleServerState(QDBusMessage)));
    m_bus->connect({},
                   QStringLiteral("/org/freedesktop/DBus/Local"),
                   QStringLiteral("org.freedesktop.DBus.Local"),
                   QStringLiteral("Disconnected"),
                   this,
                   SLOT(handleBusLost()));
    m_watcher = std::make_unique<QDBusServiceWatcher>(
        text(avahi::kService), *m_bus, QDBusServiceWatcher::WatchForOwnerChange);
    connect(m_watcher.get(),
            &QDBusServiceWatcher::serviceOwnerChanged,
            this,
            [this](const QString &, const QString &, const QString &owner) { setOwner(owner); });
}

void AvahiBus::askOwner()
{
    QDBusMessage question = QDBusMessage::createMethodCall(
        text(kBusService), text(kBusPath), text(kBusService), QStringLiteral("GetNameOwner"));
    question.setArguments({text(avahi::kService)});
    auto *watcher = new QDBusPendingCallWatcher(m_bus->asyncCall(question, kCallMs), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        watcher->deleteLater();
        const QDBusMessage answer = watcher->reply();
        // The watcher may have told it already.
        if (!m_bus || !m_owner.isEmpty())
            return;
        if (answer.type() == QDBusMessage::ReplyMessage) {
            setOwner(answer.arguments().value(0).toString());
        } else if (answer.errorName() == text(kNoOwner)) {
            setOwner(QString());
        } else {
            fail(QStringLiteral("the system message bus does not answer: ")
                 + answer.errorMessage());
            retryLater();
        }
    });
}

void AvahiBus::setOwner(const QString &owner)
{
    m_owner = owner;
    ++m_daemon;
    if (owner.isEmpty()) {
        fail(m_isUp ? QStringLiteral("the Avahi daemon has ended")
                    : QStringLiteral("the Avahi daemon does not run"));
        return;
    }
    if (m_isUp)
        fail(QStringLiteral("the Avahi daemon begins anew"));
    call(QStringLiteral("/"),
         avahi::kServer,
         "GetState",
         {},
         this,
         [this](const QDBusMessage &reply) {
             if (reply.type() == QDBusMessage::ReplyMessage) {
                 setState(reply.arguments().value(0).toInt());
                 return;
             }
             fail(QStringLiteral("the Avahi daemon does not answer: ") + reply.errorMessage());
             retryLater();
         });
}

void AvahiBus::handleServerState(const QDBusMessage &message)
{
    if (!m_owner.isEmpty() && message.service() == m_owner)
        setState(message.arguments().value(0).toInt());
}

void AvahiBus::setState(int state)
{
    if (state == avahi::kServerRunning) {
        if (m_isUp)
            return;
        m_timers.disarm(m_retry);
        m_isUp = true;
        m_why.clear();
        Q_EMIT up();
        return;
    }
    const bool isOnItsWay = state == avahi::kServerRegistering || state == avahi::kServerCollision;
    if (!isOnItsWay)
        fail(QStringLiteral("the Avahi daemon has failed"));
    else if (m_isUp || m_why.isEmpty())
        fail(QStringLiteral("the Avahi daemon has no name in the network yet"));
}

void AvahiBus::handleBusLost()
{
    m_watcher.reset();
    m_bus.reset();
    QDBusConnection::disconnectFromBus(m_busName);
    m_busName.clear();
    m_owner.clear();
    ++m_daemon;
    fail(QStringLiteral("the system message bus has ended"));
    retryLater();
}

void AvahiBus::fail(const QString &why)
{
    if (!m_isUp && m_why == why)
        return;
    m_isUp = false;
    m_why = why;
    Q_EMIT down(why);
}

void AvahiBus::retryLater()
{
    m_timers.arm(m_retry, m_clock.now() + kRetryMs * kNsPerMs);
}

void AvahiBus::call(const QString &path,
                    const char *interface,
                    const char *method,
                    const QVariantList &arguments,
                    QObject *context,
                    Done done)
{
    if (!m_bus || m_owner.isEmpty())
        return;
    QDBusMessage message
        = QDBusMessage::createMethodCall(m_owner, path, text(interface), text(method));
    message.setArguments(arguments);
    auto *watcher = new QDBusPendingCallWatcher(m_bus->asyncCall(message, kCallMs), context);
    connect(watcher,
            &QDBusPendingCallWatcher::finished,
            context,
            [this, watcher, daemon = m_daemon, done = std::move(done)] {
                watcher->deleteLater();
                if (daemon == m_daemon)
                    done(watcher->reply());
            });
}

void AvahiBus::tell(const QString &path, const char *interface, const char *method)
{
    if (!m_bus || m_owner.isEmpty())
        return;
    const QDBusMessage message
        = QDBusMessage::createMethodCall(m_owner, path, text(interface), text(method));
    (void)m_bus->send(message);
}

void AvahiBus::handleSignal(const QDBusMessage &message)
{
    if (m_isUp && message.service() == m_owner)
        Q_EMIT signalled(message);
}

} // namespace fairlead::ship
