// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliteerror.h"

#include <sqlite3.h>

#include <cerrno>
#include <system_error>

namespace fairlead::core {

namespace {

bool isNoSpace(int number)
{
    return number == ENOSPC || number == EDQUOT;
}

ErrorCode codeOf(int code, int systemNumber)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return ErrorCode::StorageFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return ErrorCode::StorageDamaged;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return isNoSpace(systemNumber) ? ErrorCode::StorageFull : ErrorCode::StorageFailed;
    default:
        return ErrorCode::StorageFailed;
    }
}

bool concernsTheSystem(int code)
{
    const int kind = code & 0xFF;
    return kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_FULL;
}

} // namespace

Error sqliteError(sqlite3 *db, int code, const QString &what)
{
    const int number = db && concernsTheSystem(code) ? sqlite3_system_errno(db) : 0;
    // The connection's text is of its last call, which may have been another one since.
    const bool isOfLastCall = db && sqlite3_extended_errcode(db) == code;
    QString text = what + QStringLiteral(": ")
        + QString::fromUtf8(isOfLastCall ? sqlite3_errmsg(db) : sqlite3_errstr(code));
    if (number != 0)
        text += QStringLiteral(" (%1)").arg(
            QString::fromStdString(std::generic_category().message(number)));
    Error error(codeOf(code, number), text);
    error.setDetail(QStringLiteral("sqlite"), code);
    if (number != 0)
        error.setDetail(QStringLiteral("errno"), number);
    error.setRetryable(error.code() != ErrorCode::StorageDamaged);
    return error;
}

bool isSqliteInputOutput(int code) noexcept
{
    return (code & 0xFF) == SQLITE_IOERR;
}

} // namespace fairlead::core
