// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framed/framedoptions.h"

namespace fairlead::tcp {

/// What all links of one endpoint share; constant once links exist.
struct FramedEndpoint
{
    explicit FramedEndpoint(const FramedOptions &endpointOptions);

    const FramedOptions options;
    const QByteArray rxProperties; ///< property blocks
    const QByteArray stateProperties;
};

} // namespace fairlead::tcp
