// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "servicepart.h"

#include <algorithm>
#include <utility>

namespace fairlead::sim {

using core::HeartbeatState;
using core::ServiceInfo;
using core::ServiceRecord;
using core::ServiceStatus;

namespace {

constexpr quint32 kIds = 8;
constexpr qsizetype kCapacity = 6;

constexpr std::array<qint64, 5> kPauses
    = {1 * kNsPerMs, 700 * kNsPerMs, 2 * kNsPerSecond, 5 * kNsPerSecond, 20 * kNsPerSecond};

QString idOf(quint32 number)
{
    return QStringLiteral("service%1").arg(number % kIds);
}

QStringList someOf(const char *names, quint32 bits)
{
    QStringList some;
    for (int i = 0; names[i] != '\0'; ++i) {
        if (((bits >> i) & 1U) != 0)
            some << QString(QLatin1Char(names[i]));
    }
    return some;
}

ServiceInfo infoOf(quint32 how)
{
    ServiceInfo info;
    info.id = idOf(how);
    info.key.name = QStringLiteral("name%1").arg((how >> 3) % 4);
    if ((how >> 5) % 2 == 0)
        info.key.version = QStringLiteral("1.0.%1").arg((how >> 6) % 2);
    if ((how >> 7) % 2 == 0)
        info.key.build = QStringLiteral("build%1").arg((how >> 8) % 2);
    info.capabilities = someOf("abc", how >> 9);
    // Most own nothing that another one may want.
    if ((how >> 12) % 2 == 0)
        info.owned = someOf("xyz", how >> 13);
    info.transport = (how >> 16) % 2 == 0 ? QStringLiteral("tcp") : QStringLiteral("ship");
    info.heartbeatTimeoutNs = qint64((how >> 17) % 4) * 3 * kNsPerSecond;
    info.permanent = (how >> 19) % 8 == 0;
    if ((how >> 22) % 64 == 0)
        info.key.name.clear();
    return info;
}

/// The moves of a service, written once more.
bool mayGo(ServiceStatus from, ServiceStatus to)
{
    switch (from) {
    case ServiceStatus::Stopped:
    case ServiceStatus::Failed:
        return false;
    case ServiceStatus::Running:
        return to != ServiceStatus::Starting;
    default:
        return to != ServiceStatus::Starting && to != ServiceStatus::Draining;
    }
}

} // namespace

ServicePart::ServicePart(ControlBase &base)
    : ControlPart(base)
    , m_registry(base.time, m_generations)
    , m_watch(m_registry, base.time, base.time.timers())
    , m_capacity(kCapacity)
{
    using core::ServiceRegistry;
    m_registry.setCapacity(m_capacity);
    QObject::connect(&m_registry,
                     &ServiceRegistry::registered,
                     &m_registry,
                     [this](const ServiceRecord &service) { watchRegistered(service); });
    QObject::connect(&m_registry,
                     &ServiceRegistry::unregistered,
                     &m_registry,
                     [this](const ServiceRecord &service) { watchUnregistered(service); });
    QObject::connect(
        &m_registry,
        &ServiceRegistry::statusChanged,
        &m_registry,
        [this](const ServiceRecord &service, ServiceStatus from) { watchStatus(service, from); });
    QObject::connect(&m_registry,
                     &ServiceRegistry::heartbeatExpired,
                     &m_registry,
                     [this](const ServiceRecord &service) { watchExpired(service); });
}

ServicePart::~ServicePart() = default;

int ServicePart::actions() const
{
    return 12;
}

void ServicePart::act(int action, quint32 whom, quint32 how)
{
    note([&] {
        return QStringLiteral("action %1 on %2 (%3)").arg(action).arg(idOf(whom)).arg(how);
    });
    m_changed = true;
    switch (action) {
    case 0:
    case 1:
        add(how);
        break;
    case 2:
        remove(whom, how);
        break;
    case 3:
    case 4:
        setStatus(whom, how);
        break;
    case 5:
        restart(whom, how);
        break;
    case 6:
        beat(whom, how);
        break;
    case 7:
        setOffer(whom, how);
        break;
    case 8:
        ask(how);
        break;
    case 9:
        if (how % 4 == 0) {
            prune();
        } else if (how % 4 == 1) {
            m_capacity = 1 + qsizetype(how >> 2) % kCapacity;
            m_registry.setCapacity(m_capacity);
        }
        break;
    case 10:
        m_inside = how | 1U;
        break;
    default:
        m_base.time.runTo(now() + kPauses[how % kPauses.size()]);
        break;
    }
}

/// A call from inside a signal: it finds the registry complete, and its own signals come later.
void ServicePart::stepInside()
{
    const quint32 how = std::exchange(m_inside, 0);
    if (how == 0)
        return;
    const quint32 whom = how >> 4;
    note([&] { return QStringLiteral("    inside: %1 (%2)").arg(idOf(whom)).arg(how); });
    // The call that tells of it has not returned its generation yet.
    for (ServiceRecord &record : m_model) {
        const auto shown = m_registry.find(record.info.id);
        if (record.generation == 0 && shown && shown->order == record.order)
            record.generation = shown->generation;
    }
    switch ((how >> 1) % 7) {
    case 0:
        add(how >> 4);
        break;
    case 1:
        remove(whom, how >> 8);
        break;
    case 2:
        setStatus(whom, how >> 8);
        break;
    case 3:
        restart(whom, how >> 8);
        break;
    case 4:
        beat(whom, how >> 8);
        break;
    case 5:
        prune();
        break;
    default:
        ask(how >> 4);
        break;
    }
}

ServicePart::Records::iterator ServicePart::find(const QString &id)
{
    return std::find_if(m_model.begin(), m_model.end(), [&id](const ServiceRecord &record) {
        return record.info.id == id;
    });
}

quint64 ServicePart::generationOf(quint32 whom, quint32 how)
{
    const auto found = find(idOf(whom));
    const quint64 right = found == m_model.end() ? 1 : found->generation;
    return how % 8 == 0 ? right - 1 : right;
}

ErrorCode ServicePart::expectedAt(const QString &id, quint64 generation, quint64 *stale)
{
    const auto found = find(id);
    if (found == m_model.end())
        return ErrorCode::NotFound;
    if (found->generation == generation)
        return ErrorCode::None;
    ++*stale;
    return ErrorCode::Superseded;
}

void ServicePart::expect(bool done, const Error &error, ErrorCode expected, const char *what)
{
    if (done == (expected == ErrorCode::None) && error.code() == expected)
        return;
    fail("RG-11",
         QStringLiteral("%1 was answered by \"%2\" instead of %3")
             .arg(QLatin1String(what), error.toString(), QLatin1String(errorName(expected))));
}

/// RG-11: id, backend and what is owned are one's own.
bool ServicePart::takesAway(const ServiceInfo &info, const QString &except) const
{
    return std::any_of(m_model.begin(), m_model.end(), [&](const ServiceRecord &other) {
        if (other.info.id == except)
            return false;
        const bool owns = std::any_of(info.owned.begin(), info.owned.end(), [&](const QString &o) {
            return other.info.owned.contains(o);
        });
        return owns || other.info.id == info.id || other.info.key == info.key;
    });
}

void ServicePart::takeDead()
{
    m_counts.pruned += std::erase_if(m_model, [this](const ServiceRecord &record) {
        return !record.info.permanent && (record.isEnded() || record.isSilent(now()));
    });
}

void ServicePart::add(quint32 how)
{
    const ServiceInfo info = infoOf(how);
    ErrorCode expected = ErrorCode::None;
    if (info.key.name.isEmpty()) {
        expected = ErrorCode::InvalidArgument;
        ++m_counts.refusedOther;
    } else {
        if (qsizetype(m_model.size()) >= m_capacity)
            takeDead();
        if (takesAway(info, QString())) {
            expected = ErrorCode::AlreadyExists;
            ++m_counts.refusedDuplicate;
        } else if (qsizetype(m_model.size()) >= m_capacity) {
            expected = ErrorCode::LimitReached;
            ++m_counts.refusedLimit;
        }
    }
    const quint64 order = m_counts.registered + 1;
    if (expected == ErrorCode::None) {
        ++m_counts.registered;
        ServiceRecord record;
        record.info = info;
        record.heartbeat
            = info.heartbeatTimeoutNs > 0 ? HeartbeatState::Waiting : HeartbeatState::None;
        record.order = order;
        record.lastHeartbeat = now();
        m_model.push_back(record);
    }
    const Result<quint64> added = m_registry.add(info);
    expect(bool(added), added.error(), expected, "add");
    for (ServiceRecord &record : m_model) {
        if (added && record.order == order && record.generation == 0)
            record.generation = *added;
    }
}

void ServicePart::remove(quint32 whom, quint32 how)
{
    const QString id = idOf(whom);
    const quint64 generation = generationOf(whom, how);
    const ErrorCode expected = expectedAt(id, generation, &m_counts.stale);
    if (expected == ErrorCode::None) {
        m_model.erase(find(id));
        ++m_counts.unregistered;
    }
    const Result<> removed = m_registry.remove(id, generation);
    expect(bool(removed), removed.error(), expected, "remove");
}

void ServicePart::setStatus(quint32 whom, quint32 how)
{
    const QString id = idOf(whom);
    const quint64 generation = generationOf(whom, how);
    const auto to = ServiceStatus((how >> 3) % core::kServiceStatusCount);
    ErrorCode expected = expectedAt(id, generation, &m_counts.stale);
    if (expected == ErrorCode::None) {
        ServiceRecord &record = *find(id);
        if (record.status != to && !mayGo(record.status, to))
            expected = ErrorCode::InvalidTransition;
        else
            record.status = to;
    }
    const Result<> done = m_registry.setStatus(id, generation, to);
    expect(bool(done), done.error(), expected, "status");
}

void ServicePart::restart(quint32 whom, quint32 how)
{
    const QString id = idOf(whom);
    const quint64 generation = generationOf(whom, how);
    ErrorCode expected = expectedAt(id, generation, &m_counts.stale);
    if (expected == ErrorCode::None) {
        ServiceRecord &record = *find(id);
        if (!record.isEnded() && record.status != ServiceStatus::Unavailable) {
            expected = ErrorCode::InvalidTransition;
        } else {
            record.status = ServiceStatus::Starting;
            record.generation = 0;
            record.lastHeartbeat = now();
            if (record.heartbeat != HeartbeatState::None)
                record.heartbeat = HeartbeatState::Waiting;
        }
    }
    const Result<quint64> done = m_registry.restart(id, generation);
    expect(bool(done), done.error(), expected, "restart");
    if (done && *done <= generation)
        fail("RG-14", QStringLiteral("%1 did not begin another generation").arg(id));
    if (const auto found = find(id); done && found != m_model.end() && found->generation == 0)
        found->generation = *done;
}

void ServicePart::beat(quint32 whom, quint32 how)
{
    const QString id = idOf(whom);
    const quint64 generation = generationOf(whom, how);
    ErrorCode expected = expectedAt(id, generation, &m_counts.strayHeartbeats);
    if (expected == ErrorCode::NotFound)
        ++m_counts.strayHeartbeats;
    if (expected == ErrorCode::None) {
        ServiceRecord &record = *find(id);
        if (record.isEnded() || record.heartbeat == HeartbeatState::Expired) {
            expected = ErrorCode::InvalidTransition;
            ++m_counts.strayHeartbeats;
        } else {
            ++m_counts.heartbeats;
            record.lastHeartbeat = now();
            if (record.heartbeat == HeartbeatState::Waiting)
                record.heartbeat = HeartbeatState::Alive;
        }
    }
    const Result<> done = m_registry.heartbeat(id, generation);
    expect(bool(done), done.error(), expected, "heartbeat");
}

void ServicePart::setOffer(quint32 whom, quint32 how)
{
    const QString id = idOf(whom);
    const quint64 generation = generationOf(whom, how);
    ErrorCode expected = expectedAt(id, generation, &m_counts.stale);
    ServiceInfo offer;
    offer.capabilities = someOf("abc", how >> 3);
    offer.owned = someOf("xyz", how >> 6);
    if (expected == ErrorCode::None) {
        const auto found = find(id);
        offer.id = id;
        offer.key = found->info.key;
        if (takesAway(offer, id)) {
            expected = ErrorCode::AlreadyExists;
            ++m_counts.refusedDuplicate;
        } else {
            found->info.capabilities = offer.capabilities;
            found->info.owned = offer.owned;
        }
    }
    const Result<> done = m_registry.setOffer(id, generation, offer.capabilities, offer.owned);
    expect(bool(done), done.error(), expected, "offer");
}

void ServicePart::prune()
{
    const Records before = m_model;
    takeDead();
    const std::size_t left = m_model.size();
    const Records dead = m_registry.prune(now());
    if (dead.size() + left != before.size())
        fail("RG-13", QStringLiteral("%1 were pruned").arg(dead.size()));
    quint64 last = 0;
    for (const ServiceRecord &record : dead) {
        if (std::exchange(last, record.order) >= record.order
            || !(record.isEnded() || record.isSilent(now())))
            fail("RG-13", QStringLiteral("%1 should not be pruned here").arg(record.info.id));
    }
}

/// RG-13: each field of a query counts.
void ServicePart::ask(quint32 how)
{
    core::ServiceFilter filter;
    const ServiceInfo wanted = infoOf(how >> 8);
    if ((how & 1U) != 0)
        filter.name = wanted.key.name;
    if ((how & 2U) != 0)
        filter.version = wanted.key.version;
    if ((how & 4U) != 0)
        filter.build = wanted.key.build;
    if ((how & 8U) != 0)
        filter.capabilities = wanted.capabilities;
    if ((how & 16U) != 0)
        filter.transport = wanted.transport;
    if ((how & 32U) != 0)
        filter.statuses = {ServiceStatus((how >> 8) % 6), ServiceStatus::Running};
    if ((how & 64U) != 0)
        filter.heartbeats = {HeartbeatState((how >> 8) % 4)};
    if ((how & 128U) != 0)
        filter.owns = QStringLiteral("x");

    QStringList expected;
    for (const ServiceRecord &record : m_model) {
        bool fits = true;
        if ((how & 1U) != 0)
            fits = fits && record.info.key.name == wanted.key.name;
        if ((how & 2U) != 0)
            fits = fits && record.info.key.version == wanted.key.version;
        if ((how & 4U) != 0)
            fits = fits && record.info.key.build == wanted.key.build;
        for (const QString &capability : std::as_const(filter.capabilities))
            fits = fits && record.info.capabilities.contains(capability);
        if ((how & 16U) != 0)
            fits = fits && record.info.transport == wanted.transport;
        if ((how & 32U) != 0)
            fits = fits
                && (record.status == ServiceStatus((how >> 8) % 6)
                    || record.status == ServiceStatus::Running);
        if ((how & 64U) != 0)
            fits = fits && record.heartbeat == HeartbeatState((how >> 8) % 4);
        if ((how & 128U) != 0)
            fits = fits && record.info.owned.contains(QStringLiteral("x"));
        if (fits)
            expected << record.info.id;
    }
    QStringList found;
    for (const ServiceRecord &record : m_registry.query(filter))
        found << record.info.id;
    if (found != expected)
        fail("RG-13",
             QStringLiteral("asked for %1, found %2")
                 .arg(expected.join(QLatin1Char(' ')), found.join(QLatin1Char(' '))));
}

} // namespace fairlead::sim
