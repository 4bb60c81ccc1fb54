// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/histogram.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

#include <utility>
#include <vector>

namespace fairlead::core {

class Host;
class HostView;

/// Prometheus' text format 0.0.4. Thread: a value.
class MetricsWriter
{
public:
    using Labels = std::vector<std::pair<const char *, QString>>;

    static constexpr char kType[] = "text/plain; version=0.0.4; charset=utf-8";

    /// The samples that follow belong to it. Names are without "fairlead_".
    MetricsWriter &counter(const char *name, const char *help)
    {
        return family(name, "counter", help);
    }

    MetricsWriter &gauge(const char *name, const char *help) { return family(name, "gauge", help); }

    /// With its samples, in seconds.
    MetricsWriter &histogram(const char *name, const char *help, const HistogramTotals &totals);

    MetricsWriter &sample(quint64 value, const Labels &labels = {});
    MetricsWriter &sample(double value, const Labels &labels = {});

    const QByteArray &text() const noexcept { return m_text; }

private:
    MetricsWriter &family(const char *name, const char *type, const char *help);
    void write(const QByteArray &value, const Labels &labels, const char *suffix = "");

    QByteArray m_text;
    QByteArray m_name;
};

/// What the control plane itself adds.
struct ControlMetrics
{
    QString version;
    double uptimeSeconds = 0;
    quint64 controlConnections = 0;
    quint64 controlCalls = 0;
    quint64 controlErrors = 0;
    quint64 httpRequests = 0;
};

/// The host's figures. Labels are bounded: endpoints, transports, reasons, states.
QByteArray metricsText(Host &host, const HostView &view, const ControlMetrics &control);

} // namespace fairlead::core
