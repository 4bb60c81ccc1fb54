// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/eventmethods.h"

#include "core/control/eventsubscriber.h"
#include "core/observe/eventjson.h"

#include <QtCore/QJsonArray>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qint64 kMaxKinds = 64;
constexpr qint64 kMaxKey = 1024;
constexpr qint64 kMinBuffer = 16;
constexpr qint64 kMaxRecent = 1000;
/// An estimate of what fits a line.
constexpr qsizetype kRecentBytes = 512 * 1024;

std::vector<Parameter> filterParameters()
{
    return {{QStringLiteral("kinds"), Parameter::Kind::StringList, false, 1, kMaxKinds},
            {QStringLiteral("key"), Parameter::Kind::String, false, 0, kMaxKey}};
}

/// Errors: InvalidArgument for a kind that is not known.
Result<EventFilter> readFilter(const QJsonObject &params)
{
    EventFilter filter;
    filter.keyPrefix = params.value(QStringLiteral("key")).toString().toUtf8();
    if (!params.contains(QStringLiteral("kinds")))
        return filter;
    filter.kinds = EventKinds();
    const QJsonArray names = params.value(QStringLiteral("kinds")).toArray();
    for (const auto &name : names) {
        const QByteArray text = name.toString().toUtf8();
        const auto kind = eventKindFromName({text.constData(), std::size_t(text.size())});
        if (!kind) {
            return Error(ErrorCode::InvalidArgument,
                         QStringLiteral("\"kinds\": there is no event \"%1\"")
                             .arg(name.toString().left(64)));
        }
        filter.kinds.add(*kind);
    }
    return filter;
}

} // namespace

EventMethods::EventMethods(EventBus &bus, int buffer)
    : m_bus(bus)
    , m_buffer(buffer)
{ }

EventMethods::~EventMethods() = default;

void EventMethods::addTo(ControlApi &api)
{
    std::vector<Parameter> subscription = filterParameters();
    subscription.push_back({QStringLiteral("history"), Parameter::Kind::Boolean});
    subscription.push_back({QStringLiteral("buffer"),
                            Parameter::Kind::Integer,
                            false,
                            kMinBuffer,
                            qint64(EventBus::kMaxCapacity)});
    std::vector<Parameter> page = filterParameters();
    page.push_back({QStringLiteral("limit"), Parameter::Kind::Integer, false, 1, kMaxRecent});
    (void)api.add(QStringLiteral("subscribe"), std::move(subscription), [this](const Call &call) {
        subscribe(call);
    });
    (void)api.add(QStringLiteral("unsubscribe"),
                  {{QStringLiteral("subscription"), Parameter::Kind::Integer, true, 1}},
                  [this](const Call &call) { unsubscribe(call); });
    (void)api.add(
        QStringLiteral("events"), std::move(page), [this](const Call &call) { recent(call); });
}

void EventMethods::subscribe(const Call &call)
{
    if (!call.peer) {
        call.reply->fail(Error(ErrorCode::NotSupported,
                               QStringLiteral("there is no connection to send events on")));
        return;
    }
    const auto mine
        = std::count_if(m_subscribers.cbegin(),
                        m_subscribers.cend(),
                        [&call](const EventSubscriber *one) { return one->peer() == call.peer; });
    if (mine >= kMaxPerPeer) {
        call.reply->fail(
            Error(ErrorCode::LimitReached,
                  QStringLiteral("a connection has at most %1 subscriptions").arg(kMaxPerPeer)));
        return;
    }
    Result<EventFilter> filter = readFilter(call.params);
    if (!filter) {
        call.reply->fail(filter.error());
        return;
    }
    EventReaderOptions options;
    options.filter = std::move(*filter);
    options.capacity = std::size_t(call.params.value(QStringLiteral("buffer")).toInteger(m_buffer));
    options.history = call.params.value(QStringLiteral("history")).toBool();
    auto reader = m_bus.subscribe(options);
    if (!reader) {
        call.reply->fail(reader.error());
        return;
    }
    const quint64 number = m_next++;
    auto *subscriber = new EventSubscriber(number, *call.peer, std::move(*reader), this);
    m_subscribers.insert(number, subscriber);
    connect(subscriber, &EventSubscriber::finished, this, [this, number] { drop(number); });
    call.reply->succeed(QJsonObject{{QStringLiteral("subscription"), qint64(number)}});
}

void EventMethods::drop(quint64 number)
{
    if (EventSubscriber *subscriber = m_subscribers.take(number)) {
        subscriber->stop();
        subscriber->deleteLater();
    }
}

void EventMethods::unsubscribe(const Call &call)
{
    const auto number = quint64(call.params.value(QStringLiteral("subscription")).toInteger());
    const EventSubscriber *found = m_subscribers.value(number);
    if (!found || found->peer() != call.peer) {
        call.reply->fail(
            Error(ErrorCode::NotFound,
                  QStringLiteral("this connection has no subscription %1").arg(number)));
        return;
    }
    drop(number);
    call.reply->succeed(QJsonObject{{QStringLiteral("subscription"), qint64(number)}});
}

void EventMethods::recent(const Call &call)
{
    Result<EventFilter> filter = readFilter(call.params);
    if (!filter) {
        call.reply->fail(filter.error());
        return;
    }
    EventReaderOptions options;
    options.filter = std::move(*filter);
    options.capacity = EventBus::kMaxCapacity;
    options.history = true;
    const auto reader = m_bus.subscribe(options);
    if (!reader) {
        call.reply->fail(reader.error());
        return;
    }
    std::vector<EventPtr> taken;
    while (EventPtr event = (*reader)->take())
        taken.push_back(std::move(event));
    // The latest are what is asked for.
    const auto limit
        = std::size_t(call.params.value(QStringLiteral("limit")).toInteger(kMaxRecent));
    std::size_t first = taken.size();
    QList<QJsonObject> shown;
    for (qsizetype bytes = 0; first > 0 && taken.size() - first < limit && bytes < kRecentBytes;) {
        --first;
        shown.prepend(eventToJson(*taken[first]));
        bytes += 512 + 6 * taken[first]->key.size();
    }
    QJsonArray events;
    for (const QJsonObject &event : std::as_const(shown))
        events.append(event);
    call.reply->succeed(QJsonObject{{QStringLiteral("events"), events},
                                    {QStringLiteral("earlier"), qint64(first)}});
}

} // namespace fairlead::core
