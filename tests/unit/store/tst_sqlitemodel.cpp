// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/memoryengine.h"
#include "core/store/sqliteengine.h"
#include "randombatch.h"
#include "simdisk.h"
#include "storedump.h"

#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

/// The SQLite engine does what the one in memory does, whatever is done in whatever order, and
/// whenever it ends. The disk is simulated, but for a few runs.
class tst_SqliteModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void behavesAsTheOneInMemory();
    void behavesAsTheOneInMemoryOnARealDisk();
    void failedCommitsLeaveNothing();
    void killedProcessKeepsEveryCommit();
    void lostPowerKeepsEverySyncedCommit();

private:
    enum class End : quint8 {
        Kill,
        PowerLoss
    };

    void run(quint64 seed, const QString &path, const QByteArray &vfs);
    void runWithFaults(quint64 seed, int &failures);
    void runWithEnds(quint64 seed, End end);
};

namespace {

// Sanitizers take ten times as long, and need no more than every path once.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr quint64 kSeeds = 20;
#else
constexpr quint64 kSeeds = 200;
#endif

QByteArray context(quint64 seed, int step)
{
    return "seed " + QByteArray::number(seed) + " step " + QByteArray::number(step);
}

SqliteEngine::Options smallLog(const QString &path, const QByteArray &vfs, Dice &dice)
{
    SqliteEngine::Options options;
    options.place.path = path;
    options.place.vfs = vfs;
    options.place.exclusive = dice.chance(30);
    // So that commits have to work it off now and then.
    options.logBytes = 100'000;
    return options;
}

/// Everything in the store, with its numbers. Empty: it cannot be opened.
QByteArrayList opened(StorageEngine &engine)
{
    const Result<StoreMeta> meta = engine.open();
    if (!meta || !meta->quarantined.isNull()) {
        const Error error = meta ? meta->quarantined : meta.error();
        QTest::qFail(qPrintable(error.toString()), __FILE__, __LINE__);
        return {};
    }
    const QByteArray numbers = QByteArray::number(meta->epoch) + ' '
        + QByteArray::number(meta->reservedSequence) + ' '
        + QByteArray::number(meta->reservedSession);
    return QByteArrayList{numbers} + dump(engine);
}

} // namespace

void tst_SqliteModel::behavesAsTheOneInMemory()
{
    for (quint64 seed = 1; seed <= kSeeds && !QTest::currentTestFailed(); ++seed) {
        const sim::SimDisk disk(seed);
        run(seed, QStringLiteral("/store.db"), disk.vfsName());
    }
}

void tst_SqliteModel::behavesAsTheOneInMemoryOnARealDisk()
{
    for (quint64 seed = 1; seed <= 5 && !QTest::currentTestFailed(); ++seed) {
        const QTemporaryDir folder;
        run(seed, folder.filePath(QStringLiteral("store.db")), {});
    }
}

void tst_SqliteModel::run(quint64 seed, const QString &path, const QByteArray &vfs)
{
    Dice dice(seed);
    const StillClock clock;
    SqliteEngine engine(smallLog(path, vfs, dice), clock);
    MemoryEngine model;
    QCOMPARE(opened(engine), opened(model));
    constexpr int kSteps = 40;
    for (int step = 0; step < kSteps; ++step) {
        EngineBatch batch = randomBatch(dice);
        batch.sync = dice.chance(10);
        const Result<> committed = engine.commit(batch);
        QVERIFY2(committed,
                 (context(seed, step) + ": " + committed.error().toString().toUtf8()).constData());
        QVERIFY(model.commit(batch));
        if (dice.chance(10))
            QVERIFY(engine.checkpoint());
        if (dice.chance(20))
            QVERIFY2(dump(engine) == dump(model), context(seed, step).constData());
        if (dice.chance(10) || step == kSteps - 1) {
            engine.close();
            QVERIFY2(opened(engine) == opened(model), context(seed, step).constData());
        }
    }
}

void tst_SqliteModel::failedCommitsLeaveNothing()
{
    int failures = 0;
    for (quint64 seed = 1; seed <= kSeeds && !QTest::currentTestFailed(); ++seed)
        runWithFaults(seed, failures);
    // Or the faults meet nothing.
    QVERIFY2(failures > int(kSeeds), QByteArray::number(failures).constData());
}

void tst_SqliteModel::runWithFaults(quint64 seed, int &failures)
{
    Dice dice(seed);
    sim::SimDisk disk(seed);
    const StillClock clock;
    SqliteEngine engine(smallLog(QStringLiteral("/store.db"), disk.vfsName(), dice), clock);
    MemoryEngine model;
    QCOMPARE(opened(engine), opened(model));
    for (int step = 0; step < 60; ++step) {
        EngineBatch batch = randomBatch(dice);
        batch.sync = dice.chance(40);
        const bool isFaulty = dice.chance(40);
        const quint64 faults = 1 + dice.below(3);
        if (isFaulty && dice.chance(30)) {
            disk.setCapacity(disk.used() + qint64(dice.below(30'000)));
        } else if (isFaulty) {
            const auto operation = sim::SimDisk::Operation(dice.below(sim::SimDisk::kOperations));
            disk.failAfter(operation, dice.below(12), faults);
        }
        const Result<> committed = engine.commit(batch);
        QVERIFY(isFaulty || committed);
        if (committed)
            QVERIFY(model.commit(batch));
        else
            ++failures;
        disk.setCapacity(-1);
        disk.failAfter(sim::SimDisk::Operation::Any, 0, 0);
        for (int operation = 0; operation < sim::SimDisk::kOperations; ++operation)
            disk.failAfter(sim::SimDisk::Operation(operation), 0, 0);
        // At once, or after what follows it.
        if (!committed && dice.chance(50))
            QVERIFY2(dump(engine) == dump(model), context(seed, step).constData());
        // Nothing of it comes back with the next process either, if the disk works again by then.
        if (!committed && faults == 1 && dice.chance(30)) {
            disk.kill();
            engine.close();
            QVERIFY2(opened(engine) == opened(model), context(seed, step).constData());
        }
    }
    engine.close();
    QVERIFY2(opened(engine) == opened(model), context(seed, -1).constData());
}

// What the issue asks of the level `written`.
void tst_SqliteModel::killedProcessKeepsEveryCommit()
{
    for (quint64 seed = 1; seed <= kSeeds && !QTest::currentTestFailed(); ++seed)
        runWithEnds(seed, End::Kill);
}

// And of the level `disk`, where writes that were not synced are torn or lost.
void tst_SqliteModel::lostPowerKeepsEverySyncedCommit()
{
    for (quint64 seed = 1; seed <= kSeeds && !QTest::currentTestFailed(); ++seed)
        runWithEnds(seed, End::PowerLoss);
}

void tst_SqliteModel::runWithEnds(quint64 seed, End end)
{
    Dice dice(seed);
    sim::SimDisk disk(seed);
    const StillClock clock;
    SqliteEngine engine(smallLog(QStringLiteral("/store.db"), disk.vfsName(), dice), clock);
    // All states that the store may come back with, in their order; the last one is the present.
    std::vector<MemoryEngine> states(1);
    QCOMPARE(opened(engine), opened(states.back()));
    for (int round = 0; round < 6; ++round) {
        disk.stopAfter(dice.below(dice.chance(50) ? 40 : 400));
        for (int step = 0; step < 40 && !disk.isStopped(); ++step) {
            EngineBatch batch = randomBatch(dice);
            batch.sync = dice.chance(25);
            MemoryEngine next = states.back();
            QVERIFY(next.commit(batch));
            const Result<> committed = engine.commit(batch);
            QVERIFY(committed || disk.isStopped());
            // One that was under way at the end may be there, or not.
            if (committed && (batch.sync || end == End::Kill))
                states.clear();
            states.push_back(std::move(next));
            if (committed && dice.chance(10))
                QVERIFY(engine.checkpoint() || disk.isStopped());
        }
        if (end == End::Kill)
            disk.kill();
        else
            disk.losePower();
        engine.close();
        const QByteArrayList found = opened(engine);
        bool isKnown = false;
        for (MemoryEngine &state : states) {
            if (opened(state) != found)
                continue;
            isKnown = true;
            std::vector<MemoryEngine> present(1, state);
            states.swap(present);
            break;
        }
        QVERIFY2(isKnown, context(seed, round).constData());
    }
}

QTEST_GUILESS_MAIN(tst_SqliteModel)
#include "tst_sqlitemodel.moc"
