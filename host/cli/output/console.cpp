// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/console.h"

#include <cstdio>

namespace fairlead::cli {

void Console::write(const QByteArray &octets)
{
    const auto size = static_cast<std::size_t>(octets.size());
    if (!m_failed && std::fwrite(octets.constData(), 1, size, stdout) != size) {
        m_failed = true;
    }
}

void Console::flush()
{
    if (!m_failed && std::fflush(stdout) != 0) {
        m_failed = true;
    }
}

void Console::writeError(const QString &line)
{
    flush();
    const QByteArray octets = line.toUtf8() + '\n';
    std::fwrite(octets.constData(), 1, static_cast<std::size_t>(octets.size()), stderr);
}

} // namespace fairlead::cli
