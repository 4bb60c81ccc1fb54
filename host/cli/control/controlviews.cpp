// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "control/controlviews.h"

#include "control/textable.h"

#include <QJsonArray>

namespace fairlead::cli {

namespace {

constexpr TableColumn kEndpoints[] = {
    {"NAME", "name"},
    {"STATE", "state"},
    {"ROLE", "role"},
    {"TRANSPORT", "transport"},
    {"DURABILITY", "durability"},
    {"URL", "url"},
    {"LINKS", "links", CellStyle::Number},
    {"FOR", "ageSeconds", CellStyle::Age},
    {"ATTEMPTS", "attempts", CellStyle::Number},
    {"NEXT TRY IN", "nextRetrySeconds", CellStyle::Age},
    {"QUIESCED", "quiesced"},
    {"REASON", "reason", CellStyle::Reason},
};

constexpr TableColumn kLinks[] = {
    {"PEER", "peerKey"},
    {"STATE", "state"},
    {"ENDPOINT", "endpoint"},
    {"TRANSPORT", "transport"},
    {"DIRECTION", "direction"},
    {"ADDRESS", "peerAddress"},
    {"FOR", "ageSeconds", CellStyle::Age},
    {"QUEUED", "queued", CellStyle::Number},
    {"IN FLIGHT", "inFlight", CellStyle::Number},
    {"UNSENT", "unsentBytes", CellStyle::Bytes},
    {"GENERATION", "generation", CellStyle::Number},
    {"REASON", "reason", CellStyle::Reason},
};

constexpr TableColumn kSessions[] = {
    {"PEER", "peerKey"},
    {"CONNECTED", "connected", CellStyle::YesNo},
    {"SUBSCRIPTIONS", "subscriptions", CellStyle::Number},
    {"QUEUED", "queued", CellStyle::Number},
    {"BYTES", "queuedBytes", CellStyle::Bytes},
    {"IN FLIGHT", "inFlight", CellStyle::Number},
    {"EXPIRY", "expirySeconds", CellStyle::Age},
    {"EXPIRES IN", "expiresInSeconds", CellStyle::Age},
    {"NUMBER", "number", CellStyle::Number},
};

constexpr TableColumn kPlugins[] = {
    {"PLUGIN", "id"},
    {"VERSION", "version"},
    {"VERDICT", "verdict"},
    {"FILE", "file"},
    {"REASON", "text"},
    {"WHAT TO DO", "hint"},
};

struct Fact
{
    const char *title;
    const char *key;
    CellStyle style = CellStyle::Text;
};

constexpr Fact kStatus[] = {
    {"State", "state"},
    {"Version", "version"},
    {"Process", "pid", CellStyle::Number},
    {"Up for", "uptimeSeconds", CellStyle::Age},
    {"Memory", "memoryBytes", CellStyle::Bytes},
    {"Reactors", "reactors", CellStyle::Number},
    {"Endpoints", "endpoints", CellStyle::Number},
    {"  failed", "endpointsFailed", CellStyle::Number},
    {"Links", "links", CellStyle::Number},
    {"Sessions", "sessions", CellStyle::Number},
    {"Subscriptions", "subscriptions", CellStyle::Number},
    {"Retained", "retainedMessages", CellStyle::Number},
};

constexpr Fact kStore[] = {
    {"  file", "path"},
    {"  size", "bytes", CellStyle::Bytes},
    {"  messages", "messages", CellStyle::Number},
    {"  waiting", "waitingBytes", CellStyle::Bytes},
    {"  refused", "refused", CellStyle::Number},
    {"  last error", "lastError", CellStyle::Reason},
};

constexpr qsizetype kTitle = 16;

[[nodiscard]] QByteArray factLine(const QByteArray &title, const QString &value)
{
    return title.leftJustified(kTitle) + value.toUtf8() + '\n';
}

[[nodiscard]] QByteArray reasonLines(const QJsonObject &result)
{
    QByteArray text;
    const QJsonArray reasons = result.value(QStringLiteral("reasons")).toArray();
    for (const auto &reason : reasons) {
        text += factLine("Reason", safeText(reason.toString()));
    }
    return text;
}

/// What happened at all, by its reason.
[[nodiscard]] QByteArray countLines(const char *title, const QJsonValue &counts)
{
    QByteArray text;
    const QJsonObject reasons = counts.toObject();
    for (auto it = reasons.begin(); it != reasons.end(); ++it) {
        if (it.value().toInteger() > 0) {
            text += factLine(title,
                             QStringLiteral("%1 %2").arg(it.value().toInteger()).arg(it.key()));
        }
    }
    return text;
}

/// The streams that only so many may subscribe to.
[[nodiscard]] QByteArray streamLines(const QJsonObject &result)
{
    QByteArray text;
    const QJsonArray streams = result.value(QStringLiteral("limitedStreams")).toArray();
    for (const auto &value : streams) {
        const QJsonObject stream = value.toObject();
        text += factLine("Stream",
                         QStringLiteral("%1 has %2 of %3 subscribers")
                             .arg(safeText(stream.value(QStringLiteral("name")).toString()))
                             .arg(stream.value(QStringLiteral("subscribers")).toInteger())
                             .arg(stream.value(QStringLiteral("maxSubscribers")).toInteger()));
    }
    return text;
}

[[nodiscard]] QByteArray storeLines(const QJsonObject &result)
{
    const QJsonObject store = result.value(QStringLiteral("store")).toObject();
    if (store.isEmpty()) {
        return {}; // a daemon that tells nothing of it
    }
    const auto value = [&store](const char *key, CellStyle style) {
        return cellText(store.value(QLatin1String(key)), style);
    };
    const QString engine = value("engine", CellStyle::Text);
    const QString state = value("state", CellStyle::Text);
    QByteArray text
        = factLine("Store", engine == state ? state : QStringLiteral("%1, %2").arg(engine, state));
    for (const Fact &fact : kStore) {
        if (store.contains(QLatin1String(fact.key))) {
            text += factLine(fact.title, value(fact.key, fact.style));
        }
    }
    const QJsonObject levels = result.value(QStringLiteral("durability")).toObject();
    for (auto it = levels.begin(); it != levels.end(); ++it) {
        text += factLine(
            "Durability",
            QStringLiteral("%1 %2").arg(safeText(it.key()), cellText(it.value(), CellStyle::Text)));
    }
    return text;
}

[[nodiscard]] QByteArray statusText(const QJsonObject &result)
{
    QByteArray text;
    for (const Fact &fact : kStatus) {
        text += factLine(fact.title, cellText(result.value(QLatin1String(fact.key)), fact.style));
    }
    text += streamLines(result);
    const QJsonObject messages = result.value(QStringLiteral("messages")).toObject();
    text += factLine("Published",
                     cellText(messages.value(QStringLiteral("published")), CellStyle::Number));
    text += factLine("Delivered",
                     cellText(messages.value(QStringLiteral("delivered")), CellStyle::Number));
    text += countLines("Dropped", messages.value(QStringLiteral("dropped")));
    text += countLines("Refused", result.value(QStringLiteral("linksRefused")));
    const QJsonObject bytes = result.value(QStringLiteral("bytes")).toObject();
    text += factLine("Received",
                     cellText(bytes.value(QStringLiteral("received")), CellStyle::Bytes));
    text += factLine("Sent", cellText(bytes.value(QStringLiteral("sent")), CellStyle::Bytes));
    return text + storeLines(result) + reasonLines(result);
}

[[nodiscard]] QByteArray disconnectText(const QJsonObject &result)
{
    const qsizetype count = result.value(QStringLiteral("disconnected")).toArray().size();
    return QStringLiteral("disconnected: %1\n").arg(count).toUtf8();
}

} // namespace

QByteArray resultText(ControlCommandId command, const QJsonObject &result)
{
    const auto rows = [&result, command] {
        return result.value(QLatin1String(controlCommandOf(command).name)).toArray();
    };
    switch (command) {
    case ControlCommandId::Status:
        return statusText(result);
    case ControlCommandId::Health:
        return factLine("Ready", cellText(result.value(QStringLiteral("ready")), CellStyle::YesNo))
            + factLine("State", cellText(result.value(QStringLiteral("state")), CellStyle::Text))
            + reasonLines(result);
    case ControlCommandId::Endpoints:
        return tableText(rows(), kEndpoints);
    case ControlCommandId::Links:
        return tableText(rows(), kLinks);
    case ControlCommandId::Sessions:
        return tableText(rows(), kSessions);
    case ControlCommandId::Plugins:
        return tableText(rows(), kPlugins);
    case ControlCommandId::Disconnect:
        return disconnectText(result);
    default:
        break;
    }
    const QByteArray text = objectText(result);
    return text.isEmpty() ? QByteArrayLiteral("ok\n") : text;
}

QByteArray eventText(const QJsonObject &event)
{
    const auto value = [&event](const char *key) {
        return cellText(event.value(QLatin1String(key)), CellStyle::Text);
    };
    QString text = value("time") + u' ' + value("kind");
    for (const char *key : {"key", "endpoint", "generation", "attempt"}) {
        if (const QString one = value(key); !one.isEmpty()) {
            text += QStringLiteral(" %1=%2").arg(QLatin1String(key), one);
        }
    }
    if (const QString to = value("to"); !to.isEmpty()) {
        text += QStringLiteral(" %1->%2").arg(value("from"), to);
    }
    const QJsonObject details = event.value(QStringLiteral("details")).toObject();
    for (auto it = details.begin(); it != details.end(); ++it) {
        text += QStringLiteral(" %1=%2").arg(safeText(it.key()),
                                             cellText(it.value(), CellStyle::Text));
    }
    if (const QJsonValue reason = event.value(QStringLiteral("reason")); reason.isObject()) {
        text += QStringLiteral(": ") + cellText(reason, CellStyle::Reason);
    }
    return text.toUtf8() + '\n';
}

} // namespace fairlead::cli
