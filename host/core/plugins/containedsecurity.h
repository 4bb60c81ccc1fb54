// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/plugincall.h"
#include "core/plugins/pluginfailures.h"

#include <fairlead/security.h>

#include <memory>
#include <utility>

namespace fairlead::core {

/// Holds an Authenticator that may be a plugin's; every question goes through here. What it throws
/// refuses the peer, what it answers a second time changes nothing. Thread: as Authenticator.
class ContainedAuthenticator
{
public:
    explicit ContainedAuthenticator(PluginFailures &failures) noexcept
        : m_failures(failures)
    { }

    ContainedAuthenticator(const ContainedAuthenticator &) = delete;

    ContainedAuthenticator &operator=(const ContainedAuthenticator &other) noexcept
    {
        if (this != &other)
            m_held = other.m_held;
        return *this;
    }

    ContainedAuthenticator &operator=(std::shared_ptr<Authenticator> held) noexcept
    {
        m_held = std::move(held);
        return *this;
    }

    explicit operator bool() const noexcept { return m_held != nullptr; }

    ContainedAuthenticator *operator->() noexcept { return this; }

    void authenticate(const Credentials &credentials, Authenticator::Done done) noexcept;

private:
    PluginFailures &m_failures;
    std::shared_ptr<Authenticator> m_held;
};

/// Holds an AccessControl that may be a plugin's: a question that throws is answered with no, at no
/// cost for those that do not. Thread: as AccessControl.
class ContainedAccessControl
{
public:
    explicit ContainedAccessControl(PluginFailures &failures) noexcept
        : m_failures(failures)
    { }

    ContainedAccessControl(const ContainedAccessControl &) = delete;

    ContainedAccessControl &operator=(const ContainedAccessControl &other) noexcept
    {
        if (this != &other)
            m_held = other.m_held;
        return *this;
    }

    ContainedAccessControl &operator=(std::shared_ptr<const AccessControl> held) noexcept
    {
        m_held = std::move(held);
        return *this;
    }

    explicit operator bool() const noexcept { return m_held != nullptr; }

    const ContainedAccessControl *operator->() const noexcept { return this; }

    bool mayPublish(const Principal &principal, ByteSpan peerKey, ByteSpan topic) const noexcept
    {
        try {
            return m_held->mayPublish(principal, peerKey, topic);
        } catch (...) {
            m_failures.note(thrownByPlugin("mayPublish"));
            return false;
        }
    }

    bool maySubscribe(const Principal &principal, ByteSpan peerKey, ByteSpan filter) const noexcept
    {
        try {
            return m_held->maySubscribe(principal, peerKey, filter);
        } catch (...) {
            m_failures.note(thrownByPlugin("maySubscribe"));
            return false;
        }
    }

private:
    PluginFailures &m_failures;
    std::shared_ptr<const AccessControl> m_held;
};

} // namespace fairlead::core
