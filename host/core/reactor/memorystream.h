// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/linkstream.h"

#include <fairlead/executor.h>

#include <memory>
#include <utility>

namespace fairlead::core {

class Reactor;

/// One end of a pair of byte streams inside the process; the ends may be on different reactors.
/// Bounded as a socket's buffers are. Thread: its reactor.
class MemoryStream final : public LinkStream
{
public:
    /// Two connected ends, for one reactor each.
    static std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> makePair(
        Reactor &first, Reactor &second, const QByteArray &name);
    ~MemoryStream() override;

    QByteArray peerAddress() const override { return m_name; }

    IoResult read(char *buffer, std::size_t size) noexcept override;
    void finishOutput() noexcept override;
    void abandon() noexcept override;

private:
    struct Pipe;

    MemoryStream(Reactor &reactor,
                 QByteArray name,
                 std::shared_ptr<Pipe> in,
                 std::shared_ptr<Pipe> out);
    IoResult write(const iovec *parts, int count) noexcept override;

    QByteArray m_name;
    std::shared_ptr<Pipe> m_in;
    std::shared_ptr<Pipe> m_out;
};

} // namespace fairlead::core
