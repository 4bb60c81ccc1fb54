// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/eventsubscriber.h"

#include "core/observe/eventjson.h"

namespace fairlead::core {

namespace {

constexpr int kNotesPerTurn = 64;

} // namespace

EventSubscriber::EventSubscriber(quint64 number,
                                 ControlPeer &peer,
                                 std::unique_ptr<EventReader> reader,
                                 QObject *parent)
    : QObject(parent)
    , m_number(number)
    , m_peer(&peer)
    , m_reader(std::move(reader))
{
    m_peer->addWatch();
    connect(m_reader.get(), &EventReader::ready, this, &EventSubscriber::pump);
    connect(m_peer, &ControlPeer::hasRoom, this, &EventSubscriber::pump);
    connect(m_peer, &ControlPeer::ended, this, [this] {
        stop();
        Q_EMIT finished();
    });
    // What a peer that is destroyed without a word leaves is not touched.
    connect(m_peer, &QObject::destroyed, this, [this] { m_peer = nullptr; });
    if (!m_reader->isEmpty())
        m_reader->requestReady();
}

EventSubscriber::~EventSubscriber()
{
    stop();
}

void EventSubscriber::stop()
{
    if (ControlPeer *peer = std::exchange(m_peer, nullptr)) {
        peer->disconnect(this);
        peer->removeWatch();
    }
}

void EventSubscriber::pump()
{
    for (int sent = 0; m_peer; ++sent) {
        if (!m_waiting) {
            if (sent >= kNotesPerTurn) {
                if (!m_reader->isEmpty())
                    m_reader->requestReady();
                return;
            }
            const EventPtr event = m_reader->take();
            if (!event)
                break;
            m_waiting = QJsonObject{{QStringLiteral("subscription"), qint64(m_number)},
                                    {QStringLiteral("event"), eventToJson(*event)}};
        }
        if (!m_peer->notify(QStringLiteral("event"), *m_waiting))
            return;
        m_waiting.reset();
    }
    if (m_peer && m_reader->isFinished()) {
        stop();
        Q_EMIT finished();
    }
}

} // namespace fairlead::core
