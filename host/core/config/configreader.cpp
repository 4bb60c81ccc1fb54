// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/configreader.h"

#include "core/config/hostschema.h"
#include "core/config/jsonstrings.h"
#include "core/config/schemavalidator.h"

#include <QtCore/QJsonArray>

#include <fairlead/clock.h>

#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

LogLevel levelOf(const QString &name)
{
    if (name == QLatin1String("debug"))
        return LogLevel::Debug;
    if (name == QLatin1String("warning"))
        return LogLevel::Warning;
    if (name == QLatin1String("error"))
        return LogLevel::Error;
    return LogLevel::Info;
}

LogFormat formatOf(const QString &name)
{
    if (name == QLatin1String("text"))
        return LogFormat::Text;
    if (name == QLatin1String("journal"))
        return LogFormat::Journal;
    if (name == QLatin1String("json"))
        return LogFormat::Json;
    return LogFormat::Auto;
}

// The value of a key, or its default when the written one was wrong.
class TableReader
{
public:
    TableReader(const QJsonObject &values, const QString &name)
        : m_values(values.value(name).toObject())
        , m_schema(hostSchema()
                       .value(QStringLiteral("properties"))
                       .toObject()
                       .value(name)
                       .toObject()
                       .value(QStringLiteral("properties"))
                       .toObject())
    { }

    QJsonValue value(const char *key) const
    {
        const QString name = QLatin1String(key);
        Q_ASSERT(m_schema.contains(name));
        if (m_values.contains(name))
            return m_values.value(name);
        return m_schema.value(name).toObject().value(QStringLiteral("default"));
    }

private:
    QJsonObject m_values;
    QJsonObject m_schema;
};

} // namespace

ConfigReader::ConfigReader(const ConfigSources &sources)
    : m_tree(readLayers(sources, &m_errors))
{
    readHost();
}

void ConfigReader::readHost()
{
    const QJsonObject values
        = SchemaValidator(&m_errors).validate(m_tree, hostSchema(), QString()).toObject();
    m_values = values;
    m_values.remove(QStringLiteral("endpoint"));
    const TableReader host(values, QStringLiteral("host"));
    m_host.stateDir = host.value("state_dir").toString();
    m_host.reactors = int(host.value("reactors").toInteger());
    m_host.pluginPath = stringsOf(host.value("plugin_path"));
    m_host.disabledPlugins = stringsOf(host.value("disabled_plugins"));
    m_host.logLevel = levelOf(host.value("log_level").toString());
    m_host.logFormat = formatOf(host.value("log_format").toString());

    const TableReader limits(values, QStringLiteral("limits"));
    m_limits.sessions = limits.value("sessions").toInteger();
    m_limits.subscriptionsPerSession = limits.value("subscriptions_per_session").toInteger();
    m_limits.maxSessionExpiry = limits.value("max_session_expiry").toInteger();
    m_limits.queueMessages = limits.value("queue_messages").toInteger();
    m_limits.queueBytes = limits.value("queue_bytes").toInteger();
    m_limits.retainedMessages = limits.value("retained_messages").toInteger();
    m_limits.retainedBytes = limits.value("retained_bytes").toInteger();
    m_limits.links = limits.value("links").toInteger();
    m_limits.linkRate = limits.value("link_rate").toInteger();
    m_limits.linkRateLoopback = limits.value("link_rate_loopback").toBool();

    const TableReader store(values, QStringLiteral("store"));
    m_store.enabled = store.value("engine").toString() != QLatin1String("none");
    m_store.path = store.value("path").toString();
    m_store.maxBytes = store.value("max_bytes").toInteger();
    m_store.maxWaitingBytes = store.value("max_waiting_bytes").toInteger();
    m_store.commitInterval
        = qint64(store.value("commit_interval").toDouble() * double(kNsPerSecond));

    const TableReader control(values, QStringLiteral("control"));
    QJsonObject table;
    for (const char *key : {"socket", "http", "http_anywhere", "event_buffer"})
        table.insert(QLatin1String(key), control.value(key));
    m_control = readControlSettings(table, m_tree.find(QStringLiteral("control")), &m_errors);

    const QString stream = QStringLiteral("stream");
    m_streams = readStreams(values.value(stream).toObject(), m_tree.find(stream), &m_errors);
}

QList<EndpointSettings> ConfigReader::endpoints(const TransportLookup &transports)
{
    QList<EndpointSettings> good;
    const ConfigNode *named = m_tree.find(QStringLiteral("endpoint"));
    if (!named || !named->isTable())
        return good;
    for (const auto &[name, node] : named->table) {
        if (std::optional<EndpointSettings> one = checkEndpoint(name, node, transports, &m_errors))
            good.append(std::move(*one));
    }
    checkClashes(good);
    return good;
}

// Two listeners on one address would fail at the second's bind, with nothing to see in the file.
void ConfigReader::checkClashes(const QList<EndpointSettings> &endpoints)
{
    const auto listens = [](const EndpointSettings &one) {
        return one.role == EndpointRole::Listen && one.carrier == Carrier::Tcp && one.port != 0;
    };
    for (qsizetype i = 0; i < endpoints.size(); ++i) {
        for (qsizetype j = 0; j < i; ++j) {
            const EndpointSettings &one = endpoints.at(i);
            const EndpointSettings &other = endpoints.at(j);
            if (!listens(one) || !listens(other) || one.port != other.port
                || one.address != other.address) {
                continue;
            }
            ConfigProblem problem;
            problem.code = ErrorCode::ConfigRange;
            problem.origin = one.origin;
            problem.key = QStringLiteral("endpoint.%1.url").arg(one.name);
            problem.text = QStringLiteral("endpoint \"%1\" listens on the same address, see %2")
                               .arg(other.name, other.origin.toString());
            m_errors.append(problem.toError());
        }
    }
}

} // namespace fairlead::core
