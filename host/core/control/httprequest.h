// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <variant>

namespace fairlead::core {

/// The longest request line and headers, in bytes.
inline constexpr qsizetype kMaxHttpHead = 8 * 1024;

struct HttpRequest
{
    QByteArray method;
    QByteArray path; ///< as written, without the query
    QByteArray query;
    QByteArray host; ///< the header's, without port; empty when HTTP/1.0 gives none

    bool isHead() const { return method == "HEAD"; }
};

/// What the peer is told instead of an answer.
struct HttpProblem
{
    int status = 400;
    const char *text = "";
};

/// Where the head of a request ends in @p input, after its empty line; -1 when it does not yet.
/// Looks from @p from on.
qsizetype endOfHead(const QByteArray &input, qsizetype from);

/// Reads the head of a request. Bodies are of no interest here.
std::variant<HttpRequest, HttpProblem> parseHttp(const QByteArray &head);

/// Whether a browser that was sent here under the name @p host means this machine: an address or
/// "localhost". A name that somebody else controls may point here too.
bool isLocalName(const QByteArray &host);

} // namespace fairlead::core
