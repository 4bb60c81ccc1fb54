// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/descriptorreserve.h"

#include <QTest>

#include <cerrno>
#include <set>

using namespace fairlead::core;
using Outcome = DescriptorReserve::Outcome;
using Use = DescriptorReserve::Use;

namespace {

/// A process that may have so many descriptors open, and peers that wait.
struct FakeSystem
{
    explicit FakeSystem(int limit)
        : room(limit)
    { }

    DescriptorCalls calls()
    {
        return {[this](int, sockaddr *, socklen_t *) {
                    ++accepts;
                    if (interrupts > 0) {
                        --interrupts;
                        errno = EINTR;
                        return -1;
                    }
                    if (waiting == 0) {
                        errno = EAGAIN;
                        return -1;
                    }
                    const int fd = open();
                    waiting -= fd >= 0 ? 1 : 0;
                    return fd;
                },
                [this] { return open(); },
                [this](int fd) { QCOMPARE(used.erase(fd), std::size_t(1)); }};
    }

    int open()
    {
        if (int(used.size()) >= room) {
            errno = error;
            return -1;
        }
        used.insert(++last);
        return last;
    }

    int room;
    int waiting = 0;
    int interrupts = 0;
    int accepts = 0;
    int error = EMFILE;
    int last = 100;
    std::set<int> used;
};

constexpr int kListener = 3;

} // namespace

class tst_DescriptorReserve : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void withRoomItIsThePlainAccept()
    {
        FakeSystem system(100);
        DescriptorReserve reserve(DescriptorReserve::kSize, system.calls());
        QCOMPARE(reserve.spare(), DescriptorReserve::kSize);
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::None);
        system.waiting = 1;
        system.interrupts = 3;
        const auto got = reserve.accept(kListener, Use::Links);
        QCOMPARE(got.outcome, Outcome::Good);
        QVERIFY(system.used.count(got.fd) == 1);
        QVERIFY(!reserve.isExhausted());
    }

    // AD-05: without a descriptor links are refused, not left waiting, and operators get in.
    void withoutRoomLinksAreRefusedAndOperatorsAreNot_data()
    {
        QTest::addColumn<int>("error");
        QTest::newRow("AD-05 EMFILE") << EMFILE;
        QTest::newRow("AD-05 ENFILE") << ENFILE;
        QTest::newRow("AD-05 ENOBUFS") << ENOBUFS;
        QTest::newRow("AD-05 ENOMEM") << ENOMEM;
    }

    void withoutRoomLinksAreRefusedAndOperatorsAreNot()
    {
        QFETCH(const int, error);
        FakeSystem system(DescriptorReserve::kSize);
        system.error = error;
        DescriptorReserve reserve(DescriptorReserve::kSize, system.calls());
        std::vector<bool> changes;
        reserve.setObserver([&](bool exhausted) { changes.push_back(exhausted); });
        system.waiting = 1000;
        const int refused = DescriptorReserve::kSize - DescriptorReserve::kForOperators;
        for (int i = 0; i < refused; ++i)
            QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Refuse);
        QVERIFY(reserve.isExhausted());
        // These are still open: the others can only be closed.
        for (int i = 0; i < 100; ++i) {
            const auto got = reserve.accept(kListener, Use::Links);
            QCOMPARE(got.outcome, Outcome::Close);
            QCOMPARE(system.used.erase(got.fd), std::size_t(1));
        }
        for (int i = 0; i < DescriptorReserve::kForOperators; ++i)
            QCOMPARE(reserve.accept(kListener, Use::Operators).outcome, Outcome::Good);
        QCOMPARE(reserve.accept(kListener, Use::Operators).outcome, Outcome::Exhausted);
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Exhausted);
        QCOMPARE(changes, std::vector<bool>{true});
        QCOMPARE(int(system.used.size()), DescriptorReserve::kSize);
    }

    // AD-05: recovered after three good accepts, and not after two.
    void threeGoodAcceptsEndIt()
    {
        FakeSystem system(DescriptorReserve::kSize);
        DescriptorReserve reserve(DescriptorReserve::kSize, system.calls());
        std::vector<bool> changes;
        reserve.setObserver([&](bool exhausted) { changes.push_back(exhausted); });
        system.waiting = 100;
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Refuse);
        // What comes free is kept first, then it is a good accept.
        system.room += 1;
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Refuse);
        QVERIFY(reserve.isExhausted());
        system.room += 3;
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Good);
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Good);
        QVERIFY(reserve.isExhausted());
        // A relapse counts from the beginning.
        QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Refuse);
        QCOMPARE(reserve.exhaustions(), quint64(3));
        system.room += 100;
        for (int i = 0; i < DescriptorReserve::kRecovery; ++i) {
            QVERIFY(reserve.isExhausted());
            QCOMPARE(reserve.accept(kListener, Use::Links).outcome, Outcome::Good);
        }
        QVERIFY(!reserve.isExhausted());
        QCOMPARE(changes, (std::vector<bool>{true, false}));
        QCOMPARE(reserve.spare(), DescriptorReserve::kSize);
    }

    // AD-05: no reserve, no way in; the caller tries later.
    void withoutAReserveItIsExhausted()
    {
        FakeSystem system(0);
        DescriptorReserve reserve(0, system.calls());
        system.waiting = 1;
        QCOMPARE(reserve.accept(kListener, Use::Operators).outcome, Outcome::Exhausted);
        QCOMPARE(system.accepts, 1);
    }

    void whatItKeepsIsClosedWithIt()
    {
        FakeSystem system(100);
        {
            const DescriptorReserve reserve(5, system.calls());
            QCOMPARE(system.used.size(), std::size_t(5));
        }
        QVERIFY(system.used.empty());
    }
};

QTEST_APPLESS_MAIN(tst_DescriptorReserve)
#include "tst_descriptorreserve.moc"
