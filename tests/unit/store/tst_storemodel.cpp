// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"
#include "core/store/recovery.h"
#include "naivestore.h"
#include "storedump.h"
#include "storeworld.h"

#include <QTest>

#include <memory>
#include <random>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr int kSeeds = 400;
constexpr int kGroups = 60;

/// Random records, groups, failures and restarts, against the naive store.
class Walk
{
public:
    explicit Walk(quint64 seed)
        : m_random(seed)
    {
        restart(0);
    }

    /// What differs; empty: nothing.
    QByteArray run()
    {
        for (int group = 0; group < kGroups; ++group) {
            playGroup();
            if (below(8) == 0 && !restart(below(20)))
                return "after group " + QByteArray::number(group) + ":\n" + m_difference;
        }
        settleAll();
        if (!restart(1))
            return "at the end:\n" + m_difference;
        return m_naive.messageCount() != 0 ? "messages are left" : QByteArray();
    }

private:
    quint64 below(quint64 end) { return m_random() % end; }

    bool oneIn(quint64 count) { return below(count) == 0; }

    quint64 anySession() { return m_sessions.empty() ? 1 : m_sessions[below(m_sessions.size())]; }

    QByteArray anyTopic() { return "t/" + QByteArray::number(below(4)); }

    DurableTarget anyTarget(quint32 copy)
    {
        DurableTarget target;
        target.session = anySession();
        target.copy = copy;
        target.qos = quint8(below(3));
        target.retain = oneIn(4);
        target.retainAsPublished = oneIn(3);
        target.noLocal = oneIn(4);
        target.showPosition = oneIn(5);
        if (oneIn(4))
            target.ids = std::make_shared<const std::vector<quint32>>(
                std::vector<quint32>{quint32(below(9)), 268'435'455});
        if (oneIn(5))
            target.group = "$share/g" + QByteArray::number(below(2)) + "/t/#";
        return target;
    }

    DurableTargets anyTargets(quint32 *copy)
    {
        std::vector<DurableTarget> targets;
        for (quint64 count = oneIn(6) ? below(30) : below(3); count > 0; --count)
            targets.push_back(anyTarget((*copy)++));
        if (targets.empty() && oneIn(2))
            return {};
        return makeTargets(std::move(targets));
    }

    StoreRecord anyPut()
    {
        const QByteArray topic = anyTopic();
        const QByteArray payload = oneIn(6) ? QByteArray() : QByteArray::number(below(1000));
        MessageWish wish;
        wish.topic = {topic.constData(), std::size_t(topic.size())};
        wish.payload = {payload.constData(), std::size_t(payload.size())};
        wish.qos = quint8(below(3));
        wish.origin = oneIn(2) ? anySession() : 0;
        wish.retain = oneIn(3);
        if (oneIn(5))
            wish.deadline = m_clock.now() + qint64(1 + below(60)) * 500 * kNsPerMs;
        record::PutMessage put;
        put.message = makeMessage(++m_sequence, wish);
        m_messages.push_back(put.message);
        quint32 copy = 0;
        // Copies are named apart, in both lists; the order of the list is anybody's.
        put.targets = anyTargets(&copy);
        if (oneIn(3))
            put.shared = anyTargets(&copy);
        if (oneIn(4)) {
            put.keySession = anySession();
            put.key = quint32(below(6));
        }
        if (oneIn(5))
            put.streams = quint32(below(8));
        put.retained = wish.retain && !oneIn(4);
        return put;
    }

    StoreRecord anyRecord()
    {
        const auto owed = m_naive.owed();
        const bool isOwed = !owed.empty() && !oneIn(12);
        const auto [sequence, session, copy] = isOwed
            ? owed[below(owed.size())]
            : std::make_tuple(1 + below(m_sequence + 2), anySession(), quint32(below(3)));
        switch (below(18)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            return anyPut();
        case 5:
        case 6:
        case 7:
        case 8:
            return record::Settle{session, sequence, copy};
        case 9:
            return record::Mark{session, sequence, copy, quint32(below(100)), oneIn(3)};
        case 10:
            if (m_messages.empty())
                return anyPut();
            return record::AddTarget{m_messages[below(m_messages.size())],
                                     anyTarget(1000 + m_copies++)};
        case 11:
            if (oneIn(2))
                return record::PutKey{anySession(), quint32(below(6))};
            return record::ForgetKey{anySession(), quint32(below(6))};
        case 12:
            if (m_sessions.size() < 6 || oneIn(4)) {
                m_sessions.push_back(++m_number);
                return putSession(m_number);
            } else {
                record::PutSession put = putSession(anySession());
                put.row->note = QByteArray::number(below(1000));
                // One that is gone does not come back.
                if (put.row->number <= m_lastRemoved)
                    return record::PutKey{put.row->number, 1};
                return put;
            }
        case 13: {
            if (m_sessions.size() < 4 || !oneIn(3))
                return putSubscription(anySession(), "f/" + QByteArray::number(below(4)));
            // The oldest; its number stays one of those that are named.
            const quint64 gone = m_lastRemoved + 1;
            if (gone > m_number)
                return record::RemoveSession{gone};
            m_lastRemoved = gone;
            if (m_sessions.size() > 5)
                m_sessions.erase(m_sessions.begin());
            return record::RemoveSession{gone};
        }
        case 14:
            if (oneIn(2))
                return record::RemoveSubscription{anySession(),
                                                  "f/" + QByteArray::number(below(4))};
            return putSubscription(anySession(), "f/" + QByteArray::number(below(4)));
        case 15: {
            const QByteArray topic = anyTopic();
            const auto retained = m_naive.retained().find(topic);
            const bool isThere = retained != m_naive.retained().end() && !oneIn(4);
            return record::ClearRetained{topic,
                                         isThere ? retained->second : 1 + below(m_sequence + 1)};
        }
        case 16:
            return record::TrimStream{int(below(3)), m_sequence > 10 ? m_sequence - below(10) : 1};
        default:
            if (oneIn(3))
                return record::RemoveValue{"space", QByteArray::number(below(3))};
            return record::PutValue{
                "space", QByteArray::number(below(3)), QByteArray::number(below(1000))};
        }
    }

    void playGroup()
    {
        for (quint64 count = 1 + below(12); count > 0; --count) {
            StoreRecord record = anyRecord();
            const bool isMessage = std::holds_alternative<record::PutMessage>(record)
                || std::holds_alternative<record::AddTarget>(record);
            const bool refusable = isMessage && !oneIn(3);
            if (refusable && m_isFull) {
                m_naive.refuse(record);
                m_ledger->refuse(record);
                continue;
            }
            m_naive.apply(record, refusable);
            m_ledger->apply(std::move(record), refusable);
        }
        if (oneIn(5))
            m_clock.advance(qint64(below(4)) * 1000 * kNsPerMs);
        m_isFull = oneIn(4);
        EngineBatch batch;
        m_ledger->fill(&batch);
        if (m_isFull) {
            m_ledger->failed();
            m_naive.failed();
            return;
        }
        QVERIFY(m_engine.commit(batch));
        m_ledger->committed();
        m_naive.committed();
    }

    void settleAll()
    {
        std::vector<StoreRecord> records;
        for (const auto &[sequence, session, copy] : m_naive.owed())
            records.emplace_back(record::Settle{session, sequence, copy});
        for (int stream = 0; stream < 3; ++stream)
            records.emplace_back(record::TrimStream{stream, m_sequence + 1});
        for (const auto &[topic, sequence] : m_naive.retained())
            records.emplace_back(record::ClearRetained{topic, sequence});
        for (StoreRecord &record : records) {
            m_naive.apply(record, false);
            m_ledger->apply(std::move(record), false);
        }
        EngineBatch batch;
        m_ledger->fill(&batch);
        QVERIFY(m_engine.commit(batch));
        m_ledger->committed();
        m_naive.committed();
    }

    /// The host ends at once and starts again @p seconds later.
    bool restart(quint64 seconds)
    {
        m_isFull = false;
        m_clock.advance(qint64(seconds) * kNsPerSecond);
        m_ledger = std::make_unique<Ledger>(m_clock);
        m_naive.restart(m_clock.now());
        Recovery recovery(*m_ledger, m_clock);
        const Result<StoreMeta> meta = m_engine.open();
        m_ledger->restoreMeta(*meta, meta->epoch + 1);
        if (!m_engine.load(recovery))
            return false;
        const Recovered recovered = recovery.finish();
        const std::vector<QByteArray> wanted = m_naive.lines();
        const std::vector<QByteArray> found = linesOf(recovered);
        for (const QByteArray &line : wanted) {
            if (!std::binary_search(found.begin(), found.end(), line))
                m_difference += "missing: " + line + '\n';
        }
        for (const QByteArray &line : found) {
            if (!std::binary_search(wanted.begin(), wanted.end(), line))
                m_difference += "too much: " + line + '\n';
        }
        if (wanted.size() != found.size())
            m_difference += "twice\n";
        if (recovered.skipped != 0)
            m_difference += "skipped " + QByteArray::number(recovered.skipped) + '\n';
        if (recovered.nextSequence <= m_naiveHighest())
            m_difference += "a sequence comes again\n";
        // What was lost may have used numbers that come again only if nothing of them was stored.
        m_sequence = std::max(m_sequence, recovered.nextSequence - 1);
        // Nothing is left behind: after the next batch there is a row for what counts alone.
        EngineBatch batch;
        m_ledger->fill(&batch);
        if (!m_engine.commit(batch))
            return false;
        m_ledger->committed();
        const QByteArrayList rows = dump(m_engine);
        if (std::size_t(ofKind(rows, "message").size()) != m_naive.messageCount())
            m_difference += "message rows " + QByteArray::number(ofKind(rows, "message").size())
                + " for " + QByteArray::number(qsizetype(m_naive.messageCount())) + '\n';
        if (std::size_t(ofKind(rows, "tag").size()) != m_naive.tagCount())
            m_difference += "tag rows " + QByteArray::number(ofKind(rows, "tag").size()) + " for "
                + QByteArray::number(qsizetype(m_naive.tagCount())) + '\n';
        return m_difference.isEmpty();
    }

    quint64 m_naiveHighest() const
    {
        const auto owed = m_naive.owed();
        return owed.empty() ? 0 : std::get<0>(owed.back());
    }

    std::mt19937_64 m_random;
    HandClock m_clock;
    MemoryEngine m_engine;
    std::unique_ptr<Ledger> m_ledger;
    NaiveStore m_naive;
    std::vector<quint64> m_sessions;
    std::vector<Message> m_messages;
    quint64 m_sequence = 0;
    quint64 m_number = 0;
    quint64 m_lastRemoved = 0;
    quint32 m_copies = 0;
    bool m_isFull = false;
    QByteArray m_difference;
};

} // namespace

class tst_StoreModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // What a start restores is what was kept.
    void everyWalkRestoresWhatTheNaiveStoreHolds()
    {
        const int first = qEnvironmentVariableIntValue("FAIRLEAD_SEED");
        const int last = first > 0 ? first : kSeeds;
        for (int seed = std::max(first, 1); seed <= last; ++seed) {
            const QByteArray difference = Walk(quint64(seed)).run();
            const QByteArray what = "seed " + QByteArray::number(seed) + ' ' + difference;
            QVERIFY2(difference.isEmpty(), what.constData());
        }
    }
};

QTEST_APPLESS_MAIN(tst_StoreModel)
#include "tst_storemodel.moc"
