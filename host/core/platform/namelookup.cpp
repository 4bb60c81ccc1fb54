// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/namelookup.h"

#include <QtNetwork/QHostInfo>

#include <utility>

namespace fairlead::core {

NameLookup::NameLookup(const QString &name, Done done)
    : m_done(std::move(done))
    , m_id(QHostInfo::lookupHost(name, this, [this](const QHostInfo &info) {
        m_id = -1;
        const Done answer = std::move(m_done);
        if (info.error() == QHostInfo::NoError && !info.addresses().isEmpty()) {
            answer(info.addresses());
            return;
        }
        answer(Error(ErrorCode::NameLookup,
                     QStringLiteral("no address for \"%1\": %2")
                         .arg(info.hostName(),
                              info.error() == QHostInfo::NoError ? QStringLiteral("none is known")
                                                                 : info.errorString()))
                   .setRetryable(true));
    }))
{ }

NameLookup::~NameLookup()
{
    if (m_id >= 0)
        QHostInfo::abortHostLookup(m_id);
}

} // namespace fairlead::core
