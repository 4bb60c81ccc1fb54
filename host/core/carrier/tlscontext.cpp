// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/tlscontext.h"

#include "core/carrier/keyidentity.h"
#include "core/carrier/opensslpointers.h"
#include "core/carrier/ownidentity.h"
#include "core/platform/files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

namespace fairlead::core {

namespace {

constexpr qint64 kMaxPemBytes = 4 * 1024 * 1024;
// Forward secret, authenticated: what current clients of both key types have in common.
constexpr char kCiphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// Of peers that sign for themselves: what devices have, the most common first, and no SHA-1.
constexpr char kKeyGroups[] = "P-256:X25519:P-384";
constexpr char kKeySignatures[] = "ECDSA+SHA256:ECDSA+SHA384";
constexpr unsigned char kSessionContext[] = {'f', 'a', 'i', 'r', 'l', 'e', 'a', 'd'};

// Nobody is there to be asked for a pass phrase.
int noPassPhrase(char *, int, int, void *)
{
    return 0;
}

Error fileError(ErrorCode code, const char *key, const QString &path, const QString &text)
{
    return Error(code, QStringLiteral("%1 = \"%2\": %3").arg(QLatin1String(key), path, text))
        .setDetail(QStringLiteral("key"), QLatin1String(key))
        .setDetail(QStringLiteral("file"), path);
}

Result<QByteArray> readPem(const char *key, const QString &path)
{
    Result<QByteArray> content = readFile(path, kMaxPemBytes);
    if (!content)
        return fileError(ErrorCode::ConfigUnreadable, key, path, content.error().text());
    return content;
}

BioPtr bioOver(const QByteArray &content)
{
    return BioPtr(BIO_new_mem_buf(content.constData(), int(content.size())));
}

CertificatePtr nextCertificate(BIO *bio)
{
    return CertificatePtr(PEM_read_bio_X509(bio, nullptr, noPassPhrase, nullptr));
}

} // namespace

QString takeTlsErrorText()
{
    const unsigned long last = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(last);
    ERR_clear_error();
    return reason ? QString::fromLatin1(reason) : QStringLiteral("error %1").arg(last, 0, 16);
}

void TlsContext::Free::operator()(ssl_ctx_st *handle) const noexcept
{
    SSL_CTX_free(handle);
}

TlsContext::TlsContext(const TlsSettings &settings,
                       TlsRole role,
                       const TlsSurroundings &surroundings)
    : m_settings(settings)
    , m_role(role)
    , m_surroundings(surroundings)
    , m_handle(SSL_CTX_new(role == TlsRole::Server ? TLS_server_method() : TLS_client_method()))
{ }

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsSettings &settings,
                                                             TlsRole role,
                                                             const TlsSurroundings &surroundings)
{
    ERR_clear_error();
    std::shared_ptr<TlsContext> context(new TlsContext(settings, role, surroundings));
    if (!context->m_handle)
        return Error(ErrorCode::Internal, QStringLiteral("OpenSSL: ") + takeTlsErrorText());
    if (Result<> loaded = context->load(); !loaded)
        return loaded.error();
    return std::shared_ptr<const TlsContext>(std::move(context));
}

Result<> TlsContext::load()
{
    SSL_CTX *handle = m_handle.get();
    SSL_CTX_set_min_proto_version(
        handle, m_settings.minVersion == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(handle,
                        SSL_OP_NO_COMPRESSION
                            | SSL_OP_NO_RENEGOTIATION
                            // The protocols above know their own end.
                            | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Idle links hold no buffers; a moved buffer holds the same bytes.
    SSL_CTX_set_mode(handle,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                         | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(handle, 1);
    SSL_CTX_set_num_tickets(handle, 1);
    SSL_CTX_set_session_id_context(handle, kSessionContext, sizeof kSessionContext);
    // Tickets hold the sessions; a table of them would grow with the clients.
    SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
    const QByteArray ciphers
        = m_settings.ciphers.isEmpty() ? QByteArray(kCiphers) : m_settings.ciphers;
    if (SSL_CTX_set_cipher_list(handle, ciphers.constData()) != 1) {
        ERR_clear_error();
        return Error(ErrorCode::ConfigRange,
                     QStringLiteral("tls_ciphers: OpenSSL knows none of \"%1\"")
                         .arg(QString::fromUtf8(ciphers)));
    }
    if (m_settings.maxRecord > 0)
        SSL_CTX_set_max_send_fragment(handle, m_settings.maxRecord);
    if (m_settings.selfSigned)
        trustKeysOnly();
    if (Result<> loaded = loadPapers(); !loaded)
        return loaded;
    if (m_settings.selfSigned)
        return {};
    return loadAuthorities();
}

Result<> TlsContext::loadPapers()
{
    if (m_settings.certificate.isEmpty())
        return m_settings.selfSigned ? loadOwnIdentity() : Result<>();
    const Result<QByteArray> certificate = readPem("certificate", m_settings.certificate);
    if (!certificate)
        return certificate.error();
    if (Result<> loaded = loadCertificate("certificate", m_settings.certificate, *certificate);
        !loaded) {
        return loaded;
    }
    const Result<QByteArray> key = readPem("key", m_settings.key);
    if (!key)
        return key.error();
    if (Result<> loaded = loadKey("key", m_settings.key, *key); !loaded)
        return loaded;
    return m_settings.selfSigned ? checkOwnKeyId("certificate", m_settings.certificate)
                                 : Result<>();
}

Result<> TlsContext::loadOwnIdentity()
{
    if (m_surroundings.stateFolder.isEmpty()) {
        return Error(ErrorCode::ConfigMissing,
                     QStringLiteral("there is no state folder to keep the own certificate in"));
    }
    const Result<QByteArray> content = ownIdentity(m_surroundings.stateFolder, m_settings.ownName);
    if (!content)
        return content.error();
    const QString path = ownIdentityPath(m_surroundings.stateFolder, m_settings.ownName);
    if (Result<> loaded = loadCertificate("identity", path, *content); !loaded)
        return loaded;
    if (Result<> loaded = loadKey("identity", path, *content); !loaded)
        return loaded;
    return checkOwnKeyId("identity", path);
}

Result<> TlsContext::checkOwnKeyId(const char *key, const QString &path)
{
    const Result<QByteArray> keyId = keyIdOf(SSL_CTX_get0_certificate(m_handle.get()));
    if (!keyId) {
        return fileError(ErrorCode::ConfigRange,
                         key,
                         path,
                         QStringLiteral("peers would refuse it: ") + keyId.error().text());
    }
    m_ownKeyId = *keyId;
    return {};
}

// A session that goes on is not asked for its certificate, and would outlive the trust in it.
void TlsContext::trustKeysOnly()
{
    SSL_CTX *handle = m_handle.get();
    SSL_CTX_set_options(handle, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(handle, 0);
    SSL_CTX_set1_groups_list(handle, kKeyGroups);
    SSL_CTX_set1_sigalgs_list(handle, kKeySignatures);
    requireKeyIdentity(handle);
}

Result<> TlsContext::loadCertificate(const char *key,
                                     const QString &path,
                                     const QByteArray &content)
{
    const BioPtr bio = bioOver(content);
    const CertificatePtr own = nextCertificate(bio.get());
    if (!own) {
        ERR_clear_error();
        return fileError(ErrorCode::ConfigRange,
                         key,
                         path,
                         QStringLiteral("there is no certificate in it (PEM)"));
    }
    if (SSL_CTX_use_certificate(m_handle.get(), own.get()) != 1)
        return fileError(ErrorCode::ConfigRange, key, path, takeTlsErrorText());
    while (CertificatePtr next = nextCertificate(bio.get())) {
        if (SSL_CTX_add0_chain_cert(m_handle.get(), next.get()) == 1)
            static_cast<void>(next.release());
    }
    ERR_clear_error();
    return {};
}

Result<> TlsContext::loadKey(const char *key, const QString &path, const QByteArray &content)
{
    const BioPtr bio = bioOver(content);
    const KeyPtr own(PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassPhrase, nullptr));
    if (!own) {
        ERR_clear_error();
        const bool isEncrypted = content.contains("ENCRYPTED");
        return fileError(ErrorCode::ConfigRange,
                         key,
                         path,
                         isEncrypted
                             ? QStringLiteral("the key has a pass phrase; a service needs one "
                                              "without, readable by its user alone")
                             : QStringLiteral("there is no private key in it (PEM)"));
    }
    if (SSL_CTX_use_PrivateKey(m_handle.get(), own.get()) != 1
        || SSL_CTX_check_private_key(m_handle.get()) != 1) {
        ERR_clear_error();
        return fileError(ErrorCode::ConfigRange,
                         key,
                         path,
                         m_settings.certificate.isEmpty()
                             ? QStringLiteral("its key is not that of its certificate")
                             : QStringLiteral("it is not the key of the certificate %1")
                                   .arg(m_settings.certificate));
    }
    return {};
}

Result<> TlsContext::loadAuthorities()
{
    SSL_CTX *handle = m_handle.get();
    const bool isServer = m_role == TlsRole::Server;
    if (m_settings.ca.isEmpty()) {
        if (!isServer && m_settings.verifyPeer) {
            SSL_CTX_set_default_verify_paths(handle);
            SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nullptr);
        }
        return {};
    }
    const Result<QByteArray> content = readPem("ca", m_settings.ca);
    if (!content)
        return content.error();
    const BioPtr bio = bioOver(*content);
    X509_STORE *store = SSL_CTX_get_cert_store(handle);
    int count = 0;
    while (const CertificatePtr authority = nextCertificate(bio.get())) {
        ++count;
        X509_STORE_add_cert(store, authority.get());
        if (isServer)
            SSL_CTX_add_client_CA(handle, authority.get());
    }
    ERR_clear_error();
    if (count == 0) {
        return fileError(ErrorCode::ConfigRange,
                         "ca",
                         m_settings.ca,
                         QStringLiteral("there is no certificate in it (PEM)"));
    }
    int mode = SSL_VERIFY_PEER;
    if (isServer && m_settings.requireCertificate)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    if (isServer || m_settings.verifyPeer)
        SSL_CTX_set_verify(handle, mode, nullptr);
    return {};
}

} // namespace fairlead::core
