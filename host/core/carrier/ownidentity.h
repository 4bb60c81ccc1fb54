// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/result.h>

namespace fairlead::core {

/// Where the host keeps its self-signed identity of a name, with its key: one PEM file, for its user
/// alone.
QString ownIdentityPath(const QString &stateFolder, const QString &name);

/// That file's content; made at first use and never changed after it, for peers know the host by it.
/// Errors: ConfigUnreadable, StorageFailed, StorageFull, PermissionDenied. A file that is there is never
/// replaced, whatever it holds.
Result<QByteArray> ownIdentity(const QString &stateFolder, const QString &name);

/// A key on P-256 and its certificate, as PEM.
Result<QByteArray> makeIdentity();

} // namespace fairlead::core
