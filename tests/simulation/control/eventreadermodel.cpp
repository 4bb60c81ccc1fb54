// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "eventreadermodel.h"

#include <QtCore/QJsonObject>

#include <algorithm>
#include <utility>

namespace fairlead::sim {

using core::EventPtr;
using core::LostEvents;

EventReaderModel::EventReaderModel(std::unique_ptr<core::EventReader> reader,
                                   core::EventFilter filter,
                                   std::size_t capacity)
    : m_reader(std::move(reader))
    , m_filter(std::move(filter))
    , m_capacity(capacity)
{ }

void EventReaderModel::expect(const EventPtr &event)
{
    m_pending.push_back({event, LostEvents()});
    ++m_events;
    m_overflowed = m_overflowed || m_events > m_capacity;
    if (isTerminal(*event))
        ++m_terminals;
    m_terminalsOverflowed = m_terminalsOverflowed || m_terminals > m_capacity;
    isOwed = true;
}

void EventReaderModel::expectLost(const LostEvents &lost)
{
    m_pending.push_back({nullptr, lost});
    isOwed = true;
}

QString EventReaderModel::take(bool *took)
{
    const EventPtr event = m_reader->take();
    *took = event != nullptr;
    if (event && event->kind == EventKind::Lag) {
        const auto number = [&event](QLatin1String name) {
            return quint64(event->details.value(name).toInteger());
        };
        m_announced.add({number(QLatin1String("count")),
                         number(QLatin1String("first")),
                         number(QLatin1String("last")),
                         0,
                         0});
        m_states.clear();
        return {};
    }
    QString wrong = catchUp(event.get());
    if (wrong.isEmpty() && event)
        wrong = follow(event);
    if (!m_pending.empty() || !wrong.isEmpty())
        return wrong;
    m_overflowed = false;
    m_terminalsOverflowed = false;
    if (m_reader->lostCount() != m_lostCount)
        return QStringLiteral("%1 events were lost, it says").arg(m_reader->lostCount());
    return {};
}

/// What was published before @p event and did not come was announced as lost, number by number.
QString EventReaderModel::catchUp(const Event *event)
{
    while (!m_pending.empty() && (!event || m_pending.front().event.get() != event)) {
        const Item item = std::move(m_pending.front());
        m_pending.pop_front();
        if (QString wrong = skip(item); !wrong.isEmpty())
            return wrong;
    }
    if (event && m_pending.empty())
        return QStringLiteral("event %1 is not one of its own").arg(event->number);
    const LostEvents announced = std::exchange(m_announced, LostEvents());
    const LostEvents skipped = std::exchange(m_skipped, LostEvents());
    if (announced.count != skipped.count || announced.first != skipped.first
        || announced.last != skipped.last) {
        return QStringLiteral("%1 events are missing, %2 were announced")
            .arg(skipped.count)
            .arg(announced.count);
    }
    m_lostCount += skipped.count;
    return {};
}

QString EventReaderModel::skip(const Item &item)
{
    if (!item.event) {
        m_skipped.add(item.lost);
        return {};
    }
    const Event &event = *item.event;
    --m_events;
    m_skipped.add({1, event.number, event.number, 0, 0});
    if (!m_overflowed)
        return QStringLiteral("event %1 is lost without need").arg(event.number);
    if (!isTerminal(event))
        return {};
    --m_terminals;
    if (!m_terminalsOverflowed || !comesAgain(event))
        return QStringLiteral("terminal event %1 is lost").arg(event.number);
    return {};
}

/// Whether one that says the same of the same is still to come.
bool EventReaderModel::comesAgain(const Event &event) const
{
    return std::any_of(m_pending.begin(), m_pending.end(), [&event](const Item &item) {
        return item.event && item.event->kind == event.kind && item.event->key == event.key
            && isTerminal(*item.event);
    });
}

/// OB-01: in order, and each change begins where the one before it ended.
QString EventReaderModel::follow(const EventPtr &event)
{
    m_pending.pop_front();
    --m_events;
    if (isTerminal(*event))
        --m_terminals;
    if (std::exchange(m_number, event->number) >= event->number)
        return QStringLiteral("event %1 comes out of order").arg(event->number);
    if (event->from.isEmpty())
        return {};
    const EventPtr before = std::exchange(m_states[event->key], event);
    if (!before || before->to == event->from || beginsAnew(*before, *event))
        return {};
    return QStringLiteral("%1 was %2, and goes from %3")
        .arg(QString::fromUtf8(event->key), before->to, event->from);
}

/// Another one has the name now.
bool EventReaderModel::beginsAnew(const Event &before, const Event &event)
{
    if (event.kind == EventKind::ServiceStatus)
        return event.generation > before.generation && event.from == QLatin1String("starting");
    return before.to == QLatin1String("stopped") && event.from == QLatin1String("idle");
}

} // namespace fairlead::sim
