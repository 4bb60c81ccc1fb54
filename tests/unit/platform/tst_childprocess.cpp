// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/childprocess.h"

#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>

#include <poll.h>
#include <unistd.h>

#include <csignal>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

ChildCommand shell(const char *script)
{
    ChildCommand command;
    command.arguments
        = {QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(script)};
    return command;
}

ChildExit waitFor(ChildProcess &process)
{
    pollfd ends = {process.exitFd(), POLLIN, 0};
    if (::poll(&ends, 1, kHangMs) == 1) {
        if (const auto exit = process.tryWait())
            return *exit;
    }
    return {true, -1};
}

QByteArray readAll(int fd)
{
    QByteArray all;
    char part[256];
    for (;;) {
        pollfd readable = {fd, POLLIN, 0};
        if (::poll(&readable, 1, kHangMs) != 1)
            return all;
        const ssize_t got = ::read(fd, part, sizeof part);
        if (got <= 0)
            return all;
        all.append(part, qsizetype(got));
    }
}

} // namespace

class tst_ChildProcess : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void itsInputAndOutputAreOneConnection()
    {
        auto process = ChildProcess::start(shell("read line; echo \"got $line\""));
        QVERIFY(process);
        const int fd = (*process)->takeSocket();
        QCOMPARE(::write(fd, "it\n", 3), ssize_t(3));
        QCOMPARE(readAll(fd), QByteArray("got it\n"));
        QVERIFY(waitFor(**process).isClean());
        ::close(fd);
    }

    void theProgramIsFoundWherePathSaysAndRunsWhereItIsTold()
    {
        const QTemporaryDir folder;
        ChildCommand command;
        command.arguments = {QStringLiteral("sh"),
                             QStringLiteral("-c"),
                             QStringLiteral("echo \"$FAIRLEAD_TEST\"; pwd")};
        command.workingDirectory = folder.path();
        command.environment = {QStringLiteral("FAIRLEAD_TEST=first=second")};
        auto process = ChildProcess::start(command);
        QVERIFY(process);
        const int fd = (*process)->takeSocket();
        QCOMPARE(readAll(fd), "first=second\n" + folder.path().toLocal8Bit() + '\n');
        ::close(fd);
    }

    void whoDoesNotTalkReadsNothing()
    {
        ChildCommand command = shell("read line && exit 1; test ! -t 0 && echo quiet >&1");
        command.talks = false;
        auto process = ChildProcess::start(command);
        QVERIFY(process);
        QCOMPARE((*process)->takeSocket(), -1);
        QVERIFY(waitFor(**process).isClean());
    }

    void whatCannotBeRunIsACodedError_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("folder");
        QTest::addColumn<int>("code");
        const QString none = QStringLiteral("/does/not/exist");
        QTest::newRow("nothing") << QStringList() << QString() << int(ErrorCode::InvalidArgument);
        QTest::newRow("no such file") << QStringList{none} << QString() << int(ErrorCode::NotFound);
        QTest::newRow("no such name") << QStringList{QStringLiteral("fairlead-no-such-program")}
                                      << QString() << int(ErrorCode::NotFound);
        QTest::newRow("not a program") << QStringList{QStringLiteral("/etc/passwd")} << QString()
                                       << int(ErrorCode::PermissionDenied);
        QTest::newRow("no such folder")
            << QStringList{QStringLiteral("/bin/true")} << none << int(ErrorCode::NotFound);
    }

    void whatCannotBeRunIsACodedError()
    {
        QFETCH(QStringList, arguments);
        QFETCH(QString, folder);
        QFETCH(int, code);
        ChildCommand command;
        command.arguments = arguments;
        command.workingDirectory = folder;
        QCOMPARE(int(ChildProcess::start(command).error().code()), code);
    }

    void howItEndedIsTold()
    {
        auto failed = ChildProcess::start(shell("exit 3"));
        QVERIFY(failed);
        const ChildExit status = waitFor(**failed);
        QVERIFY(!status.bySignal);
        QCOMPARE(status.number, 3);
        QVERIFY(!status.isClean());
        auto killed = ChildProcess::start(shell("kill -SEGV $$"));
        QVERIFY(killed);
        const ChildExit crash = waitFor(**killed);
        QVERIFY(crash.bySignal);
        QCOMPARE(crash.number, SIGSEGV);
    }

    // A signal that the host ignores or blocks is none of the program's business.
    void itStartsWithTheUsualSignals()
    {
        struct sigaction ignore = {};
        struct sigaction before = {};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGTERM, &ignore, &before);
        auto process = ChildProcess::start(shell("echo up; exec sleep 60"));
        ::sigaction(SIGTERM, &before, nullptr);
        QVERIFY(process);
        const int fd = (*process)->takeSocket();
        char up[3];
        pollfd readable = {fd, POLLIN, 0};
        QCOMPARE(::poll(&readable, 1, kHangMs), 1);
        QCOMPARE(::read(fd, up, 3), ssize_t(3));
        QVERIFY(!(*process)->tryWait());
        (*process)->terminate();
        const ChildExit exit = waitFor(**process);
        QVERIFY(exit.bySignal);
        QCOMPARE(exit.number, SIGTERM);
        ::close(fd);
    }

    // Nothing of it is left once it ended: who it started holds the connection no longer.
    void itsOffspringEndsWithIt()
    {
        auto process = ChildProcess::start(shell("sleep 60 & exit 0"));
        QVERIFY(process);
        const int fd = (*process)->takeSocket();
        QVERIFY(waitFor(**process).isClean());
        QCOMPARE(readAll(fd), QByteArray());
        ::close(fd);
    }

    void whoIsDestroyedWhileItRunsIsKilled()
    {
        auto process = ChildProcess::start(shell("trap '' TERM; echo up; sleep 60"));
        QVERIFY(process);
        const pid_t pid = (*process)->pid();
        const int fd = (*process)->takeSocket();
        process->reset();
        QCOMPARE(::kill(pid, 0), -1);
        readAll(fd);
        ::close(fd);
    }

    void noDescriptorOfTheHostIsPassedOn()
    {
        const QTemporaryDir folder;
        QFile open(folder.filePath(QStringLiteral("open")));
        QVERIFY(open.open(QIODevice::WriteOnly));
        auto process = ChildProcess::start(shell("ls -l /proc/self/fd"));
        QVERIFY(process);
        const int fd = (*process)->takeSocket();
        QVERIFY(!readAll(fd).contains(folder.path().toLocal8Bit()));
        ::close(fd);
    }
};

QTEST_APPLESS_MAIN(tst_ChildProcess)

#include "tst_childprocess.moc"
