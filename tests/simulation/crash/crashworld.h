// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "crashhost.h"
#include "keptpromises.h"
#include "mqtt/flowcheck.h"
#include "streampart.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::sim {

/// A host that ends without warning, again and again, and its peers, who hold it to what it
/// acknowledged: MQTT clients that publish and subscribe, sessions that change what they subscribe
/// to, wills that wait, a stream that is stored. Everything follows from the seed.
class CrashWorld
{
public:
    struct Setup
    {
        quint64 seed = 1;
        core::Durability level = core::Durability::Disk;
        bool losesPower = true; ///< else the process is killed
        int crashes = 3;
    };

    explicit CrashWorld(const Setup &setup);
    ~CrashWorld();

    /// Runs it to its end. Empty, or the first promise that was broken.
    std::string run();
    /// What happened last, line by line.
    std::string lastSteps() const;

    /// The same for the same seed.
    quint64 digest() const noexcept { return m_digest; }

private:
    static constexpr int kPublishers = 2;
    static constexpr int kSubscribers = 3;

    struct Will
    {
        std::string payload;
        quint8 qos = 1;
        std::unique_ptr<SimLink> link; ///< null once broken off
        bool granted = false;
    };

    void makeClients();
    void acceptRetained(int publisher, quint64 number);
    // Lives.
    void begin();
    void crash();
    void checkKept(const core::Recovered &kept);
    // Steps.
    bool elsewhere();
    void step();
    void turnStore();
    void act();
    void actAsPublisher(int publisher);
    void actAsClient(MqttClient &client);
    void actAsChurner();
    void actAsTestator();
    void watchChurner();
    void watchTestators();
    void letTimePass();
    template <typename Condition>
    bool runUntil(const Condition &condition);
    // The end.
    void finish();
    bool isQuiet() const;
    void checkRetained();
    void checkWills();

    /// Whether the level promises enough for a stream to be held to it.
    bool keepsStreams() const noexcept
    {
        return m_setup.level == core::Durability::Disk
            || (m_setup.level == core::Durability::Written && !m_setup.losesPower);
    }

    int anyReactor();
    void note(const char *what, quint64 a = 0, quint64 b = 0);
    void fail(const std::string &what);

    const Setup m_setup;
    SimRandom m_random;
    SimDisk m_disk;
    std::unique_ptr<CrashHost> m_process;
    qint64 m_utcMs = 1'700'000'000'000;
    int m_life = 0;
    quint64 m_steps = 0;
    quint64 m_crashAt = 0;
    bool m_dead = false;

    std::vector<std::unique_ptr<MqttClient>> m_clients; ///< publishers, subscribers, the heir
    MqttFlows m_published;
    RetainedPromise m_retained;
    /// By publisher and number of the message: topic and state.
    std::map<std::pair<int, quint64>, std::pair<std::string, std::size_t>> m_states;
    std::unique_ptr<SimLink> m_churner;
    SubscriptionPromise m_subscriptions;
    std::size_t m_churnerAnswers = 0;
    int m_churnerGrants = 0;
    std::vector<Will> m_wills;
    StreamPart m_stream;

    struct Noted
    {
        quint64 step = 0;
        const char *what = nullptr;
        quint64 a = 0;
        quint64 b = 0;
    };

    std::array<Noted, 64> m_noted = {};
    quint64 m_notes = 0;
    quint64 m_digest = 0;
    std::string m_failure;
};

} // namespace fairlead::sim
