// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/error.h>
#include <fairlead/result.h>

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace fairlead::core {

// Identities that nobody vouches for: both sides show certificates which they signed themselves, and
// who a peer is follows from its public key alone. Its name is the certificate's subject key
// identifier, which must be the SHA-1 of that key (RFC 5280, 4.2.1.2), in 40 lower-case hex digits.

/// What the handshake found out about one peer. Its certificate counts, not its issuer, its names or
/// its dates.
struct KeyIdentityCheck
{
    QByteArray wanted; ///< the only one to be taken; empty: any
    QByteArray keyId; ///< proved, once accepted
    Error failure; ///< why the certificate is refused
    QString warning; ///< what is odd about one that is accepted
};

/// Errors: IdentityMismatch for a certificate without an elliptic-curve key, without a key identifier
/// or with one that is not its key's.
Result<QByteArray> keyIdOf(x509_st *certificate);

/// 40 hex digits in any case, with blanks, dashes or colons between them, in the one spelling;
/// nothing for any other text.
QByteArray normalizedKeyId(const QByteArray &text);

/// Makes the handshakes of @p context ask for a certificate and judge it by its key identity alone.
void requireKeyIdentity(ssl_ctx_st *context);
/// Where the verdict on the peer of @p connection goes; outlives its handshake.
void setKeyIdentityCheck(ssl_st *connection, KeyIdentityCheck *check);

} // namespace fairlead::core
