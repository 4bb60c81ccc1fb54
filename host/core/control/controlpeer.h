// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QObject>
#include <QtCore/QString>

namespace fairlead::core {

/// Who called a method, for those that go on telling afterwards. Thread: main.
class ControlPeer : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    /// Sends a notification; false, with nothing sent, while the peer has too much to read:
    /// hasRoom() follows.
    virtual bool notify(const QString &method, const QJsonObject &params) = 0;

    /// How many tell this peer of something: it is not idle as long as any does.
    void addWatch() noexcept { ++m_watches; }

    void removeWatch() noexcept { --m_watches; }

    bool isWatching() const noexcept { return m_watches > 0; }

Q_SIGNALS:
    void hasRoom();
    /// The last signal; nothing can be sent any more.
    void ended();

private:
    int m_watches = 0;
};

} // namespace fairlead::core
