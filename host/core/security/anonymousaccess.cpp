// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/security/anonymousaccess.h"

namespace fairlead::core {

void AnonymousAuthenticator::authenticate(const Credentials &, Done done)
{
    if (m_allowed) {
        done(Error(), Principal());
        return;
    }
    done(Error(ErrorCode::NotAuthenticated,
               QStringLiteral("anonymous peers are not allowed on this endpoint")),
         Principal());
}

} // namespace fairlead::core
