// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceharness.h"

#include <QtTest/QTest>

#include <utility>

namespace fairlead::test {

namespace {

ServiceOptions optionsOf(const QJsonObject &options)
{
    EndpointConfig config;
    config.options = options;
    const Result<ServiceOptions> parsed = parseServiceOptions(config);
    if (!parsed)
        qFatal("%s", qUtf8Printable(parsed.error().toString()));
    return *parsed;
}

} // namespace

Result<> FakeSeat::call(const CallRequest &request)
{
    if (!refusal)
        return refusal;
    calls.push_back({copyOf(request.capability),
                     copyOf(request.service),
                     copyOf(request.body),
                     request.timeoutMs,
                     request.tag});
    return {};
}

ServiceHarness::ServiceHarness(const QJsonObject &options, bool keepsServices)
    : hooks(stream)
    , link(1, Link::Direction::Accepted, hooks)
    , endpoint{optionsOf(options), QByteArrayLiteral("0.1.0")}
    , driver(std::make_unique<ServiceLink>(LinkContext{link,
                                                       stream,
                                                       bus,
                                                       clock,
                                                       timers,
                                                       random,
                                                       logger,
                                                       QByteArrayLiteral("192.0.2.7:40000"),
                                                       &heartbeat,
                                                       keepsServices ? &seat : nullptr},
                                           endpoint))
{
    driver->handleStarted();
}

ServiceHarness::~ServiceHarness() = default;

void ServiceHarness::receive(const QByteArray &bytes)
{
    unused += bytes;
    offerRest();
}

void ServiceHarness::offerRest()
{
    if (isClosed() || unused.isEmpty())
        return;
    // A copy of its own, so that a sanitizer sees whoever keeps a view.
    const std::vector<char> input(unused.cbegin(), unused.cend());
    consumed = driver->handleBytes({input.data(), input.size()});
    unused.remove(0, qsizetype(consumed.used));
}

void ServiceHarness::hello(const QByteArray &more)
{
    say("\"op\":\"hello\",\"protocol\":{\"min\":1,\"max\":1},\"identity\":\"thermostat\"" + more);
}

void ServiceHarness::authenticated(const Error &error)
{
    driver->handleAuthenticated(error);
    offerRest();
}

void ServiceHarness::granted(bool resumed)
{
    link.setPeerKey(bus.acquisitions.back().peerKey);
    QVERIFY(link.succeed());
    LeaseGrant grant;
    grant.lease = &lease;
    grant.resumed = resumed;
    grant.expirySeconds = bus.acquisitions.back().expirySeconds;
    driver->handleLease(grant);
    offerRest();
}

void ServiceHarness::connect(const QByteArray &more)
{
    hello(more);
    authenticated();
    granted();
    QCOMPARE(heard().value(QLatin1String("op")).toString(), QStringLiteral("welcome"));
}

void ServiceHarness::registered(const QByteArray &more)
{
    connect(",\"features\":[\"ping\",\"quiesce\",\"release-handles\"]");
    say("\"op\":\"register\",\"id\":1,\"name\":\"Thermostat\"" + more);
    QVERIFY(seat.driver);
    ServiceGrant grant;
    grant.id = QStringLiteral("thermostat");
    grant.generation = 7;
    seat.driver->handleRegistered(grant);
    QCOMPARE(heard().value(QLatin1String("op")).toString(), QStringLiteral("registered"));
}

void ServiceHarness::offer(
    const QByteArray &topic, const QByteArray &payload, quint8 qos, quint64 handle, bool isManual)
{
    MessageFields fields;
    fields.topic = spanOf(topic);
    fields.payload = spanOf(payload);
    fields.qos = qos;
    Message message(fields);
    message.setPosition({3, 41});
    Delivery &delivery = lease.offer(message, qos, handle);
    // As the subscription was asked for.
    m_subscriptionIds.push_back(std::make_unique<quint32>(isManual ? 268'435'455 : 268'435'454));
    delivery.subscriptionIds = m_subscriptionIds.back().get();
    delivery.subscriptionIdCount = 1;
}

std::vector<QJsonObject> ServiceHarness::taken()
{
    std::vector<QJsonObject> out;
    for (const QByteArray &line : std::exchange(stream.written, {}).split('\n')) {
        if (!line.isEmpty())
            out.push_back(QJsonDocument::fromJson(line).object());
    }
    return out;
}

QJsonObject ServiceHarness::heard()
{
    const std::vector<QJsonObject> messages = taken();
    if (messages.size() != 1) {
        QTest::qFail(
            qPrintable(QStringLiteral("%1 messages").arg(messages.size())), __FILE__, __LINE__);
        return {};
    }
    return messages.front();
}

QString ServiceHarness::errorHeard()
{
    const QJsonObject message = heard();
    return message.value(QLatin1String("op")) == QLatin1String("error")
        ? message.value(QLatin1String("code")).toString()
        : QStringLiteral("no error");
}

} // namespace fairlead::test
