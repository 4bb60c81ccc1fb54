// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <algorithm>
#include <utility>

namespace fairlead::ship::bench {

namespace {

/// Which lines speak of the wire.
bool isWire(const QByteArray &line)
{
    return line.startsWith("send ") || line.startsWith("end ");
}

struct Describer
{
    QByteArray operator()(const SendMessage &send) const
    {
        return "send " + readable(viewOf(send.bytes));
    }

    QByteArray operator()(const ArmTimer &arm) const
    {
        return QByteArray("arm ") + ship::toText(arm.timer);
    }

    QByteArray operator()(const DisarmTimer &disarm) const
    {
        return QByteArray("disarm ") + ship::toText(disarm.timer);
    }

    QByteArray operator()(const EnterState &enter) const
    {
        return QByteArray("state ") + ship::toText(enter.state);
    }

    QByteArray operator()(const DeliverData &data) const
    {
        return "deliver " + data.protocolId + ' ' + copyOf(data.payload);
    }

    QByteArray operator()(const PeerIdentified &peer) const
    {
        return "peer " + peer.methods.id + (peer.methods.mdns ? " mdns" : "")
            + (peer.methods.dnsUri ? ' ' + *peer.methods.dnsUri : QByteArray());
    }

    QByteArray operator()(const Notice &notice) const
    {
        QByteArray line = QByteArray("notice ") + toText(notice.kind);
        if (notice.error)
            line += QByteArray(" ") + ship::toText(notice.error.kind);
        return line;
    }

    QByteArray operator()(const End &end) const
    {
        return QByteArray("end ") + ship::toText(end.reason) + ' '
            + (end.peerIsGone ? QByteArray("gone") : QByteArray::number(end.frame.code));
    }
};

} // namespace

QByteArray readable(Bytes message)
{
    const QByteArray type = copyOf(message.substr(0, 1)).toHex();
    const Bytes value = message.substr(std::min<std::size_t>(1, message.size()));
    if (!value.starts_with('{'))
        return value.empty() ? type : type + ' ' + copyOf(value).toHex();
    return type + ' ' + copyOf(value);
}

QByteArray bytesOf(const QByteArray &readable)
{
    const QByteArray type = QByteArray::fromHex(readable.left(2));
    const QByteArray value = readable.mid(3);
    return type + (value.startsWith('{') ? value : QByteArray::fromHex(value));
}

QByteArray describe(const Action &action)
{
    return std::visit(Describer(), action);
}

const char *toText(NoticeKind kind) noexcept
{
    switch (kind) {
    case NoticeKind::PartnerPending:
        return "partner-pending";
    case NoticeKind::PartnerReady:
        return "partner-ready";
    case NoticeKind::ProlongationAsked:
        return "prolongation-asked";
    case NoticeKind::ProlongationGranted:
        return "prolongation-granted";
    case NoticeKind::PinWanted:
        return "pin-wanted";
    case NoticeKind::PinBusy:
        return "pin-busy";
    case NoticeKind::PinAccepted:
        return "pin-accepted";
    case NoticeKind::PinRefused:
        return "pin-refused";
    case NoticeKind::PeerPinAccepted:
        return "peer-pin-accepted";
    case NoticeKind::PeerPinWrong:
        return "peer-pin-wrong";
    case NoticeKind::Discarded:
        return "discarded";
    }
    return "unknown";
}

Bench::Bench(Settings settings)
    : machine(std::move(settings))
{ }

void Bench::start()
{
    Actions out;
    machine.start(now, out);
    absorb(out);
}

void Bench::receive(const QByteArray &message)
{
    const QByteArray bytes = bytesOf(message);
    receiveRaw(viewOf(bytes));
}

void Bench::receiveRaw(Bytes bytes)
{
    Actions out;
    machine.receive(bytes, now, out);
    absorb(out);
}

void Bench::advance(qint64 milliseconds)
{
    const qint64 until = now + milliseconds * kNsPerMs;
    while (true) {
        int next = -1;
        for (int i = 0; i < kTimerCount; ++i) {
            const auto &deadline = m_deadlines[std::size_t(i)];
            if (deadline && *deadline <= until
                && (next < 0 || *deadline < *m_deadlines[std::size_t(next)])) {
                next = i;
            }
        }
        if (next < 0)
            break;
        now = std::max(now, *m_deadlines[std::size_t(next)]);
        fire(static_cast<TimerId>(next));
    }
    now = until;
}

void Bench::fire(TimerId timer)
{
    auto &deadline = m_deadlines[static_cast<std::size_t>(timer)];
    if (deadline && *deadline <= now)
        deadline.reset();
    Actions out;
    machine.expire(timer, now, out);
    absorb(out);
}

void Bench::trust(Trust trust)
{
    Actions out;
    machine.decideTrust(trust, now, out);
    absorb(out);
}

bool Bench::enterPin(const QByteArray &pin)
{
    Actions out;
    const bool good = machine.enterPin(viewOf(pin), now, out);
    absorb(out);
    return good;
}

SendVerdict Bench::send(const QByteArray &payload)
{
    Actions out;
    const SendVerdict verdict = machine.sendData(viewOf(payload), now, out);
    absorb(out);
    return verdict;
}

void Bench::close(EndReason reason)
{
    Actions out;
    machine.close(reason, now, out);
    absorb(out);
}

void Bench::abort()
{
    Actions out;
    machine.abort(now, out);
    absorb(out);
}

void Bench::peerGone()
{
    Actions out;
    machine.peerGone(now, out);
    absorb(out);
}

void Bench::askAccessMethods()
{
    Actions out;
    machine.askAccessMethods(now, out);
    absorb(out);
}

qint64 Bench::left(TimerId timer) const
{
    const auto &deadline = m_deadlines[static_cast<std::size_t>(timer)];
    return deadline ? (*deadline - now) / kNsPerMs : -1;
}

int Bench::armedTimers() const
{
    int count = 0;
    for (const auto &deadline : m_deadlines)
        count += deadline ? 1 : 0;
    return count;
}

QByteArrayList Bench::take()
{
    return std::exchange(m_lines, {});
}

QByteArrayList Bench::takeSent()
{
    QByteArrayList sent;
    for (const QByteArray &line : take()) {
        if (isWire(line))
            sent.append(line);
    }
    return sent;
}

void Bench::absorb(const Actions &actions)
{
    for (const Action &action : actions) {
        if (const auto *const arm = std::get_if<ArmTimer>(&action)) {
            m_deadlines[static_cast<std::size_t>(arm->timer)] = arm->deadline;
        } else if (const auto *const disarm = std::get_if<DisarmTimer>(&action)) {
            m_deadlines[static_cast<std::size_t>(disarm->timer)].reset();
        } else {
            if (const auto *const end = std::get_if<End>(&action))
                m_ended = end->reason;
            m_lines.append(describe(action));
        }
    }
}

Settings trusting(Role role)
{
    Settings settings;
    settings.role = role;
    settings.trust = Trust::Trusted;
    settings.shipId = "us";
    return settings;
}

Settings undecided(Role role)
{
    Settings settings = trusting(role);
    settings.trust = Trust::Pending;
    return settings;
}

std::unique_ptr<Bench> inState(State state, Settings settings)
{
    const bool server = settings.role == Role::Server;
    auto bench = std::make_unique<Bench>(std::move(settings));
    const auto reached = [&bench, state] { return bench->state() == state; };
    const auto step = [&bench, &reached](const QByteArray &message) {
        if (!reached())
            bench->receive(message);
    };
    if (!reached())
        bench->start();
    step(kInitBytes);
    if (!reached() && bench->state() == State::HelloPending)
        bench->trust(Trust::Trusted);
    step(kReady);
    step(server ? kAnnounceMax : kSelect);
    if (server)
        step(kSelect);
    step(kPinNone);
    if (!reached() && state == State::CloseAnnounced)
        bench->close();
    if (!reached() && state == State::CloseConfirmed)
        bench->receive(kAnnounce);
    if (!reached() && state == State::Closed)
        bench->peerGone();
    static_cast<void>(bench->take());
    return bench;
}

} // namespace fairlead::ship::bench
