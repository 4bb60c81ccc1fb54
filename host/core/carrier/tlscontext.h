// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/carriersettings.h"

#include <fairlead/logger.h>
#include <fairlead/result.h>

#include <memory>

struct ssl_ctx_st;

namespace fairlead::core {

enum class TlsRole : quint8 {
    Server,
    Client
};

/// What of the host a context needs.
struct TlsSurroundings
{
    QString stateFolder; ///< of self-signed identities
    std::shared_ptr<Logger> logger; ///< of the endpoint; null: nobody is told
};

/// Certificates, keys and rules of an endpoint's TLS, read once. Immutable: what the files hold
/// later comes with another context, and links keep the one they began with.
///
/// Thread: create() reads files, so not a reactor; all else any.
class TlsContext
{
public:
    /// Errors: ConfigUnreadable and ConfigRange, naming key and file; ownIdentity()'s.
    static Result<std::shared_ptr<const TlsContext>> create(const TlsSettings &settings,
                                                            TlsRole role,
                                                            const TlsSurroundings &surroundings
                                                            = {});
    ~TlsContext();
    TlsContext(const TlsContext &) = delete;
    TlsContext &operator=(const TlsContext &) = delete;

    TlsRole role() const noexcept { return m_role; }

    const TlsSettings &settings() const noexcept { return m_settings; }

    /// Self-signed: who the host is to its peers.
    const QByteArray &ownKeyId() const noexcept { return m_ownKeyId; }

    Logger *logger() const noexcept { return m_surroundings.logger.get(); }

    ssl_ctx_st *handle() const noexcept { return m_handle.get(); }

private:
    struct Free
    {
        void operator()(ssl_ctx_st *handle) const noexcept;
    };

    TlsContext(const TlsSettings &settings, TlsRole role, const TlsSurroundings &surroundings);

    Result<> load();
    Result<> loadPapers();
    Result<> loadCertificate(const char *key, const QString &path, const QByteArray &content);
    Result<> loadKey(const char *key, const QString &path, const QByteArray &content);
    Result<> loadOwnIdentity();
    Result<> checkOwnKeyId(const char *key, const QString &path);
    void trustKeysOnly();
    Result<> loadAuthorities();

    const TlsSettings m_settings;
    const TlsRole m_role;
    const TlsSurroundings m_surroundings;
    QByteArray m_ownKeyId;
    std::unique_ptr<ssl_ctx_st, Free> m_handle;
};

/// The topmost entry of OpenSSL's list of errors, in words; empties the list.
QString takeTlsErrorText();

} // namespace fairlead::core
