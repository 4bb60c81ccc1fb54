// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "streampart.h"

#include <algorithm>

namespace fairlead::sim {

core::StreamSpec StreamPart::spec()
{
    core::StreamSpec spec;
    spec.name = "diary";
    spec.filter = *TopicFilter::parse("d/#");
    spec.durable = true;
    spec.limits = {1'000'000, 0, 0};
    return spec;
}

void StreamPart::begin(SimHost &host)
{
    m_host = &host;
}

void StreamPart::end()
{
    watch();
    m_source.reset();
    m_follower.reset();
    m_host = nullptr;
}

StreamPart::Peer StreamPart::connect(const std::string &peerKey, int reactor)
{
    Peer link = m_host->open(reactor);
    (*link)->connect(peerKey, 0, true);
    return link;
}

void StreamPart::subscribe(const Peer &link, const std::string &place)
{
    const std::string filter = "$replay/" + place + "/d/#";
    SubscribeRequest request;
    request.filter = filter;
    request.showPositions = true;
    (*link)->lease()->subscribe(&request, 1, 1);
}

void StreamPart::follow(int reactor)
{
    if (!m_follower || !m_follower->isOpen()) {
        m_follower = connect("follower", reactor);
        m_isSubscribed = false;
        m_got = 0;
    } else if (!m_isSubscribed && (*m_follower)->lease()) {
        subscribe(m_follower, m_place);
        m_isSubscribed = true;
    }
}

void StreamPart::act(SimRandom &random, int reactor)
{
    watch();
    if (random.chance(30)) {
        if (m_follower && m_follower->stream && random.chance(10)) {
            m_follower->stream->breakOff();
            m_follower.reset();
            return;
        }
        return follow(reactor);
    }
    if (!m_source || !m_source->isOpen()) {
        m_source = connect("diarist", reactor);
        m_completions = 0;
        return;
    }
    if (!(*m_source)->lease())
        return;
    for (auto left = 1 + random.below(4); left > 0; --left) {
        ++m_number;
        const auto qos = quint8(random.below(2));
        (*m_source)->publish(
            "d/" + std::to_string(qos), std::to_string(m_number), qos, false, m_number);
    }
}

void StreamPart::watch()
{
    if (m_source) {
        const auto &answers = m_source->record->completions;
        for (; m_completions < answers.size(); ++m_completions) {
            const Completion &answer = answers[m_completions];
            if (answer.outcome == Outcome::Done || answer.outcome == Outcome::NoReceiver)
                m_accepted.insert(answer.tag);
        }
    }
    if (!m_follower)
        return;
    const ProbeDriver::Record &record = *m_follower->record;
    if (!record.notices.empty())
        fail("the follower at " + m_place + " is told of a gap: " + record.notices.front());
    for (; m_got < record.got.size(); ++m_got) {
        const ProbeDriver::Got &got = record.got[m_got];
        if (got.position.sequence <= m_sequence)
            fail("after " + m_place + " comes " + std::to_string(got.position.sequence));
        m_sequence = got.position.sequence;
        m_place = std::to_string(got.position.epoch) + ':' + std::to_string(m_sequence);
        m_seen.push_back(got.payload);
    }
}

void StreamPart::finish(int reactor)
{
    watch();
    follow(reactor);
    if (!m_reader)
        m_reader = connect("reader of the diary", reactor);
    else if (!m_isReading && (*m_reader)->lease()) {
        subscribe(m_reader, "0");
        m_isReading = true;
    }
}

void StreamPart::check()
{
    watch();
    std::vector<std::string> all;
    for (const ProbeDriver::Got &got : m_reader->record->got)
        all.push_back(got.payload);
    if (!m_reader->record->notices.empty())
        fail("the reader is told of a gap: " + m_reader->record->notices.front());
    if (all != m_seen) {
        fail("the diary has " + std::to_string(all.size()) + " entries, the follower saw "
             + std::to_string(m_seen.size()));
    }
    const std::set<std::string> found(all.begin(), all.end());
    for (const quint32 number : m_accepted) {
        if (!found.contains(std::to_string(number)))
            fail("entry " + std::to_string(number) + " was acknowledged and is lost");
    }
}

void StreamPart::fail(const std::string &what)
{
    if (m_failure.empty())
        m_failure = what;
}

} // namespace fairlead::sim
