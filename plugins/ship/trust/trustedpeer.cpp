// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "trust/trustedpeer.h"

#include "protocol/jsontext.h"

#include <array>

namespace fairlead::ship {

namespace {

struct SourceRow
{
    const char *text;
    quint8 level;
};

constexpr std::array<SourceRow, kTrustSourceCount> kSources
    = {{{"configuration", 32}, {"auto-accept", 8}, {"verified", 32}, {"entered", 64}}};

const SourceRow &rowOf(TrustSource source) noexcept
{
    return kSources[static_cast<std::size_t>(source) % kSources.size()];
}

class RecordWriter
{
public:
    void text(Bytes name, const QByteArray &value)
    {
        key(name);
        appendQuoted(m_out, viewOf(value));
    }

    void number(Bytes name, qint64 value)
    {
        key(name);
        m_out.append(QByteArray::number(value));
    }

    [[nodiscard]] QByteArray finish() { return m_out + '}'; }

private:
    void key(Bytes name)
    {
        m_out.append(m_out.isEmpty() ? '{' : ',');
        appendQuoted(m_out, name);
        m_out.append(':');
    }

    QByteArray m_out;
};

/// What a record holds, before it is known to be whole.
struct Draft
{
    std::optional<Ski> ski;
    std::optional<TrustSource> source;
    QByteArray label;
    PeerClaims claims;
    qint64 added = 0;
    qint64 seen = 0;
};

std::optional<TrustSource> sourceOf(const QByteArray &text)
{
    for (std::size_t i = 0; i < kSources.size(); ++i) {
        if (text == kSources[i].text)
            return static_cast<TrustSource>(i);
    }
    return std::nullopt;
}

bool takeText(const JsonValue &member, Draft &draft)
{
    struct Target
    {
        Bytes name;
        QByteArray *text;
    };

    const Target targets[] = {{"label", &draft.label},
                              {"shipId", &draft.claims.shipId},
                              {"brand", &draft.claims.brand},
                              {"model", &draft.claims.model},
                              {"type", &draft.claims.type},
                              {"path", &draft.claims.path},
                              {"places", &draft.claims.places}};
    for (const Target &target : targets) {
        if (!hasKey(member, target.name))
            continue;
        if (member.kind() != JsonKind::String)
            return false;
        *target.text = stringOf(member);
    }
    return true;
}

bool takeNumber(const JsonValue &member, Bytes name, qint64 &number)
{
    if (!hasKey(member, name))
        return true;
    bool good = false;
    number = copyOf(member.text()).toLongLong(&good);
    return good;
}

bool take(const JsonValue &member, Draft &draft)
{
    const bool isText = member.kind() == JsonKind::String;
    if (hasKey(member, "ski"))
        draft.ski = isText ? Ski::fromText(viewOf(stringOf(member))) : std::nullopt;
    if (hasKey(member, "source"))
        draft.source = isText ? sourceOf(stringOf(member)) : std::nullopt;
    return takeText(member, draft) && takeNumber(member, "added", draft.added)
        && takeNumber(member, "seen", draft.seen);
}

} // namespace

const char *toText(TrustSource source) noexcept
{
    return rowOf(source).text;
}

quint8 trustLevel(TrustSource source) noexcept
{
    return rowOf(source).level;
}

QByteArray toRecord(const TrustedPeer &peer)
{
    RecordWriter record;
    record.text("ski", peer.ski.toHex());
    record.text("source", toText(peer.source));
    record.text("label", peer.label);
    record.text("shipId", peer.claims.shipId);
    record.text("brand", peer.claims.brand);
    record.text("model", peer.claims.model);
    record.text("type", peer.claims.type);
    if (!peer.claims.places.isEmpty()) {
        record.text("path", peer.claims.path);
        record.text("places", peer.claims.places);
    }
    record.number("added", peer.addedUtcMs);
    record.number("seen", peer.seenUtcMs);
    return record.finish();
}

std::optional<TrustedPeer> fromRecord(Bytes record)
{
    JsonTree tree;
    if (tree.parse(record) || !tree.root().isObject())
        return std::nullopt;
    Draft draft;
    for (const JsonValue &member : tree.root()) {
        if (!take(member, draft))
            return std::nullopt;
    }
    if (!draft.ski || !draft.source)
        return std::nullopt;
    return TrustedPeer{
        *draft.ski, *draft.source, draft.label, draft.claims, draft.added, draft.seen};
}

} // namespace fairlead::ship
