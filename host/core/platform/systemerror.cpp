// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/systemerror.h"

#include <cerrno>
#include <system_error>

namespace fairlead::core {

QString systemText(int number)
{
    return QString::fromStdString(std::generic_category().message(number));
}

Error systemError(int number, const QString &what, ErrorCode fallback)
{
    ErrorCode code = fallback;
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        code = ErrorCode::NotFound;
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        code = ErrorCode::PermissionDenied;
        break;
    case EMFILE:
    case ENFILE:
        code = ErrorCode::DescriptorsExhausted;
        break;
    case ECONNREFUSED:
        code = ErrorCode::ConnectionRefused;
        break;
    case ECONNRESET:
    case EPIPE:
        code = ErrorCode::ConnectionReset;
        break;
    case ETIMEDOUT:
        code = ErrorCode::Timeout;
        break;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        code = ErrorCode::Unreachable;
        break;
    case ENOSPC:
    case EDQUOT:
        code = ErrorCode::StorageFull;
        break;
    default:
        break;
    }
    Error error(code, what + QStringLiteral(": ") + systemText(number));
    error.setDetail(QStringLiteral("errno"), number);
    return error;
}

} // namespace fairlead::core
