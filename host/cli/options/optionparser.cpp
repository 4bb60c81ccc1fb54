// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/optionparser.h"

#include "codec/topic.h"
#include "options/brokerurl.h"
#include "options/optionchecks.h"
#include "options/optionfailure.h"
#include "options/optionsfile.h"
#include "options/propertyoption.h"
#include "options/values.h"

#include <QFile>

#include <vector>

namespace fairlead::cli {

using mqtt::Version;

namespace {

/// A value that has to be UTF-8 of MQTT's length.
[[nodiscard]] Failure checkString(const QByteArray &option, const QByteArray &value)
{
    if (value.size() > static_cast<qsizetype>(mqtt::kMaxStringSize)) {
        return outOfRange(option, value.left(20) + "...", "at most 65535 bytes");
    }
    if (!mqtt::isValidUtf8(view(value))) {
        return usageFailure(
            "malformed-utf8",
            QStringLiteral("%1: the value is not UTF-8").arg(QString::fromUtf8(option)));
    }
    return {};
}

[[nodiscard]] Failure checkTopic(const QByteArray &option, const QByteArray &topic, bool filter)
{
    const mqtt::TopicCheck check
        = filter ? mqtt::parseSharedFilter(view(topic)).check : mqtt::checkTopicName(view(topic));
    if (check == mqtt::TopicCheck::Ok) {
        return {};
    }
    if (check == mqtt::TopicCheck::BadUtf8) {
        return checkString(option, topic);
    }
    return usageFailure(
        "invalid-topic",
        (filter ? QStringLiteral("%1: invalid topic filter '%2'; are '+' and '#' in place?")
                : QStringLiteral("%1: invalid topic '%2'; is it empty, or has it '+' or '#'?"))
            .arg(QString::fromUtf8(option), QString::fromUtf8(topic)));
}

} // namespace

OptionParser::OptionParser(Tool tool)
{
    m_options.tool = tool;
    m_options.version = tool == Tool::Rr ? Version::V5 : Version::V311;
}

Failure OptionParser::parse(const QList<QByteArray> &arguments, const QString &defaultFile)
{
    QString file = defaultFile;
    bool named = false;
    if (Failure bad = lookAhead(arguments, file, named); bad || m_action != Action::Run) {
        return bad;
    }
    if (!file.isEmpty()) {
        m_inFile = true;
        if (Failure bad = parseFile(file, named)) {
            return bad;
        }
        m_inFile = false;
    }
    if (Failure bad = parseList(arguments)) {
        return bad;
    }
    return checkOptions(m_options, m_versionGiven);
}

Failure OptionParser::lookAhead(const QList<QByteArray> &arguments, QString &file, bool &named)
{
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const OptionSpec *spec = findOption(m_options.tool, arguments[i]);
        if (spec == nullptr) {
            continue;
        }
        if (spec->id == OptionId::Help || spec->id == OptionId::Version) {
            m_action = spec->id == OptionId::Help ? Action::ShowHelp : Action::ShowVersion;
            return {};
        }
        if (spec->id == OptionId::OptionsFile) {
            if (i + 1 == arguments.size()) {
                return usageFailure("missing-argument",
                                    QStringLiteral("-o needs an argument: file"));
            }
            if (named) {
                return usageFailure("invalid-argument", QStringLiteral("-o is given twice"));
            }
            file = QFile::decodeName(arguments[i + 1]);
            named = true;
        }
        // What follows is a value, even if it reads like an option.
        i += spec->argument != nullptr ? 1 : 0;
    }
    return {};
}

Failure OptionParser::parseFile(const QString &path, bool required)
{
    QList<OptionsLine> lines;
    if (Failure bad = readOptionsFile(path, required, m_options.tool, lines)) {
        return bad;
    }
    for (const OptionsLine &line : lines) {
        if (Failure bad = parseList(line.arguments)) {
            bad.text = QStringLiteral("%1:%2: %3").arg(path).arg(line.number).arg(bad.text);
            return bad;
        }
    }
    return {};
}

Failure OptionParser::parseList(const QList<QByteArray> &arguments)
{
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const QByteArray &name = arguments[i];
        const OptionSpec *spec = findOption(m_options.tool, name);
        if (spec == nullptr) {
            if (m_options.tool == Tool::Sub && !name.startsWith('-')) {
                if (Failure bad = addTopic(QByteArrayLiteral("filter"), name)) {
                    return bad;
                }
                continue;
            }
            return usageFailure("unknown-option",
                                QStringLiteral("unknown option '%1'").arg(QString::fromUtf8(name)));
        }
        if (spec->id == OptionId::Property) {
            const std::vector<QByteArray> rest(arguments.begin() + i + 1, arguments.end());
            if (Failure bad = addProperty(rest, m_options)) {
                return bad;
            }
            i += propertyArgumentCount(rest);
            continue;
        }
        QByteArray value;
        if (spec->argument != nullptr && spec->id != OptionId::Unavailable) {
            if (i + 1 == arguments.size()) {
                return usageFailure(
                    "missing-argument",
                    QStringLiteral("%1 needs an argument: %2")
                        .arg(QString::fromUtf8(name), QLatin1String(spec->argument)));
            }
            value = arguments[++i];
        }
        if (Failure bad = apply(*spec, name, value)) {
            return bad;
        }
    }
    return {};
}

Failure OptionParser::apply(const OptionSpec &spec, const QByteArray &name, const QByteArray &value)
{
    switch (spec.id) {
    case OptionId::Unavailable:
        return {exitcode::kNotSupported,
                QByteArrayLiteral("not-supported"),
                QStringLiteral("%1: %2").arg(QString::fromUtf8(name), QLatin1String(spec.help))};
    case OptionId::OptionsFile:
        if (m_inFile) {
            return usageFailure("invalid-argument",
                                QStringLiteral("-o is for the command line only"));
        }
        return {};
    case OptionId::BindAddress:
    case OptionId::Host:
    case OptionId::Port:
    case OptionId::Url:
    case OptionId::ClientId:
    case OptionId::ClientIdPrefix:
    case OptionId::KeepAlive:
    case OptionId::MaxInflight:
    case OptionId::UserName:
    case OptionId::Password:
    case OptionId::ProtocolVersion:
    case OptionId::SessionExpiry:
    case OptionId::WillPayload:
    case OptionId::WillQos:
    case OptionId::WillTopic:
        return applyConnection(spec.id, name, value);
    case OptionId::Topic:
    case OptionId::ResponseTopic:
    case OptionId::Qos:
    case OptionId::Message:
    case OptionId::File:
    case OptionId::StandardInput:
    case OptionId::Lines:
    case OptionId::Null:
    case OptionId::Repeat:
    case OptionId::RepeatDelay:
        return applyMessage(spec.id, name, value);
    case OptionId::Count:
    case OptionId::Timeout:
    case OptionId::FilterOut:
    case OptionId::Unsubscribe:
    case OptionId::Format:
    case OptionId::Output:
    case OptionId::RandomFilter:
    case OptionId::Replay:
    case OptionId::RetainHandling:
        return applyReading(spec.id, name, value);
    default:
        applyFlag(spec.id);
        return {};
    }
}

Failure OptionParser::applyConnection(OptionId id, const QByteArray &name, const QByteArray &value)
{
    switch (id) {
    case OptionId::BindAddress:
        m_options.bindAddress = value;
        return {};
    case OptionId::Host:
        m_options.host = value;
        return value.isEmpty() ? outOfRange(name, value, "a host name or address") : Failure{};
    case OptionId::Port: {
        const std::optional<qint64> number = parseInteger(value, 1, 65'535);
        m_options.port = static_cast<quint16>(number.value_or(0));
        return number ? Failure{} : outOfRange(name, value, "a number from 1 to 65535");
    }
    case OptionId::Url:
        return applyUrl(value);
    case OptionId::ClientId:
    case OptionId::ClientIdPrefix:
        if (Failure bad = checkString(name, value)) {
            return bad;
        }
        return applyClientId(id, value);
    case OptionId::KeepAlive: {
        const std::optional<qint64> number = parseInteger(value, 5, 65'535);
        m_options.keepAlive = static_cast<quint16>(number.value_or(0));
        return number ? Failure{} : outOfRange(name, value, "a number from 5 to 65535");
    }
    case OptionId::MaxInflight: {
        const std::optional<qint64> number = parseInteger(value, 1, 65'535);
        m_options.maxInflight = static_cast<quint16>(number.value_or(0));
        return number ? Failure{} : outOfRange(name, value, "a number from 1 to 65535");
    }
    case OptionId::UserName:
        m_options.userName = value;
        return checkString(name, value);
    case OptionId::Password:
        m_options.password = value;
        return value.size() <= static_cast<qsizetype>(mqtt::kMaxStringSize)
            ? Failure{}
            : usageFailure("value-out-of-range",
                           QStringLiteral("the password is longer than 65535 bytes"));
    case OptionId::ProtocolVersion:
        m_versionGiven = true;
        if (value == "mqttv5" || value == "5") {
            m_options.version = Version::V5;
        } else if (value == "mqttv311" || value == "311") {
            m_options.version = Version::V311;
        } else if (value == "mqttv31" || value == "31") {
            m_options.version = Version::V31;
        } else {
            return outOfRange(name, value, "mqttv5, mqttv311 or mqttv31");
        }
        return {};
    case OptionId::SessionExpiry: {
        const bool never = value == "\xE2\x88\x9E";
        const std::optional<qint64> number = parseInteger(value, -1, 0xFFFF'FFFF);
        if (!never && !number) {
            return outOfRange(name, value, "seconds from 0 to 4294967295, or -1 for never");
        }
        m_options.sessionExpiry
            = never || *number == -1 ? mqtt::kSessionNeverExpires : static_cast<quint32>(*number);
        m_options.version = Version::V5;
        return {};
    }
    default:
        break;
    }
    if (!m_options.will) {
        m_options.will.emplace();
    }
    if (id == OptionId::WillTopic) {
        m_options.will->topic = value;
        return checkTopic(name, value, false);
    }
    if (id == OptionId::WillPayload) {
        m_options.will->payload = value;
        return value.size() <= static_cast<qsizetype>(mqtt::kMaxStringSize)
            ? Failure{}
            : usageFailure("value-out-of-range",
                           QStringLiteral("the will is longer than 65535 bytes"));
    }
    const std::optional<qint64> qos = parseInteger(value, 0, 2);
    m_options.will->qos = static_cast<quint8>(qos.value_or(0));
    return qos ? Failure{} : outOfRange(name, value, "0, 1 or 2");
}

Failure OptionParser::applyUrl(const QByteArray &value)
{
    BrokerUrl url;
    if (Failure bad = parseBrokerUrl(value, url)) {
        return bad;
    }
    m_options.host = url.host;
    m_options.port = url.port;
    if (url.userName) {
        m_options.userName = url.userName;
    }
    if (url.password) {
        m_options.password = url.password;
    }
    return addTopic(QByteArrayLiteral("-L"), url.topic);
}

Failure OptionParser::applyClientId(OptionId id, const QByteArray &value)
{
    if (!m_inFile && m_idFromFile) {
        m_options.clientId.reset();
        m_options.clientIdPrefix.reset();
    }
    m_idFromFile = m_inFile;
    auto &wanted = id == OptionId::ClientId ? m_options.clientId : m_options.clientIdPrefix;
    const auto &other = id == OptionId::ClientId ? m_options.clientIdPrefix : m_options.clientId;
    if (other) {
        return usageFailure("invalid-argument",
                            QStringLiteral("-i and -I cannot be used together"));
    }
    wanted = value;
    return {};
}

Failure OptionParser::addTopic(const QByteArray &name, const QByteArray &topic)
{
    const bool filter = m_options.tool == Tool::Sub;
    if (filter) {
        m_options.filters.append(topic);
    } else {
        m_options.topic = topic;
    }
    return checkTopic(name, topic, filter);
}

Failure OptionParser::setSource(MessageSource source, const QByteArray &value)
{
    if (m_options.source != MessageSource::None && !(m_sourceFromFile && !m_inFile)) {
        return usageFailure("invalid-argument",
                            QStringLiteral("only one of -m, -f, -l, -n and -s can be given"));
    }
    m_sourceFromFile = m_inFile;
    m_options.source = source;
    (source == MessageSource::File ? m_options.file : m_options.message) = value;
    return {};
}

Failure OptionParser::applyMessage(OptionId id, const QByteArray &name, const QByteArray &value)
{
    switch (id) {
    case OptionId::Topic:
        return addTopic(name, value);
    case OptionId::ResponseTopic:
        m_options.responseTopic = value;
        return checkTopic(name, value, false);
    case OptionId::Qos: {
        const std::optional<qint64> qos = parseInteger(value, 0, 2);
        m_options.qos = static_cast<quint8>(qos.value_or(0));
        return qos ? Failure{} : outOfRange(name, value, "0, 1 or 2");
    }
    case OptionId::Message:
        return setSource(MessageSource::Argument, value);
    case OptionId::File:
        return setSource(MessageSource::File, value);
    case OptionId::StandardInput:
        return setSource(MessageSource::StandardInput, {});
    case OptionId::Lines:
        return setSource(MessageSource::Lines, {});
    case OptionId::Null:
        return setSource(MessageSource::Null, {});
    case OptionId::Repeat: {
        const std::optional<qint64> count = parseInteger(value, 1, 0x7FFF'FFFF);
        m_options.repeat = static_cast<quint32>(count.value_or(0));
        return count ? Failure{} : outOfRange(name, value, "a number above 0");
    }
    default: {
        const std::optional<double> seconds = parseDecimal(value, 0.0, 2'000'000.0);
        m_options.repeatDelay
            = std::chrono::milliseconds(static_cast<qint64>(seconds.value_or(0) * 1'000.0));
        return seconds ? Failure{} : outOfRange(name, value, "seconds, 0 or more");
    }
    }
}

} // namespace fairlead::cli
