// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "keptpromises.h"

#include <algorithm>

namespace fairlead::sim {

std::size_t RetainedPromise::publish(const std::string &topic, const std::string &payload)
{
    Topic &entry = m_topics[topic];
    entry.states.push_back(payload);
    return entry.states.size() - 1;
}

void RetainedPromise::accept(const std::string &topic, std::size_t state)
{
    Topic &entry = m_topics[topic];
    entry.accepted = std::max(entry.accepted, state);
}

std::string RetainedPromise::check(const std::map<std::string, std::string> &found) const
{
    for (const auto &[topic, entry] : m_topics) {
        const auto kept = found.find(topic);
        const std::string payload = kept == found.end() ? std::string() : kept->second;
        if (std::find(
                entry.states.begin() + std::ptrdiff_t(entry.accepted), entry.states.end(), payload)
            == entry.states.end()) {
            return "retained " + topic + " is '" + payload + "', acknowledged was '"
                + entry.states[entry.accepted] + "'";
        }
    }
    for (const auto &[topic, payload] : found) {
        if (!m_topics.contains(topic))
            return "retained " + topic + " is '" + payload + "', which nobody published";
    }
    return {};
}

void SubscriptionPromise::ask(const std::string &filter, Wanted wanted)
{
    m_asked = Asked{filter, wanted};
}

void SubscriptionPromise::askAnew()
{
    m_anew = true;
}

void SubscriptionPromise::accept()
{
    if (m_anew)
        m_accepted.clear();
    m_exists = m_exists || m_anew;
    m_anew = false;
    if (m_asked && m_asked->wanted)
        m_accepted[m_asked->filter] = *m_asked->wanted;
    else if (m_asked)
        m_accepted.erase(m_asked->filter);
    m_asked.reset();
}

std::string SubscriptionPromise::check(const core::Recovered &recovered, const std::string &peerKey)
{
    const core::RecoveredSession *session = nullptr;
    for (const core::RecoveredSession &one : recovered.sessions) {
        if (one.row.peerKey.toStdString() != peerKey)
            continue;
        if (session)
            return peerKey + " has two sessions";
        session = &one;
    }
    if (!session && m_exists)
        return peerKey + " has lost its session";
    std::map<std::string, quint8> found;
    if (session) {
        for (const core::SubscriptionRow &row : session->subscriptions)
            found[row.filter.toStdString()] = row.qos;
    }
    // What was not acknowledged may have come to pass; from here on it is known.
    const auto before = m_accepted;
    if (found != m_accepted)
        accept();
    m_asked.reset();
    m_anew = false;
    m_exists = session != nullptr;
    if (found == m_accepted)
        return {};
    std::string text = peerKey + " has the subscriptions";
    for (const auto &[filter, qos] : found)
        text += ' ' + filter + '=' + std::to_string(qos);
    text += " and was told of";
    for (const auto &[filter, qos] : before)
        text += ' ' + filter + '=' + std::to_string(qos);
    return text;
}

} // namespace fairlead::sim
