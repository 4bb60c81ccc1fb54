// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QObject>

#include <fairlead/result.h>

#include <memory>

class QSocketNotifier;

namespace fairlead::core {

/// Brings POSIX signals into the main thread's event loop. Signals that arrive while the loop is
/// busy are kept and told once each time they were raised, as far as the system does.
///
/// Thread: main; one at a time. Its destruction restores what the signals did before.
class SignalWatcher : public QObject
{
    Q_OBJECT

public:
    explicit SignalWatcher(QObject *parent = nullptr);
    ~SignalWatcher() override;

    /// Watches @p numbers, for instance SIGTERM and SIGHUP. Errors: InvalidArgument for a signal
    /// that cannot be caught, AlreadyStarted when another watcher is at work.
    Result<> watch(const QList<int> &numbers);
    /// A broken pipe becomes an error of the write instead of the end of the process; so does a file
    /// that would grow beyond what the process may write (RLIMIT_FSIZE).
    static void ignoreFailedWrites() noexcept;

Q_SIGNALS:
    void received(int number);

private:
    void handleReadable();

    class Handlers;
    std::unique_ptr<Handlers> m_handlers;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace fairlead::core
