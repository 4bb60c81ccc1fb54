// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkpart.h"

#include <algorithm>

namespace fairlead::sim {

namespace {

constexpr int kKeys = 5;
constexpr int kEndpoints = 2;
constexpr qsizetype kHostLimit = 4;
constexpr qint64 kHeartbeatNs = 20 * kNsPerSecond;

constexpr std::array<qint64, 6> kPauses = {1 * kNsPerMs,
                                           200 * kNsPerMs,
                                           1 * kNsPerSecond,
                                           3 * kNsPerSecond,
                                           10 * kNsPerSecond,
                                           61 * kNsPerSecond};

core::DoubleLinkPolicy policyOf(int key)
{
    switch (key) {
    case 0:
        return core::newestWins;
    case 1:
        return core::rejectNew;
    default:
        return [](const core::DoubleLinkCase &links) { return core::specRecency(links); };
    }
}

/// With the last two keys we are the smaller id.
constexpr ByteSpan kOwnId = "m";

ByteSpan peerId(int key)
{
    return key + 2 >= kKeys ? ByteSpan("z") : ByteSpan("a");
}

} // namespace

LinkPart::LinkPart(ControlBase &base)
    : ControlPart(base)
    , m_registry([this](const std::vector<core::LinkEvent> &events) { watch(events); }, kHostLimit)
    , m_arbiter(m_registry, base.time, base.time.timers(), *this)
    , m_limit(kHostLimit)
{
    using core::DoubleLinkArbiter;
    QObject::connect(&m_arbiter,
                     &DoubleLinkArbiter::kept,
                     &m_arbiter,
                     [this](const QByteArray &, quint64 link) { judge(link, Error(), true); });
    QObject::connect(&m_arbiter,
                     &DoubleLinkArbiter::rejected,
                     &m_arbiter,
                     [this](const QByteArray &, quint64 link, const Error &error) {
                         judge(link, error, false);
                     });
    QObject::connect(
        &m_arbiter,
        &DoubleLinkArbiter::evicted,
        &m_arbiter,
        [this](const QByteArray &, const core::LinkRef &link) { handleEvicted(link); });
}

LinkPart::~LinkPart()
{
    m_inside = 0;
    m_arbiter.close(Error(ErrorCode::ShuttingDown, QStringLiteral("the world ends")));
    for (const auto &link : m_links) {
        if (link)
            closeEvicted(*link);
    }
}

void LinkPart::refuse(const Error &reason)
{
    m_refusing = true;
    m_arbiter.close(reason);
}

void LinkPart::closeAll(const Error &reason)
{
    for (const auto &link : m_links) {
        if (!link)
            continue;
        if (link->isOpen())
            link->deliberate = true;
        link->link.close(reason, CloseMode::Drain, true);
    }
}

QByteArray LinkPart::keyName(int key)
{
    return QByteArrayLiteral("peer") + QByteArray::number(key);
}

int LinkPart::actions() const
{
    return 16;
}

void LinkPart::act(int action, quint32 whom, quint32 how)
{
    const std::size_t place = whom % m_links.size();
    ControlLink *link = m_links[place].get();
    if (action < 3 || !link) {
        open(place, how);
        return;
    }
    note([&] {
        return QStringLiteral("action %1 on link %2 (%3)").arg(action).arg(link->number()).arg(how);
    });
    switch (action) {
    case 3:
        (void)link->link.begin();
        break;
    case 4:
    case 5: {
        const bool was = link->isOpen();
        const quint64 revision = m_revision;
        const Result<> done = link->link.succeed();
        if (!was && (done || m_revision != revision))
            fail("LC-02", QStringLiteral("a late success left a trace"));
        break;
    }
    case 6:
    case 7:
    case 8:
        end(*link, how);
        break;
    case 9:
    case 10:
        moveTime(how);
        break;
    case 11:
        speak(*link, how);
        break;
    case 12:
        saySomethingLate(*link, how);
        break;
    case 13:
        if ((how & 1) != 0) {
            for (const core::LinkEntry &entry : m_registry.prune(now())) {
                if (entry.link.isLive(now()))
                    fail("RG-13", QStringLiteral("a live entry was pruned"));
            }
        } else {
            m_limit = qsizetype(how >> 1) % kHostLimit + 1;
            m_registry.setLimit(m_limit);
        }
        break;
    case 14:
        m_inside = how | 1U;
        break;
    default:
        for (const quint64 number : std::exchange(m_toClose, {})) {
            if (ControlLink *evicted = linkOf(number))
                closeEvicted(*evicted);
        }
        break;
    }
}

void LinkPart::open(std::size_t place, quint32 how)
{
    auto &link = m_links[place];
    if (link && link->isOpen() && (how >> 12) % 8 != 0)
        return;
    if (link) {
        note([&] { return QStringLiteral("link %1 is destroyed").arg(link->number()); });
        closeEvicted(*link);
        std::erase(m_toClose, link->number());
    }
    const int key = int(place) % kKeys;
    const auto direction = (how & 1) != 0 ? Link::Direction::Dialled : Link::Direction::Accepted;
    link = std::make_unique<ControlLink>(
        *this, key, int((how >> 1) % kEndpoints), direction, (how >> 4) % 16 != 0);
    note([&] { return QStringLiteral("link %1 to peer %2 opens").arg(link->number()).arg(key); });
    if ((how >> 8) % 4 != 0) {
        (void)link->link.begin();
        (void)link->link.succeed();
    }
}

void LinkPart::end(ControlLink &link, quint32 how)
{
    // A code that may be tried again, and one that may not.
    const ErrorCode code
        = (how & 1) != 0 ? ErrorCode::ConnectionReset : ErrorCode::IdentityMismatch;
    const Error reason(code, QStringLiteral("end %1").arg(++m_ends));
    const CloseMode mode = (how & 2) != 0 ? CloseMode::Drain : CloseMode::Abort;
    const bool silent = link.isOpen() && link.link.reason().isNull();
    const Link::State state = link.link.state();
    const auto first = [&](bool byUs) {
        if (silent)
            link.firstReason = reason.text();
        if (link.isOpen())
            link.deliberate = link.deliberate || byUs;
    };
    switch ((how >> 2) % 4) {
    case 0:
        if (state == Link::State::Ready)
            first(true);
        (void)link.link.drain(reason);
        break;
    case 1:
        if (state == Link::State::New || state == Link::State::Handshaking)
            first(false);
        (void)link.link.fail(reason, mode);
        break;
    default: {
        const bool deliberate = (how & 16) != 0;
        first(deliberate);
        link.link.close(reason, mode, deliberate);
        break;
    }
    }
}

void LinkPart::closeEvicted(ControlLink &link)
{
    if (link.isOpen())
        link.deliberate = true;
    link.link.close(
        Error(ErrorCode::Superseded, QStringLiteral("another link won")), CloseMode::Drain, true);
}

void LinkPart::moveTime(quint32 how)
{
    const auto answers = std::exchange(m_answers, {});
    for (const Answer &answer : answers)
        m_arbiter.heard(keyName(answer.key), answer.link);
    m_base.time.runTo(now() + kPauses[how % kPauses.size()]);
}

/// The peer speaks, or falls silent for good.
void LinkPart::speak(ControlLink &link, quint32 how)
{
    if (how % 2 == 0) {
        if (link.frozenAt < 0)
            link.frozenAt = now();
        std::erase_if(m_answers, [&](const Answer &a) { return a.link == link.number(); });
        return;
    }
    if (link.frozenAt >= 0 || !link.isOpen())
        return;
    if (!link.liveness->isLive(now())) {
        // HB-05: what expired is not revived.
        end(link, 1U | 8U);
        return;
    }
    link.liveness->extend(now() + kHeartbeatNs);
    m_arbiter.heard(keyName(link.key), link.number());
}

/// RG-14: timers, answers and signals that were on their way when the link lost its slot.
void LinkPart::saySomethingLate(const ControlLink &link, quint32 how)
{
    const QByteArray key = keyName(link.key);
    const bool holds = isHolder(link);
    if (how % 4 == 3) {
        // A second removal by whoever lost the slot.
        if (!holds && m_registry.remove(key, link.number()))
            fail("RG-03", QStringLiteral("link %1 removed another one").arg(link.number()));
        if (!holds)
            ++m_stale[std::size_t(core::StaleKind::Close)];
        return;
    }
    const auto kind = core::StaleKind(how % 4);
    if (m_registry.accepts(key, link.number(), kind) != holds)
        fail("RG-14", QStringLiteral("a late word of link %1 was taken").arg(link.number()));
    if (!holds)
        ++m_stale[std::size_t(kind)];
}

ControlLink *LinkPart::linkOf(quint64 number)
{
    const auto at = std::find_if(m_links.begin(), m_links.end(), [&](const auto &link) {
        return link && link->number() == number;
    });
    return at == m_links.end() ? nullptr : at->get();
}

void LinkPart::stepInside()
{
    const quint32 how = std::exchange(m_inside, 0);
    const auto &chosen = m_links[(how >> 8) % m_links.size()];
    if (how == 0 || !chosen)
        return;
    ControlLink &link = *chosen;
    note([&] { return QStringLiteral("    inside: link %1 (%2)").arg(link.number()).arg(how); });
    switch ((how >> 1) % 4) {
    case 0:
        (void)link.link.begin();
        (void)link.link.succeed();
        break;
    case 1:
        saySomethingLate(link, how >> 3);
        break;
    default:
        end(link, how >> 3);
        break;
    }
}

void LinkPart::submit(ControlLink &link)
{
    link.submittedAt = now();
    link.liveness->extend(now() + kHeartbeatNs);
    core::SwapRequest request;
    request.key = keyName(link.key);
    request.candidate.generation = link.number();
    request.candidate.liveness = link.liveness;
    request.candidate.since = now();
    request.candidate.endpoint = link.endpoint;
    request.candidate.direction = link.link.direction();
    request.policy = policyOf(link.key);
    request.ownId = kOwnId;
    request.peerId = peerId(link.key);
    request.endpointLimit = kEndpointLimit;
    request.build = [this](const core::LinkRef &built) {
        if (ControlLink *kept = linkOf(built.generation))
            ++kept->builds;
    };
    m_arbiter.submit(request);
}

void LinkPart::leave(ControlLink &link)
{
    const bool holds = isHolder(link);
    if (m_registry.remove(keyName(link.key), link.number()) != holds)
        fail("RG-03", QStringLiteral("the removal of link %1 went wrong").arg(link.number()));
    if (!holds)
        ++m_stale[std::size_t(core::StaleKind::Close)];
}

void LinkPart::withdraw(ControlLink &link)
{
    m_arbiter.linkEnded(keyName(link.key), link.number());
}

bool LinkPart::isHolder(const ControlLink &link) const
{
    const auto at = m_told.find(keyName(link.key));
    return at != m_told.end() && at->second.link.generation == link.number();
}

void LinkPart::probe(const QByteArray &key, const core::LinkRef &ref)
{
    ControlLink *link = linkOf(ref.generation);
    if (!link || !link->isOpen() || link->frozenAt >= 0)
        return;
    // Some answer at once, some a while later.
    if (link->endpoint == 0)
        m_arbiter.heard(key, ref.generation);
    else
        m_answers.push_back({link->key, ref.generation});
}

void LinkPart::judge(quint64 number, const Error &error, bool kept)
{
    ControlLink *link = linkOf(number);
    if (!link)
        return;
    note([&] { return QStringLiteral("    link %1: kept %2").arg(number).arg(kept); });
    if (++link->verdicts != 1)
        fail("RG-02", QStringLiteral("link %1 got a second verdict").arg(number));
    link->kept = kept;
    if (!kept && link->isOpen())
        link->deliberate = true;
    link->link.completeAdmission(kept ? Result<>() : Result<>(error));
}

void LinkPart::handleEvicted(const core::LinkRef &ref)
{
    ControlLink *link = linkOf(ref.generation);
    if (!link)
        return;
    note([&] { return QStringLiteral("    link %1: evicted").arg(ref.generation); });
    if (std::exchange(link->evicted, true))
        fail("RG-02", QStringLiteral("link %1 was evicted twice").arg(ref.generation));
    if (link->kept && !link->lostAlive)
        fail("RG-04", QStringLiteral("stale link %1 was handed out").arg(ref.generation));
    if (!link->kept && ++link->verdicts != 1)
        fail("RG-02", QStringLiteral("link %1 got a second verdict").arg(ref.generation));
    if (link->endpoint == 0)
        closeEvicted(*link);
    else
        m_toClose.push_back(ref.generation);
}

} // namespace fairlead::sim
