// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "linkregistry.h"

#include <QtCore/QByteArray>

namespace fairlead::core {

/// A candidate about which the registry could not decide yet, with what its request points to.
struct DeferredCandidate
{
    SwapRequest request;
    QByteArray ownId;
    QByteArray peerId;
};

/// Where reactors bring links whose rule for two links of one peer takes its time. Of these links
/// alone it hears anything.
///
/// Thread: any; calls are posted on and keep their order. Ownership: outlives the links.
class LinkArbitration
{
public:
    virtual ~LinkArbitration() = default;

    /// The verdict comes to the candidate's reactor: HostLink::judge(), or fence().
    virtual void submit(DeferredCandidate candidate) noexcept = 0;
    /// The link got the slot without a question.
    virtual void noteKept(const QByteArray &key, quint64 generation) noexcept = 0;
    /// The link closed, whatever it held.
    virtual void noteEnded(const QByteArray &key, quint64 generation) noexcept = 0;
    /// The link that was probed gave a sign of life.
    virtual void noteHeard(const QByteArray &key, quint64 generation) noexcept = 0;
};

} // namespace fairlead::core
