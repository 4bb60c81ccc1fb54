// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/descriptors.h"
#include "core/platform/stderrstream.h"
#include "core/platform/systemclock.h"
#include "core/platform/systemerror.h"
#include "core/platform/systemrandom.h"

#include <QtCore/QByteArray>
#include <QtCore/QSet>
#include <QtTest/QtTest>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

using namespace fairlead;
using namespace fairlead::core;

class tst_System : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theClockStandsStillUntilItIsRefreshed();
    void randomNumbersDiffer();
    void randomBytesFillTheWholeOfTheBuffer();
    void theDescriptorLimitIsRaisedToTheHardOne();
    void theJournalIsKnownByItsStream();
    void systemErrorsHaveCodes_data();
    void systemErrorsHaveCodes();
};

void tst_System::theClockStandsStillUntilItIsRefreshed()
{
    SystemClock clock;
    const qint64 before = clock.now();
    while (monotonicNs() <= before) { }
    QCOMPARE(clock.now(), before);
    clock.refresh();
    QVERIFY(clock.now() > before);
    // later than the day this was written, earlier than year 2286
    QVERIFY(clock.utcMs() > 1'700'000'000'000 && clock.utcMs() < 10'000'000'000'000);
}

void tst_System::randomNumbersDiffer()
{
    SystemRandom one;
    SystemRandom other;
    QSet<quint64> seen;
    quint64 ones = 0;
    for (int i = 0; i < 1000; ++i) {
        const quint64 number = one.next();
        seen.insert(number);
        seen.insert(other.next());
        ones += quint64(qPopulationCount(number));
    }
    QCOMPARE(seen.size(), 2000);
    // 64 000 fair coins: 12 standard deviations on either side
    QVERIFY2(ones > 30'480 && ones < 33'520, qPrintable(QString::number(ones)));
}

void tst_System::randomBytesFillTheWholeOfTheBuffer()
{
    SystemRandom random;
    QByteArray bytes(4099, '\0');
    random.fill(bytes.data() + 1, 4097);
    QCOMPARE(bytes.front(), '\0');
    QCOMPARE(bytes.back(), '\0');
    QSet<QByteArray> words;
    for (qsizetype i = 1; i < 4097; i += 16)
        words.insert(bytes.mid(i, 16));
    QCOMPARE(words.size(), 256);
    random.fill(bytes.data(), 0);
    QCOMPARE(bytes.front(), '\0');
}

void tst_System::theDescriptorLimitIsRaisedToTheHardOne()
{
    rlimit limit{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlimit low = limit;
    low.rlim_cur = qMin<rlim_t>(limit.rlim_max, 512);
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &low), 0);
    QCOMPARE(raiseDescriptorLimit(), qint64(qMin<rlim_t>(limit.rlim_max, 0x7fffffff)));
    rlimit raised{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &raised), 0);
    QCOMPARE(raised.rlim_cur, limit.rlim_max);
}

void tst_System::theJournalIsKnownByItsStream()
{
    struct stat status
    {
    };

    QCOMPARE(::fstat(STDERR_FILENO, &status), 0);
    const auto environment = [](quint64 device, quint64 inode) {
        return Environment{
            {QStringLiteral("JOURNAL_STREAM"), QStringLiteral("%1:%2").arg(device).arg(inode)}};
    };
    QCOMPARE(stderrKind(environment(status.st_dev, status.st_ino)), StderrKind::Journal);
    QVERIFY(stderrKind(environment(status.st_dev, status.st_ino + 1)) != StderrKind::Journal);
    QVERIFY(stderrKind({}) != StderrKind::Journal);
}

void tst_System::systemErrorsHaveCodes_data()
{
    QTest::addColumn<int>("number");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("ENOENT") << ENOENT << ErrorCode::NotFound;
    QTest::newRow("EACCES") << EACCES << ErrorCode::PermissionDenied;
    QTest::newRow("EMFILE") << EMFILE << ErrorCode::DescriptorsExhausted;
    QTest::newRow("ENOSPC") << ENOSPC << ErrorCode::StorageFull;
    QTest::newRow("EIO") << EIO << ErrorCode::StorageFailed;
}

void tst_System::systemErrorsHaveCodes()
{
    QFETCH(int, number);
    QFETCH(ErrorCode, code);
    const Error error = systemError(number, QStringLiteral("/some/file"), ErrorCode::StorageFailed);
    QCOMPARE(error.code(), code);
    QVERIFY(error.text().startsWith(QStringLiteral("/some/file: ")));
    QCOMPARE(error.details().value(QStringLiteral("errno")).toInt(), number);
}

QTEST_APPLESS_MAIN(tst_System)
#include "tst_system.moc"
