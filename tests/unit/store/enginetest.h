// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/memoryengine.h"
#include "core/store/sqliteengine.h"
#include "storedump.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace fairlead::core {

/// One engine after the other, each test function with a fresh one.
class EngineTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

protected:
    void commit(const EngineBatch &batch);
    /// As after a restart.
    QByteArrayList reopened();

    QTemporaryDir m_folder;
    StillClock m_clock;
    std::unique_ptr<StorageEngine> m_engine;
    int m_count = 0;
};

inline void EngineTest::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    QTest::newRow("memory") << QStringLiteral("memory");
    QTest::newRow("sqlite") << QStringLiteral("sqlite");
    QTest::newRow("sqlite, exclusive") << QStringLiteral("exclusive");
}

inline void EngineTest::init()
{
    QFETCH_GLOBAL(QString, kind);
    if (kind == QStringLiteral("memory")) {
        m_engine = std::make_unique<MemoryEngine>();
    } else {
        SqliteEngine::Options options;
        options.place.path = m_folder.filePath(QStringLiteral("store%1.db").arg(++m_count));
        options.place.exclusive = kind == QStringLiteral("exclusive");
        // Between the largest payloads that are taken and the one that is refused.
        options.place.maxBytes = qint64(128) << 20;
        m_engine = std::make_unique<SqliteEngine>(options, m_clock);
    }
    const Result<StoreMeta> meta = m_engine->open();
    QVERIFY2(meta, qPrintable(meta.error().toString()));
}

inline void EngineTest::cleanup()
{
    m_engine.reset();
}

inline void EngineTest::commit(const EngineBatch &batch)
{
    const Result<> done = m_engine->commit(batch);
    QVERIFY2(done, qPrintable(done.error().toString()));
}

inline QByteArrayList EngineTest::reopened()
{
    m_engine->close();
    const Result<StoreMeta> meta = m_engine->open();
    if (!meta)
        QTest::qFail(qPrintable(meta.error().toString()), __FILE__, __LINE__);
    return dump(*m_engine);
}

} // namespace fairlead::core
