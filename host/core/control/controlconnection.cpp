// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlconnection.h"

#include <QtCore/QPointer>

namespace fairlead::core {

using jsonrpc::RpcError;

namespace {

constexpr int kLinesPerTurn = 64;
constexpr qsizetype kBusyOutput = ControlConnection::kMaxUnsent / 4;
constexpr Channel::Bounds kControlBounds
    = {jsonrpc::kMaxLine + 1, ControlConnection::kMaxUnsent, ControlConnection::kStallNs};

} // namespace

ControlConnection::ControlConnection(const ControlLoop &loop,
                                     int fd,
                                     ControlApi &api,
                                     QObject *parent)
    : ControlPeer(parent)
    , m_loop(loop)
    , m_api(api)
    , m_channel(loop, fd, kControlBounds, *this)
    , m_idleSince(loop.clock.now())
    , m_lineDeadline(
          [](void *self) noexcept { static_cast<ControlConnection *>(self)->handleLateLine(); },
          this)
    , m_more([](void *self) noexcept { static_cast<ControlConnection *>(self)->process(); }, this)
{ }

ControlConnection::~ControlConnection() = default;

qint64 ControlConnection::idleSince() const noexcept
{
    return m_calls == 0 && !isWatching() && !m_leaving && !m_ended ? m_idleSince : -1;
}

bool ControlConnection::mayProcess() const noexcept
{
    return m_channel.isOpen() && !m_leaving && m_calls < kMaxCalls
        && m_channel.unsent() < kBusyOutput;
}

void ControlConnection::process()
{
    // Answers that come at once lead back here.
    if (m_processing)
        return;
    m_processing = true;
    QByteArray line;
    int lines = 0;
    bool more = true;
    while (mayProcess() && lines < kLinesPerTurn && (more = takeLine(&line))) {
        ++lines;
        handleLine(line);
    }
    m_processing = false;
    if (!m_channel.isOpen())
        return;
    m_channel.setReading(mayProcess());
    if (lines == kLinesPerTurn)
        m_loop.timers.arm(m_more, m_loop.clock.now());
    watchLine();
    if (!more)
        finishIfDone();
}

bool ControlConnection::takeLine(QByteArray *line)
{
    const QByteArray &input = m_channel.input();
    const qsizetype end = input.indexOf('\n', m_scanned);
    if (end >= 0) {
        *line = m_discarding ? QByteArray() : input.left(end);
        m_discarding = false;
        m_scanned = 0;
        m_channel.takeInput(end + 1);
        m_loop.timers.disarm(m_lineDeadline);
        return true;
    }
    if (m_channel.isInputEnded() && !m_discarding && !input.isEmpty()) {
        *line = input; // the end of the input ends its last line too
        m_scanned = 0;
        m_channel.takeInput(line->size());
        return true;
    }
    m_scanned = input.size();
    if (m_discarding || input.size() > jsonrpc::kMaxLine) {
        if (!m_discarding) {
            send(jsonrpc::errorLine(
                QJsonValue(),
                RpcError::make(
                    jsonrpc::InvalidRequest,
                    ErrorCode::PacketTooLarge,
                    QStringLiteral("a line is at most %1 bytes long").arg(jsonrpc::kMaxLine))));
        }
        m_discarding = true;
        m_scanned = 0;
        m_channel.takeInput(input.size());
    }
    return false;
}

void ControlConnection::watchLine()
{
    const bool isWithinLine = m_discarding || !m_channel.input().isEmpty();
    if (!isWithinLine || !mayProcess()) {
        m_loop.timers.disarm(m_lineDeadline);
    } else if (!m_lineDeadline.isArmed()) {
        m_loop.timers.arm(m_lineDeadline, m_loop.clock.now() + kLineNs);
    }
}

void ControlConnection::handleLine(const QByteArray &line)
{
    // Blank lines keep a connection busy for nobody's harm.
    if (line.trimmed().isEmpty())
        return;
    m_idleSince = m_loop.clock.now();
    const auto parsed = jsonrpc::parseRequest(line);
    if (const auto *refusal = std::get_if<jsonrpc::Refusal>(&parsed))
        send(jsonrpc::errorLine(refusal->id, refusal->error));
    else if (const auto *request = std::get_if<jsonrpc::Request>(&parsed))
        beginCall(*request);
}

void ControlConnection::beginCall(const jsonrpc::Request &request)
{
    ++m_calls;
    m_api.call(request,
               this,
               [guard = QPointer<ControlConnection>(this), request](const Reply::Outcome &outcome) {
                   if (ControlConnection *self = guard.data())
                       self->endCall(request, outcome);
               });
}

void ControlConnection::endCall(const jsonrpc::Request &request, const Reply::Outcome &outcome)
{
    --m_calls;
    m_idleSince = m_loop.clock.now();
    if (!request.isNotification)
        sendOutcome(request.id, outcome);
    process(); // what had to wait for this call
}

void ControlConnection::sendOutcome(const QJsonValue &id, const Reply::Outcome &outcome)
{
    const QByteArray line = outcome.error ? jsonrpc::errorLine(id, *outcome.error)
                                          : jsonrpc::resultLine(id, outcome.result);
    if (line.size() <= jsonrpc::kMaxLine + 1) {
        send(line);
        return;
    }
    send(jsonrpc::errorLine(
        id,
        RpcError::make(jsonrpc::InternalError,
                       ErrorCode::PacketTooLarge,
                       QStringLiteral("the answer is longer than a line may be; ask for less"))));
}

void ControlConnection::send(const QByteArray &line)
{
    if (m_leaving)
        return;
    if (!m_channel.write(line) && m_channel.isOpen()) {
        // It reads nothing and has 16 calls on their way: more than its share.
        m_channel.close();
        end();
    }
}

bool ControlConnection::notify(const QString &method, const QJsonObject &params)
{
    if (m_channel.unsent() >= kBusyOutput) {
        m_toldFull = true;
        return false;
    }
    send(jsonrpc::notificationLine(method, params));
    return m_channel.isOpen();
}

void ControlConnection::channelSent()
{
    process();
    if (m_toldFull && m_channel.isOpen() && m_channel.unsent() < kBusyOutput) {
        m_toldFull = false;
        Q_EMIT hasRoom();
    }
}

void ControlConnection::refuse(ErrorCode code, const QString &text)
{
    send(jsonrpc::errorLine(QJsonValue(), RpcError::make(jsonrpc::HostError, code, text)));
    leave();
}

void ControlConnection::finishIfDone()
{
    // Who half-closes has asked all its questions and waits for the answers.
    if (m_channel.isInputEnded() && m_calls == 0 && !isWatching())
        leave();
}

void ControlConnection::leave()
{
    m_leaving = true;
    m_channel.finish();
}

void ControlConnection::handleLateLine() noexcept
{
    refuse(ErrorCode::Timeout,
           QStringLiteral("a line takes at most %1 s to arrive").arg(kLineNs / kNsPerSecond));
}

void ControlConnection::end()
{
    if (std::exchange(m_ended, true))
        return;
    m_loop.timers.disarm(m_lineDeadline);
    m_loop.timers.disarm(m_more);
    Q_EMIT ended();
    deleteLater();
}

} // namespace fairlead::core
