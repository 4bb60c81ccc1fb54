// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/trustkeeper.h"

#include "link/peertexts.h"

#include <fairlead/clock.h>
#include <fairlead/executor.h>
#include <fairlead/hostservices.h>
#include <fairlead/logger.h>
#include <fairlead/properties.h>
#include <fairlead/publisher.h>
#include <fairlead/records.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace fairlead::ship {

namespace {

/// How long a host that ended without a word has its requests shown.
constexpr quint32 kShownSeconds = 600;
/// Strangers by the thousand do not make as many messages.
constexpr int kBurst = 16;
constexpr qint64 kBurstNs = 1'000'000'000;

template <typename Service>
Service *serviceOf(HostServices &host, const char *iid)
{
    return static_cast<Service *>(host.service(iid));
}

QString textOf(const Ski &ski)
{
    return QString::fromLatin1(ski.toHex());
}

} // namespace

TrustKeeper::TrustKeeper()
    : m_desk(std::make_shared<TrustDesk>())
    , m_showTimer([](void *self) { static_cast<TrustKeeper *>(self)->show(); }, this)
{ }

TrustKeeper::~TrustKeeper() = default;

void TrustKeeper::attach(HostServices &host)
{
    if (m_clock)
        return;
    m_clock = serviceOf<const Clock>(host, FAIRLEAD_CLOCK_IID);
    m_logger = serviceOf<Logger>(host, FAIRLEAD_LOGGER_IID);
    m_timers = serviceOf<Timers>(host, FAIRLEAD_TIMERS_IID);
    m_publisher = serviceOf<Publisher>(host, FAIRLEAD_PUBLISHER_IID);
    m_records = serviceOf<Records>(host, FAIRLEAD_RECORDS_IID);
    m_events = serviceOf<Events>(host, FAIRLEAD_EVENTS_IID);
    m_attachedUtcMs = m_clock ? m_clock->utcMs() : 0;
    if (auto *const main = serviceOf<Executor>(host, FAIRLEAD_EXECUTOR_IID); main && m_clock)
        m_desk->setListener(*main, [this] { handleChanged(); });
    load();
}

void TrustKeeper::log(const char *event, const QString &text) const
{
    if (m_logger)
        m_logger->log(LogLevel::Warning, event, text);
}

void TrustKeeper::load()
{
    std::vector<TrustedPeer> peers;
    if (m_records) {
        const Result<QList<Record>> kept = m_records->list();
        if (!kept) {
            // Nobody is refused: any stranger may be one of those that cannot be read.
            m_unread = kept.error();
            log("ship-trust-unread", QStringLiteral("reason=") + m_unread.toString());
            return;
        }
        for (const Record &record : *kept) {
            const std::optional<TrustedPeer> peer = fromRecord(viewOf(record.value));
            if (peer && peer->ski.toHex() == record.key)
                peers.push_back(*peer);
            else
                log("ship-trust-damaged",
                    QStringLiteral("record=%1").arg(QString::fromUtf8(record.key)));
        }
    }
    m_desk->load(std::move(peers));
}

// What the desk tells.

void TrustKeeper::handleChanged()
{
    const TrustDesk::Changes changes = m_desk->takeChanges();
    for (const Ski &ski : changes.toStore)
        store(ski);
    std::erase_if(m_followers, [](const auto &one) { return one.expired(); });
    const auto followers = m_followers;
    for (const auto &[ski, isTrusted] : changes.trust) {
        if (isTrusted)
            tellAccepted(ski);
        for (const auto &one : followers) {
            if (const std::shared_ptr<Follower> follower = one.lock())
                (*follower)(ski, isTrusted);
        }
    }
    show();
}

std::shared_ptr<void> TrustKeeper::follow(Follower follower)
{
    auto kept = std::make_shared<Follower>(std::move(follower));
    m_followers.push_back(kept);
    return kept;
}

void TrustKeeper::store(const Ski &ski)
{
    const std::optional<TrustedPeer> peer = m_desk->recordOf(ski);
    if (!m_records || !peer)
        return;
    m_records->put(ski.toHex(), toRecord(*peer), [this, ski](const Result<> &outcome) {
        if (!outcome) {
            log("ship-trust-unkept",
                QStringLiteral("peer=%1 reason=%2: what is known of it ends with the process")
                    .arg(textOf(ski), outcome.error().toString()));
        }
    });
}

void TrustKeeper::tell(EventKind kind,
                       const Ski &ski,
                       const QJsonObject &details,
                       const QString &endpoint) const
{
    if (!m_events)
        return;
    PeerEvent event;
    event.kind = kind;
    event.key = ski.toHex();
    event.endpoint = endpoint;
    event.details = details;
    // Refused only while the host ends, when nobody decides any more.
    (void)m_events->tell(event);
}

void TrustKeeper::tellRequests(const std::vector<TrustRequest> &requests)
{
    std::set<Ski> asking;
    for (const TrustRequest &request : requests) {
        asking.insert(request.ski);
        if (!m_asking.contains(request.ski)) {
            tell(EventKind::TrustRequested, request.ski, {}, QString::fromUtf8(request.endpoint));
        }
    }
    m_asking = std::move(asking);
}

/// What nobody decided: the first stranger that came through an open window.
void TrustKeeper::tellAccepted(const Ski &ski) const
{
    const std::optional<TrustedPeer> peer = m_desk->find(ski);
    if (peer && peer->source == TrustSource::AutoAccept && peer->addedUtcMs >= m_attachedUtcMs) {
        tell(EventKind::TrustGranted,
             ski,
             {{QStringLiteral("source"), QLatin1String(toText(peer->source))}});
    }
}

// Decisions.

void TrustKeeper::trust(const Ski &ski, const QByteArray &label, Done done)
{
    if (!m_unread.isNull()) {
        done(m_unread);
        return;
    }
    if (!m_desk->hasRoomFor(ski)) {
        done(Error(ErrorCode::LimitReached, QStringLiteral("no more peers can be trusted")));
        return;
    }
    const std::vector<TrustRequest> requests = m_desk->requests(m_clock->now());
    const auto request = std::find_if(requests.begin(),
                                      requests.end(),
                                      [&ski](const TrustRequest &one) { return one.ski == ski; });
    const bool isAsking = request != requests.end();
    // Whoever is asked about was seen, of others the key is all there is.
    TrustedPeer wanted{ski,
                       isAsking ? TrustSource::Verified : TrustSource::Entered,
                       label,
                       isAsking ? request->claims : PeerClaims(),
                       m_clock->utcMs(),
                       0};
    TrustedPeer record = wanted;
    if (const std::optional<TrustedPeer> known = m_desk->recordOf(ski)) {
        record.claims = known->claims;
        record.seenUtcMs = known->seenUtcMs;
        record.addedUtcMs = known->addedUtcMs != 0 ? known->addedUtcMs : record.addedUtcMs;
        record.label = label.isEmpty() ? known->label : label;
        if (trustLevel(known->source) > trustLevel(record.source)
            && known->source != TrustSource::Configuration) {
            record.source = known->source;
        }
    }
    const auto accept = [this, wanted = std::move(wanted), done = std::move(done)](
                            const Result<> &outcome) {
        if (!outcome) {
            done(outcome);
        } else if (!m_desk->accept(wanted)) {
            done(Error(ErrorCode::LimitReached, QStringLiteral("no more peers can be trusted")));
        } else {
            tell(EventKind::TrustGranted,
                 wanted.ski,
                 {{QStringLiteral("source"), QLatin1String(toText(wanted.source))}});
            done({});
        }
    };
    if (m_records)
        m_records->put(ski.toHex(), toRecord(record), accept);
    else
        accept({});
}

void TrustKeeper::untrust(const Ski &ski, Done done)
{
    switch (m_desk->removalOf(ski)) {
    case TrustBook::Removal::Configured:
        done(
            Error(ErrorCode::Configured,
                  QStringLiteral("the configuration trusts %1; remove it there, from trusted or as "
                                 "peer_key_id, and reload")
                      .arg(textOf(ski))));
        return;
    case TrustBook::Removal::Unknown:
        done(Error(ErrorCode::NotFound, QStringLiteral("%1 is not trusted").arg(textOf(ski))));
        return;
    case TrustBook::Removal::Removed:
        break;
    }
    const auto remove = [this, ski, done = std::move(done)](const Result<> &outcome) {
        if (outcome) {
            (void)m_desk->remove(ski);
            tell(EventKind::TrustWithdrawn, ski);
        }
        done(outcome);
    };
    if (m_records)
        m_records->remove(ski.toHex(), remove);
    else
        remove({});
}

Result<> TrustKeeper::reject(const Ski &ski)
{
    if (m_desk->isTrusted(ski)) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("%1 is trusted; untrust removes it").arg(textOf(ski)));
    }
    m_desk->reject(ski, m_clock->now());
    tell(EventKind::TrustRefused, ski);
    return {};
}

void TrustKeeper::openWindow(qint64 seconds)
{
    constexpr qint64 kMsPerSecond = 1000;
    m_desk->openWindow(seconds * kMsPerSecond, m_clock->now());
}

Result<int> TrustKeeper::enterPin(const Ski &ski, const QByteArray &pin)
{
    const std::vector<TrustRequest> requests = m_desk->requests(m_clock->now());
    const bool isKnown = m_desk->isTrusted(ski)
        || std::any_of(requests.begin(), requests.end(), [&ski](const TrustRequest &one) {
                             return one.ski == ski;
                         });
    if (!isKnown) {
        return Error(
            ErrorCode::NotFound,
            QStringLiteral("nobody with the SKI %1 is trusted or has asked").arg(textOf(ski)));
    }
    return m_desk->enterPin(ski, pin);
}

// Who waits.

bool TrustKeeper::mayShow(qint64 now)
{
    if (now >= m_burstEnd) {
        m_burstEnd = now + kBurstNs;
        m_burstLeft = kBurst;
    }
    if (m_burstLeft > 0) {
        --m_burstLeft;
        return true;
    }
    if (m_timers)
        m_timers->arm(m_showTimer, m_burstEnd);
    return !m_timers;
}

void TrustKeeper::show()
{
    if (!m_publisher || !m_clock)
        return;
    const qint64 now = m_clock->now();
    if (!mayShow(now))
        return;
    const std::vector<TrustRequest> requests = m_desk->requests(now);
    tellRequests(requests);
    auto former = std::exchange(m_shown, {});
    const std::vector<TrustDesk::Board> boards = m_desk->boards();
    for (const TrustDesk::Board &board : boards) {
        std::vector<TrustRequest> own;
        std::copy_if(requests.begin(),
                     requests.end(),
                     std::back_inserter(own),
                     [&](const auto &one) { return one.endpoint == board.endpoint; });
        const QByteArray text = pairingJson(own, now, m_clock->utcMs());
        const auto shown = former.find(board.endpoint);
        const bool isSame = shown != former.end() && shown->second.first == board.root;
        if (!isSame || shown->second.second != text)
            publish(board, text, own.empty() ? kNever : kShownSeconds);
        if (isSame)
            former.erase(shown);
        m_shown[board.endpoint] = {board.root, text};
    }
    // Those that closed show nothing any more.
    for (const auto &[endpoint, shown] : former)
        publish({endpoint, shown.first}, {}, kNever);
    if (!m_timers)
        return;
    qint64 next = -1;
    for (const TrustRequest &request : requests) {
        const qint64 until = request.lastAt + TrustLimits().requestKeepMs * kNsPerMs;
        next = next < 0 ? until : std::min(next, until);
    }
    if (next >= 0)
        m_timers->arm(m_showTimer, next);
    else
        m_timers->disarm(m_showTimer);
}

void TrustKeeper::publish(const TrustDesk::Board &board,
                          const QByteArray &payload,
                          quint32 expirySeconds)
{
    PropertyWriter properties;
    properties.append(PropertyId::PayloadFormat, "\1");
    properties.append(PropertyId::ContentType, "application/json");
    const QByteArray topic = board.root + "/$pairing/" + board.endpoint;
    PublishView view;
    view.topic = viewOf(topic);
    view.payload = viewOf(payload);
    view.properties = properties.block();
    view.expirySeconds = expirySeconds;
    view.qos = 1;
    view.retain = true;
    if (const Result<> done = m_publisher->publish(view); !done)
        log("ship-pairing-unshown", QStringLiteral("reason=") + done.error().toString());
}

} // namespace fairlead::ship
