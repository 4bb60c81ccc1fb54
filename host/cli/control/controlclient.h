// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"

#include <QJsonObject>
#include <QJsonValue>
#include <QLocalSocket>
#include <QString>

#include <chrono>

namespace fairlead::cli {

/// The control socket of a daemon, one call after the other. Blocks while it waits: that is all the
/// program does.
class ControlClient
{
public:
    /// Where the daemon is looked for: @p given, else $RUNTIME_DIRECTORY/control.sock, else what
    /// exists of $XDG_RUNTIME_DIR/fairlead/control.sock and /run/fairlead/control.sock.
    [[nodiscard]] static QString choosePath(const QString &given);

    [[nodiscard]] Failure connectTo(const QString &path);
    /// Asks and waits for the answer; notifications that come meanwhile are dropped.
    [[nodiscard]] Failure call(const QString &method,
                               const QJsonObject &params,
                               std::chrono::milliseconds timeout,
                               QJsonObject *result);
    /// The next notification's method and parameters; waits for ever.
    [[nodiscard]] Failure next(QString *method, QJsonObject *params);

private:
    [[nodiscard]] Failure readObject(int timeoutMs, QJsonObject *object);

    QLocalSocket m_socket;
    QByteArray m_input;
    qsizetype m_scanned = 0;
    int m_lastId = 0;
};

} // namespace fairlead::cli
