// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QMetaType>
#include <QtCore/QSharedDataPointer>
#include <QtCore/QString>
#include <QtCore/QVariantMap>

#include <fairlead/export.h>

namespace fairlead {

/// What went wrong, stable across releases. Open: later releases may add values. @since 0.1
enum class ErrorCode : quint16 {
    None = 0,
    Internal = 1, ///< a broken invariant of the host or a plugin
    InvalidArgument = 2,
    InvalidTransition = 3, ///< a state change its table does not allow
    AlreadyExists = 4,
    AlreadyStarted = 5,
    NotFound = 6,
    NotSupported = 7,
    NotAuthenticated = 8,
    NotAuthorized = 9,
    ShuttingDown = 10,
    Timeout = 11,
    Cancelled = 12,
    Superseded = 13, ///< a later holder took the same place
    LimitReached = 14, ///< a configured bound is used up
    QueueOverflow = 15,
    RateExceeded = 16, ///< too many within a time
    NotRunning = 17, ///< it is known, and cannot be reached now
    CallFailed = 18, ///< who was called answered that it failed
    Configured = 19, ///< the configuration says so: it is changed there, not at run time

    ConfigSyntax = 100, ///< not TOML
    ConfigUnknownKey = 101,
    ConfigType = 102,
    ConfigRange = 103,
    ConfigMissing = 104, ///< a required key, or a file that was named explicitly
    ConfigUnreadable = 105,
    ConfigInsecure = 106, ///< refused because it would be open to strangers

    UnknownScheme = 200, ///< no loaded transport serves the URL's scheme
    PluginRejected = 201, ///< the verdict of the catalogue, see its text
    PluginFailed = 202, ///< a plugin threw where it may not

    AddressInUse = 300,
    AddressInvalid = 301,
    PermissionDenied = 302,
    ConnectionRefused = 303,
    ConnectionReset = 304,
    ConnectionClosed = 305, ///< by the peer, in order
    Unreachable = 306,
    NameLookup = 307,
    DescriptorsExhausted = 308,

    ProtocolViolation = 400, ///< the peer broke its protocol, see text
    PacketTooLarge = 401,
    HandshakeTimeout = 402,
    HeartbeatTimeout = 403,
    IdentityMismatch = 404,
    VersionRefused = 405,

    StorageFailed = 500,
    StorageFull = 501,
    StorageDamaged = 502, ///< what was stored cannot be read
};

/// The stable lower-case name of @p code, as logs and the control API show it ("address-in-use").
FAIRLEAD_SDK_EXPORT const char *errorName(ErrorCode code) noexcept;

/// A failure as a value: code, text for logs, text for people, details.
/// Thread: a value, implicitly shared. A default-constructed one, or one with the code None, means
/// "no error" and takes no text. @since 0.1
class FAIRLEAD_SDK_EXPORT Error
{
public:
    Error() noexcept;
    /// @p text is English, for logs; it also serves people until setUserText() gives another.
    Error(ErrorCode code, const QString &text);
    Error(const Error &) noexcept;
    Error(Error &&) noexcept;
    Error &operator=(const Error &) noexcept;
    Error &operator=(Error &&) noexcept;
    ~Error();

    bool isNull() const noexcept;
    ErrorCode code() const noexcept;
    QString text() const;
    QString userText() const;
    QVariantMap details() const;
    /// Whether the same attempt may succeed later (SV-10). Follows from the code until
    /// setRetryable() says otherwise: the network, timeouts and used-up bounds are retryable.
    bool isRetryable() const noexcept;

    Error &setUserText(const QString &text);
    Error &setDetail(const QString &key, const QVariant &value);
    Error &setRetryable(bool retryable);

    /// "<name>: <text>", for logs.
    QString toString() const;

private:
    class Data;
    QSharedDataPointer<Data> d;
};

} // namespace fairlead

Q_DECLARE_METATYPE(fairlead::Error)
