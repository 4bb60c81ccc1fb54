// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/result.h>

namespace fairlead::core {

/// What one side of a connection speaks.
struct ProtocolOffer
{
    quint32 lowest = 1; ///< of the protocol's versions, both inclusive
    quint32 highest = 1;
    quint64 capabilities = 0; ///< bits it has
    quint64 required = 0; ///< bits it cannot do without
};

struct ProtocolAgreement
{
    quint32 version = 0; ///< the highest that both speak
    quint64 capabilities = 0; ///< the bits that both have
};

/// What two sides have in common (AD-02): a pure function, asked before any lookup, dial or start.
/// Errors: InvalidArgument (a range that ends before it begins, required bits that its side lacks),
/// VersionRefused with our range or the bits that are missing.
Result<ProtocolAgreement> negotiate(const ProtocolOffer &own, const ProtocolOffer &peer);

} // namespace fairlead::core
