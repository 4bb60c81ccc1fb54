// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/memoryconnector.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkplacer.h"

namespace fairlead::core {

MemoryConnector::MemoryConnector(std::shared_ptr<HostEndpoint> endpoint,
                                 const Host &host,
                                 Find find)
    : DialConnector(std::move(endpoint), host)
    , m_find(std::move(find))
{ }

void MemoryConnector::startDial(qint64)
{
    const QString name = endpoint().settings().url.host();
    const HostEndpoint *listener = m_find(name);
    if (!listener) {
        failed(Error(ErrorCode::ConnectionRefused,
                     QStringLiteral("nobody listens on %1").arg(endpoint().shownUrl()))
                   .setRetryable(true));
        return;
    }
    adopted(placer().adoptMemory(
        endpoint().runtime(), listener->runtime(), name.toUtf8(), generation()));
}

} // namespace fairlead::core
