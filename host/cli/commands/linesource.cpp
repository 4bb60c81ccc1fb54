// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/linesource.h"

#include "codec/types.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace fairlead::cli {

LineSource::LineSource(int descriptor, QObject *parent)
    : QObject(parent)
    , m_descriptor(descriptor)
    , m_notifier(descriptor, QSocketNotifier::Read)
{
    m_notifier.setEnabled(false);
    connect(&m_notifier, &QSocketNotifier::activated, this, &LineSource::handleReadable);
}

bool LineSource::takeLine(QByteArray &line)
{
    const qsizetype end = m_buffer.indexOf('\n', std::max(m_at, m_searched));
    if (end < 0 && (!m_ended || m_at >= m_buffer.size())) {
        m_buffer.remove(0, m_at);
        m_at = 0;
        m_searched = m_buffer.size();
        return false;
    }
    // What follows the last line end is a line as well.
    const qsizetype stop = end < 0 ? m_buffer.size() : end;
    line = m_buffer.mid(m_at, stop - m_at);
    m_at = end < 0 ? stop : stop + 1;
    m_searched = m_at;
    return true;
}

void LineSource::resume()
{
    if (!m_ended) {
        m_notifier.setEnabled(true);
    }
}

void LineSource::handleReadable()
{
    m_notifier.setEnabled(false);
    char octets[1 << 16];
    const ssize_t count = ::read(m_descriptor, octets, sizeof octets);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
        m_notifier.setEnabled(true);
        return;
    }
    if (count > 0) {
        m_buffer.append(octets, count);
    }
    const bool tooLong
        = m_buffer.size() - m_at > static_cast<qsizetype>(mqtt::kMaxRemainingLength) + 1;
    m_failed = count < 0 || tooLong;
    m_ended = count <= 0 || tooLong;
    if (tooLong) {
        m_buffer.clear();
        m_at = 0;
    }
    Q_EMIT arrived();
}

} // namespace fairlead::cli
