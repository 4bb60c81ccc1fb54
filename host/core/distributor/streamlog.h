// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/streamset.h"
#include "core/store/streamstate.h"

#include <fairlead/position.h>

#include <mutex>
#include <vector>

namespace fairlead {
class Clock;
}

namespace fairlead::core {

class Store;
struct Recovered;

/// The durable streams' part of the store. Their log has what their ring has: the ring's bounds are the
/// log's, a start reads the whole of it back, and what leaves the ring leaves the log.
///
/// Thread: restore() first; then any.
class StreamLog
{
public:
    /// @p store null: nothing is logged.
    StreamLog(StreamSet &streams, Store *store);

    /// Takes up what earlier starts logged. @p first: the first position of this one.
    void restore(const Recovered &recovered, Position first, const Clock &clock);

    bool isLogged(int stream) const noexcept { return at(stream).isLogged; }

    /// Whether a subscriber to the logged @p stream may have been at @p number in @p epoch, an earlier one.
    bool hasPosition(int stream, quint32 epoch, quint64 number) const noexcept;

    quint64 unprovenUpTo(int stream) const noexcept { return at(stream).state.unprovenUpTo; }

    /// Takes out of the log what has left the rings of @p streams, a bit each; not @p all: once it is
    /// worth the work.
    void trim(quint32 streams, bool all);

private:
    struct Logged
    {
        StreamState state;
        bool isLogged = false;
    };

    const Logged &at(int stream) const noexcept { return m_logged[std::size_t(stream)]; }

    void resume(int stream, StreamState state, quint64 trimmedUpTo, const Recovered &recovered);
    void fill(int stream, quint64 after, const Recovered &recovered, const Clock &clock);
    void begin(int stream, int slot);
    void put(int stream);

    StreamSet &m_streams;
    Store *const m_store;
    Position m_first;
    std::vector<Logged> m_logged; ///< by stream
    std::mutex m_trimming; ///< so that the store gets the marks in their order
};

} // namespace fairlead::core
