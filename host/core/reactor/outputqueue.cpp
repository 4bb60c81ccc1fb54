// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/outputqueue.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace fairlead::core {

namespace {

// Below this a copy costs less than a reference and one more part of the gathered write.
constexpr std::size_t kCopyLimit = 4096;
constexpr std::size_t kKeepSmall = 1024;
constexpr std::size_t kKeepLarge = 64;

} // namespace

ChunkPool::~ChunkPool()
{
    for (FreeList *list : {&m_references, &m_small, &m_large}) {
        while (Chunk *chunk = list->head) {
            list->head = chunk->next;
            chunk->~Chunk();
            std::free(chunk); // NOLINT(cppcoreguidelines-no-malloc): header and bytes are one block
        }
    }
}

ChunkPool::FreeList *ChunkPool::listFor(std::size_t capacity) noexcept
{
    switch (capacity) {
    case 0:
        return &m_references;
    case kSmall:
        return &m_small;
    case kLarge:
        return &m_large;
    default:
        return nullptr;
    }
}

ChunkPool::Chunk *ChunkPool::take(std::size_t size)
{
    const std::size_t capacity = size == 0 ? 0
        : size <= kSmall                   ? kSmall
        : size <= kLarge                   ? kLarge
                                           : size;
    if (FreeList *list = listFor(capacity); list && list->head) {
        Chunk *chunk = list->head;
        list->head = chunk->next;
        --list->count;
        chunk->next = nullptr;
        chunk->begin = chunk->end = 0;
        return chunk;
    }
    void *memory = std::malloc(sizeof(Chunk) + capacity); // NOLINT(cppcoreguidelines-no-malloc)
    if (!memory)
        throw std::bad_alloc();
    auto *chunk = new (memory) Chunk;
    chunk->capacity = capacity;
    return chunk;
}

ChunkPool::Chunk *ChunkPool::takeReference(const Message &message,
                                           std::size_t offset,
                                           std::size_t size)
{
    Chunk *chunk = take(0);
    chunk->message = message;
    chunk->external = message.payload().data() + offset;
    chunk->end = size;
    return chunk;
}

void ChunkPool::give(Chunk *chunk) noexcept
{
    chunk->message = Message();
    chunk->external = nullptr;
    FreeList *list = listFor(chunk->capacity);
    const std::size_t keep = list == &m_large ? kKeepLarge : kKeepSmall;
    if (list && list->count < keep) {
        chunk->next = list->head;
        list->head = chunk;
        ++list->count;
        return;
    }
    chunk->~Chunk();
    std::free(chunk); // NOLINT(cppcoreguidelines-no-malloc)
}

void OutputQueue::link(ChunkPool::Chunk *chunk) noexcept
{
    if (m_tail)
        m_tail->next = chunk;
    else
        m_head = chunk;
    m_tail = chunk;
}

char *OutputQueue::reserve(std::size_t size)
{
    if (!m_tail || m_tail->room() < size) {
        // A second chunk in a row means a burst: give it room.
        const std::size_t wanted = m_tail && !m_tail->external ? ChunkPool::kLarge : size;
        link(m_pool.take(std::max({size, wanted, ChunkPool::kSmall})));
    }
    return m_tail->bytes() + m_tail->end;
}

void OutputQueue::commit(std::size_t size) noexcept
{
    m_tail->end += size;
    m_size += size;
}

void OutputQueue::append(const Message &message, std::size_t offset, std::size_t size)
{
    if (size == 0)
        return;
    if (size <= kCopyLimit) {
        std::memcpy(reserve(size), message.payload().data() + offset, size);
        commit(size);
        return;
    }
    link(m_pool.takeReference(message, offset, size));
    m_size += size;
}

int OutputQueue::gather(iovec *out, int max) const noexcept
{
    int count = 0;
    for (ChunkPool::Chunk *chunk = m_head; chunk && count < max; chunk = chunk->next) {
        if (chunk->size() == 0)
            continue;
        out[count].iov_base = const_cast<char *>(chunk->data() + chunk->begin);
        out[count].iov_len = chunk->size();
        ++count;
    }
    return count;
}

void OutputQueue::consume(std::size_t size) noexcept
{
    m_size -= size;
    while (m_head) {
        const std::size_t step = std::min(size, m_head->size());
        m_head->begin += step;
        size -= step;
        if (m_head->size() > 0)
            return;
        ChunkPool::Chunk *done = m_head;
        m_head = done->next;
        if (!m_head)
            m_tail = nullptr;
        m_pool.give(done);
        if (size == 0 && m_size > 0)
            return;
    }
}

void OutputQueue::clear() noexcept
{
    while (m_head) {
        ChunkPool::Chunk *chunk = m_head;
        m_head = chunk->next;
        m_pool.give(chunk);
    }
    m_tail = nullptr;
    m_size = 0;
}

} // namespace fairlead::core
