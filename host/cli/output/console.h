// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>
#include <QString>

namespace fairlead::cli {

/// Standard output and standard error of the program.
class Console
{
public:
    /// Buffered until flush().
    void write(const QByteArray &octets);
    void flush();
    void writeError(const QString &line);

    /// Standard output took no more.
    [[nodiscard]] bool hasFailed() const noexcept { return m_failed; }

private:
    bool m_failed = false;
};

} // namespace fairlead::cli
