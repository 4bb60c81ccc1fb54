// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/carriercheck.h"

#include "core/carrier/keyidentity.h"

#include <QtCore/QJsonArray>

#include <utility>

namespace fairlead::core {

namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;

QString text(const QJsonObject &values, const char *key)
{
    return values.value(QLatin1String(key)).toString();
}

CertificateIdentity identityIn(const QJsonObject &values)
{
    const QString name = text(values, "certificate_identity");
    if (name == QLatin1String("subject"))
        return CertificateIdentity::Subject;
    if (name == QLatin1String("fingerprint"))
        return CertificateIdentity::Fingerprint;
    if (name == QLatin1String("none"))
        return CertificateIdentity::None;
    return CertificateIdentity::CommonName;
}

/// Keys that mean something only where authorities vouch for certificates.
void refuseAuthorities(const QJsonObject &values,
                       const QString &scheme,
                       const CarrierReport &report)
{
    const auto refuse = [&](const char *key) {
        report(
            ErrorCode::ConfigRange,
            key,
            QStringLiteral("%1 knows its peers by their keys, so this key has no use").arg(scheme));
    };
    if (!text(values, "ca").isEmpty())
        refuse("ca");
    if (values.value(QLatin1String("require_certificate")).toBool())
        refuse("require_certificate");
    if (!values.value(QLatin1String("verify_peer")).toBool(true))
        refuse("verify_peer");
    if (identityIn(values) != CertificateIdentity::CommonName)
        refuse("certificate_identity");
}

void readSelfSigned(const EndpointSettings &settings,
                    const TransportDescription &transport,
                    const QJsonObject &values,
                    const CarrierReport &report,
                    TlsSettings &tls)
{
    tls.selfSigned = true;
    tls.requireCertificate = true;
    tls.ownName = transport.type;
    refuseAuthorities(values, settings.url.scheme(), report);
    if (tls.certificate.isEmpty() != tls.key.isEmpty()) {
        report(ErrorCode::ConfigMissing,
               tls.certificate.isEmpty() ? "certificate" : "key",
               QStringLiteral("certificate and key go together"));
    }
    const QString wanted = text(values, "peer_key_id");
    if (settings.role == EndpointRole::Listen) {
        if (!wanted.isEmpty()) {
            report(
                ErrorCode::ConfigRange, "peer_key_id", QStringLiteral("it is for who is dialled"));
        }
        return;
    }
    tls.serverName = settings.url.host(QUrl::EncodeUnicode);
    tls.peerKeyId = normalizedKeyId(wanted.toUtf8());
    if (wanted.isEmpty()) {
        report(ErrorCode::ConfigMissing,
               "peer_key_id",
               QStringLiteral("%1 needs peer_key_id: the key identifier of who is dialled (SKI), "
                              "40 hex digits")
                   .arg(settings.url.scheme()));
    } else if (tls.peerKeyId.isEmpty()) {
        report(ErrorCode::ConfigRange,
               "peer_key_id",
               QStringLiteral("expected 40 hex digits; blanks, dashes and colons may be between "
                              "them"));
    }
}

TlsSettings readTls(const EndpointSettings &settings,
                    const TransportDescription &transport,
                    const QJsonObject &values,
                    const CarrierReport &report)
{
    TlsSettings tls;
    tls.certificate = text(values, "certificate");
    tls.key = text(values, "key");
    tls.ca = text(values, "ca");
    tls.ciphers = text(values, "tls_ciphers").toUtf8();
    tls.minVersion = text(values, "tls_min_version") == QLatin1String("1.3") ? TlsVersion::Tls13
                                                                             : TlsVersion::Tls12;
    tls.maxRecord = transport.tls.maxRecord;
    if (tls.ciphers.isEmpty())
        tls.ciphers = transport.tls.ciphers;
    if (transport.tls.selfSigned) {
        readSelfSigned(settings, transport, values, report, tls);
        return tls;
    }
    tls.identity = identityIn(values);
    tls.requireCertificate = values.value(QLatin1String("require_certificate")).toBool();
    const bool listens = settings.role == EndpointRole::Listen;
    const QString scheme = settings.url.scheme();
    if (listens && (tls.certificate.isEmpty() || tls.key.isEmpty())) {
        report(
            ErrorCode::ConfigMissing,
            tls.certificate.isEmpty() ? "certificate" : "key",
            QStringLiteral("%1 needs certificate and key: the paths of two PEM files").arg(scheme));
    } else if (tls.certificate.isEmpty() != tls.key.isEmpty()) {
        report(ErrorCode::ConfigMissing,
               tls.certificate.isEmpty() ? "certificate" : "key",
               QStringLiteral("certificate and key go together"));
    }
    if (listens) {
        if (tls.requireCertificate && tls.ca.isEmpty()) {
            report(ErrorCode::ConfigMissing,
                   "ca",
                   QStringLiteral("require_certificate needs ca: the path of a PEM file with the "
                                  "authorities whose certificates are taken"));
        }
        return tls;
    }
    if (tls.requireCertificate) {
        report(ErrorCode::ConfigRange,
               "require_certificate",
               QStringLiteral("it is for listeners; who is dialled always shows one"));
    }
    tls.serverName = settings.url.host(QUrl::EncodeUnicode);
    tls.verifyPeer = values.value(QLatin1String("verify_peer")).toBool(true);
    return tls;
}

WebSocketSettings readWebSocket(EndpointSettings &settings,
                                const WebSocketDescription &described,
                                const QJsonObject &values,
                                bool isSecure)
{
    WebSocketSettings webSocket;
    webSocket.subProtocols = described.subProtocols;
    webSocket.maxMessage = described.maxMessage;
    webSocket.messages = described.messages;
    webSocket.hasRoot = described.hasRoot;
    QUrl &url = settings.url;
    if (url.path().isEmpty())
        url.setPath(described.path);
    webSocket.path = url.path(QUrl::FullyEncoded).toUtf8();
    if (settings.role == EndpointRole::Dial) {
        if (url.hasQuery())
            webSocket.path += '?' + url.query(QUrl::FullyEncoded).toUtf8();
        webSocket.host = url.host(QUrl::EncodeUnicode).toUtf8();
        if (webSocket.host.contains(':'))
            webSocket.host = '[' + webSocket.host + ']';
        if (settings.port != (isSecure ? kHttpsPort : kHttpPort))
            webSocket.host += ':' + QByteArray::number(settings.port);
    }
    const QJsonArray origins = values.value(QLatin1String("allowed_origins")).toArray();
    for (const auto &origin : origins)
        webSocket.origins.append(origin.toString().toUtf8());
    return webSocket;
}

/// Keys that a scheme without such a layer has no use for: whoever wrote them counts on it.
void refuseUnused(const QJsonObject &values,
                  const QString &scheme,
                  bool hasTls,
                  bool hasWebSocket,
                  bool isSelfSigned,
                  const CarrierReport &report)
{
    const auto isSet = [&](const char *key) {
        const QJsonValue value = values.value(QLatin1String(key));
        return value.isString() || value.toBool() || !value.toArray().isEmpty();
    };
    if (!hasTls) {
        for (const char *key : {"certificate", "key", "ca", "tls_ciphers", "require_certificate"}) {
            if (isSet(key)) {
                report(ErrorCode::ConfigRange,
                       key,
                       QStringLiteral("%1 is not encrypted, so this key has no use").arg(scheme));
            }
        }
    }
    if (!isSelfSigned && isSet("peer_key_id")) {
        report(ErrorCode::ConfigRange,
               "peer_key_id",
               QStringLiteral("%1 does not know its peers by their keys, so this key has no use")
                   .arg(scheme));
    }
    if (!hasWebSocket && isSet("allowed_origins")) {
        report(ErrorCode::ConfigRange,
               "allowed_origins",
               QStringLiteral("%1 is no WebSocket, so this key has no use").arg(scheme));
    }
}

} // namespace

CarrierSettings readCarrier(EndpointSettings &settings,
                            const TransportDescription &transport,
                            const QJsonObject &values,
                            const CarrierReport &report)
{
    CarrierSettings carrier;
    const QString scheme = settings.url.scheme();
    const bool hasTls = transport.tlsSchemes.contains(scheme);
    const bool hasWebSocket = transport.webSocketSchemes.contains(scheme);
    refuseUnused(values, scheme, hasTls, hasWebSocket, hasTls && transport.tls.selfSigned, report);
    if (hasTls)
        carrier.tls = readTls(settings, transport, values, report);
    if (hasWebSocket) {
        carrier.webSocket = readWebSocket(settings, transport.webSocket, values, hasTls);
        if (settings.role == EndpointRole::Listen && settings.url.hasQuery()) {
            report(ErrorCode::ConfigRange, "url", QStringLiteral("a listener's URL has no query"));
        }
    }
    return carrier;
}

} // namespace fairlead::core
