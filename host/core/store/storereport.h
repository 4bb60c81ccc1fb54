// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitedatabase.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>
#include <QStringList>

#include <fairlead/result.h>

#include <functional>

namespace fairlead::core {

/// What a store's file says, read beside a running host or without one. Nothing is written to it.
///
/// Thread: one at a time. Errors: NotFound; StorageFailed, for a store of a later version too;
/// StorageDamaged.
class StoreReport
{
public:
    /// Where a host with @p stateFolder keeps its store.
    static QString pathIn(const QString &stateFolder);

    Result<> open(const QString &path);

    /// Sizes, numbers and counts of rows, all of one moment.
    Result<QJsonObject> stats();

    /// Looks through the whole file; what is wrong with it in words, nothing if it is sound. Of a
    /// file too damaged to go on, what was found until then.
    Result<QStringList> check();

    /// Takes some lines; false: no more of them.
    using Sink = std::function<bool(const QByteArray &lines)>;

    /// A line of JSON per session, subscription, retained topic and message, in this order. Rows are
    /// read in pages, each as one moment has it, so that a slow reader holds up no host; what is
    /// written meanwhile may be in it or not.
    Result<> exportRows(const Sink &sink);

private:
    Result<> identify();
    Result<> checkRows(QStringList *findings);
    Result<> checkReferences(QStringList *findings);

    SqliteDatabase m_database;
};

} // namespace fairlead::core
