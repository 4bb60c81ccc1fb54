// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/jsonline.h"
#include "service/serviceoptions.h"

#include <QtCore/QByteArray>

#include <fairlead/error.h>
#include <fairlead/linkdriver.h>

namespace fairlead::tcp {

struct SchemaFault;

/// What of the protocol's options both sides have.
struct Features
{
    bool ping = false;
    bool quiesce = false;
    bool releaseHandles = false;

    void add(const QByteArray &name);
    QByteArrayList names() const;
};

/// What the parts of one link share. Thread: the link's reactor. Ownership: the link's.
class PeerCore
{
public:
    PeerCore(const LinkContext &linkContext, const ServiceEndpoint &linkEndpoint)
        : context(linkContext)
        , endpoint(linkEndpoint)
    { }

    /// A message of the protocol, however large.
    void send(JsonLine &line);
    void sendBytes(const QByteArray &bytes);
    /// @p re: the request that failed, 0: none.
    void sendError(const Error &error, quint32 re);

    const LinkContext context;
    const ServiceEndpoint &endpoint;
    QByteArray identity;
    QString instance;
    Features features;
    qint64 maxFrame = 16 * 1024 * 1024; ///< that the peer takes
    int window = 64; ///< deliveries that may wait for their acknowledgement
    Lease *lease = nullptr; ///< only while it is held
};

/// The peer said something that cannot be done as it says it.
Error badMember(const char *place, const QString &text);
Error memberFailure(const SchemaFault &fault);

} // namespace fairlead::tcp
