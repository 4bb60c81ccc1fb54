// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/ownidentity.h"

#include "core/carrier/opensslpointers.h"
#include "core/carrier/tlscontext.h"
#include "core/platform/files.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

namespace fairlead::core {

namespace {

constexpr qint64 kMaxIdentityBytes = 64 * 1024;
constexpr int kSerialBits = 127;

// Independent of the host's clock, which may not be set yet when the identity is made.
constexpr char kNotBefore[] = "20200101000000Z";
constexpr char kNotAfter[] = "20491231235959Z";

bool extend(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool setSerial(X509 *certificate)
{
    const NumberPtr number(BN_new());
    return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
        && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

bool setDates(X509 *certificate)
{
    return ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), kNotBefore) == 1
        && ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), kNotAfter) == 1;
}

bool setNames(X509 *certificate)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size) != 1)
        return false;
    const QByteArray name = "Fairlead-"
        + QByteArray(reinterpret_cast<const char *>(digest.data()), qsizetype(size)).toHex();
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_NID(subject,
                                      NID_commonName,
                                      MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char *>(name.constData()),
                                      int(name.size()),
                                      -1,
                                      0)
        == 1
        && X509_set_issuer_name(certificate, subject) == 1;
}

bool fill(X509 *certificate, EVP_PKEY *key)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1
        && X509_set_pubkey(certificate, key) == 1 && setSerial(certificate) && setDates(certificate)
        && setNames(certificate) && extend(certificate, NID_basic_constraints, "critical,CA:TRUE")
        && extend(certificate, NID_key_usage, "critical,digitalSignature")
        && extend(certificate, NID_subject_key_identifier, "hash")
        && X509_sign(certificate, key, EVP_sha256()) > 0;
}

} // namespace

QString ownIdentityPath(const QString &stateFolder, const QString &name)
{
    return stateFolder + QStringLiteral("/identity/") + name + QStringLiteral(".pem");
}

Result<QByteArray> makeIdentity()
{
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr certificate(X509_new());
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (!key || !certificate || !out || !fill(certificate.get(), key.get())
        || PEM_write_bio_X509(out.get(), certificate.get()) != 1
        || PEM_write_bio_PKCS8PrivateKey(
               out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr)
            != 1) {
        return Error(ErrorCode::Internal, QStringLiteral("OpenSSL: ") + takeTlsErrorText());
    }
    char *text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return QByteArray(text, qsizetype(size));
}

Result<QByteArray> ownIdentity(const QString &stateFolder, const QString &name)
{
    const QString path = ownIdentityPath(stateFolder, name);
    if (fileFacts(path).kind != FileFacts::Kind::Missing)
        return readFile(path, kMaxIdentityBytes);
    Result<QByteArray> made = makeIdentity();
    if (!made)
        return made;
    if (Result<> folder = makeFolder(stateFolder + QStringLiteral("/identity")); !folder)
        return folder.error();
    // A start that was cut off leaves this one behind, and not the identity in half.
    const QString draft = path + QStringLiteral(".new");
    if (Result<> created = createPrivateFile(draft);
        !created && created.error().code() != ErrorCode::AlreadyExists) {
        return created.error();
    }
    if (Result<> written = writeFileAtomically(draft, *made); !written)
        return written.error();
    if (Result<> moved = moveFile(draft, path); !moved)
        return moved.error();
    return made;
}

} // namespace fairlead::core
