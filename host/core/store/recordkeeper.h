// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/ticket.h"

#include <QByteArray>
#include <QHash>
#include <QString>

#include <fairlead/error.h>
#include <fairlead/records.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace fairlead {
class Executor;
class Logger;
} // namespace fairlead

namespace fairlead::core {

class Store;
struct Recovered;

/// The records of one plugin; see Records.
class PluginRecords final : public Records
{
public:
    using Values = std::map<QByteArray, QByteArray>;

    /// @p failure: why what was kept is not known.
    PluginRecords(const QString &plugin, Values kept, const Error &failure);

    Result<QList<Record>> list() const override;
    void put(const QByteArray &key, const QByteArray &value, Done done) override;
    void remove(const QByteArray &key, Done done) override;

private:
    friend class RecordKeeper;

    struct Change
    {
        Ticket ticket = 0; ///< 0: decided
        QByteArray key;
        std::optional<QByteArray> value; ///< nothing: removed
        Error refusal;
        Done done;
    };

    void begin(Change change);
    Error refusalOf(const QByteArray &key, const QByteArray &value) const;
    bool hasRoomFor(const QByteArray &key) const;
    bool isDue() const;
    void settle();
    void takeBack(const QByteArray &key);
    Ticket append(const QByteArray &key, const std::optional<QByteArray> &value, bool isAwaited);

    const QByteArray m_space;
    const Error m_failure;
    Values m_kept; ///< decided
    std::deque<Change> m_changes; ///< on their way
    class RecordKeeper *m_keeper = nullptr; ///< null once the host ended
    std::shared_ptr<Logger> m_logger;
};

/// The records of all plugins in the host's store.
///
/// Thread: main, but for noteDecided(). Ownership: shared, for what is posted may come late; close()
/// is the end.
class RecordKeeper final : public std::enable_shared_from_this<RecordKeeper>
{
public:
    /// @p store null: what is kept lasts as long as the process.
    RecordKeeper(Executor &main, Store *store);
    ~RecordKeeper();
    RecordKeeper(const RecordKeeper &) = delete;
    RecordKeeper &operator=(const RecordKeeper &) = delete;

    /// Before anybody asks.
    void restore(const Recovered &recovered);
    std::shared_ptr<Records> of(const QString &plugin, const std::shared_ptr<Logger> &logger);
    /// The store decided something. Thread: any.
    void noteDecided() noexcept;
    /// The host ends: nothing is kept or called any more.
    void close();

private:
    friend class PluginRecords;

    void await();
    void settleLater();
    void settle();

    Executor &m_main;
    Store *m_store;
    QHash<QByteArray, PluginRecords::Values> m_restored; ///< by space
    Error m_failure;
    QHash<QString, std::shared_ptr<PluginRecords>> m_plugins;
    std::atomic<bool> m_isAwaiting = false;
    bool m_isTold = false; ///< that there is no store
};

} // namespace fairlead::core
