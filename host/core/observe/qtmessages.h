// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::core {

class LogHub;

/// Sends Qt's own messages, and those of plugins that use Qt's logging, through the hub for as long
/// as it lives; one at a time. They are held back like a peer's when they repeat. Thread: main.
class QtMessages
{
public:
    explicit QtMessages(LogHub &hub);
    ~QtMessages();
    QtMessages(const QtMessages &) = delete;
    QtMessages &operator=(const QtMessages &) = delete;

private:
    QtMessageHandler m_former;
};

} // namespace fairlead::core
