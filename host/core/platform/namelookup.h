// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QObject>
#include <QtCore/QString>
#include <QtNetwork/QHostAddress>

#include <fairlead/result.h>

#include <functional>

namespace fairlead::core {

/// Asks the system for the addresses of a name, without blocking. Destroying it ends the question;
/// no answer follows.
///
/// Thread: main. Errors: NameLookup, retryable.
class NameLookup final : public QObject
{
public:
    /// At least one address, in the system's order. Called once, never from inside the constructor;
    /// the lookup may be destroyed in it.
    using Done = std::function<void(const Result<QList<QHostAddress>> &)>;

    NameLookup(const QString &name, Done done);
    ~NameLookup() override;

private:
    Done m_done;
    int m_id = -1;
};

} // namespace fairlead::core
