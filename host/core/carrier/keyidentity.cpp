// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/keyidentity.h"

#include "core/carrier/opensslpointers.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

namespace fairlead::core {

namespace {

constexpr qsizetype kKeyIdBytes = 20;

Error refusal(const QString &text)
{
    return Error(ErrorCode::IdentityMismatch,
                 QStringLiteral("the peer's certificate is refused: ") + text);
}

QString shown(const QByteArray &keyId)
{
    return QString::fromLatin1(keyId);
}

/// A device without a clock still has its key.
QString oddDates(X509 *certificate)
{
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        return QStringLiteral("it has expired, and is accepted");
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        return QStringLiteral("it is not valid yet, and is accepted");
    return {};
}

void judge(X509 *certificate, KeyIdentityCheck &check)
{
    if (!certificate) {
        check.failure = refusal(QStringLiteral("there is none"));
        return;
    }
    const Result<QByteArray> keyId = keyIdOf(certificate);
    if (!keyId) {
        check.failure = refusal(keyId.error().text());
        return;
    }
    if (!check.wanted.isEmpty() && *keyId != check.wanted) {
        check.failure = refusal(
            QStringLiteral("its key is %1 and not %2").arg(shown(*keyId), shown(check.wanted)));
        return;
    }
    check.keyId = *keyId;
    check.warning = oddDates(certificate);
}

// In the place of OpenSSL's own verification.
int verify(X509_STORE_CTX *store, void *)
{
    const auto *connection = static_cast<SSL *>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto *check
        = connection ? static_cast<KeyIdentityCheck *>(SSL_get_app_data(connection)) : nullptr;
    if (check) {
        *check = KeyIdentityCheck{check->wanted, {}, {}, {}};
        judge(X509_STORE_CTX_get0_cert(store), *check);
    }
    const bool accepted = check && check->failure.isNull();
    X509_STORE_CTX_set_error(store, accepted ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return accepted ? 1 : 0;
}

} // namespace

Result<QByteArray> keyIdOf(x509_st *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) {
        return Error(ErrorCode::IdentityMismatch,
                     QStringLiteral("its key is none of an elliptic curve"));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size) != 1)
        return Error(ErrorCode::IdentityMismatch, QStringLiteral("its key cannot be read"));
    QByteArray keyId
        = QByteArray(reinterpret_cast<const char *>(digest.data()), qsizetype(size)).toHex();
    // Read by itself: OpenSSL's own view of a certificate has none when any other extension is odd.
    const OctetsPtr said(static_cast<ASN1_OCTET_STRING *>(
        X509_get_ext_d2i(certificate, NID_subject_key_identifier, nullptr, nullptr)));
    if (!said)
        return Error(ErrorCode::IdentityMismatch, QStringLiteral("it has no key identifier"));
    const QByteArray claimed
        = QByteArray(reinterpret_cast<const char *>(ASN1_STRING_get0_data(said.get())),
                     ASN1_STRING_length(said.get()))
              .toHex();
    if (claimed != keyId) {
        return Error(ErrorCode::IdentityMismatch,
                     QStringLiteral("its key identifier %1 is not that of its key, %2")
                         .arg(shown(claimed), shown(keyId)));
    }
    return keyId;
}

QByteArray normalizedKeyId(const QByteArray &text)
{
    QByteArray digits;
    for (const char c : text) {
        if (c != ' ' && c != '-' && c != ':')
            digits.append(c);
    }
    const QByteArray bytes = QByteArray::fromHex(digits);
    const bool isWhole = digits.size() == 2 * kKeyIdBytes && bytes.size() == kKeyIdBytes
        && bytes.toHex() == digits.toLower();
    return isWhole ? digits.toLower() : QByteArray();
}

void requireKeyIdentity(ssl_ctx_st *context)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
}

void setKeyIdentityCheck(ssl_st *connection, KeyIdentityCheck *check)
{
    SSL_set_app_data(connection, check);
}

} // namespace fairlead::core
