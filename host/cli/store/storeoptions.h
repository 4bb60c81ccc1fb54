// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <span>

namespace fairlead::cli {

namespace exitcode {
// How "fairlead store" ends, beside those of Failure.
inline constexpr int kUnsound = 9; ///< check: something is wrong with the store
inline constexpr int kNoStore = 10; ///< it is not there, or cannot be read
} // namespace exitcode

/// What "fairlead store" can do.
enum class StoreAction : quint8 {
    Check,
    Stats,
    Export
};

struct StoreActionSpec
{
    StoreAction action;
    const char *name;
    const char *purpose;
};

/// One option of them. Usage, completion and manual are checked against this.
struct StoreOption
{
    const char *name;
    const char *argument; ///< null: takes none
    bool isOfExport; ///< whether export takes it as well
    const char *help;
};

[[nodiscard]] std::span<const StoreActionSpec> storeActions() noexcept;
[[nodiscard]] std::span<const StoreOption> storeOptions() noexcept;

/// What the user asked for, checked.
struct StoreWish
{
    StoreAction action = StoreAction::Check;
    bool help = false;
    bool json = false;
    QString
        path; ///< of the file; empty: that of the host that answers, else where one would have it
    QString control; ///< the socket of the host to ask; empty: wherever one listens
};

/// Reads what follows "store".
[[nodiscard]] Failure parseStoreWish(const QList<QByteArray> &arguments, StoreWish *wish);

[[nodiscard]] QByteArray storeHelp();

} // namespace fairlead::cli
