// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/metrics.h"

#include "core/control/hosttotals.h"
#include "core/control/hostview.h"
#include "core/host.h"
#include "core/observe/storeview.h"
#include "core/platform/processmemory.h"

#include <initializer_list>

namespace fairlead::core {

namespace {

constexpr HostView::State kStates[] = {HostView::State::Starting,
                                       HostView::State::Running,
                                       HostView::State::Degraded,
                                       HostView::State::Stopping};

QByteArray escaped(const QString &value)
{
    QByteArray text = value.toUtf8();
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    return text;
}

/// A family with one sample and no labels.
struct Figure
{
    const char *name;
    const char *help;
    quint64 value;
};

void writeCounters(MetricsWriter *out, std::initializer_list<Figure> figures)
{
    for (const Figure &figure : figures)
        out->counter(figure.name, figure.help).sample(figure.value);
}

void writeGauges(MetricsWriter *out, std::initializer_list<Figure> figures)
{
    for (const Figure &figure : figures)
        out->gauge(figure.name, figure.help).sample(figure.value);
}

void writeTraffic(MetricsWriter *out, const HostTotals &totals)
{
    writeCounters(
        out,
        {
            {"received_bytes_total", "Bytes read from peers.", totals.bytesReceived},
            {"sent_bytes_total", "Bytes written to peers.", totals.bytesSent},
            {"frames_received_total", "Protocol frames read from peers.", totals.framesReceived},
            {"frames_sent_total", "Protocol frames written to peers.", totals.framesSent},
            {"messages_published_total", "Messages that peers handed in.", totals.published},
            {"messages_published_bytes_total",
             "Payload bytes that peers handed in.",
             totals.publishedBytes},
            {"messages_delivered_total",
             "Messages that links took for their peers.",
             totals.delivered},
            {"messages_delivered_bytes_total",
             "Payload bytes that links took.",
             totals.deliveredBytes},
        });
    out->counter("messages_dropped_total",
                 "Messages that a session asked for and did not get, by reason.");
    for (std::size_t i = 0; i < totals.drops.size(); ++i) {
        out->sample(totals.drops[i], {{"reason", QString::fromLatin1(dropName(DropReason(i)))}});
    }
    out->histogram("publish_to_ack_seconds",
                   "From a message that asks for an acknowledgement to that.",
                   totals.publishToAck);
    writeCounters(
        out,
        {
            {"links_accepted_total", "Links that began.", totals.linksAccepted},
            {"links_closed_total", "Links that ended.", totals.linksClosed},
            {"links_connected_total", "Links whose handshake succeeded.", totals.linksConnected},
            {"handshakes_failed_total",
             "Links that ended in their handshake.",
             totals.handshakesFailed},
            {"sessions_expired_total",
             "Sessions that ended because their time was over.",
             totals.sessionsExpired},
            {"subscribers_refused_total",
             "Subscriptions that a stream had no seat for.",
             totals.subscribersRefused},
        });
    out->counter("stale_calls_total", "Calls for what had ended already, dropped.")
        .sample(totals.fencedCalls, {{"kind", QStringLiteral("fenced")}})
        .sample(totals.staleHandles, {{"kind", QStringLiteral("settled")}});
}

void writeSeats(MetricsWriter *out, const StreamSeats &seats)
{
    const std::vector<StreamSeats::Taken> streams = seats.list();
    if (streams.empty())
        return;
    const auto nameOf
        = [](const StreamSeats::Taken &stream) { return QString::fromUtf8(stream.stream); };
    out->gauge("stream_subscribers", "Sessions that subscribe to a stream which limits them.");
    for (const StreamSeats::Taken &stream : streams)
        out->sample(quint64(stream.taken), {{"stream", nameOf(stream)}});
    out->gauge("stream_subscribers_limit", "Sessions that may.");
    for (const StreamSeats::Taken &stream : streams)
        out->sample(quint64(stream.seats), {{"stream", nameOf(stream)}});
}

void writeAdmission(MetricsWriter *out, const Host &host)
{
    const LinkAdmission &admission = host.endpoints().admission();
    out->counter("links_refused_total", "Connections that the host did not take, by reason.");
    for (std::size_t i = 0; i < std::size_t(RefusalReason::Count); ++i) {
        const auto reason = RefusalReason(i);
        out->sample(admission.refused(reason),
                    {{"reason", QString::fromLatin1(refusalName(reason))}});
    }
    const auto &descriptors = host.descriptors();
    writeGauges(out,
                {
                    {"rated_peers",
                     "Peers that began a link within the last second or two.",
                     quint64(admission.peers())},
                    {"descriptors_exhausted",
                     "1 while no descriptors are left for links.",
                     quint64(descriptors.isExhausted() ? 1 : 0)},
                });
    writeCounters(out,
                  {
                      {"descriptor_exhaustions_total",
                       "Accepts that found no descriptor.",
                       descriptors.exhaustions()},
                  });
}

void writeStore(MetricsWriter *out, const StoreView &store)
{
    out->gauge("store_state", "1 for the state that the store is in; none: there is no store.");
    for (std::size_t i = 0; i < std::size_t(StoreView::State::Count); ++i) {
        const auto state = StoreView::State(i);
        out->sample(quint64(state == store.state ? 1 : 0),
                    {{"state", QString::fromLatin1(storeStateName(state))}});
    }
    if (!store.exists())
        return;
    const StoreFigures &figures = store.figures;
    writeGauges(
        out,
        {
            {"store_messages", "Messages that are stored.", figures.messages},
            {"store_bytes", "The database and its log on the disk.", quint64(store.bytes)},
            {"store_waiting_bytes", "Bytes on their way to the database.", figures.waitingBytes},
            {"store_congested",
             "1 while so much waits that publishers wait too.",
             quint64(store.isCongested ? 1 : 0)},
        });
    writeCounters(
        out,
        {
            {"store_records_total", "Changes that were decided.", figures.records},
            {"store_commits_total", "Groups of changes that were committed.", figures.groups},
            {"store_syncs_total", "Commits that waited for the disk.", figures.syncs},
            {"store_failures_total", "Commits that the database refused.", figures.failures},
            {"store_messages_written_total", "Messages written.", figures.rows},
            {"store_messages_written_bytes_total",
             "Topics, properties and payloads written.",
             figures.rowBytes},
            {"store_messages_cancelled_total",
             "Messages that were settled before they had to be written.",
             figures.cancelled},
            {"store_messages_refused_total",
             "Messages that could not be stored and were refused.",
             figures.refused},
        });
    out->histogram("store_commit_seconds",
                   "What the database took for a group of changes.",
                   store.commitTimes);
}

void writeRegistry(MetricsWriter *out, const RegistryStats &stats)
{
    writeCounters(out,
                  {
                      {"registry_registered_total", "Peers that took a slot.", stats.registered},
                      {"registry_replaced_total",
                       "Links that took over from another of their peer.",
                       stats.replaced},
                  });
    out->counter("registry_rejected_total", "Links that got no slot, by reason.")
        .sample(stats.rejectedByPolicy, {{"reason", QStringLiteral("policy")}})
        .sample(stats.rejectedByLimit, {{"reason", QStringLiteral("limit")}})
        .sample(stats.rejectedOther, {{"reason", QStringLiteral("other")}});
}

void writeEndpoints(MetricsWriter *out, const QList<EndpointView> &endpoints)
{
    const auto labels = [](const EndpointView &endpoint) {
        return MetricsWriter::Labels{{"endpoint", endpoint.name},
                                     {"transport", endpoint.transport}};
    };
    out->gauge("endpoint_up", "Whether a configured endpoint does what it is there for.");
    for (const EndpointView &endpoint : endpoints)
        out->sample(quint64(endpoint.isUp ? 1 : 0), labels(endpoint));
    out->counter("endpoint_attempts_total", "Attempts to bring an endpoint up.");
    for (const EndpointView &endpoint : endpoints)
        out->sample(endpoint.attempts, labels(endpoint));
    out->counter("plugin_failures_total",
                 "How often the plugin of an endpoint threw where it may not.");
    for (const EndpointView &endpoint : endpoints)
        out->sample(endpoint.pluginFailures, labels(endpoint));
    out->gauge("endpoint_durability", "Always 1; what its peers are promised is a label.");
    for (const EndpointView &endpoint : endpoints) {
        MetricsWriter::Labels level = labels(endpoint);
        level.emplace_back("level", QString::fromLatin1(durabilityName(endpoint.durability)));
        out->sample(quint64(1), level);
    }
    out->gauge("endpoint_links", "Open links of an endpoint.");
    for (const EndpointView &endpoint : endpoints) {
        if (endpoint.links)
            out->sample(quint64(*endpoint.links), labels(endpoint));
    }
}

} // namespace

MetricsWriter &MetricsWriter::family(const char *name, const char *type, const char *help)
{
    m_name = QByteArrayLiteral("fairlead_") + name;
    m_text += "# HELP " + m_name + ' ' + help + "\n# TYPE " + m_name + ' ' + type + '\n';
    return *this;
}

MetricsWriter &MetricsWriter::sample(quint64 value, const Labels &labels)
{
    write(QByteArray::number(value), labels);
    return *this;
}

MetricsWriter &MetricsWriter::sample(double value, const Labels &labels)
{
    write(QByteArray::number(value, 'f', 3), labels);
    return *this;
}

MetricsWriter &MetricsWriter::histogram(const char *name,
                                        const char *help,
                                        const HistogramTotals &totals)
{
    family(name, "histogram", help);
    quint64 below = 0;
    for (std::size_t i = 0; i < totals.counts.size(); ++i) {
        below += totals.counts[i];
        const QString bound = i < Histogram::kBoundsNs.size()
            ? QString::number(double(Histogram::kBoundsNs[i]) / double(kNsPerSecond))
            : QStringLiteral("+Inf");
        write(QByteArray::number(below), {{"le", bound}}, "_bucket");
    }
    write(QByteArray::number(double(totals.sumNs) / double(kNsPerSecond), 'f', 6), {}, "_sum");
    write(QByteArray::number(below), {}, "_count");
    return *this;
}

void MetricsWriter::write(const QByteArray &value, const Labels &labels, const char *suffix)
{
    m_text += m_name + suffix;
    char separator = '{';
    for (const auto &[name, text] : labels) {
        m_text += separator + QByteArray(name) + "=\"" + escaped(text) + '"';
        separator = ',';
    }
    if (!labels.empty())
        m_text += '}';
    m_text += ' ' + value + '\n';
}

QByteArray metricsText(Host &host, const HostView &view, const ControlMetrics &control)
{
    MetricsWriter out;
    const Distributor &distributor = host.distributor();
    const HostTotals totals(host);
    out.gauge("build_info", "Always 1; the version is the label.")
        .sample(quint64(1), {{"version", control.version}});
    out.gauge("uptime_seconds", "Seconds since the start.").sample(control.uptimeSeconds);
    out.gauge("state", "1 for the state that the host is in.");
    for (const HostView::State state : kStates) {
        out.sample(quint64(state == view.state() ? 1 : 0),
                   {{"state", QString::fromLatin1(stateName(state))}});
    }
    out.gauge("reactors", "Event loops that serve links.").sample(quint64(host.reactors().size()));
    if (const qint64 memory = residentMemory(); memory >= 0)
        out.gauge("resident_memory_bytes", "Memory in use.").sample(quint64(memory));
    writeEndpoints(&out, view.endpoints());
    writeGauges(
        &out,
        {
            {"links", "Open links.", quint64(host.linkCount())},
            {"peers_connected",
             "Links whose handshake succeeded and that have not ended.",
             totals.linksConnected - totals.linksDisconnected},
            {"sessions",
             "Sessions, those of absent peers included.",
             distributor.directory.count()},
            {"subscriptions",
             "Subscriptions of all sessions.",
             distributor.index.subscriptionCount()},
            {"retained_messages", "Retained messages.", quint64(distributor.retained.count())},
            {"retained_bytes",
             "Memory of the retained messages.",
             quint64(distributor.retained.bytes())},
        });
    writeTraffic(&out, totals);
    writeSeats(&out, distributor.seats);
    writeAdmission(&out, host);
    writeRegistry(&out, distributor.links.stats());
    writeStore(&out, viewStore(host));
    writeGauges(
        &out,
        {
            {"control_connections", "Clients of the control socket.", control.controlConnections},
        });
    writeCounters(
        &out,
        {
            {"control_calls_total", "Calls of control methods.", control.controlCalls},
            {"control_errors_total",
             "Calls of control methods that failed.",
             control.controlErrors},
            {"http_requests_total", "Requests for health and metrics.", control.httpRequests},
        });
    return out.text();
}

} // namespace fairlead::core
