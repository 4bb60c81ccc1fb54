// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

class QSocketNotifier;

namespace fairlead::core {

class FdHandler;

// The Qt notifiers of one descriptor, by QSocketNotifier::Type.
struct NotifierSet
{
    std::array<QSocketNotifier *, 3> notifiers{};
    // The descriptor cannot be polled (a regular file): always ready, as poll() has it.
    bool alwaysReady = false;
    // Error or hang-up was told to a lone exception notifier; from then on only changes are.
    bool hangUpTold = false;
};

struct FdEntry
{
    FdHandler *handler = nullptr;
    std::unique_ptr<NotifierSet> notifiers;
    quint32 events = 0;
    // Changes whenever the number gets or loses its owner, so that events fetched for an earlier
    // owner are recognised.
    quint32 generation = 0;

    bool isFree() const noexcept { return handler == nullptr && notifiers == nullptr; }
};

// Descriptor number -> entry. Pages come on demand and never move, so an entry's address stays
// good while handlers add and remove others.
class FdTable
{
public:
    static constexpr quint64 token(int fd, quint32 generation) noexcept
    {
        return (quint64{generation} << 32) | static_cast<quint32>(fd);
    }

    static constexpr int fdOf(quint64 token) noexcept { return static_cast<int>(token); }

    static constexpr quint32 generationOf(quint64 token) noexcept
    {
        return static_cast<quint32>(token >> 32);
    }

    // fd must not be negative.
    FdEntry &at(int fd)
    {
        const auto page = static_cast<std::size_t>(fd) / kPageSize;
        if (page >= m_pages.size()) {
            m_pages.resize(page + 1);
        }
        if (!m_pages[page]) {
            m_pages[page] = std::make_unique<Page>();
        }
        return (*m_pages[page])[static_cast<std::size_t>(fd) % kPageSize];
    }

    // Null where no owner is registered.
    FdEntry *find(int fd) noexcept
    {
        const auto page = static_cast<std::size_t>(fd) / kPageSize;
        if (fd < 0 || page >= m_pages.size() || !m_pages[page]) {
            return nullptr;
        }
        FdEntry &entry = (*m_pages[page])[static_cast<std::size_t>(fd) % kPageSize];
        return entry.isFree() ? nullptr : &entry;
    }

    // Null where the owner the token was made for is gone.
    FdEntry *find(quint64 token) noexcept
    {
        FdEntry *entry = find(fdOf(token));
        return entry != nullptr && entry->generation == generationOf(token) ? entry : nullptr;
    }

    template <typename Visitor>
    void forEach(Visitor &&visitor)
    {
        for (std::size_t page = 0; page < m_pages.size(); ++page) {
            for (std::size_t i = 0; m_pages[page] && i < kPageSize; ++i) {
                if (!(*m_pages[page])[i].isFree()) {
                    visitor(static_cast<int>(page * kPageSize + i), (*m_pages[page])[i]);
                }
            }
        }
    }

private:
    static constexpr std::size_t kPageSize = 1024;
    using Page = std::array<FdEntry, kPageSize>;

    std::vector<std::unique_ptr<Page>> m_pages;
};

} // namespace fairlead::core
