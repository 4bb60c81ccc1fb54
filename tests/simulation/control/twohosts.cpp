// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "twohosts.h"

namespace fairlead::sim {

namespace {

const QByteArray kPeerKey = QByteArrayLiteral("peer");
constexpr qint64 kHandshakeNs = 10 * kNsPerSecond;
constexpr qint64 kHeartbeatNs = 60 * kNsPerSecond;

Error error(ErrorCode code, const char *text)
{
    return Error(code, QString::fromLatin1(text));
}

} // namespace

End::End(TwoHosts &world, int itsHost, int itsConnection, Link::Direction direction)
    : host(itsHost)
    , connection(itsConnection)
    , link(world.m_generations.next(), direction, *this)
    , since(world.m_time.now())
    , m_world(world)
{ }

Result<> End::registerLink(Link &)
{
    liveness->setState(Link::State::Ready);
    return {};
}

Admission End::admitLink(Link &, Error *)
{
    m_world.submit(*this);
    return Admission::Pending;
}

void End::unregisterLink(Link &)
{
    m_world.m_hosts[std::size_t(host)]->registry.remove(kPeerKey, link.generation());
}

void End::withdrawLink(Link &)
{
    m_world.m_hosts[std::size_t(host)]->arbiter.linkEnded(kPeerKey, link.generation());
}

void End::closeTransport(Link &, CloseMode)
{
    ++closes;
    m_world.note(QStringLiteral("host %1 closes connection %2: %3")
                     .arg(host)
                     .arg(connection)
                     .arg(link.reason().text()));
    if (!peerGone)
        m_world.send(connection, host, TwoHosts::Word::Close);
}

TwoHosts::Host::Host(TwoHosts &owner, int itsNumber)
    : world(owner)
    , number(itsNumber)
    , arbiter(registry, owner.m_time, owner.m_time.timers(), *this)
{
    using core::DoubleLinkArbiter;
    QObject::connect(
        &arbiter, &DoubleLinkArbiter::kept, &arbiter, [this](const QByteArray &, quint64 link) {
            world.judge(number, link, Error(), true);
        });
    QObject::connect(&arbiter,
                     &DoubleLinkArbiter::rejected,
                     &arbiter,
                     [this](const QByteArray &, quint64 link, const Error &why) {
                         world.judge(number, link, why, false);
                     });
    QObject::connect(
        &arbiter,
        &DoubleLinkArbiter::evicted,
        &arbiter,
        [this](const QByteArray &, const core::LinkRef &link) { world.evict(number, link); });
    QObject::connect(
        &arbiter,
        &DoubleLinkArbiter::dialsSuperseded,
        &arbiter,
        [this](const QByteArray &, quint64 winner) { world.cancelDials(number, winner); });
}

void TwoHosts::Host::probe(const QByteArray &, const core::LinkRef &link)
{
    const End *end = world.endOf(number, link.generation);
    if (end && end->isOpen())
        world.send(end->connection, number, Word::Ping);
}

TwoHosts::TwoHosts(const Setup &setup)
    : m_setup(setup)
{
    makeHost(0);
    makeHost(1);
}

TwoHosts::~TwoHosts()
{
    for (const auto &host : m_hosts)
        host->arbiter.close(error(ErrorCode::ShuttingDown, "the world ends"));
    for (const auto &connection : m_connections) {
        for (auto &end : connection->ends)
            end.reset();
    }
}

void TwoHosts::makeHost(int host)
{
    m_hosts[std::size_t(host)] = std::make_unique<Host>(*this, host);
}

void TwoHosts::note(const QString &text)
{
    history << QStringLiteral("%1 ms  %2").arg(m_time.now() / kNsPerMs).arg(text);
}

void TwoHosts::dial(int host)
{
    for (const auto &connection : m_connections) {
        const auto &own = connection->ends[std::size_t(host)];
        const bool dialling = own && own->isOpen() && own->link.state() < Link::State::Ready
            && own->link.direction() == Link::Direction::Dialled;
        if (dialling)
            return;
    }
    if (hasLiveLink(host) && !m_setup.eager)
        return;
    const int number = int(m_connections.size());
    m_connections.push_back(std::make_unique<Connection>());
    m_connections.back()->dialer = host;
    m_connections.back()->ends[std::size_t(host)]
        = std::make_unique<End>(*this, host, number, Link::Direction::Dialled);
    note(QStringLiteral("host %1 dials: connection %2").arg(host).arg(number));
    send(number, host, Word::Syn);
}

void TwoHosts::restart(int host)
{
    note(QStringLiteral("host %1 restarts").arg(host));
    for (const auto &connection : m_connections) {
        auto &own = connection->ends[std::size_t(host)];
        if (!own)
            continue;
        // Nothing leaves it any more, and nothing arrives.
        own->peerGone = true;
        if (const auto &other = connection->ends[std::size_t(1 - host)])
            other->losePeer(m_time.now());
        connection->queues[0].clear();
        connection->queues[1].clear();
        m_forgotten.push_back(std::move(own));
    }
    const auto old = std::move(m_hosts[std::size_t(host)]);
    makeHost(host);
}

void TwoHosts::reset(int connection)
{
    note(QStringLiteral("connection %1 is reset").arg(connection));
    Connection &cut = *m_connections[std::size_t(connection)];
    for (const std::size_t host : {0, 1}) {
        cut.queues[host].clear();
        if (cut.ends[host] && !cut.ends[host]->peerGone)
            cut.queues[host].push_back(Word::Close);
    }
}

void TwoHosts::cut(int connection, int noticing)
{
    note(QStringLiteral("connection %1 is cut, host %2 notices").arg(connection).arg(noticing));
    Connection &silent = *m_connections[std::size_t(connection)];
    for (const std::size_t host : {0, 1}) {
        silent.queues[host].clear();
        if (silent.ends[host])
            silent.ends[host]->losePeer(m_time.now());
    }
    if (const auto &end = silent.ends[std::size_t(noticing)])
        end->link.close(error(ErrorCode::HeartbeatTimeout, "silence"), CloseMode::Abort, false);
}

void TwoHosts::expire()
{
    const qint64 now = m_time.now();
    for (const auto &connection : m_connections) {
        for (const auto &end : connection->ends) {
            if (!end || !end->isOpen())
                continue;
            if (end->link.state() < Link::State::Ready && now - end->since >= kHandshakeNs)
                (void)end->link.fail(error(ErrorCode::HandshakeTimeout, "handshake took too long"));
            else if (end->peerGone && now - end->goneSince >= kHeartbeatNs)
                end->link.close(
                    error(ErrorCode::HeartbeatTimeout, "silence"), CloseMode::Abort, false);
        }
    }
}

End *TwoHosts::endOf(int host, quint64 generation)
{
    for (const auto &connection : m_connections) {
        const auto &end = connection->ends[std::size_t(host)];
        if (end && end->link.generation() == generation)
            return end.get();
    }
    return nullptr;
}

const End *TwoHosts::end(int connection, int host) const
{
    return m_connections[std::size_t(connection)]->ends[std::size_t(host)].get();
}

void TwoHosts::submit(End &end)
{
    const int host = end.host;
    end.submitted = true;
    end.since = m_time.now();
    core::SwapRequest request;
    request.key = kPeerKey;
    request.candidate.generation = end.link.generation();
    request.candidate.liveness = end.liveness;
    request.candidate.since = end.since;
    request.candidate.direction = end.link.direction();
    request.policy = m_setup.rules[std::size_t(host)].policy;
    const QByteArray &own = m_setup.ids[std::size_t(host)];
    const QByteArray &peer = m_setup.ids[std::size_t(1 - host)];
    request.ownId = {own.constData(), std::size_t(own.size())};
    request.peerId = {peer.constData(), std::size_t(peer.size())};
    m_hosts[std::size_t(host)]->arbiter.submit(request);
}

void TwoHosts::judge(int host, quint64 generation, const Error &why, bool kept)
{
    End *end = endOf(host, generation);
    if (!end)
        return;
    ++end->verdicts;
    note(QStringLiteral("host %1 %2 connection %3")
             .arg(host)
             .arg(kept ? QStringLiteral("keeps") : QStringLiteral("rejects"))
             .arg(end->connection));
    end->link.completeAdmission(kept ? Result<>() : Result<>(why));
}

void TwoHosts::evict(int host, const core::LinkRef &link)
{
    End *end = endOf(host, link.generation);
    if (!end)
        return;
    if (end->connects == 0)
        ++end->verdicts;
    end->link.close(error(ErrorCode::Superseded, "another link won"), CloseMode::Drain, true);
}

void TwoHosts::cancelDials(int host, quint64 winner)
{
    const bool all = m_setup.rules[std::size_t(host)].cancelsHandshakes;
    for (const auto &connection : m_connections) {
        const auto &end = connection->ends[std::size_t(host)];
        if (!end || end->link.direction() != Link::Direction::Dialled
            || end->link.generation() == winner)
            continue;
        const Link::State state = end->link.state();
        if (state == Link::State::New || (all && state == Link::State::Handshaking))
            end->link.close(
                error(ErrorCode::Cancelled, "another link won"), CloseMode::Abort, true);
    }
}

void TwoHosts::send(int connection, int from, Word word)
{
    m_connections[std::size_t(connection)]->queues[std::size_t(1 - from)].push_back(word);
}

std::vector<int> TwoHosts::deliverable()
{
    std::vector<int> ready;
    for (std::size_t i = 0; i < m_connections.size(); ++i) {
        for (const int host : {0, 1}) {
            auto &queue = m_connections[i]->queues[std::size_t(host)];
            // Signs of life change nothing by their order.
            while (!queue.empty() && (queue.front() == Word::Ping || queue.front() == Word::Pong)) {
                const Word word = queue.front();
                queue.pop_front();
                receive(int(i), host, word);
            }
        }
    }
    for (std::size_t i = 0; i < m_connections.size(); ++i) {
        for (const int host : {0, 1}) {
            if (!m_connections[i]->queues[std::size_t(host)].empty())
                ready.push_back(int(i) * 2 + host);
        }
    }
    return ready;
}

void TwoHosts::deliver(int queue)
{
    auto &words = m_connections[std::size_t(queue / 2)]->queues[std::size_t(queue % 2)];
    const Word word = words.front();
    words.pop_front();
    receive(queue / 2, queue % 2, word);
}

void TwoHosts::deliverAll()
{
    for (auto ready = deliverable(); !ready.empty(); ready = deliverable())
        deliver(ready.front());
}

void TwoHosts::receive(int connection, int host, Word word)
{
    auto &own = m_connections[std::size_t(connection)]->ends[std::size_t(host)];
    if (word == Word::Syn) {
        own = std::make_unique<End>(*this, host, connection, Link::Direction::Accepted);
        (void)own->link.begin();
        send(connection, host, Word::SynAck);
        return;
    }
    if (!own || !own->isOpen())
        return;
    const bool last = m_setup.dialerDoneFirst;
    own->link.setPeerKey(kPeerKey);
    if (own->submitted)
        m_hosts[std::size_t(host)]->arbiter.heard(kPeerKey, own->link.generation());
    switch (word) {
    case Word::Syn:
    case Word::Pong:
        break;
    case Word::SynAck:
        (void)own->link.begin();
        send(connection, host, Word::ClientFinished);
        if (last)
            (void)own->link.succeed();
        break;
    case Word::ClientFinished:
        if (!last)
            send(connection, host, Word::ServerFinished);
        (void)own->link.succeed();
        break;
    case Word::ServerFinished:
        (void)own->link.succeed();
        break;
    case Word::Ping:
        send(connection, host, Word::Pong);
        break;
    case Word::Close:
        own->peerGone = true;
        own->link.close(error(ErrorCode::ConnectionClosed, "by the peer"), CloseMode::Abort, false);
        break;
    }
}

bool TwoHosts::hasLiveLink(int host) const
{
    return m_hosts[std::size_t(host)]->registry.find(kPeerKey, m_time.now()).has_value();
}

int TwoHosts::holder(int host) const
{
    const auto held = m_hosts[std::size_t(host)]->registry.find(kPeerKey, m_time.now());
    for (std::size_t i = 0; held && i < m_connections.size(); ++i) {
        const auto &own = m_connections[i]->ends[std::size_t(host)];
        if (own && own->link.generation() == held->generation)
            return int(i);
    }
    return -1;
}

bool TwoHosts::isUndecided() const
{
    return m_hosts[0]->arbiter.waiting() + m_hosts[1]->arbiter.waiting() > 0;
}

int TwoHosts::survivor(QString *why) const
{
    if (isUndecided()) {
        *why = QStringLiteral("a decision is open");
        return -1;
    }
    int found = -1;
    for (std::size_t i = 0; i < m_connections.size(); ++i) {
        int open = 0;
        for (const auto &end : m_connections[i]->ends) {
            open += end && end->isOpen() ? 1 : 0;
            if (end && end->submitted && end->verdicts != 1) {
                *why = QStringLiteral("connection %1 got %2 verdicts").arg(i).arg(end->verdicts);
                return -1;
            }
            if (end && end->closes != (end->isOpen() ? 0 : 1)) {
                *why = QStringLiteral("connection %1 was closed %2 times").arg(i).arg(end->closes);
                return -1;
            }
        }
        if (open == 1 || (open == 2 && found >= 0)) {
            *why = QStringLiteral("connection %1 is left over").arg(i);
            return -1;
        }
        if (open == 2)
            found = int(i);
    }
    if (found < 0)
        *why = QStringLiteral("no connection is left");
    else if (holder(0) != found || holder(1) != found) {
        *why = QStringLiteral("the registries hold %1 and %2, connection %3 stands")
                   .arg(holder(0))
                   .arg(holder(1))
                   .arg(found);
        return -1;
    }
    return found;
}

} // namespace fairlead::sim
