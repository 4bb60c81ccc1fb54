// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "output/moment.h"

namespace fairlead::cli {

Moment Moment::now()
{
    std::timespec time{};
    static_cast<void>(std::timespec_get(&time, TIME_UTC));
    return at(time.tv_sec, time.tv_nsec);
}

Moment Moment::at(std::time_t seconds, long nanoseconds)
{
    Moment moment;
    moment.seconds = seconds;
    moment.nanoseconds = nanoseconds;
    ::localtime_r(&seconds, &moment.local);
    return moment;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

QByteArray Moment::formatted(const char *format) const
{
    char text[256];
    const std::size_t size = std::strftime(text, sizeof text, format, &local);
    return QByteArray(text, static_cast<qsizetype>(size));
}

#pragma GCC diagnostic pop

QByteArray Moment::iso8601() const
{
    return formatted("%Y-%m-%dT%H:%M:%S.")
        + QByteArray::number(static_cast<qlonglong>(nanoseconds / 1'000)).rightJustified(6, '0')
        + formatted("%z");
}

} // namespace fairlead::cli
