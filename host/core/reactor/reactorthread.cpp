// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/reactorthread.h"

namespace fairlead::core {

ReactorThread::ReactorThread(int number, Distributor &distributor)
    : m_dispatcher(new EpollDispatcher)
    , m_reactor(new Reactor(number, distributor, m_clock, m_random, *this))
{
    setObjectName(QStringLiteral("reactor-%1").arg(number));
    m_dispatcher->setTurnHandler(this);
    setEventDispatcher(m_dispatcher);
}

ReactorThread::~ReactorThread()
{
    stop();
}

void ReactorThread::stop()
{
    quit();
    wait();
}

void ReactorThread::run()
{
    exec();
    // Links and their descriptors end on their own thread, before its dispatcher does.
    m_reactor->abandonLinks(
        Error(ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down")));
    m_reactor->turn();
    m_dispatcher->setTurnHandler(nullptr);
}

} // namespace fairlead::core
