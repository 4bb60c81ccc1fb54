// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/peercore.h"

#include "service/messageschema.h"

#include <fairlead/bytestream.h>

#include <algorithm>

namespace fairlead::tcp {

namespace {

constexpr char kPing[] = "ping";
constexpr char kQuiesce[] = "quiesce";
constexpr char kReleaseHandles[] = "release-handles";

} // namespace

void Features::add(const QByteArray &name)
{
    ping = ping || name == kPing;
    quiesce = quiesce || name == kQuiesce;
    releaseHandles = releaseHandles || name == kReleaseHandles;
}

QByteArrayList Features::names() const
{
    QByteArrayList names;
    if (ping)
        names << kPing;
    if (quiesce)
        names << kQuiesce;
    if (releaseHandles)
        names << kReleaseHandles;
    return names;
}

void PeerCore::send(JsonLine &line)
{
    sendBytes(line.finish());
}

void PeerCore::sendBytes(const QByteArray &bytes)
{
    Bytes rest(bytes.constData(), std::size_t(bytes.size()));
    while (!rest.empty()) {
        const std::size_t size = std::min(rest.size(), ByteStream::kMaxReserve);
        std::copy_n(rest.begin(), size, context.stream.reserve(size));
        context.stream.commit(size);
        rest.remove_prefix(size);
    }
}

void PeerCore::sendError(const Error &error, quint32 re)
{
    JsonLine line("error");
    if (re != 0)
        line.number("re", re);
    send(line.error(error));
}

Error badMember(const char *place, const QString &text)
{
    Error error(ErrorCode::InvalidArgument, QLatin1String(place) + QLatin1Char(' ') + text);
    error.setDetail(QStringLiteral("member"), QLatin1String(place));
    return error;
}

Error memberFailure(const SchemaFault &fault)
{
    const QByteArray place = fault.place.isEmpty() ? QByteArrayLiteral("the message") : fault.place;
    Error error(ErrorCode::InvalidArgument, QString::fromUtf8(place + ' ' + fault.text));
    error.setDetail(QStringLiteral("member"), QString::fromUtf8(fault.place));
    return error;
}

} // namespace fairlead::tcp
