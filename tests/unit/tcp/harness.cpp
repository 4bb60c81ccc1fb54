// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

#include <algorithm>
#include <utility>

namespace fairlead::test {

namespace {

bool isState(const FakeBus::Published &published)
{
    return published.topic.endsWith("/state");
}

} // namespace

FramedOptions optionsOf(const QJsonObject &options, Role role)
{
    EndpointConfig config;
    config.name = QStringLiteral("scanner");
    config.url = QUrl(role == Role::Dial ? QStringLiteral("tcp://device.local:4001")
                                         : QStringLiteral("tcp://127.0.0.1:4001"));
    config.options = options;
    const Result<FramedOptions> parsed = parseFramedOptions(config, role);
    if (!parsed)
        qFatal("%s", qUtf8Printable(parsed.error().toString()));
    return *parsed;
}

Harness::Harness(const QJsonObject &options, Role role)
    : Harness(optionsOf(options, role), role)
{ }

Harness::Harness(const FramedOptions &options, Role role)
    : hooks(stream)
    , link(1, role == Role::Dial ? Link::Direction::Dialled : Link::Direction::Accepted, hooks)
    , endpoint(options)
    , driver(std::make_unique<FramedLink>(LinkContext{link,
                                                      stream,
                                                      bus,
                                                      clock,
                                                      timers,
                                                      random,
                                                      logger,
                                                      QByteArrayLiteral("192.0.2.7:40000"),
                                                      &heartbeat},
                                          endpoint))
{
    driver->handleStarted();
}

Harness::~Harness() = default;

void Harness::receive(const QByteArray &bytes)
{
    unused += bytes;
    offerRest();
}

void Harness::offerRest()
{
    if (isClosed() || unused.isEmpty())
        return;
    // A copy of its own, so that a sanitizer sees whoever keeps a view.
    const std::vector<char> input(unused.cbegin(), unused.cend());
    consumed = driver->handleBytes({input.data(), input.size()});
    unused.remove(0, qsizetype(consumed.used));
}

void Harness::authenticated(const Error &error)
{
    driver->handleAuthenticated(error);
    offerRest();
}

void Harness::granted(bool resumed, const QByteArray &note)
{
    link.setPeerKey(bus.acquisitions.back().peerKey);
    QVERIFY(link.succeed());
    LeaseGrant grant;
    grant.lease = &lease;
    grant.resumed = resumed;
    grant.note = {note.constData(), std::size_t(note.size())};
    driver->handleLease(grant);
    offerRest();
}

void Harness::connect()
{
    open();
    authenticated();
    granted();
}

void Harness::offer(const QByteArray &payload, quint8 qos, quint64 handle)
{
    MessageFields fields;
    fields.topic = "tx";
    fields.payload = {payload.constData(), std::size_t(payload.size())};
    fields.qos = qos;
    lease.offer(Message(fields), qos, handle);
}

QByteArray Harness::sent(const QByteArrayList &payloads)
{
    for (const QByteArray &payload : payloads)
        offer(payload);
    pull();
    return std::exchange(stream.written, {});
}

QByteArrayList Harness::takeFrames()
{
    QByteArrayList frames;
    for (; m_taken < bus.published.size(); ++m_taken) {
        if (!isState(bus.published[m_taken]))
            frames << bus.published[m_taken].payload;
    }
    return frames;
}

std::vector<QJsonObject> Harness::states() const
{
    std::vector<QJsonObject> states;
    for (const FakeBus::Published &published : bus.published) {
        if (isState(published))
            states.push_back(QJsonDocument::fromJson(published.payload).object());
    }
    return states;
}

QJsonObject Harness::lastState() const
{
    return states().empty() ? QJsonObject() : states().back();
}

const FakeBus::Published &Harness::lastStateMessage() const
{
    const auto last = std::find_if(bus.published.rbegin(), bus.published.rend(), isState);
    if (last == bus.published.rend())
        qFatal("no state was published");
    return *last;
}

} // namespace fairlead::test
