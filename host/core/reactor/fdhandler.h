// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

namespace fairlead::core {

// Owner of a descriptor that is served without a QSocketNotifier.
class FdHandler
{
public:
    virtual ~FdHandler() = default;

    // The bits as epoll reports them. May add, remove and delete any handler, itself included.
    virtual void handleFdEvents(quint32 epollEvents) noexcept = 0;
};

} // namespace fairlead::core
