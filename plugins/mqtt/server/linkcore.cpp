// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/linkcore.h"

#include "server/closing.h"

#include <fairlead/link.h>
#include <fairlead/logger.h>

#include <algorithm>
#include <cstring>

namespace fairlead::mqtt {

namespace {

QString latin1(const char *text)
{
    return QString::fromLatin1(text);
}

} // namespace

void LinkCore::reject(const DecodeError &error, PacketType type)
{
    if (isEnded())
        return;
    endpoint.counters.count(error.kind);
    if (context.logger.isEnabled(LogLevel::Info)
        && endpoint.counters.mayLog(error.kind, context.clock.now())) {
        context.logger.log(LogLevel::Info,
                           "mqtt-packet-rejected",
                           QStringLiteral("kind=%1 packet=%2 peer=%3 total=%4 text=\"%5\"")
                               .arg(latin1(toText(error.kind)),
                                    latin1(toText(type)),
                                    QString::fromUtf8(context.peerAddress))
                               .arg(endpoint.counters.total(error.kind))
                               .arg(latin1(error.text)));
    }
    end(error.reason, error.text);
}

void LinkCore::end(ReasonCode reason, const char *text)
{
    if (isEnded())
        return;
    writeFarewell(*this, reason, text);
    finish(Error(errorCodeFor(reason), latin1(text)), true);
}

void LinkCore::finish(const Error &why, bool deliberate)
{
    if (isEnded())
        return;
    flushSettles();
    phase = Phase::Ended;
    lease = nullptr;
    Link &link = context.link;
    if ((link.state() == Link::State::New || link.state() == Link::State::Handshaking)
        && link.fail(why, CloseMode::Drain)) {
        return;
    }
    link.close(why, CloseMode::Drain, deliberate);
}

void LinkCore::count(Event event, LogLevel level, const char *what)
{
    count(event);
    if (!context.logger.isEnabled(level) || !endpoint.counters.mayLog(event, context.clock.now())) {
        return;
    }
    context.logger.log(level,
                       "mqtt-anomaly",
                       QStringLiteral("kind=%1 peer=%2 total=%3 text=\"%4\"")
                           .arg(latin1(toText(event)), QString::fromUtf8(context.peerAddress))
                           .arg(endpoint.counters.total(event))
                           .arg(latin1(what)));
}

void LinkCore::settle(quint64 handle, Settle::How how) const
{
    if (lease == nullptr)
        return;
    if (settles != nullptr) {
        settles->add(*lease, handle, how);
        return;
    }
    const Settle one{handle, how};
    lease->settle(&one, 1);
}

void LinkCore::flushSettles() const
{
    if (settles != nullptr && lease != nullptr)
        settles->flush(*lease);
}

void LinkCore::hold(Hold why)
{
    const quint8 own = holds & ~quint8(Hold::Bus);
    holds |= quint8(why);
    if (why != Hold::Bus && own == 0)
        stream().setReading(false);
}

void LinkCore::release(Hold why)
{
    if (!isHeld(why))
        return;
    holds &= ~quint8(why);
    if (why != Hold::Bus && (holds & ~quint8(Hold::Bus)) == 0)
        stream().setReading(true);
}

void LinkCore::sendBytes(Bytes bytes) const
{
    while (!bytes.empty()) {
        const std::size_t size = std::min(bytes.size(), ByteStream::kMaxReserve);
        std::memcpy(stream().reserve(size), bytes.data(), size);
        stream().commit(size);
        bytes.remove_prefix(size);
    }
}

} // namespace fairlead::mqtt
