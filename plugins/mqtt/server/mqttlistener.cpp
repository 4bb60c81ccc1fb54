// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/mqttlistener.h"

#include "server/serverlink.h"

namespace fairlead::mqtt {

MqttListener::MqttListener(const ListenerOptions &options)
    : m_endpoint(options)
{ }

MqttListener::~MqttListener() = default;

std::unique_ptr<LinkDriver> MqttListener::createDriver(const LinkContext &context)
{
    return std::make_unique<ServerLink>(context, m_endpoint);
}

void MqttListener::handleOperation(const Operation &operation, OperationReply reply)
{
    switch (operation.kind) {
    case OperationKind::ReleaseHandles:
        reply.done(); // no file is open here, ever
        return;
    case OperationKind::Quiesce:
        if (operation.reason == QuiesceReason::None) {
            reply.fail(Error(ErrorCode::InvalidArgument, QStringLiteral("a quiesce has a reason")));
            return;
        }
        m_endpoint.quiesce.begin(operation.reason);
        reply.done();
        return;
    }
    reply.fail(Error(ErrorCode::NotSupported,
                     QStringLiteral("operation %1 is not known here").arg(int(operation.kind))));
}

void MqttListener::handleResume()
{
    m_endpoint.quiesce.end();
}

} // namespace fairlead::mqtt
