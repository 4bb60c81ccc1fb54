// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>
#include <QObject>
#include <QSocketNotifier>

namespace fairlead::cli {

/// The lines of standard input, one after another, as fast as they are wanted.
class LineSource : public QObject
{
    Q_OBJECT

public:
    explicit LineSource(int descriptor, QObject *parent = nullptr);

    /// The next line without its end, if it has arrived.
    [[nodiscard]] bool takeLine(QByteArray &line);

    /// Everything has been taken.
    [[nodiscard]] bool isAtEnd() const noexcept { return m_ended && m_at >= m_buffer.size(); }

    [[nodiscard]] bool hasFailed() const noexcept { return m_failed; }

    /// Reads on; arrived() follows when there is more.
    void resume();

Q_SIGNALS:
    void arrived();

private:
    void handleReadable();

    int m_descriptor;
    QSocketNotifier m_notifier;
    QByteArray m_buffer;
    qsizetype m_at = 0; ///< what is before it has been taken
    qsizetype m_searched = 0; ///< no line end up to here
    bool m_ended = false;
    bool m_failed = false;
};

} // namespace fairlead::cli
