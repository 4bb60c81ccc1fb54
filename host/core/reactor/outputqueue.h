// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/message.h>

#include <cstddef>
#include <memory>
#include <vector>

struct iovec;

namespace fairlead::core {

/// Transmit memory of one reactor, handed out in chunks and taken back when they are sent, so that
/// an idle link holds none. Thread: one reactor.
class ChunkPool
{
public:
    struct Chunk
    {
        Chunk *next = nullptr;
        std::size_t capacity = 0;
        std::size_t begin = 0; ///< first byte not sent yet
        std::size_t end = 0; ///< first byte not written yet
        Message message; ///< when set, the bytes are a part of its payload
        const char *external = nullptr;

        char *bytes() noexcept { return reinterpret_cast<char *>(this + 1); }

        const char *data() noexcept { return external ? external : bytes(); }

        std::size_t size() const noexcept { return end - begin; }

        std::size_t room() const noexcept { return external ? 0 : capacity - end; }
    };

    ChunkPool() = default;
    ~ChunkPool();
    ChunkPool(const ChunkPool &) = delete;
    ChunkPool &operator=(const ChunkPool &) = delete;

    static constexpr std::size_t kSmall = 4096 - sizeof(Chunk);
    static constexpr std::size_t kLarge = 64 * 1024;

    Chunk *take(std::size_t size);
    Chunk *takeReference(const Message &message, std::size_t offset, std::size_t size);
    void give(Chunk *chunk) noexcept;

private:
    struct FreeList
    {
        Chunk *head = nullptr;
        std::size_t count = 0;
    };

    FreeList *listFor(std::size_t capacity) noexcept;

    FreeList m_references;
    FreeList m_small;
    FreeList m_large;
};

/// What one link has to send: bytes in pooled chunks and payloads by reference, in order.
/// Thread: the link's reactor.
class OutputQueue
{
public:
    explicit OutputQueue(ChunkPool &pool) noexcept
        : m_pool(pool)
    { }

    ~OutputQueue() { clear(); }

    OutputQueue(const OutputQueue &) = delete;
    OutputQueue &operator=(const OutputQueue &) = delete;

    char *reserve(std::size_t size);
    void commit(std::size_t size) noexcept;
    void append(const Message &message, std::size_t offset, std::size_t size);

    std::size_t size() const noexcept { return m_size; }

    bool isEmpty() const noexcept { return m_size == 0; }

    /// Fills @p out with what is next, at most @p max parts; returns how many.
    int gather(iovec *out, int max) const noexcept;
    /// Drops @p size bytes from the front: they were sent.
    void consume(std::size_t size) noexcept;
    void clear() noexcept;

private:
    void link(ChunkPool::Chunk *chunk) noexcept;

    ChunkPool &m_pool;
    ChunkPool::Chunk *m_head = nullptr;
    ChunkPool::Chunk *m_tail = nullptr;
    std::size_t m_size = 0;
};

} // namespace fairlead::core
