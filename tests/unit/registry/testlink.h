// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/linkregistry.h"

#include <memory>
#include <utility>

inline const QByteArray kKey = QByteArrayLiteral("peer");

/// A link as far as the registry is concerned.
struct TestLink
{
    std::shared_ptr<fairlead::core::LinkLiveness> liveness
        = std::make_shared<fairlead::core::LinkLiveness>();
    fairlead::core::LinkRef ref;
};

inline TestLink makeLink(quint64 generation, int endpoint = 0)
{
    TestLink link;
    link.liveness->setState(fairlead::Link::State::Ready);
    link.ref.generation = generation;
    link.ref.liveness = link.liveness;
    link.ref.endpoint = endpoint;
    link.ref.reactor = 0;
    return link;
}

inline fairlead::core::SwapRequest request(const TestLink &link,
                                           const QByteArray &key = kKey,
                                           fairlead::core::DoubleLinkPolicy policy
                                           = fairlead::core::newestWins)
{
    fairlead::core::SwapRequest asked;
    asked.key = key;
    asked.candidate = link.ref;
    asked.policy = std::move(policy);
    asked.now = 1000;
    return asked;
}
