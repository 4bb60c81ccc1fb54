// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/buildinfo.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/mainloop.h"
#include "daemon.h"
#include "options.h"

#include <QCoreApplication>

#include <malloc.h>

int main(int argc, char **argv)
{
    // Payloads of some 16 KiB come and go: without this the heap is trimmed and grown each time.
    // NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet
    mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
    mallopt(M_TOP_PAD, 1024 * 1024);
    // NOLINTEND(concurrency-mt-unsafe)

    auto *dispatcher = new fairlead::core::EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("fairleadd"));
    QCoreApplication::setApplicationVersion(QString::fromLatin1(fairlead::core::kHostVersion));

    const DaemonOptions options = readOptions();
    fairlead::core::MainLoop loop(*dispatcher);
    Daemon daemon(options, loop);
    if (const auto code = daemon.start())
        return *code;
    return QCoreApplication::exec();
}
