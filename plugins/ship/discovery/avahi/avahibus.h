// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QObject>
#include <QtCore/QVariantList>
#include <QtDBus/QDBusConnection>
#include <QtDBus/QDBusMessage>

#include <fairlead/timers.h>

#include <functional>
#include <memory>
#include <optional>

class QDBusServiceWatcher;

namespace fairlead {
class Clock;
} // namespace fairlead

namespace fairlead::ship {

/// The Avahi daemon on the system's message bus: whether it works, calls to it and signals of it.
/// Asks nothing that it would have to wait for. Thread: main.
class AvahiBus final : public QObject
{
    Q_OBJECT

public:
    /// How long a call may take, and when the bus or a daemon that does not answer is tried again.
    static constexpr int kCallMs = 10'000;
    static constexpr qint64 kRetryMs = 30'000;

    /// The references outlive it.
    AvahiBus(const Clock &clock, Timers &timers);
    ~AvahiBus() override;

    void start();

    [[nodiscard]] bool isUp() const noexcept { return m_isUp; }

    using Done = std::function<void(const QDBusMessage &reply)>;

    /// @p done is called later, not at all when @p context is gone or the daemon changed meanwhile.
    void call(const QString &path,
              const char *interface,
              const char *method,
              const QVariantList &arguments,
              QObject *context,
              Done done);
    /// Without waiting for an answer.
    void tell(const QString &path, const char *interface, const char *method);

Q_SIGNALS:
    /// It announces and answers; nothing that was made with it before is left.
    void up();
    void down(const QString &why);
    /// Of the daemon that is up, from one of its objects.
    void signalled(const QDBusMessage &message);

private:
    Q_SLOT void handleSignal(const QDBusMessage &message);
    Q_SLOT void handleServerState(const QDBusMessage &message);
    Q_SLOT void handleBusLost();
    void connectToBus();
    void askOwner();
    void setOwner(const QString &owner);
    void setState(int state);
    void fail(const QString &why);
    void retryLater();

    const Clock &m_clock;
    Timers &m_timers;
    Timer m_retry;
    std::optional<QDBusConnection> m_bus;
    QString m_busName;
    std::unique_ptr<QDBusServiceWatcher> m_watcher;
    QString m_owner; ///< unique name of the daemon; empty: there is none
    quint64 m_daemon = 0; ///< counts daemons, so that late answers are known
    QString m_why; ///< it is down; what was told
    bool m_isUp = false;
};

} // namespace fairlead::ship
