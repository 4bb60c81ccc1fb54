// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/servicerules.h"

#include "core/registry/serviceregistry.h"

#include <QtCore/QSet>

#include <algorithm>

namespace fairlead::core {

namespace {

Error bad(const char *field, const QString &why)
{
    Error error(ErrorCode::InvalidArgument,
                QStringLiteral("the service's %1 %2").arg(QLatin1String(field), why));
    error.setDetail(QStringLiteral("field"), QString::fromLatin1(field));
    return error;
}

Error checkText(const char *field, const QString &text, bool isRequired)
{
    if (text.isEmpty() && isRequired)
        return bad(field, QStringLiteral("is empty"));
    if (text.size() > ServiceRegistry::kMaxText) {
        return bad(field,
                   QStringLiteral("has more than %1 characters").arg(ServiceRegistry::kMaxText));
    }
    const bool isPlain = std::none_of(
        text.begin(), text.end(), [](QChar c) { return c.category() == QChar::Other_Control; });
    return isPlain ? Error() : bad(field, QStringLiteral("contains control characters"));
}

Error checkList(const char *field, const QStringList &list)
{
    if (list.size() > ServiceRegistry::kMaxList) {
        return bad(field, QStringLiteral("are more than %1").arg(ServiceRegistry::kMaxList));
    }
    QSet<QString> seen;
    for (const QString &text : list) {
        if (Error error = checkText(field, text, true); !error.isNull())
            return error;
        if (seen.contains(text))
            return bad(field, QStringLiteral("name \"%1\" twice").arg(text));
        seen.insert(text);
    }
    return {};
}

} // namespace

bool isServiceTransition(ServiceStatus from, ServiceStatus to) noexcept
{
    switch (from) {
    case ServiceStatus::Starting:
        return to == ServiceStatus::Running || to == ServiceStatus::Unavailable
            || to == ServiceStatus::Stopped || to == ServiceStatus::Failed;
    case ServiceStatus::Running:
        return to == ServiceStatus::Draining || to == ServiceStatus::Unavailable
            || to == ServiceStatus::Stopped || to == ServiceStatus::Failed;
    case ServiceStatus::Draining: // back to Running by a resume only (BC-06)
    case ServiceStatus::Unavailable:
        return to == ServiceStatus::Running || to == ServiceStatus::Unavailable
            || to == ServiceStatus::Stopped || to == ServiceStatus::Failed;
    case ServiceStatus::Stopped:
    case ServiceStatus::Failed:
        return false;
    }
    return false;
}

Error checkServiceInfo(const ServiceInfo &info)
{
    struct Text
    {
        const char *field;
        const QString &text;
        bool isRequired;
    };

    for (const Text &text : {Text{"id", info.id, true},
                             Text{"name", info.key.name, true},
                             Text{"version", info.key.version, false},
                             Text{"build", info.key.build, false},
                             Text{"instance", info.key.instance, false},
                             Text{"transport", info.transport, false},
                             Text{"endpoint", info.endpoint, false}}) {
        if (Error error = checkText(text.field, text.text, text.isRequired); !error.isNull())
            return error;
    }
    if (Error error = checkList("capabilities", info.capabilities); !error.isNull())
        return error;
    if (Error error = checkList("owned things", info.owned); !error.isNull())
        return error;
    if (info.heartbeatTimeoutNs < 0)
        return bad("heartbeat timeout", QStringLiteral("is negative"));
    return {};
}

} // namespace fairlead::core
