// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkrecorder.h"

#include <QtTest/QTest>

#include <deque>

using namespace fairlead;
using State = Link::State;

namespace {

/// One end of a made-up protocol: says hello at once or when greeted, and is done when it has said
/// and heard one.
class FakeEnd
{
public:
    enum class Greets {
        First,
        InReturn
    };

    FakeEnd(Link &link, Greets greets, std::deque<QByteArray> &out)
        : m_link(link)
        , m_greets(greets)
        , m_out(out)
    { }

    void start()
    {
        QVERIFY(m_link.begin());
        if (m_greets == Greets::First)
            greet();
    }

    void hear(const QByteArray &word)
    {
        if (word != "hello") {
            QVERIFY(m_link.fail(Error(ErrorCode::ProtocolViolation, QStringLiteral("rude"))));
            return;
        }
        if (!m_greeted)
            greet();
        QVERIFY(m_link.succeed());
    }

private:
    void greet()
    {
        m_greeted = true;
        m_out.push_back("hello");
    }

    Link &m_link;
    const Greets m_greets;
    std::deque<QByteArray> &m_out;
    bool m_greeted = false;
};

} // namespace

/// LC-13: whoever speaks first, begin, succeed and fail are enough.
class tst_LinkRoles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void threeRolesNeedThreeCalls_data();
    void threeRolesNeedThreeCalls();
};

void tst_LinkRoles::threeRolesNeedThreeCalls_data()
{
    QTest::addColumn<bool>("clientFirst");
    QTest::addColumn<bool>("serverFirst");
    QTest::addColumn<bool>("rude");
    for (const bool rude : {false, true}) {
        const char *end = rude ? "and fails" : "and succeeds";
        QTest::addRow("LC-13 client first %s", end) << true << false << rude;
        QTest::addRow("LC-13 server first %s", end) << false << true << rude;
        QTest::addRow("LC-13 both at once %s", end) << true << true << rude;
    }
}

void tst_LinkRoles::threeRolesNeedThreeCalls()
{
    QFETCH(const bool, clientFirst);
    QFETCH(const bool, serverFirst);
    QFETCH(const bool, rude);
    using Greets = FakeEnd::Greets;

    LinkRecorder hooks;
    Link dialled(1, Link::Direction::Dialled, hooks);
    Link accepted(2, Link::Direction::Accepted, hooks);
    std::deque<QByteArray> toServer;
    std::deque<QByteArray> toClient;
    FakeEnd client(dialled, clientFirst ? Greets::First : Greets::InReturn, toServer);
    FakeEnd server(accepted, serverFirst ? Greets::First : Greets::InReturn, toClient);
    client.start();
    server.start();
    if (rude) {
        toServer.push_front("noise");
        toClient.push_front("noise");
    }
    while (!toServer.empty() || !toClient.empty()) {
        for (auto *way : {&toServer, &toClient}) {
            if (way->empty())
                continue;
            const QByteArray word = way->front();
            way->pop_front();
            Link &link = way == &toServer ? accepted : dialled;
            if (link.state() == State::Handshaking)
                (way == &toServer ? server : client).hear(word);
        }
    }
    const State end = rude ? State::Closed : State::Ready;
    QCOMPARE(dialled.state(), end);
    QCOMPARE(accepted.state(), end);
    QCOMPARE(hooks.count(QStringLiteral("connected")), rude ? 0 : 2);
}

QTEST_APPLESS_MAIN(tst_LinkRoles)

#include "tst_linkroles.moc"
