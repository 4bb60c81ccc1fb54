// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/qtmessages.h"

#include "core/observe/loghub.h"

#include <QtCore/QString>
#include <QtCore/QtGlobal>

#include <atomic>
#include <cstring>

namespace fairlead::core {

namespace {

std::atomic<LogHub *> s_hub{nullptr};

LogLevel levelOf(QtMsgType type) noexcept
{
    switch (type) {
    case QtDebugMsg:
        return LogLevel::Debug;
    case QtInfoMsg:
        return LogLevel::Info;
    case QtWarningMsg:
        return LogLevel::Warning;
    case QtCriticalMsg:
    case QtFatalMsg:
        return LogLevel::Error;
    }
    Q_UNREACHABLE();
}

void handle(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    LogHub *hub = s_hub.load(std::memory_order_acquire);
    if (!hub)
        return;
    const bool named = context.category && std::strcmp(context.category, "default") != 0;
    const QString component = named ? QString::fromLatin1(context.category) : QStringLiteral("qt");
    // Qt ends the process after a fatal message: its reason is never held back.
    if (type == QtFatalMsg)
        hub->log(LogLevel::Error, component, "fatal", message);
    else
        hub->logLimited(levelOf(type), component, "message", message);
}

} // namespace

QtMessages::QtMessages(LogHub &hub)
{
    Q_ASSERT(!s_hub.load());
    s_hub.store(&hub, std::memory_order_release);
    m_former = qInstallMessageHandler(&handle);
}

QtMessages::~QtMessages()
{
    qInstallMessageHandler(m_former);
    s_hub.store(nullptr, std::memory_order_release);
}

} // namespace fairlead::core
