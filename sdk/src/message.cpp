// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/message.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <new>

namespace fairlead {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooled = false; // a recycled block would hide misuse from the sanitizer
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

/// Block sizes, header included; two per doubling, so that at most a third of a block is unused.
constexpr std::array<quint16, 13> kClassBytes
    = {64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096};
constexpr quint8 kHeapClass = 0xFF;
constexpr quint16 kBlocksPerClass = 512;
constexpr std::size_t kGrain = 32;

static_assert(kClassBytes.back() % kGrain == 0);

/// Class by size in grains, so that a look-up is one load.
constexpr auto kClassOfGrains = [] {
    std::array<quint8, kClassBytes.back() / kGrain + 1> table = {};
    quint8 sizeClass = 0;
    for (std::size_t grains = 0; grains < table.size(); ++grains) {
        while (kClassBytes[sizeClass] < grains * kGrain)
            ++sizeClass;
        table[grains] = sizeClass;
    }
    return table;
}();

quint8 classOf(std::size_t bytes) noexcept
{
    if (!kPooled || bytes > kClassBytes.back())
        return kHeapClass;
    return kClassOfGrains[(bytes + kGrain - 1) / kGrain];
}

struct FreeBlock
{
    FreeBlock *next;
};

/// Freed blocks of one thread. Trivial on purpose: it can be used before the thread's first and
/// after its last destructor of thread-local objects.
struct FreeLists
{
    std::array<FreeBlock *, kClassBytes.size()> heads;
    std::array<quint16, kClassBytes.size()> counts;
    bool guarded;
    bool ended;
};

constinit thread_local FreeLists t_free = {};

struct ThreadEnd
{
    ~ThreadEnd()
    {
        t_free.ended = true;
        for (FreeBlock *&head : t_free.heads) {
            while (head)
                ::operator delete(std::exchange(head, head->next));
        }
    }
};

void guardThreadEnd() noexcept
{
    thread_local ThreadEnd end;
    static_cast<void>(end);
    t_free.guarded = true;
}

void *takeBlock(std::size_t bytes, quint8 sizeClass)
{
    if (sizeClass == kHeapClass)
        return ::operator new(bytes);
    FreeBlock *&head = t_free.heads[sizeClass];
    if (!head)
        return ::operator new(kClassBytes[sizeClass]);
    --t_free.counts[sizeClass];
    return std::exchange(head, head->next);
}

void giveBlock(void *block, quint8 sizeClass) noexcept
{
    if (sizeClass == kHeapClass || t_free.ended || t_free.counts[sizeClass] >= kBlocksPerClass) {
        ::operator delete(block);
        return;
    }
    if (!t_free.guarded)
        guardThreadEnd();
    t_free.heads[sizeClass] = new (block) FreeBlock{t_free.heads[sizeClass]};
    ++t_free.counts[sizeClass];
}

char *put(char *out, ByteSpan bytes) noexcept
{
    if (!bytes.empty())
        std::memcpy(out, bytes.data(), bytes.size());
    return out + bytes.size();
}

} // namespace

Message::Message(const MessageFields &fields)
{
    constexpr std::size_t kMost = std::numeric_limits<quint32>::max();
    if (fields.topic.size() > kMost || fields.properties.size() > kMost
        || fields.payload.size() > kMost)
        throw std::bad_alloc();

    const std::size_t bytes
        = sizeof(Body) + fields.topic.size() + fields.properties.size() + fields.payload.size();
    const quint8 sizeClass = classOf(bytes);
    m_body = new (takeBlock(bytes, sizeClass)) Body{
        .references = 1,
        .epoch = 0,
        .sequence = 0,
        .origin = fields.origin,
        .expiryDeadline = fields.expiryDeadline,
        .topicSize = quint32(fields.topic.size()),
        .propertiesSize = quint32(fields.properties.size()),
        .payloadSize = quint32(fields.payload.size()),
        .qos = fields.qos,
        .retain = fields.retain,
        .sizeClass = sizeClass,
        .reserved = 0,
    };
    char *out = reinterpret_cast<char *>(m_body + 1);
    out = put(out, fields.topic);
    out = put(out, fields.properties);
    put(out, fields.payload);
}

void Message::destroy(Body *body) noexcept
{
    if (!body)
        return;
    const quint8 sizeClass = body->sizeClass;
    body->~Body();
    giveBlock(body, sizeClass);
}

} // namespace fairlead
