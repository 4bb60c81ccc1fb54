// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/servicenotifier.h"

#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

using namespace fairlead::core;

namespace {

/// The service manager's end.
class Manager
{
public:
    explicit Manager(const QByteArray &name)
        : m_fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));
        auto length = socklen_t(offsetof(sockaddr_un, sun_path) + std::size_t(name.size()));
        if (name.startsWith('@'))
            address.sun_path[0] = '\0';
        else
            ++length;
        if (::bind(m_fd, reinterpret_cast<const sockaddr *>(&address), length) != 0)
            qFatal("cannot bind");
    }

    ~Manager() { ::close(m_fd); }

    Manager(const Manager &) = delete;
    Manager &operator=(const Manager &) = delete;

    QByteArray next() const
    {
        QByteArray message(4096, '\0');
        const ssize_t size = ::recv(m_fd, message.data(), std::size_t(message.size()), 0);
        return size < 0 ? QByteArray() : message.left(size);
    }

private:
    int m_fd;
};

Environment environment(const QString &socket)
{
    return {{QStringLiteral("NOTIFY_SOCKET"), socket}};
}

} // namespace

class tst_ServiceNotifier : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyMessageArrives_data();
    void everyMessageArrives();
    void withoutAManagerNothingHappens_data();
    void withoutAManagerNothingHappens();
    void aManagerThatGoesAwayIsNoTrouble();
    void theWatchdogIsFedTwicePerInterval_data();
    void theWatchdogIsFedTwicePerInterval();

private:
    QTemporaryDir m_folder;
};

void tst_ServiceNotifier::everyMessageArrives_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("path") << m_folder.filePath(QStringLiteral("notify"));
    QTest::newRow("abstract") << QStringLiteral("@fairlead-test-%1").arg(::getpid());
}

void tst_ServiceNotifier::everyMessageArrives()
{
    QFETCH(QString, name);
    const Manager manager(name.toUtf8());
    const ServiceNotifier notifier(environment(name));
    QVERIFY(notifier.isActive());
    notifier.ready(QStringLiteral("2 listeners"));
    QCOMPARE(manager.next(), QByteArray("READY=1\nSTATUS=2 listeners"));
    notifier.status(QStringLiteral("one\nline"));
    QCOMPARE(manager.next(), QByteArray("STATUS=one line"));
    notifier.watchdog();
    QCOMPARE(manager.next(), QByteArray("WATCHDOG=1"));
    notifier.reloading();
    const QByteArray reloading = manager.next();
    QVERIFY(reloading.startsWith("RELOADING=1\nMONOTONIC_USEC="));
    QVERIFY(reloading.mid(reloading.lastIndexOf('=') + 1).toLongLong() > 0);
    notifier.extendTimeout(5'000'000'000);
    QCOMPARE(manager.next(), QByteArray("EXTEND_TIMEOUT_USEC=5000000"));
    notifier.stopping(QStringLiteral("bye"));
    QCOMPARE(manager.next(), QByteArray("STOPPING=1\nSTATUS=bye"));
    QCOMPARE(manager.next(), QByteArray());
}

void tst_ServiceNotifier::withoutAManagerNothingHappens_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("none") << QString();
    QTest::newRow("relative") << QStringLiteral("notify");
    QTest::newRow("nobody there") << QStringLiteral("/nowhere/at/all");
    QTest::newRow("too long") << QLatin1Char('/') + QString(200, QLatin1Char('x'));
}

void tst_ServiceNotifier::withoutAManagerNothingHappens()
{
    QFETCH(QString, name);
    const ServiceNotifier notifier(environment(name));
    QVERIFY(!notifier.isActive());
    notifier.ready(QStringLiteral("x"));
    notifier.watchdog();
}

void tst_ServiceNotifier::aManagerThatGoesAwayIsNoTrouble()
{
    const QString name = m_folder.filePath(QStringLiteral("gone"));
    std::optional<Manager> manager(name.toUtf8());
    const ServiceNotifier notifier(environment(name));
    QVERIFY(notifier.isActive());
    manager.reset();
    notifier.stopping(QStringLiteral("x"));
}

void tst_ServiceNotifier::theWatchdogIsFedTwicePerInterval_data()
{
    QTest::addColumn<QString>("microseconds");
    QTest::addColumn<QString>("pid");
    QTest::addColumn<qint64>("expected");
    const QString own = QString::number(::getpid());
    QTest::newRow("own") << QStringLiteral("30000000") << own << qint64(15'000'000'000);
    QTest::newRow("for anybody") << QStringLiteral("2000000") << QString() << qint64(1'000'000'000);
    QTest::newRow("for another") << QStringLiteral("30000000") << QStringLiteral("1") << qint64(0);
    QTest::newRow("none") << QString() << QString() << qint64(0);
    QTest::newRow("nonsense") << QStringLiteral("soon") << own << qint64(0);
    QTest::newRow("negative") << QStringLiteral("-5") << own << qint64(0);
}

void tst_ServiceNotifier::theWatchdogIsFedTwicePerInterval()
{
    QFETCH(QString, microseconds);
    QFETCH(QString, pid);
    QFETCH(qint64, expected);
    Environment variables{{QStringLiteral("WATCHDOG_USEC"), microseconds}};
    if (!pid.isEmpty())
        variables.insert(QStringLiteral("WATCHDOG_PID"), pid);
    QCOMPARE(ServiceNotifier(variables).watchdogInterval(), expected);
}

QTEST_APPLESS_MAIN(tst_ServiceNotifier)
#include "tst_servicenotifier.moc"
