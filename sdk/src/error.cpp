// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtCore/QSharedData>

#include <fairlead/error.h>

namespace fairlead {

namespace {

/// What lies in the world outside may change by itself; a wrong argument does not.
bool isRetryableByNature(ErrorCode code) noexcept
{
    switch (code) {
    case ErrorCode::Timeout:
    case ErrorCode::LimitReached:
    case ErrorCode::QueueOverflow:
    case ErrorCode::RateExceeded:
    case ErrorCode::NotRunning:
    case ErrorCode::AddressInUse:
    case ErrorCode::ConnectionRefused:
    case ErrorCode::ConnectionReset:
    case ErrorCode::ConnectionClosed:
    case ErrorCode::Unreachable:
    case ErrorCode::NameLookup:
    case ErrorCode::DescriptorsExhausted:
    case ErrorCode::HandshakeTimeout:
    case ErrorCode::HeartbeatTimeout:
    case ErrorCode::StorageFull:
        return true;
    default:
        return false;
    }
}

} // namespace

const char *errorName(ErrorCode code) noexcept
{
    switch (code) {
    case ErrorCode::None:
        return "none";
    case ErrorCode::Internal:
        return "internal";
    case ErrorCode::InvalidArgument:
        return "invalid-argument";
    case ErrorCode::InvalidTransition:
        return "invalid-transition";
    case ErrorCode::AlreadyExists:
        return "already-exists";
    case ErrorCode::AlreadyStarted:
        return "already-started";
    case ErrorCode::NotFound:
        return "not-found";
    case ErrorCode::NotSupported:
        return "not-supported";
    case ErrorCode::NotAuthenticated:
        return "not-authenticated";
    case ErrorCode::NotAuthorized:
        return "not-authorized";
    case ErrorCode::ShuttingDown:
        return "shutting-down";
    case ErrorCode::Timeout:
        return "timeout";
    case ErrorCode::Cancelled:
        return "cancelled";
    case ErrorCode::Superseded:
        return "superseded";
    case ErrorCode::LimitReached:
        return "limit-reached";
    case ErrorCode::QueueOverflow:
        return "queue-overflow";
    case ErrorCode::RateExceeded:
        return "rate-exceeded";
    case ErrorCode::NotRunning:
        return "not-running";
    case ErrorCode::CallFailed:
        return "call-failed";
    case ErrorCode::Configured:
        return "configured";
    case ErrorCode::ConfigSyntax:
        return "config-syntax";
    case ErrorCode::ConfigUnknownKey:
        return "config-unknown-key";
    case ErrorCode::ConfigType:
        return "config-type";
    case ErrorCode::ConfigRange:
        return "config-range";
    case ErrorCode::ConfigMissing:
        return "config-missing";
    case ErrorCode::ConfigUnreadable:
        return "config-unreadable";
    case ErrorCode::ConfigInsecure:
        return "config-insecure";
    case ErrorCode::UnknownScheme:
        return "unknown-scheme";
    case ErrorCode::PluginFailed:
        return "plugin-failed";
    case ErrorCode::PluginRejected:
        return "plugin-rejected";
    case ErrorCode::AddressInUse:
        return "address-in-use";
    case ErrorCode::AddressInvalid:
        return "address-invalid";
    case ErrorCode::PermissionDenied:
        return "permission-denied";
    case ErrorCode::ConnectionRefused:
        return "connection-refused";
    case ErrorCode::ConnectionReset:
        return "connection-reset";
    case ErrorCode::ConnectionClosed:
        return "connection-closed";
    case ErrorCode::Unreachable:
        return "unreachable";
    case ErrorCode::NameLookup:
        return "name-lookup";
    case ErrorCode::DescriptorsExhausted:
        return "descriptors-exhausted";
    case ErrorCode::ProtocolViolation:
        return "protocol-violation";
    case ErrorCode::PacketTooLarge:
        return "packet-too-large";
    case ErrorCode::HandshakeTimeout:
        return "handshake-timeout";
    case ErrorCode::HeartbeatTimeout:
        return "heartbeat-timeout";
    case ErrorCode::IdentityMismatch:
        return "identity-mismatch";
    case ErrorCode::VersionRefused:
        return "version-refused";
    case ErrorCode::StorageFailed:
        return "storage-failed";
    case ErrorCode::StorageFull:
        return "storage-full";
    case ErrorCode::StorageDamaged:
        return "storage-damaged";
    }
    return "unknown";
}

class Error::Data : public QSharedData
{
public:
    ErrorCode code = ErrorCode::None;
    bool retryable = false;
    QString text;
    QString userText;
    QVariantMap details;
};

Error::Error() noexcept = default;
Error::Error(const Error &) noexcept = default;
Error::Error(Error &&) noexcept = default;
Error &Error::operator=(const Error &) noexcept = default;
Error &Error::operator=(Error &&) noexcept = default;
Error::~Error() = default;

Error::Error(ErrorCode code, const QString &text)
{
    if (code == ErrorCode::None)
        return;
    d = new Data;
    d->code = code;
    d->retryable = isRetryableByNature(code);
    d->text = text;
}

bool Error::isNull() const noexcept
{
    return d.constData() == nullptr;
}

ErrorCode Error::code() const noexcept
{
    return isNull() ? ErrorCode::None : d.constData()->code;
}

QString Error::text() const
{
    return isNull() ? QString() : d.constData()->text;
}

QString Error::userText() const
{
    if (isNull())
        return {};
    return d.constData()->userText.isEmpty() ? d.constData()->text : d.constData()->userText;
}

QVariantMap Error::details() const
{
    return isNull() ? QVariantMap() : d.constData()->details;
}

bool Error::isRetryable() const noexcept
{
    return !isNull() && d.constData()->retryable;
}

Error &Error::setUserText(const QString &text)
{
    if (!isNull())
        d->userText = text;
    return *this;
}

Error &Error::setDetail(const QString &key, const QVariant &value)
{
    if (!isNull())
        d->details.insert(key, value);
    return *this;
}

Error &Error::setRetryable(bool retryable)
{
    if (!isNull())
        d->retryable = retryable;
    return *this;
}

QString Error::toString() const
{
    const QString name = QString::fromLatin1(errorName(code()));
    return text().isEmpty() ? name : name + QLatin1String(": ") + text();
}

} // namespace fairlead
