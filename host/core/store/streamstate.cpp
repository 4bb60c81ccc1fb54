// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/streamstate.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace fairlead::core {

QByteArray encodeStreamState(const StreamState &state)
{
    QJsonArray epochs;
    for (const auto &[epoch, first] : state.epochs)
        epochs.append(QJsonArray{qint64(epoch), qint64(first)});
    QJsonObject object;
    object.insert(QStringLiteral("slot"), state.slot);
    object.insert(QStringLiteral("filter"), QString::fromUtf8(state.filter));
    object.insert(QStringLiteral("unproven_up_to"), qint64(state.unprovenUpTo));
    object.insert(QStringLiteral("epochs"), epochs);
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

std::optional<StreamState> decodeStreamState(const QByteArray &text)
{
    const QJsonObject object = QJsonDocument::fromJson(text).object();
    StreamState state;
    state.slot = object.value(QStringLiteral("slot")).toInt(-1);
    state.filter = object.value(QStringLiteral("filter")).toString().toUtf8();
    state.unprovenUpTo = quint64(object.value(QStringLiteral("unproven_up_to")).toInteger());
    const QJsonArray epochs = object.value(QStringLiteral("epochs")).toArray();
    for (const auto &value : epochs) {
        const QJsonArray start = value.toArray();
        state.epochs.emplace_back(quint32(start.at(0).toInteger()),
                                  quint64(start.at(1).toInteger()));
    }
    if (state.slot < 0 || state.slot >= kStreamSlots || state.filter.isEmpty()
        || state.epochs.empty() || !std::is_sorted(state.epochs.begin(), state.epochs.end())) {
        return std::nullopt;
    }
    return state;
}

} // namespace fairlead::core
