// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/servicerecord.h"

#include <optional>

namespace fairlead::core {

/// Which services a query is about: those that match every field that is set (RG-13). Strings that
/// are not set match all, an empty one matches what is not known.
struct ServiceFilter
{
    QList<ServiceStatus> statuses; ///< any of these; empty: all
    QList<HeartbeatState> heartbeats; ///< any of these; empty: all
    QStringList capabilities; ///< all of these
    std::optional<QString> transport;
    std::optional<QString> endpoint;
    std::optional<QString> name;
    std::optional<QString> version;
    std::optional<QString> build;
    std::optional<QString> instance;
    std::optional<QString> owns; ///< the tool or topic

    bool matches(const ServiceRecord &record) const;
};

} // namespace fairlead::core
