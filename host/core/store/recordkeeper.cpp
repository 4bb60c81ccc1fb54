// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/recordkeeper.h"

#include "core/plugins/plugincall.h"
#include "core/store/recovery.h"
#include "core/store/store.h"

#include <fairlead/executor.h>
#include <fairlead/logger.h>

#include <algorithm>
#include <set>
#include <utility>

namespace fairlead::core {

namespace {

const QByteArray kSpacePrefix = QByteArrayLiteral("plugin/");

Error endedError()
{
    return Error(ErrorCode::ShuttingDown, QStringLiteral("nothing is kept any more"));
}

} // namespace

PluginRecords::PluginRecords(const QString &plugin, Values kept, const Error &failure)
    : m_space(kSpacePrefix + plugin.toUtf8())
    , m_failure(failure)
    , m_kept(std::move(kept))
{ }

Result<QList<Record>> PluginRecords::list() const
{
    if (!m_failure.isNull())
        return m_failure;
    QList<Record> all;
    all.reserve(qsizetype(m_kept.size()));
    for (const auto &[key, value] : m_kept)
        all.append({key, value});
    return all;
}

Error PluginRecords::refusalOf(const QByteArray &key, const QByteArray &value) const
{
    if (key.isEmpty() || key.size() > kMaxKey) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("the key of a record has 1 to %1 bytes").arg(kMaxKey));
    }
    if (value.size() > kMaxValue) {
        return Error(ErrorCode::PacketTooLarge,
                     QStringLiteral("a record has at most %1 bytes").arg(kMaxValue));
    }
    return {};
}

/// Those on their way count: they may all be kept.
bool PluginRecords::hasRoomFor(const QByteArray &key) const
{
    if (m_kept.size() + m_changes.size() < std::size_t(kMaxCount) || m_kept.contains(key))
        return true;
    std::set<QByteArray> further;
    for (const Change &change : m_changes) {
        if (change.refusal.isNull() && change.value && !m_kept.contains(change.key))
            further.insert(change.key);
    }
    return further.contains(key) || m_kept.size() + further.size() < std::size_t(kMaxCount);
}

void PluginRecords::put(const QByteArray &key, const QByteArray &value, Done done)
{
    Change change{0, key, value, refusalOf(key, value), std::move(done)};
    if (change.refusal.isNull() && !hasRoomFor(key)) {
        change.refusal = Error(ErrorCode::LimitReached,
                               QStringLiteral("a plugin keeps at most %1 records").arg(kMaxCount));
    }
    begin(std::move(change));
}

void PluginRecords::remove(const QByteArray &key, Done done)
{
    begin({0, key, std::nullopt, refusalOf(key, {}), std::move(done)});
}

void PluginRecords::begin(Change change)
{
    if (!m_keeper)
        return;
    if (change.refusal.isNull() && m_keeper->m_store) {
        // Said before, or the answer could come unseen.
        m_keeper->await();
        change.ticket = append(change.key, change.value, true);
        m_keeper->m_store->kick();
    }
    m_changes.push_back(std::move(change));
    if (isDue())
        m_keeper->settleLater();
}

Ticket PluginRecords::append(const QByteArray &key,
                             const std::optional<QByteArray> &value,
                             bool isAwaited)
{
    const Durability level = isAwaited ? Durability::Disk : Durability::Memory;
    return value ? m_keeper->m_store->append(record::PutValue{m_space, key, *value}, level)
                 : m_keeper->m_store->append(record::RemoveValue{m_space, key}, level);
}

bool PluginRecords::isDue() const
{
    if (!m_keeper || m_changes.empty())
        return false;
    const Ticket ticket = m_changes.front().ticket;
    return ticket == 0 || ticket <= m_keeper->m_store->decidedUpTo();
}

void PluginRecords::settle()
{
    while (isDue()) {
        const Change change = std::move(m_changes.front());
        m_changes.pop_front();
        Error refusal = change.refusal;
        if (change.ticket != 0 && m_keeper->m_store->isRefused(change.ticket)) {
            refusal = m_keeper->m_store->lastError();
            if (refusal.isNull())
                refusal = endedError();
            takeBack(change.key);
        }
        if (refusal.isNull() && change.value)
            m_kept[change.key] = *change.value;
        else if (refusal.isNull())
            m_kept.erase(change.key);
        if (!change.done)
            continue;
        const Result<> called = callPlugin("Records::Done", [&] {
            change.done(refusal.isNull() ? Result<>() : Result<>(refusal));
        });
        if (!called && m_logger)
            m_logger->log(LogLevel::Error, "plugin-failed", called.error().toString());
    }
}

/// What the store refused it still writes when it can again: unless somebody changes it anyway, it has
/// to be told what counts.
void PluginRecords::takeBack(const QByteArray &key)
{
    const bool isChangedAgain
        = std::any_of(m_changes.begin(), m_changes.end(), [&key](const Change &other) {
              return other.ticket != 0 && other.key == key;
          });
    if (isChangedAgain)
        return;
    const auto kept = m_kept.find(key);
    append(key, kept == m_kept.end() ? std::nullopt : std::optional(kept->second), false);
    m_keeper->m_store->kick();
}

RecordKeeper::RecordKeeper(Executor &main, Store *store)
    : m_main(main)
    , m_store(store)
{ }

RecordKeeper::~RecordKeeper()
{
    close();
}

void RecordKeeper::restore(const Recovered &recovered)
{
    if (m_store && !recovered.isRead)
        m_failure = recovered.failure;
    for (const record::PutValue &value : recovered.values) {
        if (value.space.startsWith(kSpacePrefix))
            m_restored[value.space].emplace(value.key, value.value);
    }
}

std::shared_ptr<Records> RecordKeeper::of(const QString &plugin,
                                          const std::shared_ptr<Logger> &logger)
{
    std::shared_ptr<PluginRecords> &records = m_plugins[plugin];
    if (!records) {
        const QByteArray space = kSpacePrefix + plugin.toUtf8();
        records = std::make_shared<PluginRecords>(plugin, m_restored.take(space), m_failure);
        records->m_keeper = this;
        records->m_logger = logger;
        if (!m_store && logger && !std::exchange(m_isTold, true)) {
            logger->log(LogLevel::Warning,
                        "records-not-kept",
                        QStringLiteral("what plugins keep ends with the process, for there is no "
                                       "store (store.engine = \"none\")"));
        }
    }
    return records;
}

void RecordKeeper::await()
{
    m_isAwaiting.store(true, std::memory_order_seq_cst);
}

void RecordKeeper::noteDecided() noexcept
{
    if (m_isAwaiting.load(std::memory_order_seq_cst))
        settleLater();
}

void RecordKeeper::settleLater()
{
    m_main.post([self = weak_from_this()] {
        if (const auto keeper = self.lock())
            keeper->settle();
    });
}

void RecordKeeper::settle()
{
    m_isAwaiting.store(false, std::memory_order_seq_cst);
    bool isAwaiting = false;
    const auto plugins = m_plugins.values();
    for (const auto &records : plugins) {
        records->settle();
        isAwaiting = isAwaiting || !records->m_changes.empty();
    }
    if (!isAwaiting)
        return;
    await();
    // What was decided meanwhile told nobody.
    if (std::any_of(
            plugins.begin(), plugins.end(), [](const auto &records) { return records->isDue(); })) {
        settleLater();
    }
}

void RecordKeeper::close()
{
    for (const auto &records : std::as_const(m_plugins)) {
        records->m_keeper = nullptr;
        records->m_changes.clear();
        records->m_logger.reset();
    }
    m_plugins.clear();
    m_store = nullptr;
}

} // namespace fairlead::core
