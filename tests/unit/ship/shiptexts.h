// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "linkharness.h"

#include <QJsonArray>

/// What peers say, and who is trusted.
namespace fairlead::test::shiptexts {

inline const QByteArray kHelloReady
    = "\1{\"connectionHello\":[{\"phase\":\"ready\"},{\"waiting\":60000}]}";
inline const QByteArray kHelloAborted = "\1{\"connectionHello\":[{\"phase\":\"aborted\"}]}";
inline const QByteArray kCloseAnnounced
    = "\3{\"connectionClose\":[{\"phase\":\"announce\"},{\"maxTime\":500},{\"reason\":"
      "\"unspecific\"}]}";
inline const QByteArray kCloseConfirmed = "\3{\"connectionClose\":[{\"phase\":\"confirm\"}]}";
inline const QByteArray kInit = QByteArray("\0\0", 2);

inline QByteArray dataMessage(const QByteArray &payload)
{
    return "\2{\"data\":[{\"header\":[{\"protocolId\":\"ee1.0\"}]},{\"payload\":" + payload + "}]}";
}

inline QJsonObject trusting(QJsonObject options = {})
{
    options.insert(QStringLiteral("trusted"),
                   QJsonArray{QString::fromLatin1(kPeerSki) + QStringLiteral(" Heat pump")});
    return options;
}

inline QByteArray rx()
{
    return "ship/" + kPeerSki + "/rx";
}

} // namespace fairlead::test::shiptexts
