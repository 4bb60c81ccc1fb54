// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/accesstalk_p.h"
#include "protocol/closing_p.h"
#include "protocol/machine.h"
#include "protocol/pinask_p.h"
#include "protocol/pincheck_p.h"
#include "protocol/protocolphase_p.h"

#include <utility>

namespace fairlead::ship {

/// Hands each event to the phase that the connection is in, and leads from one phase to the next.
class Machine::Private
{
public:
    explicit Private(Settings settings)
        : core(std::move(settings))
        , trust(core.settings().trust)
        , hello(core)
        , protocol(core)
        , check(core)
        , ask(core)
        , access(core)
        , closing(core)
    { }

    void receive(Bytes bytes);
    void expire(TimerId timer);
    void close(EndReason reason);
    void peerGone();
    void leaveOrEnterData();

    Core core;
    Trust trust;
    HelloPhase hello;
    ProtocolPhase protocol;
    PinCheck check;
    PinAsk ask;
    AccessTalk access;
    Closing closing;

private:
    void receiveInit(Bytes bytes);
    void receiveBroken(const DecodeError &error);
    void receiveDuringHello(const Message &message);
    void receiveDuringProtocol(const Message &message);
    void receiveAfterwards(const Message &message);
    void receiveIdentity(const AccessMethods &methods);
    void receiveData(const Data &data);
    void enterPin();
};

} // namespace fairlead::ship
