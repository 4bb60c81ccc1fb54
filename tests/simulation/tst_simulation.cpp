// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "simhost.h"
#include "simsteps.h"

#include <QTest>

#include <fairlead/topic.h>

#include <algorithm>
#include <map>
#include <set>

using namespace fairlead;
using sim::SimHost;
using sim::SimLink;

namespace {

constexpr int kClients = 6;
constexpr int kRounds = 250;
constexpr quint32 kExpirySeconds = 3600;

const std::vector<std::string> kTopics = {"a", "a/b", "a/c", "b", "b/c/d", "$own/x"};
const std::vector<std::string> kFilters = {"a", "a/#", "a/+", "#", "+", "b/#", "+/c", "$own/#"};

// What one session must have got, by a model that knows nothing of the host.
struct Client
{
    std::string id;
    std::set<std::string> filters;
    std::vector<std::string> expected;
    std::vector<std::unique_ptr<SimLink>> links;

    bool isOpen() const
    {
        return !links.empty() && links.back()->isOpen()
            && links.back()->record->driver->link().state() != Link::State::Closed;
    }

    bool wants(const std::string &topic) const
    {
        return std::any_of(filters.begin(), filters.end(), [&](const std::string &filter) {
            return topicMatches(filter, topic);
        });
    }
};

Error gone()
{
    return Error(ErrorCode::ConnectionReset, QStringLiteral("gone"));
}

} // namespace

class tst_Simulation : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void cleanupTestCase() { sim::tellSteps(SimHost::stepsTaken()); }

    // TS-01 for links, registry and distributor: RG-01, DS-01, DS-05, SH-03.
    void whatWasPromisedArrivesOnceAndInOrder_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::addColumn<int>("seed");
        bool one = false;
        const int only = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEED", &one);
        const int seeds = std::max(40, qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEEDS"));
        for (const int reactors : {1, 3}) {
            for (int seed = one ? only : 1; seed <= (one ? only : seeds); ++seed)
                QTest::addRow("%d reactors, seed %d", reactors, seed) << reactors << seed;
        }
    }

    void whatWasPromisedArrivesOnceAndInOrder()
    {
        QFETCH(int, reactors);
        QFETCH(int, seed);
        SimHost host(reactors, quint64(seed));
        sim::SimRandom &random = host.random();
        auto publisher = host.connect(int(random.below(quint64(reactors))), "publisher");
        std::vector<Client> clients(kClients);
        for (int i = 0; i < kClients; ++i)
            clients[std::size_t(i)].id = "c" + std::to_string(i);
        std::size_t published = 0;

        for (int round = 0; round < kRounds; ++round) {
            Client &client = clients[random.below(kClients)];
            switch (random.below(6)) {
            case 0: // a link, perhaps over one that is still there
                client.links.push_back(host.open(int(random.below(quint64(reactors)))));
                client.links.back()->record->window = 1 + int(random.below(20));
                (*client.links.back())->connect(client.id, kExpirySeconds);
                break;
            case 1: // the end of one
                if (client.isOpen())
                    (*client.links.back())->link().close(gone(), CloseMode::Abort, false);
                break;
            case 2: { // a change of what is wanted; the model knows it only between messages
                QVERIFY(host.settle());
                if (!client.isOpen() || !(*client.links.back())->lease())
                    break;
                const std::string &filter = kFilters[random.below(kFilters.size())];
                if (random.chance(70)) {
                    (*client.links.back())
                        ->subscribe(filter, 1, 0, false, false, RetainedReplay::Never);
                    client.filters.insert(filter);
                } else {
                    (*client.links.back())->unsubscribe(filter);
                    client.filters.erase(filter);
                }
                QVERIFY(host.settle());
                break;
            }
            default: {
                const std::string &topic = kTopics[random.below(kTopics.size())];
                const std::string payload = std::to_string(published++);
                (*publisher)->publish(topic, payload, 1, random.chance(10), quint32(published));
                for (Client &each : clients) {
                    if (each.wants(topic))
                        each.expected.push_back(payload);
                }
                break;
            }
            }
            for (auto steps = random.below(5); steps > 0; --steps)
                host.step();
        }

        QVERIFY(host.settle());
        for (Client &client : clients) {
            auto last
                = host.connect(int(random.below(quint64(reactors))), client.id, kExpirySeconds);
            QVERIFY(last->record->grant.lease);
            client.links.push_back(std::move(last));
        }
        QVERIFY(host.settle());

        QCOMPARE(publisher->record->completions.size(), published);
        for (std::size_t i = 0; i < published; ++i)
            QCOMPARE(publisher->record->completions[i].tag, quint32(i + 1));
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
        for (const Client &client : clients)
            verify(client);

        QCOMPARE(host.distributor().directory.count(), quint64(kClients + 1));
        std::size_t subscriptions = 0;
        for (const Client &client : clients)
            subscriptions += client.filters.size();
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(subscriptions));

        for (const Client &client : clients)
            client.links.back()->record->driver->link().close(gone(), CloseMode::Abort, false);
        (*publisher)->link().close(gone(), CloseMode::Abort, false);
        host.advance((qint64(kExpirySeconds) + 1) * kNsPerSecond);
        QCOMPARE(host.distributor().directory.count(), quint64(0));
        QCOMPARE(host.distributor().links.size(), qsizetype(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
        for (int i = 0; i < reactors; ++i)
            QVERIFY(host.reactor(i).isEmpty());
    }

private:
    // Each message once but for what was marked as sent again, in the order of the history; at most
    // one live link. Links on several reactors get the session in the order of their claims, which
    // need not be the one in which they were opened.
    void verify(const Client &client)
    {
        using Gots = std::vector<sim::ProbeDriver::Got>;
        std::vector<Gots> byLink;
        int open = 0;
        for (const auto &link : client.links) {
            open += link->isOpen() ? 1 : 0;
            Gots fresh;
            for (const auto &one : link->record->got) {
                if (!one.resent)
                    fresh.push_back(one);
            }
            if (!fresh.empty())
                byLink.push_back(std::move(fresh));
        }
        std::sort(byLink.begin(), byLink.end(), [](const Gots &a, const Gots &b) {
            return a.front().position < b.front().position;
        });
        std::vector<std::string> got;
        quint64 last = 0;
        for (const Gots &fresh : byLink) {
            for (const auto &one : fresh) {
                QVERIFY(one.position.sequence > last);
                last = one.position.sequence;
                got.push_back(one.payload);
            }
        }
        QCOMPARE(open, 1);
        QCOMPARE(got.size(), client.expected.size());
        QVERIFY(got == client.expected);
    }
};

QTEST_GUILESS_MAIN(tst_Simulation)
#include "tst_simulation.moc"
