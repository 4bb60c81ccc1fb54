// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/messagewriter.h"

#include "protocol/jsontext.h"

namespace fairlead::ship {

namespace {

/// One element in EEBUS form: {"name":[{member},{member}]}, or a part of one.
class Element
{
public:
    explicit Element(QByteArray &out)
        : m_out(out)
    {
        m_out.append('[');
    }

    ~Element() { m_out.append(']'); }

    Element(const Element &) = delete;
    Element &operator=(const Element &) = delete;

    void text(Bytes name, Bytes value)
    {
        open(name);
        appendQuoted(m_out, value);
        m_out.append('}');
    }

    void number(Bytes name, quint32 value) { raw(name, viewOf(QByteArray::number(value))); }

    void raw(Bytes name, Bytes json)
    {
        open(name);
        append(m_out, json);
        m_out.append('}');
    }

    template <typename Fill>
    void element(Bytes name, Fill fill)
    {
        open(name);
        {
            Element inner(m_out);
            fill(inner);
        }
        m_out.append('}');
    }

private:
    void open(Bytes name)
    {
        if (!m_first)
            m_out.append(',');
        m_first = false;
        m_out.append("{\"");
        append(m_out, name);
        m_out.append("\":");
    }

    QByteArray &m_out;
    bool m_first = true;
};

Bytes word(HelloWord phase) noexcept
{
    switch (phase) {
    case HelloWord::Pending:
        return "pending";
    case HelloWord::Ready:
        return "ready";
    case HelloWord::Aborted:
        break;
    }
    return "aborted";
}

Bytes word(PinState state) noexcept
{
    switch (state) {
    case PinState::Required:
        return "required";
    case PinState::Optional:
        return "optional";
    case PinState::PinOk:
        return "pinOk";
    case PinState::None:
        break;
    }
    return "none";
}

QByteArray formatList(const std::vector<QByteArray> &formats)
{
    QByteArray list("[");
    for (const QByteArray &format : formats) {
        if (list.size() > 1)
            list.append(',');
        appendQuoted(list, viewOf(format));
    }
    return list.append(']');
}

void fill(Element &out, const Hello &hello)
{
    out.text("phase", word(hello.phase));
    if (hello.waiting)
        out.number("waiting", *hello.waiting);
    if (hello.prolongationRequest)
        out.raw("prolongationRequest", *hello.prolongationRequest ? "true" : "false");
}

void fill(Element &out, const ProtocolHandshake &handshake)
{
    const bool announce = handshake.type == HandshakeType::AnnounceMax;
    out.text("handshakeType", announce ? "announceMax" : "select");
    out.element("version", [&handshake](Element &version) {
        version.number("major", handshake.major);
        version.number("minor", handshake.minor);
    });
    out.element("formats", [&handshake](Element &formats) {
        formats.raw("format", viewOf(formatList(handshake.formats)));
    });
}

void fill(Element &out, const ProtocolHandshakeError &error)
{
    out.number("error", error.error);
}

void fill(Element &out, const ConnectionPinState &pin)
{
    out.text("pinState", word(pin.state));
    if (pin.permission)
        out.text("inputPermission", *pin.permission == InputPermission::Ok ? "ok" : "busy");
}

void fill(Element &out, const ConnectionPinInput &input)
{
    out.text("pin", viewOf(input.pin));
}

void fill(Element &out, const ConnectionPinError &error)
{
    out.number("error", error.error);
}

void fill(Element &, const AccessMethodsRequest &) { }

void fill(Element &out, const AccessMethods &methods)
{
    out.text("id", viewOf(methods.id));
    if (methods.mdns)
        out.raw("dnsSd_mDns", "[]");
    if (methods.dnsUri) {
        out.element("dns", [&methods](Element &dns) { dns.text("uri", viewOf(*methods.dnsUri)); });
    }
}

void fill(Element &out, const DataExtension &extension)
{
    if (extension.extensionId)
        out.text("extensionId", viewOf(*extension.extensionId));
    if (extension.binary)
        out.text("binary", viewOf(*extension.binary));
    if (extension.string)
        out.text("string", viewOf(*extension.string));
}

void fill(Element &out, const Data &data)
{
    out.element("header",
                [&data](Element &header) { header.text("protocolId", viewOf(data.protocolId)); });
    out.raw("payload", data.payload);
    if (data.extension) {
        out.element("extension", [&data](Element &element) { fill(element, *data.extension); });
    }
}

void fill(Element &out, const ConnectionClose &close)
{
    out.text("phase", close.phase == ClosePhase::Announce ? "announce" : "confirm");
    if (close.maxTime)
        out.number("maxTime", *close.maxTime);
    if (close.cause) {
        const bool removed = *close.cause == CloseCause::RemovedConnection;
        out.text("reason", removed ? "removedConnection" : "unspecific");
    }
}

template <typename T>
QByteArray build(MessageType type, Bytes name, const T &content, std::size_t sizeHint = 160)
{
    QByteArray out;
    out.reserve(static_cast<qsizetype>(sizeHint));
    out.append(static_cast<char>(type));
    out.append("{\"");
    append(out, name);
    out.append("\":");
    {
        Element element(out);
        fill(element, content);
    }
    out.append('}');
    return out;
}

struct Encoder
{
    QByteArray operator()(const Init &init) const
    {
        QByteArray out(1, static_cast<char>(MessageType::Init));
        return out.append(static_cast<char>(init.head));
    }

    QByteArray operator()(const Hello &hello) const { return control("connectionHello", hello); }

    QByteArray operator()(const ProtocolHandshake &handshake) const
    {
        return control("messageProtocolHandshake", handshake);
    }

    QByteArray operator()(const ProtocolHandshakeError &error) const
    {
        return control("messageProtocolHandshakeError", error);
    }

    QByteArray operator()(const ConnectionPinState &pin) const
    {
        return control("connectionPinState", pin);
    }

    QByteArray operator()(const ConnectionPinInput &input) const
    {
        return control("connectionPinInput", input);
    }

    QByteArray operator()(const ConnectionPinError &error) const
    {
        return control("connectionPinError", error);
    }

    QByteArray operator()(const AccessMethodsRequest &request) const
    {
        return control("accessMethodsRequest", request);
    }

    QByteArray operator()(const AccessMethods &methods) const
    {
        return control("accessMethods", methods);
    }

    QByteArray operator()(const Data &data) const
    {
        const std::size_t size = data.payload.size() + kDataOverhead;
        return build(MessageType::Data, "data", data, size);
    }

    QByteArray operator()(const ConnectionClose &close) const
    {
        return build(MessageType::End, "connectionClose", close);
    }

private:
    template <typename T>
    static QByteArray control(Bytes name, const T &content)
    {
        return build(MessageType::Control, name, content);
    }
};

} // namespace

QByteArray encode(const Message &message)
{
    return std::visit(Encoder(), message);
}

} // namespace fairlead::ship
