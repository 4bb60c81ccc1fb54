// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/connecthandler.h"

#include "codec/diagnostics.h"
#include "codec/topic.h"
#include "server/clientwishes.h"
#include "server/closing.h"
#include "server/forwardedproperties.h"
#include "server/linkcore.h"
#include "server/publishin.h"

#include <fairlead/random.h>

#include <algorithm>

namespace fairlead::mqtt {

namespace {

constexpr std::size_t kLongestId31 = 23;
/// With its prefix a client identifier that every server has to take.
constexpr std::size_t kRandomIdSize = 20;

} // namespace

void ConnectHandler::handleConnect(const Frame &frame)
{
    m_body = frame.body;
    Frame kept = frame;
    kept.body = m_body;
    const DecodeError error = decodeConnect(kept, m_connect);
    m_core.phase = Phase::Authenticating;
    m_core.version = m_connect.version;
    m_core.maxPacketSize = m_connect.maximumPacketSize;
    if (error)
        return m_core.reject(error, PacketType::Connect);
    if (!isAcceptable() || isQuiesced())
        return;

    const ClientWishes wishes = readWishes(m_connect.properties);
    if (wishes.problem)
        return refuse(ReasonCode::ImplementationSpecificError, wishes.problem);
    m_core.overflow = wishes.overflow;
    m_core.receiveMaximum = m_connect.receiveMaximum;
    m_core.topicAliasMax
        = std::min(m_connect.topicAliasMaximum, m_core.options().topicAliasMaxOutgoing);
    m_core.sessionExpiry = m_connect.sessionExpiry;
    if (!m_core.isV5())
        m_core.sessionExpiry = m_connect.cleanStart ? 0 : kNever;
    if (m_connect.clientId.empty())
        assignClientId();

    Credentials credentials;
    credentials.peerKey = clientId();
    credentials.hasUserName = m_connect.userName.has_value();
    credentials.userName = m_connect.userName.value_or(Bytes());
    credentials.hasPassword = m_connect.password.has_value();
    credentials.password = m_connect.password.value_or(Bytes());
    m_core.context.bus.authenticate(credentials);
}

bool ConnectHandler::isAcceptable()
{
    if (m_core.version == Version::V31 && !m_core.options().allowMqtt31) {
        m_core.reject({"MQTT 3.1 is not served here",
                       ReasonCode::UnsupportedProtocolVersion,
                       ErrorKind::BadProtocolVersion},
                      PacketType::Connect);
        return false;
    }
    if (m_connect.authenticationMethod) {
        refuse(ReasonCode::BadAuthenticationMethod, "no authentication method is available");
        return false;
    }
    return hasAcceptableClientId() && hasAcceptableWill();
}

bool ConnectHandler::isQuiesced()
{
    const QuiesceReason why = m_core.endpoint.quiesce.reason();
    if (why == QuiesceReason::None)
        return false;
    refuseQuiesced(m_core, why);
    return true;
}

bool ConnectHandler::hasAcceptableClientId()
{
    const std::size_t size = m_connect.clientId.size();
    bool good = true;
    if (m_core.version == Version::V31) {
        good = size >= 1 && size <= kLongestId31;
    } else if (m_core.version == Version::V311) {
        good = size >= 1 || m_connect.cleanStart;
    }
    if (!good)
        refuse(ReasonCode::ClientIdentifierNotValid, "the client identifier is not acceptable");
    return good;
}

bool ConnectHandler::hasAcceptableWill()
{
    if (!m_connect.will)
        return true;
    const Will &will = *m_connect.will;
    const ListenerOptions &options = m_core.options();
    if (will.qos > options.maxQos) {
        refuse(ReasonCode::QosNotSupported, "the QoS of the will is higher than the maximum QoS");
    } else if (will.retain && !options.retainAvailable) {
        refuse(ReasonCode::RetainNotSupported, "retained messages are not available");
    } else if (isReservedTopic(will.topic)) {
        m_core.count(Event::ReservedTopic);
        refuse(ReasonCode::TopicNameInvalid, "the topic of the will belongs to the server");
    } else if (options.validatePayloadFormat && will.payloadFormat == 1
               && !isValidUtf8(will.payload)) {
        m_core.count(Event::PayloadFormatInvalid);
        refuse(ReasonCode::PayloadFormatInvalid, "the will is not the UTF-8 it claims");
    } else {
        return true;
    }
    return false;
}

void ConnectHandler::refuse(ReasonCode reason, const char *text)
{
    m_core.end(reason, text);
}

void ConnectHandler::assignClientId()
{
    constexpr Bytes kAlphabet = "0123456789abcdefghijklmnopqrstuv";
    m_assignedId.resize(kRandomIdSize);
    m_core.context.random.fill(m_assignedId.data(), m_assignedId.size());
    for (char &letter : m_assignedId)
        letter = kAlphabet[quint8(letter) % kAlphabet.size()];
    m_assignedId.insert(0, "fl-");
}

Bytes ConnectHandler::clientId() const noexcept
{
    return m_assignedId.empty() ? m_connect.clientId : Bytes(m_assignedId);
}

void ConnectHandler::handleAuthenticated(const Error &error)
{
    if (!error.isNull()) {
        const bool proved = m_connect.userName || m_connect.password;
        if (error.code() == ErrorCode::NotAuthenticated && proved) {
            refuse(ReasonCode::BadUserNameOrPassword, "bad user name or password");
        } else if (reasonFor(error) == ReasonCode::UnspecifiedError) {
            refuse(ReasonCode::ServerUnavailable, "authentication is not available");
        } else {
            refuse(reasonFor(error), "the connection was refused");
        }
        return;
    }
    // It may have been decided while the host looked at the credentials. Later, the client holds
    // the session: then it is one of those that are asked to leave.
    if (isQuiesced())
        return;
    m_core.phase = Phase::Acquiring;
    SessionRequest request;
    request.peerKey = clientId();
    request.expirySeconds = m_core.sessionExpiry;
    request.clean = m_connect.cleanStart;
    request.window = m_core.receiveMaximum;

    const ForwardedProperties properties(m_connect.will ? m_connect.will->properties
                                                        : PropertyBlock());
    Testament testament;
    if (m_connect.will) {
        const Will &will = *m_connect.will;
        testament.topic = will.topic;
        testament.properties = properties.bytes();
        testament.payload = will.payload;
        testament.expirySeconds = will.messageExpiry.value_or(kNever);
        testament.delaySeconds = will.delayInterval;
        testament.qos = will.qos;
        testament.retain = will.retain;
        request.testament = &testament;
    }
    m_core.context.bus.acquire(request);
}

void ConnectHandler::handleLease(const LeaseGrant &grant)
{
    if (grant.lease == nullptr) {
        const ReasonCode reason = reasonFor(grant.error);
        const bool unstored = grant.error.code() == ErrorCode::StorageFull
            || grant.error.code() == ErrorCode::StorageFailed;
        refuse(reason == ReasonCode::UnspecifiedError ? ReasonCode::ServerUnavailable : reason,
               unstored ? "the session cannot be stored now" : "the session is not available");
        return;
    }
    if (!sendConnack(grant)) {
        m_core.finish(Error(ErrorCode::PacketTooLarge,
                            QStringLiteral("CONNACK exceeds the client's maximum packet size")),
                      true);
        return;
    }
    m_core.lease = grant.lease;
    m_core.phase = Phase::Running;
}

bool ConnectHandler::isKeepAliveCapped() const noexcept
{
    const quint16 most = m_core.options().maxKeepAlive;
    // Only MQTT 5 lets the server say so.
    return m_core.isV5() && most != 0 && (m_connect.keepAlive == 0 || m_connect.keepAlive > most);
}

quint16 ConnectHandler::keepAlive() const noexcept
{
    return isKeepAliveCapped() ? m_core.options().maxKeepAlive : m_connect.keepAlive;
}

/// A topic of the client's own, below the configured prefix.
std::string ConnectHandler::responseInformation() const
{
    const QByteArray &prefix = m_core.options().responseInformation;
    std::string text(prefix.constData(), std::size_t(prefix.size()));
    if (!text.ends_with('/'))
        text += '/';
    const std::size_t own = text.size();
    text += clientId();
    std::replace_if(
        text.begin() + std::ptrdiff_t(own),
        text.end(),
        [](char letter) { return letter == '+' || letter == '#'; },
        '_');
    return text;
}

bool ConnectHandler::sendConnack(const LeaseGrant &grant)
{
    const ListenerOptions &options = m_core.options();
    Connack packet;
    packet.sessionPresent = grant.resumed;
    std::string responseText;
    if (m_core.isV5()) {
        if (grant.expirySeconds != m_core.sessionExpiry)
            packet.sessionExpiry = grant.expirySeconds;
        packet.receiveMaximum = options.receiveMaximum;
        packet.maximumQos = options.maxQos;
        packet.retainAvailable = options.retainAvailable;
        packet.maximumPacketSize = options.maxPacketSize;
        packet.topicAliasMaximum = options.topicAliasMax;
        packet.wildcardSubscriptionAvailable = options.wildcardAvailable;
        packet.sharedSubscriptionAvailable = options.sharedAvailable;
        if (!m_assignedId.empty())
            packet.assignedClientId = m_assignedId;
        if (isKeepAliveCapped())
            packet.serverKeepAlive = options.maxKeepAlive;
        if (m_connect.requestResponseInformation && !options.responseInformation.isEmpty()) {
            responseText = responseInformation();
            if (responseText.size() <= kMaxStringSize)
                packet.responseInformation = responseText;
        }
    }
    if (m_core.send(packet))
        return true;
    // The one part a client can do without.
    packet.responseInformation.reset();
    return m_core.send(packet);
}

} // namespace fairlead::mqtt
