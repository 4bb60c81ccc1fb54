// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/bus.h>
#include <fairlead/bytes.h>
#include <fairlead/error.h>
#include <fairlead/export.h>

#include <functional>

namespace fairlead {

/// Who the peer was found to be. "anonymous" when nothing was proved.
struct Principal
{
    QByteArray name = QByteArrayLiteral("anonymous");
    bool anonymous = true;
};

/// Decides who a peer is, once per link. What it throws counts as a refusal (PL-05). @since 0.1
class FAIRLEAD_SDK_EXPORT Authenticator
{
public:
    virtual ~Authenticator();

    using Done = std::function<void(const Error &error, const Principal &principal)>;

    /// Thread: any reactor. @p done is called exactly once, on any thread, at once or later.
    /// @p credentials are borrowed for the call.
    virtual void authenticate(const Credentials &credentials, Done done) = 0;
};

/// Decides what a principal may do, from an immutable set of rules. Thread: any reactor; never
/// blocks. What a question throws counts as a no (PL-05). @since 0.1
class FAIRLEAD_SDK_EXPORT AccessControl
{
public:
    virtual ~AccessControl();

    virtual bool mayPublish(const Principal &principal, ByteSpan peerKey, ByteSpan topic) const = 0;
    virtual bool maySubscribe(const Principal &principal,
                              ByteSpan peerKey,
                              ByteSpan filter) const = 0;
    /// Grows with every change of the rules, so that verdicts may be cached.
    virtual quint64 revision() const noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_AUTHENTICATOR_IID "org.fairlead.Authenticator/1"
#define FAIRLEAD_ACCESSCONTROL_IID "org.fairlead.AccessControl/1"
