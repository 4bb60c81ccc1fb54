// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/endpointcheck.h"

#include "core/config/carriercheck.h"
#include "core/config/hostschema.h"
#include "core/config/schemavalidator.h"
#include "core/registry/versiongate.h"

#include <QtCore/QJsonArray>

#include <fairlead/clock.h>

#include <cmath>
#include <utility>

namespace fairlead::core {

namespace {

qint64 nanoseconds(const QJsonObject &values, const QString &key)
{
    return qint64(std::llround(values.value(key).toDouble() * double(kNsPerSecond)));
}

Durability durabilityOf(const QString &name)
{
    for (const Durability level : {Durability::Memory, Durability::Written}) {
        if (name == QLatin1String(durabilityName(level)))
            return level;
    }
    return Durability::Disk;
}

class EndpointCheck
{
public:
    EndpointCheck(const QString &name, const ConfigNode &node, ConfigErrors *errors)
        : m_path(QStringLiteral("endpoint.") + name)
        , m_node(node)
        , m_errors(errors)
    {
        m_settings.name = name;
        m_settings.origin = node.origin;
    }

    std::optional<EndpointSettings> run(const TransportLookup &transports);

private:
    void report(ErrorCode code, const char *key, const QString &text);
    bool readUrl();
    QJsonObject validate(const QJsonObject &schema);
    void checkRole(const TransportDescription &transport);
    void checkPlace(const TransportDescription &transport);
    void checkListenAddress();
    void readPolicy(const QJsonObject &values);
    void readAddressRules(const QJsonObject &values);
    void readOverflow(const QJsonObject &values);
    QList<AddressRules::Network> readNetworks(const QJsonObject &values, const char *key);
    void checkStdio(const QJsonArray &command);
    void readCommand(const QJsonObject &values);
    void readServiceVersions(const QJsonObject &values);
    void checkReach(const QJsonObject &values);
    QString shownUrl() const;

    QString m_path;
    ConfigNode m_node;
    ConfigErrors *m_errors;
    EndpointSettings m_settings;
};

void EndpointCheck::report(ErrorCode code, const char *key, const QString &text)
{
    const QString name = QLatin1String(key);
    const ConfigNode *node = m_node.find(name);
    if (!node) // a key that is not there is missed because of the URL
        node = m_node.find(QStringLiteral("url"));
    ConfigProblem problem;
    problem.code = code;
    problem.origin = node ? node->origin : m_node.origin;
    problem.key = m_path + QLatin1Char('.') + name;
    problem.text = text;
    m_errors->append(problem.toError());
}

// Schemes and hosts are told apart without credentials, which no error may show.
QString EndpointCheck::shownUrl() const
{
    return m_settings.url.toDisplayString(QUrl::RemoveUserInfo);
}

bool EndpointCheck::readUrl()
{
    const ConfigNode *node = m_node.find(QStringLiteral("url"));
    if (!node || (node->kind != ConfigNode::Kind::String && node->kind != ConfigNode::Kind::Text)
        || node->string.isEmpty()) {
        return false; // the schema says what is wrong
    }
    m_settings.url = QUrl(node->string, QUrl::StrictMode);
    if (!m_settings.url.isValid() || m_settings.url.scheme().isEmpty()) {
        report(ErrorCode::ConfigRange,
               "url",
               QStringLiteral("expected a URL like mqtt://127.0.0.1:1883, found ") + node->shown());
        return false;
    }
    return true;
}

QJsonObject EndpointCheck::validate(const QJsonObject &schema)
{
    return SchemaValidator(m_errors).validate(m_node, schema, m_path).toObject();
}

void EndpointCheck::checkRole(const TransportDescription &transport)
{
    const bool dials = m_settings.role == EndpointRole::Dial;
    if (transport.roles.contains(dials ? QStringLiteral("dial") : QStringLiteral("listen")))
        return;
    report(ErrorCode::NotSupported,
           dials ? "role" : "url",
           QStringLiteral("the transport %1 cannot %2; it can %3")
               .arg(transport.type,
                    dials ? QStringLiteral("dial") : QStringLiteral("listen"),
                    transport.roles.join(QStringLiteral(" and "))));
}

void EndpointCheck::checkListenAddress()
{
    const QString host = m_settings.url.host();
    if (host == QLatin1String("localhost"))
        m_settings.address = QHostAddress(QHostAddress::LocalHost);
    else if (!m_settings.address.setAddress(host)) {
        report(ErrorCode::ConfigRange,
               "url",
               QStringLiteral("a listener needs the address of a network interface, found \"%1\"; "
                              "write 0.0.0.0 or [::] for all of them, or localhost")
                   .arg(host));
    }
    if (!m_settings.url.userInfo().isEmpty()) {
        report(ErrorCode::ConfigRange,
               "url",
               QStringLiteral("a listener's URL holds no user name and no password"));
    }
}

void EndpointCheck::checkPlace(const TransportDescription &transport)
{
    QUrl &url = m_settings.url;
    const QString scheme = url.scheme();
    m_settings.carrier = transport.carriers.value(scheme, Carrier::Tcp);
    if (url.hasFragment())
        report(ErrorCode::ConfigRange, "url", QStringLiteral("an endpoint's URL has no fragment"));
    if (m_settings.carrier == Carrier::Memory || m_settings.carrier == Carrier::Process)
        return;
    if (url.host().isEmpty()) {
        report(ErrorCode::ConfigRange,
               "url",
               QStringLiteral("there is no host in \"%1\"; write it as in %2://127.0.0.1")
                   .arg(shownUrl(), scheme));
        return;
    }
    const bool listens = m_settings.role == EndpointRole::Listen;
    int port = url.port();
    if (port < 0)
        port = transport.defaultPorts.value(scheme, 0);
    if (port == 0 && url.port() < 0) {
        report(ErrorCode::ConfigRange,
               "url",
               QStringLiteral("there is no port in \"%1\", and %2 has no usual one")
                   .arg(shownUrl(), scheme));
    } else if (port == 0 && !listens) {
        report(ErrorCode::ConfigRange, "url", QStringLiteral("port 0 cannot be dialled"));
    }
    m_settings.port = quint16(port);
    url.setPort(port);
    if (listens)
        checkListenAddress();
}

void EndpointCheck::checkStdio(const QJsonArray &command)
{
    const QString scheme = m_settings.url.scheme();
    if (m_settings.role == EndpointRole::Listen) {
        report(ErrorCode::ConfigRange,
               "role",
               QStringLiteral("%1 launches its peer; write role = \"dial\"").arg(scheme));
    }
    if (!m_settings.url.host().isEmpty()) {
        report(
            ErrorCode::ConfigRange,
            "url",
            QStringLiteral("the peer is launched, not reached by a host; write %1:").arg(scheme));
    }
    if (command.isEmpty() || command.at(0).toString().isEmpty()) {
        report(ErrorCode::ConfigMissing,
               "command",
               QStringLiteral("%1 needs command: the program and its arguments").arg(scheme));
    }
}

// Who launches its peer speaks with it over its standard input and output, or dials it.
void EndpointCheck::readCommand(const QJsonObject &values)
{
    const QJsonArray command = values.value(QStringLiteral("command")).toArray();
    const bool mayLaunch = m_settings.carrier == Carrier::Process
        || (m_settings.carrier == Carrier::Tcp && m_settings.role == EndpointRole::Dial);
    if (!mayLaunch) {
        for (const char *key : {"command", "working_directory"}) {
            if (values.contains(QLatin1String(key))) {
                report(ErrorCode::ConfigRange,
                       key,
                       QStringLiteral("this endpoint launches nothing, so this key has no use; "
                                      "who launches its peer dials it"));
            }
        }
        return;
    }
    if (m_settings.carrier == Carrier::Process) {
        checkStdio(command);
    } else if (command.isEmpty() && values.contains(QLatin1String("working_directory"))) {
        report(ErrorCode::ConfigRange,
               "working_directory",
               QStringLiteral("it is that of command, and there is none"));
    }
    for (const auto &argument : command)
        m_settings.command.append(argument.toString());
    m_settings.workingDirectory = values.value(QStringLiteral("working_directory")).toString();
}

void EndpointCheck::readServiceVersions(const QJsonObject &values)
{
    constexpr char kFloor[] = "service_min_version";
    constexpr char kList[] = "service_versions";
    m_settings.serviceFloor = values.value(QLatin1String(kFloor)).toString();
    if (const auto floor = VersionGate::create(m_settings.serviceFloor, {}); !floor)
        report(ErrorCode::ConfigRange, kFloor, floor.error().text());
    const QJsonArray versions = values.value(QLatin1String(kList)).toArray();
    for (const auto &version : versions)
        m_settings.serviceVersions.append(version.toString());
    if (const auto list = VersionGate::create({}, m_settings.serviceVersions); !list)
        report(ErrorCode::ConfigRange, kList, list.error().text());
}

// Whoever can reach a listener must prove who they are, or be let in knowingly.
void EndpointCheck::checkReach(const QJsonObject &values)
{
    const bool isPrivate = m_settings.role == EndpointRole::Dial
        || m_settings.carrier == Carrier::Memory || m_settings.address.isLoopback()
        || (m_settings.layers.tls && m_settings.layers.tls->requireCertificate);
    const QJsonValue allowed = values.value(QStringLiteral("allow_anonymous"));
    m_settings.allowAnonymous = allowed.toBool(isPrivate);
    if (isPrivate || m_settings.allowAnonymous || m_settings.address.isNull())
        return;
    report(ErrorCode::ConfigInsecure,
           "allow_anonymous",
           QStringLiteral("other hosts can reach %1, and nothing is configured by which clients "
                          "prove who they are; write allow_anonymous = true in this [[endpoint]] "
                          "to let everyone in, or choose the address 127.0.0.1")
               .arg(shownUrl()));
}

void EndpointCheck::readPolicy(const QJsonObject &values)
{
    EndpointPolicy &policy = m_settings.policy;
    m_settings.enabled = values.value(QStringLiteral("enabled")).toBool();
    policy.reconnect = values.value(QStringLiteral("reconnect")).toBool();
    policy.backOff.baseNs = nanoseconds(values, QStringLiteral("reconnect_delay"));
    policy.backOff.capNs = nanoseconds(values, QStringLiteral("reconnect_max_delay"));
    policy.maxAttempts = quint32(values.value(QStringLiteral("reconnect_attempts")).toInteger());
    policy.stabilityNs = nanoseconds(values, QStringLiteral("stable_after"));
    policy.dialDeadlineNs = nanoseconds(values, QStringLiteral("dial_timeout"));
    // The link itself ends in time, with a last frame; this is for one that does not.
    policy.handshakeDeadlineNs = m_settings.handshakeTimeout + kNsPerSecond;
    if (policy.backOff.capNs < policy.backOff.baseNs) {
        report(ErrorCode::ConfigRange,
               "reconnect_max_delay",
               QStringLiteral("it is shorter than reconnect_delay"));
    }
}

QList<AddressRules::Network> EndpointCheck::readNetworks(const QJsonObject &values, const char *key)
{
    QList<AddressRules::Network> networks;
    const QJsonArray texts = values.value(QLatin1String(key)).toArray();
    for (const auto &text : texts) {
        Result<AddressRules::Network> network = AddressRules::parseNetwork(text.toString());
        if (network)
            networks.append(*network);
        else
            report(network.error().code(), key, network.error().text());
    }
    if (!networks.isEmpty()
        && (m_settings.role == EndpointRole::Dial || m_settings.carrier == Carrier::Memory)) {
        report(ErrorCode::ConfigRange, key, QStringLiteral("no peer connects to this endpoint"));
    }
    return networks;
}

void EndpointCheck::readAddressRules(const QJsonObject &values)
{
    QList<AddressRules::Network> allowed = readNetworks(values, "allow_from");
    m_settings.addressRules = AddressRules(std::move(allowed), readNetworks(values, "deny_from"));
}

void EndpointCheck::readOverflow(const QJsonObject &values)
{
    OverflowSettings &overflow = m_settings.overflow;
    const auto policyOf = [](const QJsonValue &name) {
        return overflowPolicyNamed(name.toString()).value_or(OverflowPolicy::Disconnect);
    };
    overflow.policy = policyOf(values.value(QStringLiteral("overflow")));
    overflow.allowed = 0;
    const QJsonArray allowed = values.value(QStringLiteral("overflow_allowed")).toArray();
    for (const auto &name : allowed)
        overflow.allowed |= OverflowSettings::bitOf(policyOf(name));
    overflow.patienceNs = nanoseconds(values, QStringLiteral("patience"));
    m_settings.notices = values.value(QStringLiteral("notices")).toBool(true);
    if (values.value(QStringLiteral("observer")).toBool())
        m_settings.peerKind = PeerKind::Observer;
}

std::optional<EndpointSettings> EndpointCheck::run(const TransportLookup &transports)
{
    const qsizetype errorsBefore = m_errors->size();
    std::optional<TransportDescription> transport;
    QJsonObject schema = endpointSchemaFor({});
    if (readUrl()) {
        Result<TransportDescription> found = transports(m_settings.url.scheme());
        if (found)
            transport = std::move(*found);
        else
            report(found.error().code(), "url", found.error().text());
    }
    if (transport)
        schema = endpointSchemaFor(transport->config);
    else // its plugin's keys are unknown here, so none can be called wrong
        schema.insert(QStringLiteral("additionalProperties"), true);

    QJsonObject values = validate(schema);
    if (values.value(QStringLiteral("role")).toString() == QLatin1String("dial"))
        m_settings.role = EndpointRole::Dial;
    if (transport) {
        m_settings.transport = transport->type;
        checkRole(*transport);
        checkPlace(*transport);
        readCommand(values);
        m_settings.layers = readCarrier(
            m_settings, *transport, values, [this](ErrorCode code, const char *key, auto &text) {
                report(code, key, text);
            });
        checkReach(values);
    }
    if (m_errors->size() != errorsBefore)
        return std::nullopt;

    m_settings.handshakeTimeout = nanoseconds(values, QStringLiteral("handshake_timeout"));
    m_settings.idleTimeout = nanoseconds(values, QStringLiteral("idle_timeout"));
    readPolicy(values);
    readAddressRules(values);
    readOverflow(values);
    readServiceVersions(values);
    if (m_errors->size() != errorsBefore)
        return std::nullopt;
    m_settings.maxLinks = values.value(QStringLiteral("max_links")).toInteger();
    m_settings.durability = durabilityOf(values.value(QStringLiteral("durability")).toString());
    const QStringList own = endpointKeys();
    for (const QString &key : own)
        values.remove(key);
    m_settings.options = values;
    return m_settings;
}

} // namespace

bool EndpointSettings::isSameAs(const EndpointSettings &other) const
{
    return name == other.name && url == other.url && role == other.role && carrier == other.carrier
        && layers == other.layers && transport == other.transport && address == other.address
        && port == other.port && command == other.command
        && workingDirectory == other.workingDirectory && serviceFloor == other.serviceFloor
        && serviceVersions == other.serviceVersions && allowAnonymous == other.allowAnonymous
        && handshakeTimeout == other.handshakeTimeout && maxLinks == other.maxLinks
        && durability == other.durability && addressRules == other.addressRules
        && idleTimeout == other.idleTimeout && overflow == other.overflow
        && notices == other.notices && peerKind == other.peerKind && enabled == other.enabled
        && policy == other.policy && options == other.options;
}

std::optional<EndpointSettings> checkEndpoint(const QString &name,
                                              const ConfigNode &node,
                                              const TransportLookup &transports,
                                              ConfigErrors *errors)
{
    ConfigNode named = node;
    if (!named.find(QStringLiteral("name"))) {
        ConfigNode own(ConfigNode::Kind::String, node.origin);
        own.string = name;
        named.table.emplace(QStringLiteral("name"), std::move(own));
    }
    return EndpointCheck(name, named, errors).run(transports);
}

} // namespace fairlead::core
