// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/outgoingflow.h"

#include <algorithm>

namespace fairlead::cli {

OutgoingFlow::Handle OutgoingFlow::add(OutgoingMessage message)
{
    Entry entry;
    entry.handle = ++m_lastHandle;
    entry.message = std::move(message);
    m_entries.push_back(std::move(entry));
    return m_lastHandle;
}

OutgoingFlow::Entry *OutgoingFlow::next()
{
    if (m_firstQueued >= m_entries.size()) {
        return nullptr;
    }
    Entry &entry = m_entries[m_firstQueued];
    if (entry.message.qos > 0) {
        // A message of QoS 0 behind it waits as well: the order of publishing is kept.
        if (m_inFlight >= m_window) {
            return nullptr;
        }
        entry.packetId = takePacketId();
        if (entry.packetId == 0) {
            return nullptr;
        }
        ++m_inFlight;
    }
    entry.stage = Stage::AwaitingAck;
    ++m_firstQueued;
    return &entry;
}

void OutgoingFlow::drop(Handle handle)
{
    const auto it = std::find_if(m_entries.begin(), m_entries.end(), [handle](const Entry &entry) {
        return entry.handle == handle;
    });
    if (it != m_entries.end()) {
        finish(it);
    }
}

OutgoingFlow::Outcome OutgoingFlow::acknowledged(quint16 packetId)
{
    return finish(find(packetId, 1, Stage::AwaitingAck));
}

OutgoingFlow::Outcome OutgoingFlow::received(quint16 packetId, mqtt::ReasonCode reason)
{
    const auto it = find(packetId, 2, Stage::AwaitingAck);
    if (it == m_entries.end()) {
        // PUBREC once more for an exchange that is further already is answered again.
        const auto later = find(packetId, 2, Stage::AwaitingComp);
        return later == m_entries.end() ? Outcome{} : Outcome{Verdict::Continue, later->handle};
    }
    if (mqtt::isError(reason)) {
        return finish(it);
    }
    it->stage = Stage::AwaitingComp;
    it->message.payload = {};
    return {Verdict::Continue, it->handle};
}

OutgoingFlow::Outcome OutgoingFlow::completed(quint16 packetId)
{
    return finish(find(packetId, 2, Stage::AwaitingComp));
}

void OutgoingFlow::resume(bool sessionPresent,
                          quint16 receiveMaximum,
                          const std::function<void(const Entry &)> &again,
                          const std::function<void(Handle)> &finished)
{
    m_window = std::min(m_maxInflight, receiveMaximum);
    if (sessionPresent) {
        for (std::size_t i = 0; i < m_firstQueued; ++i) {
            m_entries[i].dup = true;
            again(m_entries[i]);
        }
        return;
    }
    std::vector<Handle> taken;
    for (std::size_t i = 0; i < m_firstQueued; ++i) {
        Entry &entry = m_entries[i];
        releasePacketId(entry.packetId);
        entry.packetId = 0;
        if (entry.stage == Stage::AwaitingComp) {
            // The broker has answered for it; sent anew it might be delivered twice.
            taken.push_back(entry.handle);
        }
        entry.stage = Stage::Queued;
    }
    m_firstQueued = 0;
    m_inFlight = 0;
    for (const Handle handle : taken) {
        drop(handle);
        finished(handle);
    }
}

quint16 OutgoingFlow::takePacketId()
{
    for (int tries = 0; tries < 65'535; ++tries) {
        m_lastId = m_lastId == 65'535 ? 1 : static_cast<quint16>(m_lastId + 1);
        if (!m_ids[m_lastId]) {
            m_ids[m_lastId] = true;
            return m_lastId;
        }
    }
    return 0;
}

void OutgoingFlow::releasePacketId(quint16 packetId)
{
    m_ids[packetId] = false;
}

std::deque<OutgoingFlow::Entry>::iterator OutgoingFlow::find(quint16 packetId,
                                                             quint8 qos,
                                                             Stage stage)
{
    return std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry &entry) {
        return entry.packetId == packetId && entry.message.qos == qos && entry.stage == stage;
    });
}

OutgoingFlow::Outcome OutgoingFlow::finish(const std::deque<Entry>::iterator &it)
{
    if (it == m_entries.end()) {
        return {};
    }
    const Outcome outcome{Verdict::Finished, it->handle};
    if (it->packetId != 0) {
        releasePacketId(it->packetId);
        --m_inFlight;
    }
    if (it->stage != Stage::Queued) {
        --m_firstQueued;
    }
    m_entries.erase(it);
    return outcome;
}

} // namespace fairlead::cli
