// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/mdns.h"

#include <QtCore/QObject>
#include <QtDBus/QDBusMessage>

#include <optional>

namespace fairlead::ship {

class AvahiBus;

/// The service that is announced: one entry group of the Avahi daemon, made anew when the daemon is.
/// Thread: main.
class AvahiPublication final : public QObject
{
    Q_OBJECT

public:
    /// Labels that are tried before it is given up.
    static constexpr int kMaxLabels = 32;

    /// @p bus outlives it.
    explicit AvahiPublication(AvahiBus &bus);
    ~AvahiPublication() override;

    /// Nothing: withdraws it.
    void set(const std::optional<MdnsService> &service);

    /// The daemon works again, or does not, and what it announced is gone.
    void begin();
    void drop();
    void handleSignal(const QDBusMessage &message);

Q_SIGNALS:
    void announced(const QByteArray &label);
    void failed(const QString &why);

private:
    enum class State : quint8 {
        Idle,
        Creating, ///< the entry group
        Registering,
        Established,
        Failed
    };

    void create();
    void addService();
    void commit();
    void takeNextLabel();
    void updateTxt();
    void fail(const QString &why);
    void callGroup(const char *method,
                   const QVariantList &arguments,
                   std::function<void(const QDBusMessage &)> done);

    AvahiBus &m_bus;
    State m_state = State::Idle;
    std::optional<MdnsService> m_wanted;
    MdnsService m_announced; ///< what the group has
    QByteArray m_label; ///< of the group
    QString m_group; ///< its path
    quint64 m_turn = 0; ///< counts attempts, so that late answers are known
    int m_labels = 0;
    bool m_isUpdating = false;
};

} // namespace fairlead::ship
