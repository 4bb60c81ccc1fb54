// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/runlock.h"

#include <QtCore/QDir>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <sys/wait.h>
#include <unistd.h>

using namespace fairlead;
using namespace fairlead::core;

class tst_RunLock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aSecondHostIsRefusedAndToldWhoHoldsIt();
    void theEndOfTheHolderFreesIt();
    void anotherFolderIsAnotherLock();
    void aFolderThatCannotBeMadeIsAnError();
};

void tst_RunLock::aSecondHostIsRefusedAndToldWhoHoldsIt()
{
    const QTemporaryDir folder;
    const QString state = folder.filePath(QStringLiteral("deep/state"));
    const auto first = RunLock::acquire(state);
    QVERIFY2(first.has_value(), qPrintable(first.error().text()));
    const Error error = RunLock::acquire(state).error();
    QCOMPARE(error.code(), ErrorCode::AlreadyExists);
    QVERIFY2(error.text().contains(QStringLiteral("process %1").arg(::getpid())),
             qPrintable(error.text()));
    QVERIFY(error.text().contains(state));
    QCOMPARE(error.details().value(QStringLiteral("pid")).toLongLong(), qint64(::getpid()));
}

void tst_RunLock::theEndOfTheHolderFreesIt()
{
    const QTemporaryDir folder;
    {
        const auto lock = RunLock::acquire(folder.path());
        QVERIFY(lock.has_value());
    }
    // A process that dies without a word leaves nothing behind either.
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = RunLock::acquire(folder.path());
        ::_exit(lock.has_value() ? 0 : 1);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(status, 0);
    QVERIFY(RunLock::acquire(folder.path()).has_value());
}

void tst_RunLock::anotherFolderIsAnotherLock()
{
    const QTemporaryDir one;
    const QTemporaryDir other;
    const auto first = RunLock::acquire(one.path());
    const auto second = RunLock::acquire(other.path());
    QVERIFY(first.has_value() && second.has_value());
}

void tst_RunLock::aFolderThatCannotBeMadeIsAnError()
{
    const Error error = RunLock::acquire(QStringLiteral("/dev/null/state")).error();
    QVERIFY(!error.isNull());
    QVERIFY(error.text().contains(QStringLiteral("/dev/null")));
}

QTEST_APPLESS_MAIN(tst_RunLock)
#include "tst_runlock.moc"
