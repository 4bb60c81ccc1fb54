// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/configchange.h"

#include <algorithm>

namespace fairlead::core {

namespace {

bool takesEffectAtOnce(const QString &key)
{
    return key == QLatin1String("host.log_level");
}

const EndpointSettings *named(const QList<EndpointSettings> &list, const QString &name)
{
    const auto found = std::find_if(
        list.begin(), list.end(), [&](const EndpointSettings &one) { return one.name == name; });
    return found == list.end() ? nullptr : &*found;
}

QStringList changedKeys(const QJsonObject &one, const QJsonObject &other, const QString &prefix)
{
    QStringList names = one.keys() + other.keys();
    names.removeDuplicates();
    names.sort();
    QStringList changed;
    for (const QString &name : std::as_const(names)) {
        const QJsonValue was = one.value(name);
        const QJsonValue is = other.value(name);
        if (was.isObject() || is.isObject())
            changed += changedKeys(was.toObject(), is.toObject(), prefix + name + QLatin1Char('.'));
        else if (was != is)
            changed.append(prefix + name);
    }
    return changed;
}

} // namespace

void ConfigChange::compareEndpoints(const QList<EndpointSettings> &running,
                                    const QList<EndpointSettings> &wanted)
{
    for (const EndpointSettings &one : running) {
        if (!named(wanted, one.name))
            removed.append(one.name);
    }
    for (const EndpointSettings &one : wanted) {
        const EndpointSettings *present = named(running, one.name);
        if (!present)
            added.append(one);
        else if (one.isSameAs(*present))
            unchanged.append(one.name);
        else
            replaced.append(one);
    }
}

void ConfigChange::compareHost(const QJsonObject &running, const QJsonObject &wanted)
{
    const QStringList changed = changedKeys(running, wanted, QString());
    for (const QString &key : changed)
        (takesEffectAtOnce(key) ? applied : needRestart).append(key);
}

} // namespace fairlead::core
