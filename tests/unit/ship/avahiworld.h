// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "discovery/avahi/avahimdns.h"
#include "hostdouble.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

/// An Avahi daemon in Python, and what was told of it.
namespace fairlead::test {

using namespace ship;

inline constexpr int kPatienceMs = 20'000;

/// What an Mdns told.
class Told final : public MdnsReceiver
{
public:
    void mdnsStarted() override { lines << QStringLiteral("started"); }

    void mdnsStopped(const QString &why) override
    {
        lines << QStringLiteral("stopped");
        reason = why;
    }

    void serviceFound(const ServiceRef &service, const ServiceReport &report) override
    {
        lines << QStringLiteral("found %1 %2 %3 [%4]:%5 %6")
                     .arg(QString::fromUtf8(service.name))
                     .arg(service.interface)
                     .arg(service.family)
                     .arg(report.address)
                     .arg(report.port)
                     .arg(QString::fromUtf8(report.txt.join(',')));
    }

    void serviceGone(const ServiceRef &service) override
    {
        lines << QStringLiteral("gone ") + QString::fromUtf8(service.name);
    }

    void announced(const QByteArray &label) override
    {
        lines << QStringLiteral("announced ") + QString::fromUtf8(label);
    }

    void announceFailed(const QString &why) override
    {
        lines << QStringLiteral("announce-failed ") + why;
    }

    void browseFailed(const QString &why) override
    {
        lines << QStringLiteral("browse-failed ") + why;
    }

    QStringList lines;
    QString reason;
};

/// The daemon that does what it is told.
class FakeAvahi
{
public:
    bool start(const QString &address)
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(QStringLiteral(FAIRLEAD_SYSTEM_PYTHON),
                        {QStringLiteral(FAIRLEAD_FAKE_AVAHI), address});
        return m_process.waitForStarted();
    }

    ~FakeAvahi()
    {
        m_process.closeWriteChannel();
        m_process.waitForFinished();
    }

    void tell(QJsonObject order, const char *what)
    {
        order.insert(QStringLiteral("do"), QString::fromLatin1(what));
        m_process.write(QJsonDocument(order).toJson(QJsonDocument::Compact) + '\n');
        m_process.waitForBytesWritten();
        QVERIFY(!event("done").isEmpty());
    }

    void found(const char *name,
               const char *address,
               int port = 4712,
               const QStringList &txt = {QStringLiteral("a=1")},
               QJsonObject more = {})
    {
        more.insert(QStringLiteral("name"), QString::fromUtf8(name));
        more.insert(QStringLiteral("address"), QString::fromUtf8(address));
        more.insert(QStringLiteral("port"), port);
        more.insert(QStringLiteral("txt"), QJsonArray::fromStringList(txt));
        tell(more, "found");
    }

    /// The next one of that kind; others before it are kept. Empty: it does not come.
    QJsonObject event(const char *kind)
    {
        QJsonObject got;
        (void)QTest::qWaitFor([&] { return take(QString::fromLatin1(kind), got); }, kPatienceMs);
        return got;
    }

    bool has(const char *kind)
    {
        read();
        for (const QJsonObject &one : std::as_const(m_events)) {
            if (one.value(QStringLiteral("event")) == QString::fromLatin1(kind))
                return true;
        }
        return false;
    }

private:
    void read()
    {
        while (m_process.canReadLine())
            m_events << QJsonDocument::fromJson(m_process.readLine()).object();
    }

    bool take(const QString &kind, QJsonObject &out)
    {
        read();
        for (qsizetype i = 0; i < m_events.size(); ++i) {
            if (m_events[i].value(QStringLiteral("event")) == kind) {
                out = m_events.takeAt(i);
                return true;
            }
        }
        return false;
    }

    QProcess m_process;
    QList<QJsonObject> m_events;
};

inline MdnsService service(const char *label = "Pump", quint16 port = 4712)
{
    return {label, port, {QByteArrayLiteral("txtvers=1"), QByteArrayLiteral("id=x\xc3\xa4")}};
}

} // namespace fairlead::test
