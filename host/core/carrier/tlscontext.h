// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/carriersettings.h"

#include <fairlead/result.h>

#include <memory>

struct ssl_ctx_st;

namespace fairlead::core {

enum class TlsRole : quint8 {
    Server,
    Client
};

/// Certificates, keys and rules of an endpoint's TLS, read once. Immutable: what the files hold
/// later comes with another context, and links keep the one they began with.
///
/// Thread: create() reads files, so not a reactor; all else any.
class TlsContext
{
public:
    /// Errors: ConfigUnreadable and ConfigRange, naming key and file.
    static Result<std::shared_ptr<const TlsContext>> create(const TlsSettings &settings,
                                                            TlsRole role);
    ~TlsContext();
    TlsContext(const TlsContext &) = delete;
    TlsContext &operator=(const TlsContext &) = delete;

    TlsRole role() const noexcept { return m_role; }

    const TlsSettings &settings() const noexcept { return m_settings; }

    ssl_ctx_st *handle() const noexcept { return m_handle.get(); }

private:
    struct Free
    {
        void operator()(ssl_ctx_st *handle) const noexcept;
    };

    TlsContext(const TlsSettings &settings, TlsRole role);

    Result<> load();
    Result<> loadCertificate();
    Result<> loadKey();
    Result<> loadAuthorities();

    const TlsSettings m_settings;
    const TlsRole m_role;
    std::unique_ptr<ssl_ctx_st, Free> m_handle;
};

/// The topmost entry of OpenSSL's list of errors, in words; empties the list.
QString takeTlsErrorText();

} // namespace fairlead::core
