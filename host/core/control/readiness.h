// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <functional>

namespace fairlead::core {

class Host;
class HostView;
class MainLoop;

/// How a host fares, for probes.
struct Health
{
    bool alive = true; ///< every loop turns
    bool ready = true;
    QString state;
    QStringList reasons;

    /// What was looked at.
    struct Check
    {
        QString name;
        bool passed = true;
    };

    QList<Check> checks;

    QJsonObject toJson(bool verbose) const;
};

/// Judges whether a host is alive and ready. Thread: main.
class Readiness
{
public:
    Readiness(MainLoop &loop, Host &host, const HostView &view);

    using Done = std::function<void(const Health &)>;

    /// Asks every reactor. Ownership: outlives the answer, unless the loop ends first.
    void check(const Done &done) const;
    /// Without asking the reactors.
    Health now() const;

private:
    MainLoop &m_loop;
    Host &m_host;
    const HostView &m_view;
};

} // namespace fairlead::core
