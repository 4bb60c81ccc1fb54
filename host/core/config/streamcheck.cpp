// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/streamcheck.h"

#include <fairlead/result.h>

#include <cmath>
#include <utility>

namespace fairlead::core {

namespace {

class StreamCheck
{
public:
    StreamCheck(const QString &name, const ConfigNode *node, ConfigErrors *errors)
        : m_name(name)
        , m_node(node)
        , m_errors(errors)
    { }

    StreamSpec run(const QJsonObject &values);

private:
    void report(ErrorCode code, const char *key, const QString &text);
    void readFilter(const QJsonObject &values);
    void readSubscribers(const QJsonObject &values);

    QString m_name;
    const ConfigNode *m_node;
    ConfigErrors *m_errors;
    StreamSpec m_spec;
};

void StreamCheck::report(ErrorCode code, const char *key, const QString &text)
{
    const QString member = QLatin1String(key);
    const ConfigNode *written = m_node ? m_node->find(member) : nullptr;
    if (!written)
        written = m_node;
    ConfigProblem problem;
    problem.code = code;
    problem.origin = written ? written->origin : ConfigOrigin();
    problem.key = QStringLiteral("stream.%1.%2").arg(m_name, member);
    problem.text = text;
    m_errors->append(problem.toError());
}

void StreamCheck::readFilter(const QJsonObject &values)
{
    const QJsonValue written = values.value(QStringLiteral("filter"));
    const bool isDefault = m_name == QLatin1String(kDefaultStream);
    if (!written.isString()) {
        // One that was written and is no text has its error already.
        if (isDefault) {
            m_spec.filter = *TopicFilter::parse("#");
        } else if (!m_node || !m_node->find(QStringLiteral("filter"))) {
            report(ErrorCode::ConfigMissing,
                   "filter",
                   QStringLiteral("a stream needs the filter of its topics, as in filter = "
                                  "\"plant/#\""));
        }
        return;
    }
    const QByteArray text = written.toString().toUtf8();
    const Result<TopicFilter> filter
        = TopicFilter::parse({text.constData(), std::size_t(text.size())});
    if (!filter || filter->isShared() || text.startsWith('$')) {
        report(ErrorCode::ConfigRange,
               "filter",
               QStringLiteral("expected a topic filter like plant/#, not shared and not of topics "
                              "that start with $, found \"%1\"")
                   .arg(written.toString()));
        return;
    }
    if (isDefault && text != "#") {
        report(ErrorCode::ConfigRange,
               "filter",
               QStringLiteral("the stream \"%1\" is that of all topics; give this one another name")
                   .arg(m_name));
        return;
    }
    m_spec.filter = *filter;
}

// One number, and a word for the most frequent one.
void StreamCheck::readSubscribers(const QJsonObject &values)
{
    const QJsonValue most = values.value(QStringLiteral("max_subscribers"));
    m_spec.maxSubscribers = quint32(most.toInteger());
    if (!values.value(QStringLiteral("exclusive")).toBool())
        return;
    if (most.isDouble() && m_spec.maxSubscribers != 1) {
        report(ErrorCode::ConfigRange,
               "exclusive",
               QStringLiteral("an exclusive stream has max_subscribers = 1, found %1; keep one of "
                              "the two keys")
                   .arg(m_spec.maxSubscribers));
    }
    m_spec.maxSubscribers = 1;
}

StreamSpec StreamCheck::run(const QJsonObject &values)
{
    m_spec.name = m_name.toUtf8();
    readFilter(values);
    readSubscribers(values);
    const ReplayLimits usual;
    m_spec.durable = values.value(QStringLiteral("durable")).toBool();
    m_spec.limits.count
        = quint64(values.value(QStringLiteral("count")).toInteger(qint64(usual.count)));
    m_spec.limits.bytes
        = quint64(values.value(QStringLiteral("bytes")).toInteger(qint64(usual.bytes)));
    const double seconds
        = values.value(QStringLiteral("age")).toDouble(double(usual.ageNs) / double(kNsPerSecond));
    m_spec.limits.ageNs = qint64(std::llround(seconds * double(kNsPerSecond)));
    if (m_spec.durable && m_spec.limits.isOff()) {
        report(ErrorCode::ConfigRange,
               "durable",
               QStringLiteral("with count = 0 and bytes = 0 the stream keeps nothing; limit it by "
                              "one of them"));
    }
    return m_spec;
}

} // namespace

std::vector<StreamSpec> readStreams(const QJsonObject &values,
                                    const ConfigNode *node,
                                    ConfigErrors *errors)
{
    std::vector<StreamSpec> streams;
    int others = 0;
    for (auto it = values.begin(); it != values.end(); ++it) {
        const ConfigNode *written = node ? node->find(it.key()) : nullptr;
        StreamSpec stream = StreamCheck(it.key(), written, errors).run(it.value().toObject());
        // One without a good filter would select nothing, silently.
        if (!stream.filter.bytes().empty())
            streams.push_back(std::move(stream));
        others += it.key() != QLatin1String(kDefaultStream) ? 1 : 0;
    }
    if (others > kMostStreams - 1) {
        ConfigProblem problem;
        problem.code = ErrorCode::ConfigRange;
        problem.origin = node ? node->origin : ConfigOrigin();
        problem.key = QStringLiteral("stream");
        problem.text = QStringLiteral("there are %1 streams; %2 are possible beside \"%3\"")
                           .arg(others)
                           .arg(kMostStreams - 1)
                           .arg(QLatin1String(kDefaultStream));
        errors->append(problem.toError());
        streams.clear();
    }
    return streams;
}

} // namespace fairlead::core
