// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/security.h>

namespace fairlead::core {

/// Lets everybody in, or nobody: the endpoint's `allow_anonymous`. What a peer shows is not
/// checked, so nobody is more than anonymous. Thread: any.
class AnonymousAuthenticator final : public Authenticator
{
public:
    explicit AnonymousAuthenticator(bool allowed) noexcept
        : m_allowed(allowed)
    { }

    void authenticate(const Credentials &credentials, Done done) override;

private:
    const bool m_allowed;
};

/// No rules: whoever is in may publish and subscribe. Thread: any.
class UnrestrictedAccess final : public AccessControl
{
public:
    bool mayPublish(const Principal &, ByteSpan, ByteSpan) const noexcept override { return true; }

    bool maySubscribe(const Principal &, ByteSpan, ByteSpan) const noexcept override
    {
        return true;
    }

    quint64 revision() const noexcept override { return 1; }
};

} // namespace fairlead::core
