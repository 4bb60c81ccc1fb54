// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "pathprefix.h"

#include <QtCore/QStringList>
#include <QtCore/QStringView>

namespace fairlead::core {

Result<QString> normalisedPath(const QString &path)
{
    if (!path.startsWith(QLatin1Char('/')) || path.contains(QChar::Null)) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("\"%1\" is not an absolute path").arg(path));
    }
    QStringList kept;
    const auto components = QStringView(path).split(QLatin1Char('/'), Qt::SkipEmptyParts);
    for (const QStringView component : components) {
        if (component == QLatin1String("."))
            continue;
        if (component != QLatin1String("..")) {
            kept << component.toString();
        } else if (!kept.isEmpty()) { // what is above the root is the root
            kept.removeLast();
        }
    }
    return QLatin1Char('/') + kept.join(QLatin1Char('/'));
}

bool coversPath(const QString &prefix, const QString &path)
{
    const Result<QString> normalised = normalisedPath(path);
    if (!normalised || !normalised->startsWith(prefix))
        return false;
    const qsizetype end = prefix.size();
    return normalised->size() == end || prefix.endsWith(QLatin1Char('/'))
        || normalised->at(end) == QLatin1Char('/');
}

} // namespace fairlead::core
