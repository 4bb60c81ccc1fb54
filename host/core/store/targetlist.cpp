// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/targetlist.h"

#include <limits>
#include <tuple>

namespace fairlead::core {

namespace {

constexpr quint8 kVersion = 1;

constexpr quint8 kQosMask = 0x03;
constexpr quint8 kRetain = 0x04;
constexpr quint8 kRetainAsPublished = 0x08;
constexpr quint8 kShowPosition = 0x10;
constexpr quint8 kCopy = 0x20;
constexpr quint8 kIds = 0x40;
constexpr quint8 kGroup = 0x80;

void putNumber(QByteArray *out, quint64 value)
{
    while (value >= 0x80) {
        out->append(char(value | 0x80));
        value >>= 7;
    }
    out->append(char(value));
}

class Reader
{
public:
    explicit Reader(const QByteArray &bytes) noexcept
        : m_at(bytes.constData())
        , m_end(m_at + bytes.size())
    { }

    bool isValid() const noexcept { return m_valid; }

    bool isAtEnd() const noexcept { return m_valid && m_at == m_end; }

    /// 0 once it is invalid.
    quint64 number() noexcept
    {
        quint64 value = 0;
        for (int shift = 0; shift < 64 && m_at != m_end; shift += 7) {
            const auto byte = quint8(*m_at++);
            if (shift == 63 && byte > 1)
                break;
            value |= quint64(byte & 0x7F) << shift;
            if (byte < 0x80)
                return value;
        }
        return fail();
    }

    quint32 number32() noexcept
    {
        const quint64 value = number();
        return value <= std::numeric_limits<quint32>::max() ? quint32(value) : quint32(fail());
    }

    quint8 byte() noexcept { return m_at != m_end ? quint8(*m_at++) : quint8(fail()); }

    /// How many of something follow, each at least @p least bytes long.
    qsizetype count(qsizetype least) noexcept
    {
        const quint64 value = number();
        return value <= quint64((m_end - m_at) / least) ? qsizetype(value) : qsizetype(fail());
    }

    QByteArray bytes()
    {
        const qsizetype size = count(1);
        m_at += size;
        return {m_at - size, size};
    }

private:
    quint64 fail() noexcept
    {
        m_valid = false;
        m_at = m_end;
        return 0;
    }

    const char *m_at;
    const char *m_end;
    bool m_valid = true;
};

void putTarget(QByteArray *out, const DurableTarget &target, quint64 *session)
{
    putNumber(out, target.session - *session);
    *session = target.session;
    const bool hasIds = target.ids && !target.ids->empty();
    quint8 flags = target.qos & kQosMask;
    flags |= target.retain ? kRetain : 0;
    flags |= target.retainAsPublished ? kRetainAsPublished : 0;
    flags |= target.showPosition ? kShowPosition : 0;
    flags |= target.copy != 0 ? kCopy : 0;
    flags |= hasIds ? kIds : 0;
    flags |= !target.group.isEmpty() ? kGroup : 0;
    out->append(char(flags));
    if (target.copy != 0)
        putNumber(out, target.copy);
    if (hasIds) {
        putNumber(out, target.ids->size());
        for (const quint32 id : *target.ids)
            putNumber(out, id);
    }
    if (!target.group.isEmpty()) {
        putNumber(out, quint64(target.group.size()));
        out->append(target.group);
    }
}

/// False: not a target. The reader may be invalid after either.
bool readTarget(Reader *in, DurableTarget *target, quint64 *session)
{
    const quint64 step = in->number();
    if (step > std::numeric_limits<quint64>::max() - *session)
        return false;
    *session += step;
    target->session = *session;
    const quint8 flags = in->byte();
    target->qos = flags & kQosMask;
    target->retain = (flags & kRetain) != 0;
    target->retainAsPublished = (flags & kRetainAsPublished) != 0;
    target->showPosition = (flags & kShowPosition) != 0;
    if ((flags & kCopy) != 0)
        target->copy = in->number32();
    if ((flags & kIds) != 0) {
        std::vector<quint32> ids(std::size_t(in->count(1)));
        for (quint32 &id : ids)
            id = in->number32();
        target->ids = std::make_shared<const std::vector<quint32>>(std::move(ids));
    }
    if ((flags & kGroup) != 0)
        target->group = in->bytes();
    return target->session != 0 && target->qos >= 1 && target->qos <= 2;
}

/// False: not a list, or not in order.
bool readTargets(Reader *in, std::vector<DurableTarget> *out)
{
    const qsizetype count = in->count(2);
    out->reserve(std::size_t(count));
    quint64 session = 0;
    for (qsizetype i = 0; i < count; ++i) {
        DurableTarget target;
        if (!readTarget(in, &target, &session) || !in->isValid())
            return false;
        if (!out->empty() && !isBefore(out->back(), target))
            return false;
        out->push_back(std::move(target));
    }
    return in->isValid();
}

void putBits(QByteArray *out, const std::vector<bool> &bits)
{
    std::size_t used = bits.size();
    while (used > 0 && !bits[used - 1])
        --used;
    QByteArray packed(qsizetype((used + 7) / 8), '\0');
    for (std::size_t i = 0; i < used; ++i) {
        if (bits[i])
            packed[qsizetype(i / 8)] = char(quint8(packed[qsizetype(i / 8)]) | (1U << (i % 8)));
    }
    out->append(packed);
}

} // namespace

bool isBefore(const DurableTarget &a, const DurableTarget &b) noexcept
{
    return std::tie(a.session, a.copy) < std::tie(b.session, b.copy);
}

QByteArray encodeTargets(const std::vector<const DurableTarget *> &targets)
{
    QByteArray out;
    out.reserve(qsizetype(4 + 4 * targets.size()));
    out.append(char(kVersion));
    putNumber(&out, targets.size());
    quint64 session = 0;
    for (const DurableTarget *target : targets)
        putTarget(&out, *target, &session);
    return out;
}

std::optional<std::vector<DurableTarget>> decodeTargets(const QByteArray &bytes)
{
    Reader in(bytes);
    std::vector<DurableTarget> targets;
    if (in.byte() != kVersion || !readTargets(&in, &targets) || !in.isAtEnd())
        return std::nullopt;
    return targets;
}

QByteArray encodeSettled(const SettledSet &set)
{
    QByteArray out;
    out.append(char(kVersion));
    putNumber(&out, set.releasedStreams);
    putNumber(&out, set.added.size());
    quint64 session = 0;
    for (const DurableTarget &target : set.added)
        putTarget(&out, target, &session);
    putBits(&out, set.settled);
    return out;
}

std::optional<SettledSet> decodeSettled(const QByteArray &bytes)
{
    Reader in(bytes);
    SettledSet set;
    if (in.byte() != kVersion)
        return std::nullopt;
    set.releasedStreams = in.number32();
    if (!readTargets(&in, &set.added))
        return std::nullopt;
    while (in.isValid() && !in.isAtEnd()) {
        const quint8 bits = in.byte();
        for (int bit = 0; bit < 8; ++bit)
            set.settled.push_back((bits >> bit & 1) != 0);
    }
    return set;
}

} // namespace fairlead::core
