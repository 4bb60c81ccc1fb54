// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/tlsstream.h"

#include <QtCore/QCryptographicHash>
#include <QtNetwork/QHostAddress>

#include <fairlead/logger.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace fairlead::core {

namespace {

// What fills one record; less would spend a record's overhead on it.
constexpr std::size_t kRecordBytes = 16 * 1024;

char *recordBuffer() noexcept
{
    static thread_local char buffer[kRecordBytes];
    return buffer;
}

QByteArray commonName(X509 *certificate)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return {};
    // Several could be read as one or the other.
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return {};
    unsigned char *text = nullptr;
    const int size
        = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0)
        return {};
    QByteArray name(reinterpret_cast<const char *>(text), size);
    OPENSSL_free(text);
    return name;
}

QByteArray subjectName(X509 *certificate)
{
    BIO *out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(
        out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char *text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    QByteArray name(text, qsizetype(size));
    BIO_free(out);
    return name;
}

QByteArray fingerprint(X509 *certificate)
{
    unsigned char *der = nullptr;
    const int size = i2d_X509(certificate, &der);
    if (size < 0)
        return {};
    QByteArray digest = QCryptographicHash::hash(
        QByteArray::fromRawData(reinterpret_cast<const char *>(der), size),
        QCryptographicHash::Sha256);
    OPENSSL_free(der);
    return digest.toHex();
}

QByteArray nameIn(X509 *certificate, CertificateIdentity identity)
{
    switch (identity) {
    case CertificateIdentity::None:
        break;
    case CertificateIdentity::CommonName:
        return commonName(certificate);
    case CertificateIdentity::Subject:
        return subjectName(certificate);
    case CertificateIdentity::Fingerprint:
        return fingerprint(certificate);
    }
    return {};
}

} // namespace

/// What OpenSSL takes for its transport.
class TlsStream::Bio
{
public:
    static BIO *make(TlsStream &stream)
    {
        static BIO_METHOD *method = makeMethod();
        BIO *bio = BIO_new(method);
        BIO_set_data(bio, &stream);
        BIO_set_init(bio, 1);
        return bio;
    }

private:
    static BIO_METHOD *makeMethod()
    {
        BIO_METHOD *method
            = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fairlead stream");
        BIO_meth_set_read(method, read);
        BIO_meth_set_write(method, write);
        BIO_meth_set_ctrl(method, control);
        return method;
    }

    static TlsStream &of(BIO *bio) { return *static_cast<TlsStream *>(BIO_get_data(bio)); }

    static int read(BIO *bio, char *out, int size)
    {
        TlsStream &self = of(bio);
        BIO_clear_retry_flags(bio);
        IoResult got = self.m_belowEnd;
        if (got.status == Io::Done) {
            got = self.below().read(out, std::size_t(size));
            self.m_belowEnd = {got.status, 0, got.systemError};
        }
        if (got.size > 0)
            return int(got.size);
        if (got.status == Io::Ended)
            return 0;
        if (got.status != Io::Failed)
            BIO_set_retry_read(bio);
        return -1;
    }

    static int write(BIO *bio, const char *data, int size)
    {
        LinkStream &below = of(bio).below();
        BIO_clear_retry_flags(bio);
        for (std::size_t at = 0, total = std::size_t(size); at < total;) {
            const std::size_t step = std::min(total - at, LinkStream::kMaxReserve);
            std::memcpy(below.reserve(step), data + at, step);
            below.commit(step);
            at += step;
        }
        return size;
    }

    static long control(BIO *bio, int command, long, void *)
    {
        switch (command) {
        case BIO_CTRL_EOF:
            return of(bio).m_belowEnd.status == Io::Ended ? 1 : 0;
        case BIO_CTRL_FLUSH:
            return 1;
        default:
            return 0;
        }
    }
};

void TlsStream::Free::operator()(ssl_st *handle) const noexcept
{
    SSL_free(handle);
}

TlsStream::TlsStream(ChunkPool &pool,
                     std::unique_ptr<LinkStream> below,
                     std::shared_ptr<const TlsContext> context)
    : LayerStream(pool, std::move(below))
    , m_context(std::move(context))
    , m_handle(SSL_new(m_context->handle()))
{
    SSL *handle = m_handle.get();
    BIO *bio = Bio::make(*this);
    SSL_set_bio(handle, bio, bio);
    if (m_context->settings().selfSigned) {
        m_check = std::make_unique<KeyIdentityCheck>();
        m_check->wanted = m_context->settings().peerKeyId;
        setKeyIdentityCheck(handle, m_check.get());
    }
    if (m_context->role() == TlsRole::Server) {
        SSL_set_accept_state(handle);
        return;
    }
    SSL_set_connect_state(handle);
    const QString &server = m_context->settings().serverName;
    const QByteArray name = server.toUtf8();
    const bool isAddress = !QHostAddress(server).isNull();
    if (!isAddress) {
        SSL_ctrl(handle,
                 SSL_CTRL_SET_TLSEXT_HOSTNAME,
                 TLSEXT_NAMETYPE_host_name,
                 const_cast<char *>(name.constData()));
    }
    if (!m_context->settings().verifyPeer)
        return;
    X509_VERIFY_PARAM *wanted = SSL_get0_param(handle);
    if (isAddress) {
        X509_VERIFY_PARAM_set1_ip_asc(wanted, name.constData());
    } else {
        X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        X509_VERIFY_PARAM_set1_host(wanted, name.constData(), std::size_t(name.size()));
    }
}

TlsStream::~TlsStream() = default;

std::optional<Principal> TlsStream::peerIdentity() const
{
    if (m_check && SSL_is_init_finished(m_handle.get()) && !m_check->keyId.isEmpty())
        return Principal{m_check->keyId, false};
    const CertificateIdentity identity = m_context->settings().identity;
    // Also when the peer has ended it since: what it said first is still to be read.
    if (!SSL_is_init_finished(m_handle.get()) || m_context->role() != TlsRole::Server
        || identity == CertificateIdentity::None) {
        return LayerStream::peerIdentity();
    }
    X509 *certificate = SSL_get0_peer_certificate(m_handle.get());
    if (!certificate || SSL_get_verify_result(m_handle.get()) != X509_V_OK)
        return LayerStream::peerIdentity();
    // A certificate without that name makes nobody of its holder, and not an anonymous peer.
    return Principal{nameIn(certificate, identity), false};
}

void TlsStream::streamReadable() noexcept
{
    if (m_belowEnd.status == Io::WouldBlock)
        m_belowEnd = {};
    LayerStream::streamReadable();
}

void TlsStream::begin() noexcept
{
    if (m_context->role() == TlsRole::Client)
        shakeHands();
}

void TlsStream::shakeHands() noexcept
{
    ERR_clear_error();
    const int done = SSL_do_handshake(m_handle.get());
    if (done == 1) {
        if (m_check && !m_check->warning.isEmpty())
            noteCertificate("certificate-odd", m_check->warning);
        setOpen();
        return;
    }
    const int error = SSL_get_error(m_handle.get(), done);
    if (error != SSL_ERROR_WANT_READ)
        fail(error);
}

void TlsStream::noteCertificate(const char *event, const QString &text) const noexcept
{
    if (!m_context->logger())
        return;
    m_context->logger()->log(
        LogLevel::Warning,
        event,
        QStringLiteral("peer=%1 address=%2 text=\"%3\"")
            .arg(QString::fromLatin1(m_check->keyId), QString::fromUtf8(peerAddress()), text));
}

// Either side's alert is on its way already, or has come.
void TlsStream::fail(int sslError) noexcept
{
    const bool wasOpen = isOpen();
    const long verdict = SSL_get_verify_result(m_handle.get());
    if (m_belowEnd.status == Io::Failed) {
        // The system's own words, see read().
        setClosed();
        return;
    }
    Error error;
    if (m_belowEnd.status == Io::Ended && sslError != SSL_ERROR_SSL) {
        error = Error(ErrorCode::ConnectionClosed,
                      QStringLiteral("the peer closed the connection in the TLS handshake"));
    } else if (!wasOpen && m_check && !m_check->failure.isNull()) {
        error = m_check->failure;
        noteCertificate("certificate-refused", error.text());
    } else if (!wasOpen && verdict != X509_V_OK) {
        error = Error(ErrorCode::IdentityMismatch,
                      QStringLiteral("the peer's certificate is refused: ")
                          + QLatin1String(X509_verify_cert_error_string(verdict)));
    } else {
        error = Error(ErrorCode::ProtocolViolation, QStringLiteral("TLS: ") + takeTlsErrorText());
    }
    ERR_clear_error();
    error.setRetryable(true);
    LayerStream::fail(error);
}

LinkStream::IoResult TlsStream::readLayer(char *buffer, std::size_t size) noexcept
{
    if (phase() == Phase::Handshaking) {
        shakeHands();
        flushBelow();
    }
    IoResult result;
    result.status = Io::WouldBlock;
    while (phase() == Phase::Open || phase() == Phase::Closing) {
        if (result.size == size) {
            result.status = Io::Done;
            return result;
        }
        ERR_clear_error();
        const int got = SSL_read(m_handle.get(), buffer + result.size, int(size - result.size));
        if (got > 0) {
            // After our last word nobody wants it.
            if (phase() == Phase::Open)
                result.size += std::size_t(got);
            continue;
        }
        switch (const int error = SSL_get_error(m_handle.get(), got)) {
        case SSL_ERROR_WANT_READ:
            return result;
        case SSL_ERROR_ZERO_RETURN:
            // The peer says no more; it may still listen.
            if (phase() == Phase::Closing)
                setClosed();
            result.status = result.size > 0 ? Io::Done : Io::Ended;
            return result;
        default:
            fail(error);
            break;
        }
    }
    if (m_belowEnd.status == Io::Failed && result.size == 0)
        return m_belowEnd;
    return result;
}

bool TlsStream::encrypt(const char *data, std::size_t size) noexcept
{
    // One call writes one record.
    while (size > 0) {
        ERR_clear_error();
        std::size_t written = 0;
        if (SSL_write_ex(m_handle.get(), data, size, &written) != 1)
            return false;
        data += written;
        size -= written;
    }
    return true;
}

LinkStream::IoResult TlsStream::writeLayer(const iovec *parts, int count) noexcept
{
    char *record = recordBuffer();
    std::size_t filled = 0;
    IoResult result;
    const auto put = [&](const char *data, std::size_t size) {
        if (!encrypt(data, size))
            return false;
        result.size += size;
        if (below().outputSize() >= LinkStream::kTurnBytes)
            flushBelow();
        return true;
    };
    // Small parts share a record; what fills one goes as it is.
    for (int i = 0; i < count; ++i) {
        const char *data = static_cast<const char *>(parts[i].iov_base);
        std::size_t left = parts[i].iov_len;
        while (left > 0) {
            if (below().isBlocked())
                return result;
            if (filled == 0 && left >= kRecordBytes) {
                if (!put(data, kRecordBytes))
                    return {Io::Failed, result.size, EPROTO};
                data += kRecordBytes;
                left -= kRecordBytes;
                continue;
            }
            const std::size_t step = std::min(left, kRecordBytes - filled);
            std::memcpy(record + filled, data, step);
            filled += step;
            data += step;
            left -= step;
            if (filled == kRecordBytes) {
                if (!put(record, filled))
                    return {Io::Failed, result.size, EPROTO};
                filled = 0;
            }
        }
    }
    if (filled > 0 && !below().isBlocked() && !put(record, filled))
        return {Io::Failed, result.size, EPROTO};
    flushBelow();
    return result;
}

void TlsStream::sayGoodbye() noexcept
{
    ERR_clear_error();
    SSL_shutdown(m_handle.get());
    setClosing();
}

} // namespace fairlead::core
