// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/streamspec.h"
#include "simhost.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fairlead::sim {

/// A durable stream with one publisher, and one subscriber who goes on over all crashes from the last
/// position that it was shown. What was acknowledged is in the stream, what was shown stays there, and
/// nobody is told of a gap.
class StreamPart
{
public:
    static core::StreamSpec spec();

    /// On a host that has just begun.
    void begin(SimHost &host);
    /// The host is gone.
    void end();
    void act(SimRandom &random, int reactor);
    /// Reads what came.
    void watch();

    /// Everybody is there, and from now on nothing more is published.
    void finish(int reactor);
    /// After finish(), once all has come to rest.
    void check();

    const std::string &failure() const noexcept { return m_failure; }

private:
    using Peer = std::unique_ptr<SimLink>;

    Peer connect(const std::string &peerKey, int reactor);
    static void subscribe(const Peer &link, const std::string &place);
    void follow(int reactor);
    void fail(const std::string &what);

    SimHost *m_host = nullptr;
    Peer m_source;
    std::size_t m_completions = 0; ///< of the source's link, read
    Peer m_follower;
    bool m_isSubscribed = false;
    std::size_t m_got = 0; ///< of the follower's link, read
    Peer m_reader; ///< of all of it, at the end
    bool m_isReading = false;
    quint32 m_number = 0;
    std::string m_place = "0";
    quint64 m_sequence = 0;
    std::vector<std::string> m_seen;
    std::set<quint32> m_accepted;
    std::string m_failure;
};

} // namespace fairlead::sim
