// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/hostpublisher.h"

#include "core/reactor/reactor.h"

#include <QByteArray>

#include <fairlead/message.h>
#include <fairlead/topic.h>

namespace fairlead::core {

namespace {

QByteArray copied(ByteSpan span)
{
    return {span.data(), qsizetype(span.size())};
}

ByteSpan viewed(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

} // namespace

Result<> HostPublisher::publish(const PublishView &view)
{
    if (!m_reactor)
        return Error(ErrorCode::ShuttingDown, QStringLiteral("nothing is published any more"));
    if (!isValidTopicName(view.topic) || view.topic.starts_with('$')) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("\"%1\" is no topic that a plugin may publish to")
                         .arg(QString::fromUtf8(copied(view.topic))));
    }
    if (view.payload.size() > kMaxPayload || view.properties.size() > kMaxPayload) {
        return Error(ErrorCode::PacketTooLarge,
                     QStringLiteral("a plugin publishes at most %1 bytes").arg(kMaxPayload));
    }
    m_reactor->post([reactor = m_reactor,
                     view,
                     topic = copied(view.topic),
                     properties = copied(view.properties),
                     payload = copied(view.payload)] {
        PublishView own = view;
        own.topic = viewed(topic);
        own.properties = viewed(properties);
        own.payload = viewed(payload);
        own.receiveKey = 0;
        own.completionTag = 0;
        reactor->publish({nullptr, &own, 0});
    });
    return {};
}

} // namespace fairlead::core
