// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/targetlist.h"
#include "storeworld.h"

#include <QTest>

#include <limits>
#include <random>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr quint64 kHighest = std::numeric_limits<quint64>::max();

std::vector<DurableTarget> someTargets()
{
    DurableTarget plain = makeTarget(3);
    DurableTarget second = makeTarget(3, 1, 2);
    second.retain = true;
    second.showPosition = true;
    DurableTarget shared = makeTarget(900, 0xFFFFFFFFU, 2);
    shared.retainAsPublished = true;
    shared.group = "$share/g/a/#";
    shared.ids = std::make_shared<const std::vector<quint32>>(std::vector<quint32>{1, 268'435'455});
    return {plain, second, shared, makeTarget(kHighest)};
}

QByteArray encoded(const std::vector<DurableTarget> &targets)
{
    std::vector<const DurableTarget *> pointers;
    for (const DurableTarget &target : targets)
        pointers.push_back(&target);
    return encodeTargets(pointers);
}

bool isSame(const DurableTarget &a, const DurableTarget &b)
{
    const bool sameIds = !a.ids ? !b.ids : b.ids && *a.ids == *b.ids;
    return a.session == b.session && a.copy == b.copy && a.qos == b.qos && a.retain == b.retain
        && a.retainAsPublished == b.retainAsPublished && a.showPosition == b.showPosition
        && a.group == b.group && sameIds;
}

} // namespace

class tst_TargetList : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void aListComesBackAsItWas()
    {
        const std::vector<DurableTarget> targets = someTargets();
        const auto back = decodeTargets(encoded(targets));
        QVERIFY(back.has_value());
        QVERIFY(std::equal(targets.begin(), targets.end(), back->begin(), back->end(), isSame));
        QCOMPARE(decodeTargets(encoded({}))->size(), std::size_t(0));
    }

    void oneTargetTakesFewBytes() { QCOMPARE(encoded({makeTarget(100)}).size(), qsizetype(4)); }

    void aSettledSetComesBackAsItWas()
    {
        SettledSet set;
        set.releasedStreams = 0x80000001U;
        set.added = someTargets();
        set.settled = {true, false, false, true, false, false, false, false, true, false};
        const auto back = decodeSettled(encodeSettled(set));
        QVERIFY(back.has_value());
        QCOMPARE(back->releasedStreams, set.releasedStreams);
        QVERIFY(std::equal(
            set.added.begin(), set.added.end(), back->added.begin(), back->added.end(), isSame));
        set.settled.resize(back->settled.size());
        QVERIFY(back->settled == set.settled);
        QCOMPARE(decodeSettled(encodeSettled({}))->settled.size(), std::size_t(0));
    }

    void whatIsCutShortIsNoList()
    {
        const QByteArray bytes = encoded(someTargets());
        for (qsizetype size = 0; size < bytes.size(); ++size)
            QVERIFY2(!decodeTargets(bytes.left(size)), QByteArray::number(size).constData());
        QVERIFY(!decodeTargets(bytes + '\0'));
        SettledSet set;
        set.added = someTargets();
        const QByteArray form = encodeSettled(set);
        for (qsizetype size = 0; size < form.size(); ++size)
            QVERIFY2(!decodeSettled(form.left(size)), QByteArray::number(size).constData());
    }

    void whatNoWriterWritesIsNoList_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("another version") << QByteArray("\x02\x00", 2);
        QTest::newRow("more targets than bytes") << QByteArray("\x01\xFF\xFF\xFF\x7F\x03\x01", 7);
        QTest::newRow("a number of 65 bits")
            << QByteArray("\x01\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x03\x01", 13);
        QTest::newRow("session 0") << QByteArray("\x01\x01\x00\x01", 4);
        QTest::newRow("quality 0") << QByteArray("\x01\x01\x03\x00", 4);
        QTest::newRow("quality 3") << QByteArray("\x01\x01\x03\x03", 4);
        QTest::newRow("one name twice") << QByteArray("\x01\x02\x03\x01\x00\x01", 6);
        QTest::newRow("more identifiers than bytes")
            << QByteArray("\x01\x01\x03\x41\xFF\xFF\x03\x01", 8);
        QTest::newRow("an identifier of 33 bits")
            << QByteArray("\x01\x01\x03\x41\x01\xFF\xFF\xFF\xFF\x1F", 10);
        QTest::newRow("a group beyond the end") << QByteArray("\x01\x01\x03\x81\x05xx", 7);
        QTest::newRow("sessions beyond the highest")
            << QByteArray("\x01\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x01\x01\x01", 15);
    }

    void whatNoWriterWritesIsNoList()
    {
        QFETCH(QByteArray, bytes);
        QVERIFY(!decodeTargets(bytes));
    }

    void anyBytesAreReadWithinTheirBounds()
    {
        std::mt19937_64 random(4);
        const QByteArray list = encoded(someTargets());
        SettledSet set;
        set.added = someTargets();
        set.settled = {true, false, true};
        const QByteArray form = encodeSettled(set);
        for (int round = 0; round < 20'000; ++round) {
            QByteArray bytes = round % 2 == 0 ? list : form;
            for (quint64 changes = 1 + random() % 4; changes > 0; --changes)
                bytes[qsizetype(random() % quint64(bytes.size()))] = char(random());
            bytes.truncate(qsizetype(random() % quint64(bytes.size() + 1)));
            const auto targets = decodeTargets(bytes);
            // What is taken has one form alone.
            if (targets)
                QVERIFY(std::is_sorted(targets->begin(), targets->end(), isBefore));
            const auto settled = decodeSettled(bytes);
            if (settled)
                QVERIFY(settled->settled.size() <= std::size_t(bytes.size()) * 8);
        }
    }
};

QTEST_APPLESS_MAIN(tst_TargetList)
#include "tst_targetlist.moc"
