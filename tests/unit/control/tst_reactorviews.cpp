// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/reactorviews.h"
#include "simhost.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using sim::SimHost;

class tst_ReactorViews : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // OB-04: every link is listed, whatever it has come to, until it ended.
    void linksAreListedFromTheirBeginning()
    {
        SimHost host(1);
        const qint64 begin = host.clock().now();
        const auto waiting = host.open(0);
        host.settle();
        host.advance(kNsPerSecond);
        const auto ready = host.connect(0, "client");
        const auto gone = host.connect(0, "gone");
        gone->stream->breakOff();
        host.settle();

        const Page<LinkView> page = viewLinks(host.reactor(0), 0, 10);
        QCOMPARE(page.total, quint64(2));
        QCOMPARE(page.items.size(), std::size_t(2));
        const LinkView &first = page.items[0];
        QCOMPARE(first.generation, waiting->generation);
        QCOMPARE(first.state, Link::State::Handshaking);
        QCOMPARE(first.peerKey, QByteArray());
        QCOMPARE(first.peerAddress, QByteArrayLiteral("sim:1"));
        QCOMPARE(first.since, begin);
        QCOMPARE(first.session, quint64(0));
        const LinkView &second = page.items[1];
        QCOMPARE(second.state, Link::State::Ready);
        QCOMPARE(second.peerKey, QByteArrayLiteral("client"));
        QCOMPARE(second.since, begin + kNsPerSecond);
        QVERIFY(second.session != 0);
    }

    void pagesFollowOneAnother()
    {
        SimHost host(1);
        std::vector<std::unique_ptr<sim::SimLink>> links;
        for (int i = 0; i < 5; ++i)
            links.push_back(host.open(0));
        const Page<LinkView> first = viewLinks(host.reactor(0), 0, 3);
        QCOMPARE(first.items.size(), std::size_t(3));
        QVERIFY(first.more);
        QCOMPARE(first.total, quint64(5));
        const Page<LinkView> second = viewLinks(host.reactor(0), first.items.back().generation, 3);
        QCOMPARE(second.items.size(), std::size_t(2));
        QVERIFY(!second.more);
        QCOMPARE(second.items.back().generation, links.back()->generation);
    }

    // Who has no name yet is reached by number alone.
    void linksAreEndedByNameOrByNumber()
    {
        SimHost host(1);
        const auto waiting = host.open(0);
        const auto ready = host.connect(0, "client");
        const Error why(ErrorCode::Cancelled, QStringLiteral("test"));
        QCOMPARE(disconnectPeer(host.reactor(0), QByteArray(), why), std::vector<quint64>());
        QCOMPARE(disconnectPeer(host.reactor(0), "client", why),
                 std::vector<quint64>{ready->generation});
        QVERIFY(disconnectLink(host.reactor(0), waiting->generation, why));
        host.reactor(0).turn();
        host.settle();
        QVERIFY(!disconnectLink(host.reactor(0), waiting->generation, why));
        QCOMPARE(host.reactor(0).linkCount(), std::size_t(0));
    }
};

QTEST_APPLESS_MAIN(tst_ReactorViews)

#include "tst_reactorviews.moc"
