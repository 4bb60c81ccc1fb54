// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>
#include <QFile>
#include <QString>
#include <QTemporaryDir>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

/// Certificates for one test, made by it.
namespace fairlead::test {

struct Issued
{
    std::shared_ptr<X509> certificate;
    std::shared_ptr<EVP_PKEY> key;

    explicit operator bool() const { return certificate && key; }
};

struct CertificateWish
{
    const char *commonName = "";
    const char *altName = nullptr; ///< "DNS:a,IP:127.0.0.1"
    bool isAuthority = false;
    long validFrom = -3600; ///< seconds from now
    long validTo = 3600;
    const char *keyId = nullptr; ///< of the subject: "hash", or what it says instead; null: none
    bool isRsa = false;
};

/// Signed by @p issuer, or by itself.
inline Issued issue(const CertificateWish &wish, const Issued &issuer = {})
{
    static long serial = 1;
    Issued made;
    made.key.reset(wish.isRsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), EVP_PKEY_free);
    made.certificate.reset(X509_new(), X509_free);
    X509 *certificate = made.certificate.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wish.validFrom);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wish.validTo);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME *name = X509_get_subject_name(certificate);
    const auto add = [&](const char *field, const char *text) {
        X509_NAME_add_entry_by_txt(
            name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char *>(text), -1, -1, 0);
    };
    add("O", "Test");
    if (*wish.commonName)
        add("CN", wish.commonName);
    X509_set_issuer_name(certificate,
                         issuer ? X509_get_subject_name(issuer.certificate.get()) : name);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context,
                   issuer ? issuer.certificate.get() : certificate,
                   certificate,
                   nullptr,
                   nullptr,
                   0);
    const auto extend = [&](int nid, const char *value) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    };
    extend(NID_basic_constraints, wish.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (wish.keyId)
        extend(NID_subject_key_identifier, wish.keyId);
    if (wish.altName)
        extend(NID_subject_alt_name, wish.altName);
    X509_sign(certificate, issuer ? issuer.key.get() : made.key.get(), EVP_sha256());
    return made;
}

inline QByteArray content(BIO *bio)
{
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    QByteArray out(text, qsizetype(size));
    BIO_free(bio);
    return out;
}

inline QByteArray certificatePem(const Issued &issued)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, issued.certificate.get());
    return content(bio);
}

inline QByteArray keyPem(const Issued &issued, const char *passPhrase = nullptr)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio,
                                  issued.key.get(),
                                  passPhrase ? EVP_aes_128_cbc() : nullptr,
                                  passPhrase,
                                  passPhrase ? int(qstrlen(passPhrase)) : 0,
                                  nullptr,
                                  nullptr);
    return content(bio);
}

/// A folder of files that go with the test.
class PemFolder
{
public:
    QString write(const char *name, const QByteArray &bytes)
    {
        const QString path = m_folder.filePath(QString::fromLatin1(name));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", name);
        return path;
    }

private:
    QTemporaryDir m_folder;
};

} // namespace fairlead::test
