// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "crashworld.h"

#include <algorithm>

namespace fairlead::sim {

namespace {

constexpr quint32 kSessionSeconds = 3600;
constexpr std::size_t kMaxWills = 6;
constexpr quint64 kMaxDelaySeconds = 20;
constexpr int kFilters = 4;
constexpr int kLastActs = 60;
constexpr int kQuietSteps = 60;
constexpr int kMaxSteps = 200'000;
const std::string kChurner = "churner";

} // namespace

CrashWorld::CrashWorld(const Setup &setup)
    : m_setup(setup)
    , m_random(setup.seed)
    , m_disk(setup.seed)
{ }

CrashWorld::~CrashWorld() = default;

std::string CrashWorld::run()
{
    for (m_life = 0; m_life <= m_setup.crashes && m_failure.empty(); ++m_life) {
        begin();
        const bool isLast = m_life == m_setup.crashes;
        for (int acts = 0; m_failure.empty() && !m_dead && (!isLast || acts < kLastActs); ++acts) {
            act();
            step();
        }
        if (!isLast)
            crash();
    }
    if (m_failure.empty())
        finish();
    return m_failure;
}

int CrashWorld::anyReactor()
{
    return int(m_random.below(quint64(m_process->host().reactorCount())));
}

void CrashWorld::note(const char *what, quint64 a, quint64 b)
{
    m_noted[m_notes++ % m_noted.size()] = {m_steps, what, a, b};
    for (const quint64 part : {m_steps, a, b})
        m_digest = (m_digest ^ part) * 0x100000001B3ULL;
}

void CrashWorld::fail(const std::string &what)
{
    if (m_failure.empty())
        m_failure = what;
}

std::string CrashWorld::lastSteps() const
{
    std::string text;
    const quint64 count = std::min<quint64>(m_notes, m_noted.size());
    for (quint64 i = m_notes - count; i < m_notes; ++i) {
        const Noted &one = m_noted[i % m_noted.size()];
        text += "\n  step " + std::to_string(one.step) + ' ' + one.what + ' '
            + std::to_string(one.a) + ' ' + std::to_string(one.b);
    }
    return text;
}

// Lives.

void CrashWorld::begin()
{
    CrashHost::Setup setup;
    setup.reactors = m_setup.seed % 3 == 0 ? 1 : 3;
    setup.seed = m_random.next();
    setup.level = m_setup.level;
    if (keepsStreams())
        setup.streams = {StreamPart::spec()};
    // Small, so that the log is worked off now and then.
    setup.logBytes = qint64(m_random.below(400'000));
    m_dead = false;
    m_disk.stopAfter(m_life > 0 && m_random.chance(30) ? m_random.below(60) : 1'000'000);
    for (;;) {
        m_utcMs += qint64(m_random.below(3000));
        setup.utcMs = m_utcMs;
        m_process = std::make_unique<CrashHost>(m_disk, setup);
        if (!m_disk.isStopped())
            break;
        // It ended in the middle of its start.
        note("crash at start", quint64(m_life));
        if (m_setup.losesPower)
            m_disk.losePower();
        else
            m_disk.kill();
        m_process.reset();
        if (m_random.chance(40))
            m_disk.stopAfter(m_random.below(60));
    }
    note("begin", quint64(m_life), m_process->kept().messages);
    m_disk.stopAfter(1'000'000);
    checkKept(m_process->kept());
    m_process->setElsewhere([this] { return elsewhere(); });
    m_stream.begin(m_process->host());
    m_crashAt = ~quint64(0);
    if (m_clients.empty())
        makeClients();
    for (auto &client : m_clients) {
        client->serveBy(m_process->host(), m_process->listener());
        if (m_life == 0 || m_random.chance(80))
            client->connect(anyReactor());
    }
    // From the first message on all subscribe.
    if (m_life == 0 && !runUntil([this] { return isQuiet(); }))
        fail("it does not begin");
    if (m_life < m_setup.crashes) {
        m_crashAt = m_steps + 1 + m_random.below(500);
        if (m_random.chance(60))
            m_disk.stopAfter(m_random.below(600));
    }
}

void CrashWorld::makeClients()
{
    for (int i = 0; i < kPublishers + kSubscribers + 1; ++i) {
        MqttClient::Setup setup;
        setup.id = "client-" + std::to_string(i);
        setup.version = m_random.chance(50) ? mqtt::Version::V5 : mqtt::Version::V311;
        setup.receiveMaximum = quint16(1 + m_random.below(12));
        setup.topicAliasMaximum = quint16(m_random.below(4));
        if (i < kPublishers) {
            setup.accepted = [this, i](quint64 number) { acceptRetained(i, number); };
        } else if (i < kPublishers + kSubscribers) {
            setup.filter = m_random.chance(50) ? "t/#" : "t/+";
            setup.filterQos = i == kPublishers ? 1 : 2;
        } else {
            setup.id = "heir";
            setup.filter = "w/#";
        }
        m_clients.push_back(
            std::make_unique<MqttClient>(m_process->host(), m_process->listener(), setup));
    }
}

void CrashWorld::crash()
{
    note("crash", quint64(m_life));
    for (auto &client : m_clients) {
        client->loseServer();
        if (!client->failure().empty())
            fail(client->failure());
    }
    watchChurner();
    watchTestators();
    m_stream.end();
    m_churner.reset();
    for (Will &will : m_wills)
        will.link.reset();
    if (m_setup.losesPower)
        m_disk.losePower();
    else
        m_disk.kill();
    m_utcMs = m_process->clock().utcMs();
    m_process.reset();
}

void CrashWorld::checkKept(const core::Recovered &kept)
{
    if (!kept.failure.isNull())
        return fail("not opened: " + kept.failure.text().toStdString());
    if (!kept.quarantined.isNull())
        return fail("put aside: " + kept.quarantined.text().toStdString());
    if (kept.skipped > 0)
        return fail(std::to_string(kept.skipped) + " rows make no sense");
    std::map<std::string, std::string> retained;
    for (const Message &message : kept.retained)
        retained[std::string(message.topic())] = std::string(message.payload());
    if (const std::string wrong = m_retained.check(retained); !wrong.empty())
        return fail(wrong);
    if (const std::string wrong = m_subscriptions.check(kept, kChurner); !wrong.empty())
        return fail(wrong);
}

void CrashWorld::acceptRetained(int publisher, quint64 number)
{
    note("accepted", quint64(publisher), number);
    const auto state = m_states.find({publisher, number});
    if (state != m_states.end())
        m_retained.accept(state->second.first, state->second.second);
}

// Steps.

bool CrashWorld::elsewhere()
{
    m_dead = m_dead || m_disk.isStopped();
    for (auto left = m_random.below(5); left > 0 && !m_dead; --left)
        step();
    return !m_dead;
}

void CrashWorld::step()
{
    if (++m_steps >= m_crashAt)
        m_dead = true;
    if (m_dead)
        return;
    for (auto &client : m_clients) {
        if (m_random.chance(70))
            client->exchange();
        if (!client->failure().empty())
            fail(client->failure());
    }
    for (auto turns = m_random.below(6); turns > 0; --turns)
        m_process->host().step();
    if (m_random.chance(20)) {
        m_process->clock().advance(qint64(m_random.below(3)) * kNsPerMs);
        m_process->host().fireDue();
    }
    if (m_process->isStoreDue() && m_random.chance(40))
        turnStore();
}

void CrashWorld::turnStore()
{
    m_process->runStore();
    m_dead = m_dead || m_disk.isStopped();
    note("stored", m_process->store().decidedUpTo(), m_dead ? 1 : 0);
}

void CrashWorld::act()
{
    watchChurner();
    watchTestators();
    const auto what = m_random.below(100);
    const bool streams = keepsStreams();
    if (what < (streams ? 45U : 55U)) {
        actAsPublisher(int(m_random.below(kPublishers)));
    } else if (streams && what < 58) {
        m_stream.act(m_random, anyReactor());
        if (!m_stream.failure().empty())
            fail(m_stream.failure());
    } else if (what < 80) {
        actAsClient(*m_clients[m_random.below(m_clients.size())]);
    } else if (what < 92) {
        actAsChurner();
    } else if (what < 97) {
        actAsTestator();
    } else {
        letTimePass();
    }
}

void CrashWorld::actAsPublisher(int publisher)
{
    MqttClient &client = *m_clients[std::size_t(publisher)];
    if (m_random.chance(70)) {
        const MqttFlow flow
            = {publisher, "t/" + std::to_string(m_random.below(3)), int(m_random.below(3))};
        return publishNext(client, flow, &m_published, m_random.below(200));
    }
    // One QoS for each topic: a QoS 1 message that is sent again may come after a later one of QoS 2.
    const auto entry = m_random.below(4);
    const std::string topic = "r/" + std::to_string(publisher) + '/' + std::to_string(entry);
    const std::string payload
        = m_random.chance(20) ? std::string() : "state " + std::to_string(m_steps);
    const std::size_t state = m_retained.publish(topic, payload);
    const quint64 number = client.publish(topic, payload, quint8(1 + entry % 2), true);
    m_states[{publisher, number}] = {topic, state};
    note("retained", quint64(publisher), number);
}

void CrashWorld::actAsClient(MqttClient &client)
{
    if (client.isOffline()) {
        client.connect(anyReactor());
    } else if (m_random.chance(30)) {
        client.breakOff();
    } else if (m_random.chance(20)) {
        client.connect(anyReactor());
    } else if (m_random.chance(20) && client.isConnected()) {
        client.disconnect();
    }
}

// A session that changes its subscriptions, one request at a time.
void CrashWorld::actAsChurner()
{
    if (m_churner && !m_churner->isOpen())
        m_churner.reset();
    if (!m_churner) {
        const bool clean = m_random.chance(30) || m_churnerGrants == 0;
        if (clean)
            m_subscriptions.askAnew();
        note("churner connects", clean ? 1 : 0);
        m_churner = m_process->host().open(anyReactor());
        (*m_churner)->connect(kChurner, kSessionSeconds, clean);
        m_churnerAnswers = 0;
        return;
    }
    if (m_subscriptions.isAsking() || !(*m_churner)->lease())
        return;
    if (m_random.chance(10)) {
        m_churner->stream->breakOff();
        m_churner.reset();
        return;
    }
    const std::string filter = "c/" + std::to_string(m_random.below(kFilters));
    if (m_random.chance(60)) {
        const auto qos = quint8(m_random.below(3));
        note("churner subscribes", qos);
        m_subscriptions.ask(filter, qos);
        (*m_churner)->subscribe(filter, qos);
    } else {
        note("churner unsubscribes");
        m_subscriptions.ask(filter, std::nullopt);
        (*m_churner)->unsubscribe(filter);
    }
}

void CrashWorld::watchChurner()
{
    if (!m_churner)
        return;
    const ProbeDriver::Record &record = *m_churner->record;
    const std::size_t answers
        = std::size_t(record.grants) + record.subscribed.size() + record.unsubscribed.size();
    if (answers == m_churnerAnswers)
        return;
    m_churnerAnswers = answers;
    m_churnerGrants += record.grants;
    note("churner answered", answers);
    m_subscriptions.accept();
}

// Peers that leave a will, which waits for its time over any number of crashes.
void CrashWorld::actAsTestator()
{
    if (!m_wills.empty() && m_random.chance(40)) {
        Will &will = m_wills[m_random.below(m_wills.size())];
        if (will.link && will.granted && will.link->stream) {
            note("testator breaks off");
            will.link->stream->breakOff();
            will.link.reset();
        }
        return;
    }
    if (m_wills.size() >= kMaxWills || !m_clients.back()->isSubscribed())
        return;
    Will will;
    will.payload = std::to_string(m_wills.size());
    will.qos = quint8(1 + m_random.below(2));
    const std::string topic = "w/" + will.payload;
    Testament testament;
    testament.topic = topic;
    testament.payload = will.payload;
    testament.delaySeconds = m_random.chance(30) ? 0 : quint32(m_random.below(kMaxDelaySeconds));
    testament.qos = will.qos;
    note("testator", m_wills.size(), testament.delaySeconds);
    will.link = m_process->host().open(anyReactor());
    (*will.link)->connect("testator-" + will.payload, kSessionSeconds, true, &testament);
    m_wills.push_back(std::move(will));
}

void CrashWorld::watchTestators()
{
    for (Will &will : m_wills) {
        if (!will.granted && will.link && will.link->record->grants > 0) {
            note("testator granted");
            will.granted = true;
        }
    }
}

// A while in which only timers do something.
void CrashWorld::letTimePass()
{
    const bool busy = std::any_of(m_clients.begin(), m_clients.end(), [](const auto &client) {
        return client->isConnecting();
    });
    if (busy || m_subscriptions.isAsking())
        return;
    m_process->clock().advance(qint64(m_random.below(4)) * kNsPerSecond);
    m_process->host().fireDue();
}

template <typename Condition>
bool CrashWorld::runUntil(const Condition &condition)
{
    for (int i = 0; i < kMaxSteps && m_failure.empty(); ++i) {
        step();
        if (condition())
            return true;
    }
    return false;
}

// The end.

bool CrashWorld::isQuiet() const
{
    return !m_process->isStoreDue()
        && std::all_of(m_clients.begin(), m_clients.end(), [](const auto &client) {
               return client->isIdle() && client->isSubscribed();
           });
}

void CrashWorld::finish()
{
    note("finish");
    for (auto &client : m_clients) {
        if (client->isOffline())
            client->connect(anyReactor());
    }
    watchTestators();
    for (Will &will : m_wills) {
        if (will.link && will.granted && will.link->stream)
            will.link->stream->breakOff();
        will.link.reset();
    }
    int quiet = 0;
    const auto isSettled = [&] {
        if (keepsStreams())
            m_stream.finish(0);
        quiet = isQuiet() ? quiet + 1 : 0;
        return quiet > kQuietSteps;
    };
    if (!runUntil(isSettled))
        return fail("it does not come to rest");
    for (quint64 second = 0; second <= kMaxDelaySeconds; ++second) {
        m_process->clock().advance(kNsPerSecond);
        m_process->host().fireDue();
    }
    quiet = 0;
    if (!runUntil(isSettled))
        return fail("it does not come to rest after the wills");
    checkRetained();
    for (int i = kPublishers; i < kPublishers + kSubscribers; ++i) {
        if (const std::string wrong = checkFlows(*m_clients[std::size_t(i)], m_published, false);
            !wrong.empty())
            return fail(wrong);
    }
    checkWills();
    if (keepsStreams())
        m_stream.check();
    if (!m_stream.failure().empty())
        fail(m_stream.failure());
}

void CrashWorld::checkRetained()
{
    MqttClient::Setup setup;
    setup.id = "reader";
    setup.filter = "r/#";
    setup.filterQos = 1;
    m_clients.push_back(
        std::make_unique<MqttClient>(m_process->host(), m_process->listener(), setup));
    m_clients.back()->connect(anyReactor());
    int quiet = 0;
    if (!runUntil([&] {
            quiet = isQuiet() ? quiet + 1 : 0;
            return quiet > kQuietSteps;
        }))
        return fail("the retained messages do not arrive");
    std::map<std::string, std::string> found;
    for (const MqttClient::Received &one : m_clients.back()->received())
        found[one.topic] = one.payload;
    if (const std::string wrong = m_retained.check(found); !wrong.empty())
        fail("at the end: " + wrong);
}

void CrashWorld::checkWills()
{
    const MqttClient &heir = *m_clients[kPublishers + kSubscribers];
    for (const Will &will : m_wills) {
        const auto times
            = std::count_if(heir.received().begin(), heir.received().end(), [&](const auto &one) {
                  return one.topic == "w/" + will.payload && one.payload == will.payload;
              });
        if (will.granted && times == 0)
            return fail("will " + will.payload + " is lost");
        if (will.qos == 2 && times > 1)
            return fail("will " + will.payload + " came " + std::to_string(times) + " times");
    }
}

} // namespace fairlead::sim
