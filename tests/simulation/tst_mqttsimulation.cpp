// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqtt/flowcheck.h"
#include "simsteps.h"

#include <QTest>

#include <algorithm>

using namespace fairlead;
using sim::MqttClient;
using sim::SimHost;

namespace {

constexpr int kPublishers = 3;
constexpr int kSubscribers = 4;
constexpr int kRounds = 900;

} // namespace

class tst_MqttSimulation : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void cleanupTestCase() { sim::tellSteps(SimHost::stepsTaken()); }

    // TS-01 for the MQTT server: LC-14, RG-01, [MQTT-4.3.2-1], [MQTT-4.3.3-1], [MQTT-4.4.0-1],
    // [MQTT-4.6.0-1] to [MQTT-4.6.0-6], [MQTT-3.3.4-9], PL-03.
    void everyQosKeepsItsPromise_data()
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

    void everyQosKeepsItsPromise()
    {
        QFETCH(int, reactors);
        QFETCH(int, seed);
        mqtt::MqttListener listener{mqtt::ListenerOptions()};
        // History, which has timers of its own, is off.
        core::StreamSpec history;
        history.name = core::kDefaultStream;
        history.limits = {0, 0, 0};
        core::DistributorLimits limits;
        limits.streams.push_back(history);
        SimHost host(reactors, quint64(seed), limits);
        sim::SimRandom &random = host.random();
        const auto anyReactor = [&] { return int(random.below(quint64(reactors))); };

        std::vector<std::unique_ptr<MqttClient>> clients;
        for (int i = 0; i < kPublishers + kSubscribers; ++i) {
            MqttClient::Setup setup;
            setup.id = "client-" + std::to_string(i);
            setup.version = random.chance(50) ? mqtt::Version::V5 : mqtt::Version::V311;
            setup.receiveMaximum = quint16(1 + random.below(12));
            setup.topicAliasMaximum = quint16(random.below(4));
            if (i >= kPublishers) {
                setup.filter = random.chance(50) ? "t/#" : "t/+";
                setup.filterQos = quint8(i == kPublishers ? random.below(2) : 2);
            }
            clients.push_back(std::make_unique<MqttClient>(host, listener, setup));
            clients.back()->connect(anyReactor());
        }
        const auto step = [&] {
            for (auto &client : clients) {
                if (random.chance(70))
                    client->exchange();
            }
            for (auto turns = random.below(6); turns > 0; --turns)
                host.step();
        };
        const auto run = [&](const auto &isDone) {
            for (int i = 0; i < 200'000 && failure(clients).empty(); ++i) {
                step();
                if (isDone())
                    return true;
            }
            return false;
        };
        QVERIFY2(run([&] {
                     return std::all_of(clients.begin(), clients.end(), [](const auto &client) {
                         return client->isConnected() && client->isSubscribed();
                     });
                 }),
                 failure(clients).c_str());

        sim::MqttFlows published;
        for (int round = 0; round < kRounds; ++round) {
            const auto which = random.below(clients.size());
            MqttClient &client = *clients[which];
            const auto what = random.below(100);
            if (which < kPublishers && what < 70) {
                const sim::MqttFlow flow
                    = {int(which), "t/" + std::to_string(random.below(3)), int(random.below(3))};
                sim::publishNext(client, flow, &published, random.below(200));
            } else if (client.isOffline() || what >= 98) {
                client.connect(anyReactor());
            } else if (what >= 95) {
                client.breakOff();
            } else if (what >= 93 && client.isConnected()) {
                client.disconnect();
            }
            step();
            QVERIFY2(failure(clients).empty(), failure(clients).c_str());
        }
        for (auto &client : clients) {
            if (client->isOffline())
                client->connect(anyReactor());
        }
        int quiet = 0;
        const bool settled = run([&] {
            const bool idle = std::all_of(clients.begin(), clients.end(), [](const auto &client) {
                return client->isIdle();
            });
            quiet = idle ? quiet + 1 : 0;
            return quiet > 200;
        });
        QVERIFY2(failure(clients).empty(), failure(clients).c_str());
        QVERIFY(settled);
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
        QCOMPARE(host.distributor().links.size(), qsizetype(clients.size()));
        QCOMPARE(host.distributor().directory.count(), quint64(clients.size()));
        for (std::size_t i = kPublishers; i < clients.size(); ++i) {
            const std::string wrong = sim::checkFlows(*clients[i], published, true);
            QVERIFY2(wrong.empty(), wrong.c_str());
        }

        endAll(host, clients);
    }

private:
    static std::string failure(const std::vector<std::unique_ptr<MqttClient>> &clients)
    {
        for (const auto &client : clients) {
            if (!client->failure().empty())
                return client->failure();
        }
        return {};
    }

    // With every session ended nothing is left of them.
    static void endAll(SimHost &host, std::vector<std::unique_ptr<MqttClient>> &clients)
    {
        for (auto &client : clients) {
            client->endOld();
            client->connectForTheLastTime(0);
            for (int i = 0; i < 5000 && !client->isConnected(); ++i) {
                client->exchange();
                host.settle();
            }
            QVERIFY2(client->isConnected(), client->failure().c_str());
            client->breakOff();
            client->endOld();
        }
        host.advance(10 * kNsPerSecond);
        QCOMPARE(host.distributor().directory.count(), quint64(0));
        QCOMPARE(host.distributor().links.size(), qsizetype(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
        QCOMPARE(host.distributor().index.levelCount(), quint64(0));
        for (int i = 0; i < host.reactorCount(); ++i) {
            QVERIFY(host.reactor(i).isEmpty());
            QCOMPARE(host.reactor(i).nextDeadline(), qint64(-1));
        }
    }
};

QTEST_GUILESS_MAIN(tst_MqttSimulation)
#include "tst_mqttsimulation.moc"
