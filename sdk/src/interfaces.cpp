// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// The destructor of each interface lies here, so that its virtual table and type information exist
// once, in this library, and plugins compiled apart agree on them.

#include <fairlead/bus.h>
#include <fairlead/bytestream.h>
#include <fairlead/clock.h>
#include <fairlead/executor.h>
#include <fairlead/heartbeat.h>
#include <fairlead/hostservices.h>
#include <fairlead/lease.h>
#include <fairlead/linkdriver.h>
#include <fairlead/logger.h>
#include <fairlead/messagestream.h>
#include <fairlead/operations.h>
#include <fairlead/operatorcommands.h>
#include <fairlead/publisher.h>
#include <fairlead/random.h>
#include <fairlead/records.h>
#include <fairlead/security.h>
#include <fairlead/service.h>
#include <fairlead/timers.h>
#include <fairlead/transport.h>

namespace fairlead {

AccessControl::~AccessControl() = default;
Authenticator::~Authenticator() = default;
Bus::~Bus() = default;
ByteStream::~ByteStream() = default;
Clock::~Clock() = default;
Dialler::~Dialler() = default;
Executor::~Executor() = default;
Heartbeat::~Heartbeat() = default;
HostServices::~HostServices() = default;
Lease::~Lease() = default;
LinkDriver::~LinkDriver() = default;
Listener::~Listener() = default;
Logger::~Logger() = default;
MessageStream::~MessageStream() = default;
OperationTarget::~OperationTarget() = default;
OperatorCommands::~OperatorCommands() = default;
Publisher::~Publisher() = default;
Random::~Random() = default;
Records::~Records() = default;
ServiceDriver::~ServiceDriver() = default;
ServiceSeat::~ServiceSeat() = default;
Timers::~Timers() = default;
TransportFactory::~TransportFactory() = default;

OperationTarget *Dialler::operations()
{
    return nullptr;
}

bool LinkDriver::awaitsAnswer() const
{
    return false;
}

void LinkDriver::handleProbeDue() { }

void LinkDriver::handleOpen(const Principal *) { }

OperationTarget *Listener::operations()
{
    return nullptr;
}

void OperationTarget::handleResume() { }

void ServiceDriver::handleCallDropped(quint64) { }

} // namespace fairlead
