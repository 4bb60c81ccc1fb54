// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QByteArrayList>
#include <QtCore/QString>

#include <optional>

namespace fairlead::core {

// What lies between an endpoint's sockets and its plugin. Values, complete and checked.

/// How the links of an endpoint speak WebSocket.
struct WebSocketSettings
{
    QByteArray path = QByteArrayLiteral("/"); ///< encoded; dialled: with its query
    QByteArray host; ///< dialled: what the request names
    QByteArrayList subProtocols; ///< in the order of preference; empty: none is asked for
    QByteArrayList origins; ///< of web pages that may connect; empty: any
    quint64 maxMessage = 0; ///< 0: any size
    bool messages = false; ///< the protocol above counts on the limits of messages
    /// Accepted: at the path / too; dialled: there when the server refuses the other.
    bool hasRoot = false;

    bool operator==(const WebSocketSettings &) const = default;
};

enum class TlsVersion : quint8 {
    Tls12,
    Tls13
};

/// What of a peer's certificate is its name.
enum class CertificateIdentity : quint8 {
    None, ///< the certificate is checked, and nothing follows from it
    CommonName,
    Subject, ///< the whole distinguished name, as in RFC 4514
    Fingerprint, ///< SHA-256 of the certificate, in lower-case digits
};

/// How the links of an endpoint speak TLS. Files are PEM, named by absolute paths.
struct TlsSettings
{
    QString certificate; ///< with its chain; may be empty when dialling
    QString key;
    QString ca; ///< whom to trust; empty: who accepts trusts nobody, who dials the system's
    QByteArray ciphers; ///< of TLS 1.2, as OpenSSL writes them; empty: the usual ones
    QString serverName; ///< dialled: name or address the certificate must be for
    TlsVersion minVersion = TlsVersion::Tls12;
    CertificateIdentity identity = CertificateIdentity::CommonName;
    bool requireCertificate = false; ///< of those who connect
    bool verifyPeer = true; ///< dialled: false takes anybody for the peer
    /// Both sides signed their own certificates, see keyidentity.h. Without a certificate the host
    /// shows the one that it made, see ownidentity.h.
    bool selfSigned = false;
    QString ownName; ///< self-signed: which of the identities that the host made
    QByteArray peerKeyId; ///< self-signed, dialled: whom it must be
    int maxRecord = 0; ///< bytes of a record that is sent; 0: what TLS allows

    bool operator==(const TlsSettings &) const = default;
};

/// From the socket upwards.
struct CarrierSettings
{
    std::optional<TlsSettings> tls;
    std::optional<WebSocketSettings> webSocket;

    bool operator==(const CarrierSettings &) const = default;
};

} // namespace fairlead::core
