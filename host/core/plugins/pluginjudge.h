// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/pluginrecord.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

namespace fairlead::core {

/// Judges one file by what can be read of it: no code of it runs. What depends on other plugins is
/// the catalogue's to say. Thread: main.
class PluginJudge
{
public:
    PluginJudge();

    PluginRecord judge(const QString &path) const;

private:
    QByteArray m_ownHead;
};

} // namespace fairlead::core
