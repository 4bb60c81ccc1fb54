// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/export.h>

namespace fairlead {

class Logger;

/// What a plugin may ask the host for. Everything else comes with a link's context.
/// Thread: main. Ownership: the host's. @since 0.1
class FAIRLEAD_SDK_EXPORT HostServices
{
public:
    virtual ~HostServices();

    /// A log bound to the endpoint.
    virtual Logger &logger() noexcept = 0;
    /// The host's release, "0.1.0".
    virtual QString hostVersion() const = 0;
    /// The service with interface id @p iid, null when the host lacks it: Events, Records, Publisher,
    /// a Logger that is bound to no endpoint, and of the main thread Executor, Clock and Timers. Each
    /// lives as long as the host at least.
    virtual void *service(const char *iid) noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_HOSTSERVICES_IID "org.fairlead.HostServices/1"
