// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/channel.h"
#include "core/control/controlapi.h"
#include "core/control/controlpeer.h"

namespace fairlead::core {

/// One client of the control socket: lines in, calls, lines out.
///
/// Calls of one client run at the same time up to a bound, their answers come in the order in which
/// they are ready. Beyond a bound of calls or of unsent answers its requests stay unread.
///
/// Thread: main. Ownership: the server's; deletes itself later, after ended().
class ControlConnection final : public ControlPeer, private ChannelOwner
{
    Q_OBJECT

public:
    static constexpr int kMaxCalls = 16; ///< unanswered
    static constexpr qsizetype kMaxUnsent = 4 * jsonrpc::kMaxLine;
    static constexpr qint64 kLineNs = 30 * kNsPerSecond; ///< from its first byte to its end
    static constexpr qint64 kStallNs = 30 * kNsPerSecond;

    ControlConnection(const ControlLoop &loop, int fd, ControlApi &api, QObject *parent);
    ~ControlConnection() override;

    bool notify(const QString &method, const QJsonObject &params) override;

    /// Since when it has nothing to do; -1 while it has.
    qint64 idleSince() const noexcept;

    /// Tells the client why, then closes.
    void refuse(ErrorCode code, const QString &text);

private:
    void channelInput() override { process(); }

    void channelSent() override;

    void channelClosed() override { end(); }

    void process();
    bool mayProcess() const noexcept;
    bool takeLine(QByteArray *line);
    void handleLine(const QByteArray &line);
    void beginCall(const jsonrpc::Request &request);
    void endCall(const jsonrpc::Request &request, const Reply::Outcome &outcome);
    void sendOutcome(const QJsonValue &id, const Reply::Outcome &outcome);
    void send(const QByteArray &line);
    void watchLine();
    void finishIfDone();
    void leave();
    void handleLateLine() noexcept;
    void end();

    const ControlLoop m_loop;
    ControlApi &m_api;
    Channel m_channel;
    qsizetype m_scanned = 0; ///< bytes of the input known to hold no line's end
    int m_calls = 0;
    qint64 m_idleSince;
    Timer m_lineDeadline;
    Timer m_more; ///< the rest of the input, next turn
    bool m_discarding = false; ///< the rest of a line that is too long
    bool m_processing = false;
    bool m_toldFull = false;
    bool m_leaving = false; ///< takes and says nothing more
    bool m_ended = false;
};

} // namespace fairlead::core
