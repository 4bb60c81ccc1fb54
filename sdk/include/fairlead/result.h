// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/error.h>

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace fairlead {

/// A value or an Error, with the member names of std::expected, so that it can become an alias of
/// it. Thread: a value. @since 0.1
template <typename T = void>
class [[nodiscard]] Result
{
public:
    using value_type = T;

    Result(T value) // NOLINT(google-explicit-constructor): a function returns its value
        : m_state(std::in_place_index<0>, std::move(value))
    { }

    Result(Error error) // NOLINT(google-explicit-constructor): a function returns its error
        : m_state(std::in_place_index<1>, std::move(error))
    { }

    bool has_value() const noexcept { return m_state.index() == 0; }

    explicit operator bool() const noexcept { return has_value(); }

    T &value() & { return std::get<0>(m_state); }

    const T &value() const & { return std::get<0>(m_state); }

    T &&value() && { return std::get<0>(std::move(m_state)); }

    T &operator*() & { return value(); }

    const T &operator*() const & { return value(); }

    T &&operator*() && { return std::move(*this).value(); }

    T *operator->() { return &value(); }

    const T *operator->() const { return &value(); }

    /// The error; a null Error when there is a value.
    Error error() const { return has_value() ? Error() : std::get<1>(m_state); }

    template <typename U>
    T value_or(U &&fallback) const &
    {
        return has_value() ? value() : static_cast<T>(std::forward<U>(fallback));
    }

    template <typename F>
    auto and_then(F &&f) && -> std::invoke_result_t<F, T &&>
    {
        if (!has_value())
            return error();
        return std::forward<F>(f)(std::move(*this).value());
    }

    template <typename F>
    auto transform(F &&f) && -> Result<std::invoke_result_t<F, T &&>>
    {
        if (!has_value())
            return error();
        return std::forward<F>(f)(std::move(*this).value());
    }

private:
    std::variant<T, Error> m_state;
};

/// Success or an Error. @since 0.1
template <>
class [[nodiscard]] Result<void>
{
public:
    Result() = default;

    Result(Error error) // NOLINT(google-explicit-constructor): a function returns its error
        : m_error(std::move(error))
    { }

    bool has_value() const noexcept { return m_error.isNull(); }

    explicit operator bool() const noexcept { return has_value(); }

    Error error() const { return m_error; }

private:
    Error m_error;
};

} // namespace fairlead
