// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/gapnotice.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <fairlead/properties.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

constexpr ByteSpan kEveryFilter = "#";

ByteSpan bytesOf(const QByteArray &bytes) noexcept
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

QJsonValue numberOrNull(quint64 number)
{
    return number == 0 ? QJsonValue(QJsonValue::Null) : QJsonValue(qint64(number));
}

QString textOf(Position position)
{
    return QStringLiteral("%1:%2").arg(position.epoch).arg(position.sequence);
}

QByteArray payloadOf(const LossRange &range)
{
    QJsonObject object = {
        {QStringLiteral("filter"), QString::fromUtf8(range.filter)},
        {QStringLiteral("reason"), QLatin1String(lossName(range.reason))},
        {QStringLiteral("epoch"), qint64(range.epoch)},
        {QStringLiteral("first"), numberOrNull(range.first)},
        {QStringLiteral("last"), numberOrNull(range.last)},
        {QStringLiteral("count"), numberOrNull(range.count)},
    };
    if (range.requested != Position()) {
        object.insert(QStringLiteral("requested"), textOf(range.requested));
        object.insert(QStringLiteral("oldest"),
                      range.oldest == 0 ? QJsonValue(QJsonValue::Null)
                                        : QJsonValue(textOf({range.epoch, range.oldest})));
    }
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

bool isSameKind(const LossRange &range, ByteSpan filter, LossReason reason) noexcept
{
    return range.reason == reason && bytesOf(range.filter) == filter;
}

} // namespace

const char *lossName(LossReason reason) noexcept
{
    switch (reason) {
    case LossReason::QueueFull:
        return "queue-full";
    case LossReason::Replaced:
        return "replaced";
    case LossReason::ReplayGap:
        return "replay-gap";
    case LossReason::StoreLost:
        return "store-lost";
    case LossReason::Various:
        break;
    }
    return "various";
}

Message makeGapNotice(const LossRange &range, quint8 qos)
{
    const QByteArray payload = payloadOf(range);
    PropertyWriter properties;
    properties.append(PropertyId::PayloadFormat, ByteSpan("\x01", 1));
    properties.append(PropertyId::ContentType, "application/json");
    MessageFields fields;
    fields.topic = kGapTopic;
    fields.properties = properties.block();
    fields.payload = bytesOf(payload);
    fields.qos = qos;
    return Message(fields);
}

LossRange &LossLedger::rangeFor(ByteSpan filter, LossReason reason)
{
    if (m_latest < m_ranges.size() && isSameKind(m_ranges[m_latest], filter, reason))
        return m_ranges[m_latest];
    auto found = std::find_if(m_ranges.begin(), m_ranges.end(), [&](const LossRange &range) {
        return isSameKind(range, filter, reason);
    });
    if (found == m_ranges.end()) {
        LossRange range;
        range.filter = QByteArray(filter.data(), qsizetype(filter.size()));
        range.reason = reason;
        if (m_ranges.size() >= kMost - 1) {
            if (m_ranges.size() == kMost)
                return m_ranges.back();
            range.filter = QByteArray(kEveryFilter.data(), qsizetype(kEveryFilter.size()));
            range.reason = LossReason::Various;
        }
        found = m_ranges.insert(m_ranges.end(), std::move(range));
    }
    m_latest = std::size_t(found - m_ranges.begin());
    return *found;
}

void LossLedger::note(ByteSpan filter, LossReason reason, Position last, quint64 count)
{
    LossRange &range = rangeFor(filter, reason);
    if (range.first == 0 || last.sequence < range.first)
        range.first = last.sequence;
    if (last.sequence >= range.last) {
        range.last = last.sequence;
        range.epoch = last.epoch;
    }
    range.count += count;
    m_total += count;
}

void LossLedger::noteGap(ByteSpan filter, const ReplayGap &gap, quint32 epoch)
{
    LossRange range;
    range.filter = QByteArray(filter.data(), qsizetype(filter.size()));
    range.reason = LossReason::ReplayGap;
    range.epoch = epoch;
    range.first = gap.first;
    range.last = gap.last;
    range.requested = gap.requested;
    range.oldest = gap.oldest;
    add(range);
}

void LossLedger::noteOvertaken(ByteSpan filter, quint64 first, quint64 last, quint32 epoch)
{
    LossRange range;
    range.filter = QByteArray(filter.data(), qsizetype(filter.size()));
    range.reason = LossReason::ReplayGap;
    range.epoch = epoch;
    range.first = first;
    range.last = last;
    add(range);
}

void LossLedger::add(const LossRange &range)
{
    LossRange &mine = rangeFor(bytesOf(range.filter), range.reason);
    if (range.first != 0 && (mine.first == 0 || range.first < mine.first))
        mine.first = range.first;
    if (range.last >= mine.last) {
        mine.last = range.last;
        mine.epoch = range.epoch;
        mine.oldest = range.oldest;
    }
    if (mine.requested == Position())
        mine.requested = range.requested;
    mine.count += range.count;
    m_total += range.count;
}

Message LossLedger::takeNotice(quint8 qos)
{
    const LossRange range = std::move(m_ranges.front());
    m_ranges.erase(m_ranges.begin());
    return makeGapNotice(range, qos);
}

} // namespace fairlead::core
