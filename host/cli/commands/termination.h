// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QObject>
#include <QSocketNotifier>

namespace fairlead::cli {

/// Tells of SIGINT and SIGTERM in the event loop. The second one kills, as it would without this.
class Termination : public QObject
{
    Q_OBJECT

public:
    explicit Termination(QObject *parent = nullptr);
    ~Termination() override;

Q_SIGNALS:
    void requested();

private:
    Termination(int readEnd, QObject *parent);

    QSocketNotifier m_notifier;
};

} // namespace fairlead::cli
