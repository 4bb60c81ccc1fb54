// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/processmemory.h"

#include "core/platform/files.h"

#include <unistd.h>

namespace fairlead::core {

qint64 residentMemory()
{
    const Result<QByteArray> facts = readFileHead(QStringLiteral("/proc/self/statm"), 128);
    const qint64 page = ::sysconf(_SC_PAGESIZE);
    bool isNumber = false;
    const qint64 pages = facts ? facts->split(' ').value(1).toLongLong(&isNumber) : 0;
    return isNumber && page > 0 ? pages * page : -1;
}

} // namespace fairlead::core
