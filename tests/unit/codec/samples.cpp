// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "samples.h"

#include <array>

namespace fairlead::mqtt::samples {

namespace {

constexpr std::size_t kRoom = 2048;

/// Collects samples; one per call of add().
class Collector
{
public:
    explicit Collector(Version version)
        : m_version(version)
    {
        switch (version) {
        case Version::V31:
            m_suffix = "-31";
            break;
        case Version::V311:
            m_suffix = "-311";
            break;
        default:
            m_suffix = "-5";
            break;
        }
        Writer out(m_userMemory);
        writeUserProperty(out, "zebra", "1");
        writeUserProperty(out, "apple", "2");
        writeUserProperty(out, "zebra", "\xC3\xA9");
        writeUserProperty(out, "", "");
        m_user = PropertyBlock::ofUserProperties(out.bytes());
    }

    [[nodiscard]] Version version() const { return m_version; }

    [[nodiscard]] bool isV5() const { return m_version == Version::V5; }

    [[nodiscard]] const PropertyBlock &user() const { return m_user; }

    template <typename Write>
    void add(const std::string &name, Sender sender, Write write)
    {
        std::array<char, kRoom> memory{};
        Writer out(memory.data(), memory.size());
        write(out);
        if (!out.failed()) {
            m_samples.push_back({name + m_suffix, m_version, sender, std::string(out.bytes())});
        }
    }

    template <typename Packet>
    void addPacket(const std::string &name, Sender sender, const Packet &packet)
    {
        add(name, sender, [&](Writer &out) { encode(out, packet, m_version); });
    }

    [[nodiscard]] std::vector<Sample> take() { return std::move(m_samples); }

private:
    Version m_version;
    std::string m_suffix;
    char m_userMemory[128] = {};
    PropertyBlock m_user;
    std::vector<Sample> m_samples;
};

void addConnects(Collector &to)
{
    Connect packet;
    packet.version = to.version();
    packet.clientId = "gauge-7";
    packet.keepAlive = 60;
    to.add("connect", Sender::Client, [&](Writer &out) { encode(out, packet); });

    packet.cleanStart = false;
    packet.userName = "operator";
    packet.password = Bytes("\0\xFFsecret", 8);
    Will &will = packet.will.emplace();
    will.topic = "plant/gauge-7/state";
    will.payload = "lost";
    will.qos = 2;
    will.retain = true;
    will.delayInterval = 5;
    will.messageExpiry = 3600;
    will.payloadFormat = 1;
    will.contentType = "text/plain";
    will.responseTopic = "plant/answer";
    will.correlationData = Bytes("\0\1", 2);
    will.properties = to.user();
    packet.sessionExpiry = kSessionNeverExpires;
    packet.receiveMaximum = 20;
    packet.topicAliasMaximum = 10;
    packet.maximumPacketSize = 65536;
    packet.requestResponseInformation = true;
    packet.requestProblemInformation = false;
    packet.authenticationMethod = "SCRAM-SHA-256";
    packet.authenticationData = "n,,n=operator";
    packet.properties = to.user();
    to.add("connect-full", Sender::Client, [&](Writer &out) { encode(out, packet); });

    if (to.isV5()) {
        packet.userName.reset();
        to.add("connect-password-only", Sender::Client, [&](Writer &out) { encode(out, packet); });
    }
}

void addConnacks(Collector &to)
{
    Connack packet;
    to.addPacket("connack", Sender::Server, packet);
    packet.reason = ReasonCode::NotAuthorized;
    packet.reasonString = "who are you";
    to.addPacket("connack-refused", Sender::Server, packet);

    packet = {};
    packet.sessionPresent = true;
    packet.sessionExpiry = 120;
    packet.receiveMaximum = 100;
    packet.maximumQos = 1;
    packet.retainAvailable = false;
    packet.maximumPacketSize = 1 << 20;
    packet.assignedClientId = "auto-1";
    packet.topicAliasMaximum = 16;
    packet.reasonString = "welcome";
    packet.wildcardSubscriptionAvailable = false;
    packet.subscriptionIdentifierAvailable = false;
    packet.sharedSubscriptionAvailable = false;
    packet.serverKeepAlive = 30;
    packet.responseInformation = "answers/";
    packet.serverReference = "other.example:1883";
    packet.authenticationMethod = "SCRAM-SHA-256";
    packet.authenticationData = "v=1";
    packet.properties = to.user();
    to.addPacket("connack-full", Sender::Server, packet);
}

void addPublishes(Collector &to)
{
    PublishHead head;
    head.topic = "plant/line1/temp";
    const auto add = [&](const std::string &name, Sender sender, Bytes payload) {
        head.payloadSize = payload.size();
        to.add(name, sender, [&](Writer &out) {
            writePublishHead(out, head, to.version());
            out.raw(payload);
        });
    };
    add("publish-qos0", Sender::Client, "21.5");
    head.retain = true;
    add("publish-empty", Sender::Client, {});
    head.topic = "\xC3\xBC"
                 "ber/\xE2\x82\xAC/\xF0\x9F\x9A\xA2";
    head.qos = 1;
    head.packetId = 1;
    add("publish-qos1", Sender::Client, "x");
    head.qos = 2;
    head.dup = true;
    head.packetId = 65535;
    const std::string large(300, 'p');
    add("publish-qos2", Sender::Client, large);
    if (!to.isV5()) {
        return;
    }
    char memory[256];
    Writer properties(memory);
    writeProperty(properties, PropertyId::PayloadFormatIndicator, 1U);
    properties.raw(to.user().raw());
    writeProperty(properties, PropertyId::ResponseTopic, "plant/answer");
    writeProperty(properties, PropertyId::CorrelationData, Bytes("\0\1\2", 3));
    writeProperty(properties, PropertyId::ContentType, "application/json");
    writeUserProperty(properties, "last", "one");
    head.forwardable = properties.bytes();
    head.hasMessageExpiry = true;
    head.messageExpiry = 0xFFFF'FFFF;
    head.topicAlias = 3;
    add("publish-full", Sender::Client, "{}");
    const std::array<std::uint32_t, 5> identifiers{1, 127, 128, 16384, kMaxSubscriptionIdentifier};
    head.subscriptionIdentifiers = identifiers;
    head.topic = {};
    add("publish-alias", Sender::Server, "{}");
}

void addAcks(Collector &to)
{
    struct Named
    {
        const char *name;
        PacketType type;
        ReasonCode reason;
    };

    constexpr std::array<Named, 4> kAcks{
        {{"puback", PacketType::Puback, ReasonCode::NoMatchingSubscribers},
         {"pubrec", PacketType::Pubrec, ReasonCode::QuotaExceeded},
         {"pubrel", PacketType::Pubrel, ReasonCode::PacketIdentifierNotFound},
         {"pubcomp", PacketType::Pubcomp, ReasonCode::PacketIdentifierNotFound}}};
    for (const Named &named : kAcks) {
        Ack packet;
        packet.type = named.type;
        packet.packetId = 258;
        to.addPacket(named.name, Sender::Client, packet);
        if (to.isV5()) {
            packet.reason = named.reason;
            to.addPacket(std::string(named.name) + "-reason", Sender::Server, packet);
            packet.reasonString = "because";
            packet.properties = to.user();
            to.addPacket(std::string(named.name) + "-full", Sender::Server, packet);
        }
    }
}

void addSubscribes(Collector &to)
{
    char memory[256];
    Writer filters(memory);
    writeSubscription(filters, {"plant/+/temp", 1, false, true, 1}, to.version());
    Subscribe packet;
    packet.packetId = 10;
    packet.filters = filters.bytes();
    to.addPacket("subscribe", Sender::Client, packet);
    writeSubscription(filters, {"#", 2, true, false, 2}, to.version());
    writeSubscription(filters, {"$share/pool/jobs/#", 0, false, false, 0}, to.version());
    packet.filters = filters.bytes();
    packet.subscriptionIdentifier = kMaxSubscriptionIdentifier;
    packet.properties = to.user();
    to.addPacket("subscribe-full", Sender::Client, packet);

    Writer plain(memory);
    writeFilter(plain, "plant/+/temp");
    writeFilter(plain, "$share/pool/jobs/#");
    Unsubscribe away;
    away.packetId = 11;
    away.filters = plain.bytes();
    away.properties = to.user();
    to.addPacket("unsubscribe", Sender::Client, away);
}

void addSubacks(Collector &to)
{
    Suback packet;
    packet.packetId = 10;
    packet.codes = Bytes("\0\1\2\x80", 4);
    to.addPacket("suback", Sender::Server, packet);
    packet.reasonString = "some";
    packet.properties = to.user();
    to.addPacket("suback-full", Sender::Server, packet);
    packet = {};
    packet.type = PacketType::Unsuback;
    packet.packetId = 11;
    packet.codes = Bytes("\0\x11", 2);
    to.addPacket("unsuback", Sender::Server, packet);
}

void addControls(Collector &to)
{
    to.add("pingreq", Sender::Client, [](Writer &out) { encodePingreq(out); });
    to.add("pingresp", Sender::Server, [](Writer &out) { encodePingresp(out); });

    Disconnect bye;
    to.addPacket("disconnect", Sender::Client, bye);
    if (!to.isV5()) {
        return;
    }
    bye.reason = ReasonCode::DisconnectWithWill;
    to.addPacket("disconnect-will", Sender::Client, bye);
    bye.sessionExpiry = 0;
    bye.reasonString = "bye";
    bye.properties = to.user();
    to.addPacket("disconnect-full", Sender::Client, bye);
    bye = {};
    bye.reason = ReasonCode::ServerMoved;
    bye.serverReference = "other.example";
    to.addPacket("disconnect-moved", Sender::Server, bye);

    Auth auth;
    to.addPacket("auth", Sender::Server, auth);
    auth.reason = ReasonCode::ContinueAuthentication;
    auth.authenticationMethod = "SCRAM-SHA-256";
    auth.authenticationData = "r=1";
    auth.reasonString = "go on";
    auth.properties = to.user();
    to.addPacket("auth-full", Sender::Client, auth);
}

} // namespace

std::vector<Sample> all()
{
    std::vector<Sample> result;
    for (const Version version : {Version::V31, Version::V311, Version::V5}) {
        Collector collector(version);
        addConnects(collector);
        addConnacks(collector);
        addPublishes(collector);
        addAcks(collector);
        addSubscribes(collector);
        addSubacks(collector);
        addControls(collector);
        for (Sample &sample : collector.take()) {
            result.push_back(std::move(sample));
        }
    }
    return result;
}

} // namespace fairlead::mqtt::samples
