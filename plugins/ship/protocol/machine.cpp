// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/machine.h"

#include "protocol/machine_p.h"
#include "protocol/messagewriter.h"
#include "protocol/pin.h"

#include <utility>

namespace fairlead::ship {

Machine::Machine(Settings settings)
    : d(std::make_unique<Private>(std::move(settings)))
{ }

Machine::~Machine() = default;
Machine::Machine(Machine &&) noexcept = default;
Machine &Machine::operator=(Machine &&) noexcept = default;

State Machine::state() const noexcept
{
    return d->core.state();
}

quint32 Machine::wrongPins() const noexcept
{
    return d->check.wrongPins();
}

void Machine::start(qint64 now, Actions &out)
{
    d->core.begin(now, out);
    if (state() != State::Idle)
        return;
    d->core.enter(State::InitWait);
    d->core.arm(TimerId::Init, d->core.times().init);
    if (d->core.settings().role == Role::Client)
        d->core.send(Init());
}

void Machine::receive(Bytes message, qint64 now, Actions &out)
{
    d->core.begin(now, out);
    d->receive(message);
}

void Machine::expire(TimerId timer, qint64 now, Actions &out)
{
    d->core.begin(now, out);
    d->expire(timer);
}

void Machine::peerGone(qint64 now, Actions &out)
{
    d->core.begin(now, out);
    d->peerGone();
}

void Machine::decideTrust(Trust trust, qint64 now, Actions &out)
{
    d->core.begin(now, out);
    switch (state()) {
    case State::Idle:
    case State::InitWait:
        d->trust = trust;
        break;
    case State::HelloReady:
    case State::HelloPending:
        if (d->hello.decide(trust) == Progress::Done)
            d->protocol.enter();
        break;
    default:
        if (trust == Trust::Rejected)
            d->close(EndReason::TrustRemovedHere);
    }
}

bool Machine::enterPin(Bytes pin, qint64 now, Actions &out)
{
    d->core.begin(now, out);
    if (!isPin(pin))
        return false;
    if (state() <= State::Data)
        d->ask.enterPin(pin);
    return true;
}

SendVerdict Machine::sendData(Bytes payload, qint64 now, Actions &out)
{
    d->core.begin(now, out);
    if (state() != State::Data)
        return SendVerdict::NotInDataExchange;
    if (payload.size() + kDataOverhead > d->core.settings().limits.maxBytes)
        return SendVerdict::TooLarge;
    d->core.send(Data{copyOf(kSpineProtocol), payload, {}});
    return SendVerdict::Sent;
}

void Machine::askAccessMethods(qint64 now, Actions &out)
{
    d->core.begin(now, out);
    if (state() == State::Data)
        d->access.ask();
}

void Machine::close(EndReason reason, qint64 now, Actions &out)
{
    d->core.begin(now, out);
    d->close(reason);
}

void Machine::abort(qint64 now, Actions &out)
{
    d->core.begin(now, out);
    d->close(EndReason::UserAbort);
    // What waits for the peer's confirmation does so no longer.
    if (state() == State::CloseAnnounced || state() == State::CloseConfirmed)
        d->closing.finish(false);
}

} // namespace fairlead::ship
