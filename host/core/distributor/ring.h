// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

#include <cstddef>
#include <memory>
#include <utility>

namespace fairlead::core {

/// A first-in-first-out queue in one block that grows by doubling and is given back when it runs
/// empty, so that an idle session holds none. Indexed from the front.
template <typename T>
class Ring
{
public:
    std::size_t size() const noexcept { return m_size; }

    bool isEmpty() const noexcept { return m_size == 0; }

    T &operator[](std::size_t index) noexcept
    {
        return m_items[(m_front + index) & (m_capacity - 1)];
    }

    const T &operator[](std::size_t index) const noexcept
    {
        return m_items[(m_front + index) & (m_capacity - 1)];
    }

    T &front() noexcept { return m_items[m_front]; }

    T &back() noexcept { return (*this)[m_size - 1]; }

    void pushBack(T item)
    {
        if (m_size == m_capacity)
            grow();
        m_items[(m_front + m_size) & (m_capacity - 1)] = std::move(item);
        ++m_size;
    }

    T popFront()
    {
        T item = std::exchange(m_items[m_front], T());
        m_front = (m_front + 1) & (m_capacity - 1);
        if (--m_size == 0 && m_capacity > kKeep) {
            m_items.reset();
            m_capacity = 0;
            m_front = 0;
        }
        return item;
    }

    /// Removes those that @p unwanted names; the order of the rest stays.
    template <typename Predicate>
    std::size_t removeIf(Predicate unwanted)
    {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < m_size; ++i) {
            T &item = (*this)[i];
            if (unwanted(item))
                continue;
            if (kept != i)
                (*this)[kept] = std::move(item);
            ++kept;
        }
        const std::size_t removed = m_size - kept;
        while (m_size > kept)
            (*this)[--m_size] = T();
        return removed;
    }

    void clear()
    {
        m_items.reset();
        m_capacity = m_front = m_size = 0;
    }

private:
    static constexpr std::size_t kFirst = 8;
    static constexpr std::size_t kKeep = 64;

    void grow()
    {
        const std::size_t capacity = m_capacity == 0 ? kFirst : m_capacity * 2;
        auto items = std::make_unique<T[]>(capacity);
        for (std::size_t i = 0; i < m_size; ++i)
            items[i] = std::move((*this)[i]);
        m_items = std::move(items);
        m_capacity = capacity;
        m_front = 0;
    }

    std::unique_ptr<T[]> m_items;
    std::size_t m_capacity = 0;
    std::size_t m_front = 0;
    std::size_t m_size = 0;
};

} // namespace fairlead::core
