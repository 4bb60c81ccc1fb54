// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/carriersettings.h"

#include <QtCore/QByteArray>
#include <QtCore/QByteArrayList>
#include <QtCore/QList>

#include <fairlead/error.h>

#include <optional>
#include <utility>

namespace fairlead::core {

/// The head of an HTTP/1.1 message. What is no such head, strictly read, is not parsed at all: what
/// two programs could read differently is refused.
class HttpHead
{
public:
    /// The most bytes a head may have, its empty line included.
    static constexpr qsizetype kMaxSize = 8192;

    /// @p head ends with the empty line.
    static std::optional<HttpHead> parse(const QByteArray &head);

    const QByteArray &startLine() const noexcept { return m_startLine; }

    /// All fields of that name, joined with commas; nothing when there is none.
    std::optional<QByteArray> field(const char *name) const;
    int count(const char *name) const;
    /// The members of a list field.
    QByteArrayList list(const char *name) const;
    /// Whether a list field has the member @p token, in whatever case.
    bool hasToken(const char *name, const char *token) const;

private:
    QByteArray m_startLine;
    QList<std::pair<QByteArray, QByteArray>> m_fields; ///< names in lower case
};

/// What a server answers to a request for an upgrade.
struct UpgradeAnswer
{
    QByteArray response;
    QByteArray subProtocol; ///< the chosen one
    Error error; ///< null: the connection is a WebSocket from here on
};

UpgradeAnswer answerUpgrade(const QByteArray &head, const WebSocketSettings &settings);

inline constexpr int kBadRequest = 400;
inline constexpr int kHeadTooLarge = 431;

/// To a request whose head is longer than any may be, or is none.
UpgradeAnswer refuseUpgrade(int status, const QString &text);

/// @p nonce: 16 unpredictable bytes.
QByteArray upgradeRequest(const WebSocketSettings &settings, const QByteArray &nonce);

struct UpgradeResult
{
    QByteArray subProtocol;
    Error error;
};

/// What a server's answer to upgradeRequest() means.
UpgradeResult checkUpgradeResponse(const QByteArray &head,
                                   const WebSocketSettings &settings,
                                   const QByteArray &nonce);

} // namespace fairlead::core
