// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventguard.h"

#include <QtCore/QJsonArray>
#include <QtCore/QLatin1String>
#include <QtCore/QString>

#include <algorithm>
#include <array>

namespace fairlead::core {

namespace {

constexpr int kMaxEventText = 512;
constexpr int kMaxDepth = 4;

bool isSecretName(const QString &name)
{
    static constexpr std::array kSecrets = {QLatin1String("password"),
                                            QLatin1String("passphrase"),
                                            QLatin1String("secret"),
                                            QLatin1String("token"),
                                            QLatin1String("credential"),
                                            QLatin1String("authorization"),
                                            QLatin1String("privatekey"),
                                            QLatin1String("payload")};
    return std::any_of(kSecrets.begin(), kSecrets.end(), [&name](QLatin1String word) {
        return name.contains(word, Qt::CaseInsensitive);
    });
}

bool isText(const QJsonValue &value)
{
    return value.isString() || value.isObject() || value.isArray();
}

QJsonValue guarded(const QJsonValue &value, int depth)
{
    if (value.isString()) {
        const QString text = value.toString();
        return text.size() <= kMaxEventText ? value
                                            : QJsonValue(text.left(kMaxEventText) + QChar(0x2026));
    }
    if (!value.isObject() && !value.isArray())
        return value;
    if (depth >= kMaxDepth)
        return {};
    if (value.isArray()) {
        QJsonArray array = value.toArray();
        for (QJsonValueRef item : array)
            item = guarded(item, depth + 1);
        return array;
    }
    QJsonObject object = value.toObject();
    for (auto it = object.begin(); it != object.end(); ++it) {
        // A count or a size of something secret is none; its text is.
        const bool masked = isText(it.value()) && isSecretName(it.key());
        it.value() = masked ? QJsonValue(QStringLiteral("***")) : guarded(it.value(), depth + 1);
    }
    return object;
}

} // namespace

void guardDetails(QJsonObject &details)
{
    if (!details.isEmpty())
        details = guarded(details, 0).toObject();
}

} // namespace fairlead::core
