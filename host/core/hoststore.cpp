// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/hoststore.h"

#include "core/reactor/mainloop.h"

#include <QFileInfo>
#include <QPointer>

#include <utility>

namespace fairlead::core {

namespace {

SqliteEngine::Options engineOptions(const HostStore::Settings &settings)
{
    SqliteEngine::Options options;
    options.place.path = settings.path;
    options.place.maxBytes = settings.maxBytes;
    return options;
}

} // namespace

HostStore::HostStore(MainLoop &loop, const Settings &settings)
    : m_loop(loop)
    , m_path(settings.path)
    , m_engine(engineOptions(settings), m_clock)
    , m_store(m_engine, m_clock, settings.options)
{ }

HostStore::~HostStore()
{
    m_ending.reset();
    m_thread.reset();
}

Recovered HostStore::open(StoreSummary *summary)
{
    Recovered recovered = m_store.open();
    summary->sessions = recovered.sessions.size();
    summary->retained = recovered.retained.size();
    summary->messages = recovered.messages;
    summary->expired = recovered.expired;
    summary->skipped = recovered.skipped;
    summary->quarantined = recovered.quarantined;
    summary->failure = recovered.failure;
    return recovered;
}

qint64 HostStore::size() const
{
    return QFileInfo(m_path).size() + QFileInfo(m_path + QStringLiteral("-wal")).size();
}

void HostStore::start(std::function<void()> decided)
{
    const QPointer<HostStore> self(this);
    Store::Listener listener;
    listener.groupDecided = std::move(decided);
    listener.degraded = [self, loop = &m_loop](const Error &reason) {
        loop->post([self, reason] {
            if (self)
                Q_EMIT self->degraded(reason);
        });
    };
    listener.recovered = [self, loop = &m_loop] {
        loop->post([self] {
            if (self)
                Q_EMIT self->recovered();
        });
    };
    m_store.setListener(std::move(listener));
    m_thread = std::make_unique<StoreThread>(m_store);
}

void HostStore::drain(Done done)
{
    m_ending = std::make_unique<BackgroundCall>(
        [this, done = std::move(done)] { done(m_store.drain()); });
}

void HostStore::close(Done done)
{
    m_ending = std::make_unique<BackgroundCall>(
        [this, done = std::move(done)] { done(m_store.close()); });
}

} // namespace fairlead::core
