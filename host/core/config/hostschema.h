// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QStringList>

namespace fairlead::core {

/// The tables of the host in the schema subset that plugins use too: one validator, one kind of
/// error. "endpoint" is open in it, since each endpoint has a schema of its own.
const QJsonObject &hostSchema();

/// The keys that every endpoint has.
const QJsonObject &endpointSchema();

/// endpointSchema() joined with the keys that a transport's metadata declares.
QJsonObject endpointSchemaFor(const QJsonObject &transportConfig);

/// The names of the keys that every endpoint has.
QStringList endpointKeys();

} // namespace fairlead::core
