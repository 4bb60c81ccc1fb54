// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../callqueue.h"
#include "core/store/recordkeeper.h"
#include "core/store/recovery.h"
#include "core/store/store.h"
#include "storeworld.h"

#include <QStringList>
#include <QTest>

#include <fairlead/logger.h>

#include <memory>
#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;

namespace {

class LogDouble final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return true; }

    void log(LogLevel, const char *event, const QString &) override
    {
        events.append(QLatin1String(event));
    }

    QStringList events;
};

/// One run of a host on what an engine keeps.
struct Run
{
    explicit Run(ScriptedEngine &engine)
        : store(engine, clock, Store::Options{})
        , keeper(std::make_shared<RecordKeeper>(main, &store))
    {
        keeper->restore(store.open());
        store.setListener({.groupDecided = [this] { keeper->noteDecided(); },
                           .degraded = nullptr,
                           .recovered = nullptr});
        records = keeper->of(QStringLiteral("org.example.one"), log);
    }

    /// The outcome is text: "ok", or the error's name, after its mark.
    Records::Done noted(const QString &mark)
    {
        return [this, mark](const Result<> &outcome) {
            told.append(mark
                        + (outcome ? QStringLiteral(" ok")
                                   : u' ' + QLatin1String(errorName(outcome.error().code()))));
        };
    }

    void put(const QByteArray &key, const QByteArray &value, const QString &mark = {})
    {
        records->put(key, value, noted(mark));
    }

    /// The store's thread and the main loop, until nothing is left.
    void turn()
    {
        static_cast<void>(store.drain());
        main.run();
    }

    QByteArray kept() const
    {
        const Result<QList<Record>> all = records->list();
        if (!all)
            return errorName(all.error().code());
        QByteArray text;
        for (const Record &record : *all)
            text += record.key + '=' + record.value + ' ';
        return text.trimmed();
    }

    HandClock clock;
    test::CallQueue main;
    Store store;
    std::shared_ptr<LogDouble> log = std::make_shared<LogDouble>();
    std::shared_ptr<RecordKeeper> keeper;
    std::shared_ptr<Records> records;
    QStringList told;
};

} // namespace

/// What plugins keep over restarts.
class tst_RecordKeeper : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void recordsComeBackAfterARestart();
    void successIsToldOnceItIsOnTheDisk();
    void answersComeInTheOrderOfTheCalls();
    void pluginsDoNotSeeEachOther();
    void nothingIsBelievedKeptThatTheStoreRefused();
    void aRefusedChangeIsNotMadeLater();
    void aLaterChangeIsNotTakenBack();
    void boundsHaveCodes();
    void withoutAStoreTheyLastAsLongAsTheProcess();
    void whatCannotBeReadIsNotNone();
    void aPluginThatThrowsStopsNoOther();
    void nothingIsCalledAfterTheEnd();
};

void tst_RecordKeeper::recordsComeBackAfterARestart()
{
    ScriptedEngine engine;
    {
        Run first(engine);
        first.put("b", "2");
        first.put("a", "1");
        first.put("c", "3");
        first.records->remove("c", {});
        first.put("a", "9");
        first.turn();
        QCOMPARE(first.kept(), QByteArray("a=9 b=2"));
        QVERIFY(first.store.close());
    }
    Run second(engine);
    QCOMPARE(second.kept(), QByteArray("a=9 b=2"));
    second.records->remove("a", second.noted({}));
    second.turn();
    QCOMPARE(second.kept(), QByteArray("b=2"));
    QVERIFY(second.store.close());
    QCOMPARE(Run(engine).kept(), QByteArray("b=2"));
}

void tst_RecordKeeper::successIsToldOnceItIsOnTheDisk()
{
    ScriptedEngine engine;
    Run run(engine);
    run.put("a", "1", QStringLiteral("put"));
    run.main.run();
    QCOMPARE(run.told, QStringList());
    QCOMPARE(run.kept(), QByteArray());
    QVERIFY(run.store.drain());
    QVERIFY(engine.batches.back().sync);
    QCOMPARE(run.told, QStringList());
    run.main.run();
    QCOMPARE(run.told, QStringList{QStringLiteral("put ok")});
    QCOMPARE(run.kept(), QByteArray("a=1"));
}

void tst_RecordKeeper::answersComeInTheOrderOfTheCalls()
{
    ScriptedEngine engine;
    Run run(engine);
    run.put("a", "1", QStringLiteral("1"));
    run.put("", "2", QStringLiteral("2"));
    run.records->remove("a", run.noted(QStringLiteral("3")));
    run.records->remove("none", run.noted(QStringLiteral("4")));
    run.main.run();
    QCOMPARE(run.told, QStringList());
    run.turn();
    const QStringList wanted{QStringLiteral("1 ok"),
                             QStringLiteral("2 invalid-argument"),
                             QStringLiteral("3 ok"),
                             QStringLiteral("4 ok")};
    QCOMPARE(run.told, wanted);
    // One that is refused at once is not told from inside the call either.
    run.told.clear();
    run.put("", "2", QStringLiteral("5"));
    QCOMPARE(run.told, QStringList());
    run.main.run();
    QCOMPARE(run.told, QStringList{QStringLiteral("5 invalid-argument")});
}

void tst_RecordKeeper::pluginsDoNotSeeEachOther()
{
    ScriptedEngine engine;
    {
        Run run(engine);
        run.put("a", "1");
        const auto other = run.keeper->of(QStringLiteral("org.example.on"), run.log);
        other->put("e/a", "2", {});
        run.turn();
        QCOMPARE(other->list()->size(), 1);
        QCOMPARE(run.kept(), QByteArray("a=1"));
        QCOMPARE(run.keeper->of(QStringLiteral("org.example.one"), run.log), run.records);
        QVERIFY(run.store.close());
    }
    Run again(engine);
    QCOMPARE(again.kept(), QByteArray("a=1"));
    QCOMPARE(again.keeper->of(QStringLiteral("org.example.on"), again.log)->list()->first().key,
             QByteArray("e/a"));
}

void tst_RecordKeeper::nothingIsBelievedKeptThatTheStoreRefused()
{
    ScriptedEngine engine;
    Run run(engine);
    run.put("a", "1");
    run.turn();
    run.told.clear();
    engine.commitError = fullError();
    run.put("a", "2", QStringLiteral("change"));
    run.put("b", "1", QStringLiteral("add"));
    run.records->remove("a", run.noted(QStringLiteral("remove")));
    run.turn();
    const QStringList wanted{QStringLiteral("change storage-full"),
                             QStringLiteral("add storage-full"),
                             QStringLiteral("remove storage-full")};
    QCOMPARE(run.told, wanted);
    QCOMPARE(run.kept(), QByteArray("a=1"));
}

void tst_RecordKeeper::aRefusedChangeIsNotMadeLater()
{
    ScriptedEngine engine;
    {
        Run run(engine);
        run.put("a", "1");
        run.turn();
        engine.commitError = fullError();
        run.put("a", "2");
        run.put("b", "1");
        run.turn();
        engine.commitError = Error();
        run.clock.advance(kNsPerSecond);
        run.turn();
        QVERIFY(!run.store.isDegraded());
        QVERIFY(run.store.close());
    }
    QCOMPARE(Run(engine).kept(), QByteArray("a=1"));
}

void tst_RecordKeeper::aLaterChangeIsNotTakenBack()
{
    ScriptedEngine engine;
    {
        Run run(engine);
        engine.commitError = fullError();
        run.put("a", "1", QStringLiteral("1"));
        static_cast<void>(run.store.drain());
        // Asked for before the refusal was told.
        run.put("a", "2", QStringLiteral("2"));
        run.main.run();
        engine.commitError = Error();
        run.clock.advance(kNsPerSecond);
        run.turn();
        run.put("a", "3", QStringLiteral("3"));
        run.turn();
        QCOMPARE(run.told.first(), QStringLiteral("1 storage-full"));
        QCOMPARE(run.told.last(), QStringLiteral("3 ok"));
        QVERIFY(run.store.close());
    }
    QCOMPARE(Run(engine).kept(), QByteArray("a=3"));
}

void tst_RecordKeeper::boundsHaveCodes()
{
    ScriptedEngine engine;
    Run run(engine);
    run.put(QByteArray(Records::kMaxKey, 'k'), QByteArray(Records::kMaxValue, 'v'));
    run.turn();
    run.put(QByteArray(Records::kMaxKey + 1, 'k'), "v");
    run.put("k", QByteArray(Records::kMaxValue + 1, 'v'));
    run.turn();
    const QStringList wanted{QStringLiteral(" ok"),
                             QStringLiteral(" invalid-argument"),
                             QStringLiteral(" packet-too-large")};
    QCOMPARE(run.told, wanted);
    for (int i = 1; i < Records::kMaxCount; ++i)
        run.put(QByteArray::number(i), "v");
    // Those on their way count too; one that is there may change.
    run.put("more", "v", QStringLiteral("more"));
    run.put("1", "w", QStringLiteral("same"));
    run.turn();
    QVERIFY(run.told.contains(QStringLiteral("more limit-reached")));
    QVERIFY(run.told.contains(QStringLiteral("same ok")));
    QCOMPARE(run.records->list()->size(), Records::kMaxCount);
    run.records->remove("1", {});
    run.turn();
    run.put("more", "v", QStringLiteral("later"));
    run.turn();
    QCOMPARE(run.told.last(), QStringLiteral("later ok"));
}

void tst_RecordKeeper::withoutAStoreTheyLastAsLongAsTheProcess()
{
    test::CallQueue main;
    const auto log = std::make_shared<LogDouble>();
    const auto keeper = std::make_shared<RecordKeeper>(main, nullptr);
    keeper->restore({});
    const auto records = keeper->of(QStringLiteral("org.example.one"), log);
    bool isDone = false;
    records->put("a", "1", [&isDone](const Result<> &outcome) { isDone = outcome.has_value(); });
    QVERIFY(!isDone);
    main.run();
    QVERIFY(isDone);
    QCOMPARE(records->list()->first().value, QByteArray("1"));
    static_cast<void>(keeper->of(QStringLiteral("org.example.two"), log));
    QCOMPARE(log->events, QStringList{QStringLiteral("records-not-kept")});
}

// RR14: who does not know what was kept must not take it for nothing.
void tst_RecordKeeper::whatCannotBeReadIsNotNone()
{
    ScriptedEngine engine;
    {
        Run run(engine);
        run.put("a", "1");
        run.turn();
        QVERIFY(run.store.close());
    }
    engine.openError = Error(ErrorCode::StorageFailed, QStringLiteral("no such disk"));
    Run broken(engine);
    QCOMPARE(broken.kept(), QByteArray("storage-failed"));
    engine.openError = Error();
    // That nothing can be written now says nothing of what was kept.
    engine.commitError = fullError();
    Run full(engine);
    QCOMPARE(full.kept(), QByteArray("a=1"));
}

void tst_RecordKeeper::aPluginThatThrowsStopsNoOther()
{
    ScriptedEngine engine;
    Run run(engine);
    run.records->put("a", "1", [](const Result<> &) { throw std::runtime_error("oops"); });
    run.put("b", "2", QStringLiteral("b"));
    run.turn();
    QCOMPARE(run.told, QStringList{QStringLiteral("b ok")});
    QCOMPARE(run.log->events, QStringList{QStringLiteral("plugin-failed")});
    QCOMPARE(run.kept(), QByteArray("a=1 b=2"));
}

void tst_RecordKeeper::nothingIsCalledAfterTheEnd()
{
    ScriptedEngine engine;
    Run run(engine);
    run.put("a", "1", QStringLiteral("a"));
    static_cast<void>(run.store.drain());
    run.keeper->close();
    run.put("b", "1", QStringLiteral("b"));
    run.main.run();
    QCOMPARE(run.told, QStringList());
    // What was decided is kept all the same; what came later never was.
    QVERIFY(run.store.close());
    QCOMPARE(Run(engine).kept(), QByteArray("a=1"));
}

QTEST_APPLESS_MAIN(tst_RecordKeeper)

#include "tst_recordkeeper.moc"
