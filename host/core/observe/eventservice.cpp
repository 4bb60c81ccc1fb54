// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventservice.h"

#include "core/plugins/plugincall.h"

#include <QtCore/QPointer>

#include <cstring>

namespace fairlead::core {

namespace {

// One plugin's backlog does not hold up the main thread: the rest comes in the next turn.
constexpr int kEventsPerTurn = 256;

class Subscription final : public EventSubscription
{
public:
    Subscription(std::unique_ptr<EventReader> reader, EventHandler &handler)
        : m_reader(reader.release())
    {
        EventReader *const source = m_reader;
        QObject::connect(
            source, &EventReader::ready, source, [source, &handler] { deliver(source, handler); });
    }

    ~Subscription() override { delete m_reader; }

    Subscription(const Subscription &) = delete;
    Subscription &operator=(const Subscription &) = delete;

    quint64 lostCount() const noexcept override { return m_reader ? m_reader->lostCount() : 0; }

private:
    static void deliver(EventReader *source, EventHandler &handler)
    {
        const QPointer<EventReader> reader(source); // the handler may end its subscription
        for (int i = 0; i < kEventsPerTurn; ++i) {
            const EventPtr event = reader->take();
            if (!event)
                return;
            const Result<> handled
                = callPlugin("handleEvent", [&] { handler.handleEvent(*event); });
            if (!reader)
                return;
            if (!handled) {
                // A handler that broke is not called again (PL-05).
                qCritical("fairlead: a subscription to events ends: %s",
                          qUtf8Printable(handled.error().toString()));
                delete reader;
                return;
            }
        }
        reader->requestReady();
    }

    QPointer<EventReader> m_reader; ///< its own; null once its handler broke
};

bool isToldByPlugins(EventKind kind) noexcept
{
    switch (kind) {
    case EventKind::TrustRequested:
    case EventKind::TrustGranted:
    case EventKind::TrustRefused:
    case EventKind::TrustWithdrawn:
        return true;
    default:
        return false;
    }
}

Result<EventFilter> filterFrom(const EventRequest &request)
{
    EventFilter filter;
    filter.keyPrefix = QByteArray(request.keyPrefix.data(), qsizetype(request.keyPrefix.size()));
    if (!request.kinds)
        return filter;
    filter.kinds = EventKinds();
    for (int i = 0; i < request.kindCount; ++i) {
        if (std::strcmp(eventName(request.kinds[i]), "unknown") == 0) {
            return Error(
                ErrorCode::InvalidArgument,
                QStringLiteral("this host has no events of kind %1").arg(quint8(request.kinds[i])));
        }
        filter.kinds.add(request.kinds[i]);
    }
    return filter;
}

} // namespace

Result<std::unique_ptr<EventSubscription>> EventService::subscribe(const EventRequest &request,
                                                                   EventHandler &handler)
{
    Result<EventFilter> filter = filterFrom(request);
    if (!filter)
        return filter.error();
    EventReaderOptions options;
    options.filter = std::move(filter).value();
    options.capacity = request.capacity < 0 ? 0 : std::size_t(request.capacity);
    options.history = request.history;
    Result<std::unique_ptr<EventReader>> reader = m_bus.subscribe(options);
    if (!reader)
        return reader.error();
    return std::unique_ptr<EventSubscription>(
        std::make_unique<Subscription>(std::move(reader).value(), handler));
}

Result<> EventService::tell(const PeerEvent &event)
{
    if (!isToldByPlugins(event.kind) || event.key.isEmpty()) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("plugins tell of the trust in a peer that they name"));
    }
    if (m_bus.isClosed())
        return Error(ErrorCode::ShuttingDown, QStringLiteral("nobody reads events any more"));
    m_bus.publish(event.kind, [&event](Event &out) {
        out.key = event.key;
        out.endpoint = event.endpoint;
        out.details = event.details;
    });
    return {};
}

} // namespace fairlead::core
