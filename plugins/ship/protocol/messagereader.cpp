// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/messagereader.h"

#include "protocol/members_p.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

DecodeError read(const JsonValue &element, Hello &out)
{
    Member members[] = {{"phase", {}}, {"waiting", {}}, {"prolongationRequest", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[phase, waiting, prolongation] = members;
    if (!phase.isPresent())
        return missingMember("a hello has no phase");
    const auto word = textOf(phase.value);
    if (word == "ready")
        out.phase = HelloWord::Ready;
    else if (word == "pending")
        out.phase = HelloWord::Pending;
    else if (word == "aborted")
        out.phase = HelloWord::Aborted;
    else
        return badValue("a hello's phase is unknown");
    if (waiting.isPresent()) {
        out.waiting = numberOf<quint32>(waiting.value);
        if (!out.waiting)
            return badValue("a hello's waiting is not a number of 32 bits");
    }
    if (prolongation.isPresent()) {
        out.prolongationRequest = boolOf(prolongation.value);
        if (!out.prolongationRequest)
            return badValue("a hello's prolongationRequest is neither true nor false");
    }
    return {};
}

DecodeError readVersion(const JsonValue &element, ProtocolHandshake &out)
{
    Member members[] = {{"major", {}}, {"minor", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[majorMember, minorMember] = members;
    if (!majorMember.isPresent() || !minorMember.isPresent())
        return missingMember("a version has no major or no minor number");
    const auto majorNumber = numberOf<quint16>(majorMember.value);
    const auto minorNumber = numberOf<quint16>(minorMember.value);
    if (!majorNumber || !minorNumber)
        return badValue("a version is not made of numbers of 16 bits");
    out.major = *majorNumber;
    out.minor = *minorNumber;
    return {};
}

DecodeError readFormats(const JsonValue &element, ProtocolHandshake &out)
{
    Member members[] = {{"format", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const JsonValue list = members[0].value;
    if (list.isNull())
        return missingMember("there are no formats");
    if (const auto single = textOf(list)) {
        out.formats.push_back(*single);
        return {};
    }
    if (!list.isArray())
        return badValue("the formats are not a list");
    for (const JsonValue &item : list) {
        const auto format = textOf(item);
        if (!format)
            return badValue("a format is not a string");
        out.formats.push_back(*format);
    }
    return {};
}

DecodeError read(const JsonValue &element, ProtocolHandshake &out)
{
    Member members[] = {{"handshakeType", {}}, {"version", {}}, {"formats", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[type, version, formats] = members;
    if (!type.isPresent() || !version.isPresent() || !formats.isPresent())
        return missingMember("a protocol handshake lacks type, version or formats");
    const auto word = textOf(type.value);
    if (word == "announceMax")
        out.type = HandshakeType::AnnounceMax;
    else if (word == "select")
        out.type = HandshakeType::Select;
    else
        return badValue("a protocol handshake's type is unknown");
    if (const DecodeError error = readVersion(version.value, out))
        return error;
    return readFormats(formats.value, out);
}

/// Both error messages hold one number.
template <typename T>
DecodeError readError(const JsonValue &element, T &out)
{
    Member members[] = {{"error", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    if (!members[0].isPresent())
        return missingMember("an error has no number");
    const auto number = numberOf<quint8>(members[0].value);
    if (!number)
        return badValue("an error is not a number of 8 bits");
    out.error = *number;
    return {};
}

DecodeError read(const JsonValue &element, ConnectionPinState &out)
{
    Member members[] = {{"pinState", {}}, {"inputPermission", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[state, permission] = members;
    if (!state.isPresent())
        return missingMember("a PIN state is missing");
    const auto word = textOf(state.value);
    if (word == "none")
        out.state = PinState::None;
    else if (word == "required")
        out.state = PinState::Required;
    else if (word == "optional")
        out.state = PinState::Optional;
    else if (word == "pinOk")
        out.state = PinState::PinOk;
    else
        return badValue("a PIN state is unknown");
    if (!permission.isPresent())
        return {};
    const auto allowed = textOf(permission.value);
    if (allowed == "ok")
        out.permission = InputPermission::Ok;
    else if (allowed == "busy")
        out.permission = InputPermission::Busy;
    else
        return badValue("a PIN's inputPermission is unknown");
    return {};
}

DecodeError read(const JsonValue &element, ConnectionPinInput &out)
{
    Member members[] = {{"pin", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    if (!members[0].isPresent())
        return missingMember("a PIN input has no PIN");
    const auto pin = textOf(members[0].value);
    if (!pin)
        return badValue("a PIN is not a string");
    out.pin = *pin;
    return {};
}

DecodeError read(const JsonValue &element, AccessMethods &out)
{
    Member members[] = {{"id", {}}, {"dnsSd_mDns", {}}, {"dns", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[id, mdns, dns] = members;
    if (!id.isPresent())
        return missingMember("access methods have no id");
    const auto name = textOf(id.value);
    if (!name || name->isEmpty())
        return badValue("the id of access methods is not a text");
    out.id = *name;
    out.mdns = mdns.isPresent();
    if (!dns.isPresent())
        return {};
    Member uri[] = {{"uri", {}}};
    if (const DecodeError error = collect(dns.value, uri))
        return error;
    if (uri[0].isPresent()) {
        out.dnsUri = textOf(uri[0].value);
        if (!out.dnsUri)
            return badValue("the uri of access methods is not a text");
    }
    return {};
}

DecodeError read(const JsonValue &element, DataExtension &out)
{
    Member members[] = {{"extensionId", {}}, {"binary", {}}, {"string", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    std::optional<QByteArray> *const targets[] = {&out.extensionId, &out.binary, &out.string};
    for (std::size_t i = 0; i < std::size(targets); ++i) {
        if (!members[i].isPresent())
            continue;
        *targets[i] = textOf(members[i].value);
        if (!*targets[i])
            return badValue("a part of an extension is not a text");
    }
    return {};
}

DecodeError read(const JsonValue &element, Data &out)
{
    Member members[] = {{"header", {}}, {"payload", {}}, {"extension", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[header, payload, extension] = members;
    if (!header.isPresent() || !payload.isPresent())
        return missingMember("data has no header or no payload");
    Member protocol[] = {{"protocolId", {}}};
    if (const DecodeError error = collect(header.value, protocol))
        return error;
    if (!protocol[0].isPresent())
        return missingMember("a data header has no protocolId");
    const auto protocolId = textOf(protocol[0].value);
    if (!protocolId)
        return badValue("a data header's protocolId is not a text");
    out.protocolId = *protocolId;
    out.payload = payload.value.text();
    if (!extension.isPresent())
        return {};
    return read(extension.value, out.extension.emplace());
}

DecodeError read(const JsonValue &element, ConnectionClose &out)
{
    Member members[] = {{"phase", {}}, {"maxTime", {}}, {"reason", {}}};
    if (const DecodeError error = collect(element, members))
        return error;
    const auto &[phase, maxTime, reason] = members;
    if (!phase.isPresent())
        return missingMember("a close has no phase");
    const auto word = textOf(phase.value);
    if (word == "announce")
        out.phase = ClosePhase::Announce;
    else if (word == "confirm")
        out.phase = ClosePhase::Confirm;
    else
        return badValue("a close's phase is unknown");
    if (maxTime.isPresent()) {
        out.maxTime = numberOf<quint32>(maxTime.value);
        if (!out.maxTime)
            return badValue("a close's maxTime is not a number of 32 bits");
    }
    if (reason.isPresent()) {
        // Older stacks put free text here.
        out.cause = textOf(reason.value) == "removedConnection" ? CloseCause::RemovedConnection
                                                                : CloseCause::Unspecific;
    }
    return {};
}

using Reader = DecodeError (*)(const JsonValue &element, Message &out);

template <typename T>
DecodeError readAs(const JsonValue &element, Message &out)
{
    T content;
    DecodeError error;
    if constexpr (std::is_same_v<T, AccessMethodsRequest>)
        error = element.isObject() || element.isArray() ? DecodeError() : badValue("not empty");
    else if constexpr (std::is_same_v<
                           T,
                           ProtocolHandshakeError> || std::is_same_v<T, ConnectionPinError>)
        error = readError(element, content);
    else
        error = read(element, content);
    if (!error)
        out = std::move(content);
    return error;
}

struct Known
{
    Bytes name;
    MessageType type;
    Reader read;
};

constexpr Known kElements[] = {
    {"data", MessageType::Data, readAs<Data>},
    {"connectionHello", MessageType::Control, readAs<Hello>},
    {"messageProtocolHandshake", MessageType::Control, readAs<ProtocolHandshake>},
    {"messageProtocolHandshakeError", MessageType::Control, readAs<ProtocolHandshakeError>},
    {"connectionPinState", MessageType::Control, readAs<ConnectionPinState>},
    {"connectionPinInput", MessageType::Control, readAs<ConnectionPinInput>},
    {"connectionPinError", MessageType::Control, readAs<ConnectionPinError>},
    {"accessMethodsRequest", MessageType::Control, readAs<AccessMethodsRequest>},
    {"accessMethods", MessageType::Control, readAs<AccessMethods>},
    {"connectionClose", MessageType::End, readAs<ConnectionClose>},
};

DecodeError decodeInit(Bytes value, Message &out)
{
    if (value.size() != 1)
        return badValue("an initialisation is not two bytes long");
    out = Init{static_cast<quint8>(value.front())};
    return {};
}

DecodeError decodeElement(MessageType type, Bytes text, Message &out, const JsonLimits &limits)
{
    text = text.substr(0, text.find_last_not_of('\0') + 1);
    JsonTree tree;
    if (const JsonError error = tree.parse(text, limits)) {
        if (error.kind == JsonErrorKind::TooLarge)
            return {DecodeErrorKind::TooLarge, "the message is longer than allowed"};
        return {DecodeErrorKind::BadJson, toText(error.kind)};
    }
    const JsonValue root = tree.root();
    if (!root.isObject() || std::distance(root.begin(), root.end()) != 1)
        return {DecodeErrorKind::NotOneElement, "the message is not an object with one member"};
    const JsonValue element = *root.begin();
    const auto *const known = std::find_if(
        std::begin(kElements), std::end(kElements), [&element](const Known &candidate) {
            return hasKey(element, candidate.name);
        });
    if (known == std::end(kElements))
        return {DecodeErrorKind::UnknownElement, "the message is none that SHIP has"};
    if (known->type != type)
        return {DecodeErrorKind::MisplacedElement, "the message belongs to another type byte"};
    return known->read(element, out);
}

} // namespace

DecodeError decode(Bytes bytes, Message &out, const JsonLimits &limits)
{
    if (bytes.size() < 2)
        return {DecodeErrorKind::NoValue, "the message has no value"};
    const auto type = static_cast<quint8>(bytes.front());
    const Bytes value = bytes.substr(1);
    if (type > static_cast<quint8>(MessageType::End))
        return {DecodeErrorKind::UnknownType, "the message's type is unknown"};
    if (type == static_cast<quint8>(MessageType::Init))
        return decodeInit(value, out);
    return decodeElement(static_cast<MessageType>(type), value, out, limits);
}

} // namespace fairlead::ship
