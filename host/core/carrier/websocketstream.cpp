// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketstream.h"

#include <QtCore/QUtf8StringView>
#include <QtCore/QtEndian>

#include <sys/uio.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

// Small enough for receivers that take frames whole, large enough that headers cost nothing.
constexpr std::size_t kFrameBytes = 64 * 1024;
constexpr int kFramesPerWrite = int(LinkStream::kTurnBytes / kFrameBytes);
constexpr int kPartsPerWrite = 64;

bool isUtf8(ByteSpan text)
{
    return QUtf8StringView(text.data(), qsizetype(text.size())).isValidUtf8();
}

// RFC 6455, 7.4: what may stand in a close frame.
bool isCloseCode(quint16 code) noexcept
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006)
        || (code >= 3000 && code <= 4999);
}

iovec part(const char *data, std::size_t size) noexcept
{
    return {const_cast<char *>(data), size};
}

/// Walks over the parts of a gathered write.
class PartReader
{
public:
    PartReader(const iovec *parts, int count) noexcept
        : m_parts(parts)
        , m_left(count)
    { }

    std::size_t total() const noexcept
    {
        std::size_t size = 0;
        for (int i = 0; i < m_left; ++i)
            size += m_parts[i].iov_len;
        return size - m_offset;
    }

    /// At most @p most bytes that lie together.
    ByteSpan next(std::size_t most) noexcept
    {
        while (m_left > 0 && m_offset == m_parts->iov_len) {
            ++m_parts;
            --m_left;
            m_offset = 0;
        }
        if (m_left == 0)
            return {};
        const std::size_t size = std::min(most, m_parts->iov_len - m_offset);
        const ByteSpan span(static_cast<const char *>(m_parts->iov_base) + m_offset, size);
        m_offset += size;
        return span;
    }

private:
    const iovec *m_parts;
    int m_left;
    std::size_t m_offset = 0;
};

} // namespace

WebSocketStream::WebSocketStream(ChunkPool &pool,
                                 std::unique_ptr<LinkStream> below,
                                 WebSocketRole role,
                                 std::shared_ptr<const WebSocketSettings> settings,
                                 Random &random)
    : LayerStream(pool, std::move(below))
    , m_settings(std::move(settings))
    , m_random(random)
    , m_upgrade(std::make_unique<Upgrade>())
    , m_messages(m_settings->messages ? std::make_unique<Messages>() : nullptr)
    , m_decoder(role, {m_settings->maxMessage})
    , m_role(role)
{ }

// The upgrade.

void WebSocketStream::begin() noexcept
{
    if (m_role == WebSocketRole::Server)
        return;
    constexpr qsizetype nonceBytes = 16;
    m_upgrade->nonce.resize(nonceBytes);
    m_random.fill(m_upgrade->nonce.data(), std::size_t(nonceBytes));
    const QByteArray request = upgradeRequest(*m_settings, m_upgrade->nonce);
    const iovec whole = part(request.constData(), std::size_t(request.size()));
    below().send(&whole, 1);
}

std::size_t WebSocketStream::takeUpgrade(const char *in, std::size_t size) noexcept
{
    QByteArray &head = m_upgrade->head;
    const qsizetype had = head.size();
    const auto room = std::size_t(HttpHead::kMaxSize - had);
    head.append(in, qsizetype(std::min(size, room)));
    const qsizetype end = head.indexOf("\r\n\r\n", std::max<qsizetype>(0, had - 3));
    if (end >= 0) {
        head.truncate(end + 4);
        endUpgrade();
        return std::size_t(head.size() - had);
    }
    const bool isText = std::all_of(in, in + std::min(size, room), [](char c) {
        return quint8(c) >= 0x20 || c == '\t' || c == '\r' || c == '\n';
    });
    UpgradeAnswer refusal;
    if (!isText)
        refusal = refuseUpgrade(kBadRequest, QStringLiteral("the request is not HTTP/1.1"));
    else if (size >= room)
        refusal = refuseUpgrade(kHeadTooLarge, QStringLiteral("the request's head is too long"));
    else
        return size;
    if (m_role == WebSocketRole::Server) {
        const iovec whole
            = part(refusal.response.constData(), std::size_t(refusal.response.size()));
        below().send(&whole, 1);
        fail(refusal.error);
    } else {
        fail(checkUpgradeResponse({}, *m_settings, {}).error);
    }
    return size;
}

void WebSocketStream::endUpgrade()
{
    Error error;
    if (m_role == WebSocketRole::Server) {
        UpgradeAnswer answer = answerUpgrade(m_upgrade->head, *m_settings);
        const iovec whole = part(answer.response.constData(), std::size_t(answer.response.size()));
        below().send(&whole, 1);
        m_subProtocol = std::move(answer.subProtocol);
        error = answer.error;
    } else {
        UpgradeResult result = checkUpgradeResponse(m_upgrade->head, *m_settings, m_upgrade->nonce);
        m_subProtocol = std::move(result.subProtocol);
        error = result.error;
    }
    if (error.isNull())
        setOpen();
    else
        fail(error);
}

// Input.

LinkStream::IoResult WebSocketStream::readLayer(char *buffer, std::size_t size) noexcept
{
    IoResult got = below().read(buffer, size);
    std::size_t used = 0;
    if (m_upgrade && got.size > 0) {
        used = takeUpgrade(buffer, got.size);
        if (phase() != Phase::Handshaking)
            m_upgrade.reset();
    }
    const std::size_t end = std::exchange(got.size, 0);
    if (phase() == Phase::Open || phase() == Phase::Closing)
        got.size = decode(buffer, used, end);
    if (got.status == Io::Ended && phase() == Phase::Handshaking) {
        fail(Error(ErrorCode::ConnectionClosed,
                   QStringLiteral("the peer closed the connection before it was a WebSocket"))
                 .setRetryable(true));
    } else if (got.status == Io::Ended && phase() == Phase::Open
               && !m_decoder.isBetweenMessages()) {
        fail(Error(ErrorCode::ConnectionClosed,
                   QStringLiteral("the connection ended inside a WebSocket message"))
                 .setRetryable(true));
    }
    return got;
}

std::size_t WebSocketStream::decode(char *buffer, std::size_t begin, std::size_t end) noexcept
{
    std::size_t out = 0;
    while (phase() != Phase::Closed) {
        const WebSocketDecoder::Decoded decoded
            = m_decoder.decode(buffer + begin, end - begin, buffer + out);
        begin += decoded.used;
        // After our close frame the peer's data is of no use any more.
        if (phase() == Phase::Open)
            out += decoded.produced;
        switch (decoded.event) {
        case WebSocketDecoder::Event::None:
            return out;
        case WebSocketDecoder::Event::MessageEnd:
            if (m_messages && phase() == Phase::Open)
                m_messages->ends.push_back(m_messages->input.size() + out);
            break;
        case WebSocketDecoder::Event::Control:
            handleControl();
            break;
        case WebSocketDecoder::Event::Violation:
            violate(m_decoder.code(), m_decoder.text());
            break;
        }
    }
    return out;
}

void WebSocketStream::handleControl() noexcept
{
    switch (m_decoder.opcode()) {
    case WebSocketOpcode::Close:
        handleClose(m_decoder.control());
        break;
    case WebSocketOpcode::Ping: {
        if (phase() != Phase::Open)
            break;
        // Only the last of several is answered, so that pings of a peer that does not read take no
        // memory (RFC 6455, 5.5.3).
        if (!m_pong)
            m_pong = std::make_unique<Control>();
        const ByteSpan payload = m_decoder.control();
        std::copy_n(payload.begin(), payload.size(), m_pong->bytes.data());
        m_pong->size = payload.size();
        if (flushBelow())
            sendPong();
        break;
    }
    case WebSocketOpcode::Pong:
        ++m_pongs;
        break;
    default:
        break;
    }
}

WebSocketStream::MessageRead WebSocketStream::readMessage(char *buffer, std::size_t size) noexcept
{
    Messages &in = *m_messages;
    MessageRead read;
    if (in.taken == in.ends.size()) {
        if (in.taken > 0) {
            in.input.erase(in.input.begin(), in.input.begin() + std::ptrdiff_t(in.ends.back()));
            in.ends.clear();
            in.taken = 0;
            if (in.input.empty())
                in.input = std::vector<char>();
        }
        const quint64 pongs = m_pongs;
        read.result = LayerStream::read(buffer, size);
        read.hasLife = read.result.size > 0 || m_pongs != pongs;
        in.input.insert(in.input.end(), buffer, buffer + read.result.size);
        if (in.ends.empty()) {
            read.result.size = 0;
            return read;
        }
    }
    const std::size_t begin = in.taken == 0 ? 0 : in.ends[in.taken - 1];
    const std::size_t length = in.ends[in.taken++] - begin;
    // An empty message is one all the same.
    static constexpr ByteSpan kEmpty = "";
    read.message = length > 0 ? ByteSpan(in.input.data() + begin, length) : kEmpty;
    read.result.size = length;
    // What ended the input comes up again, after the last message.
    if (in.taken < in.ends.size() || read.result.status != Io::WouldBlock)
        read.result.status = Io::Done;
    return read;
}

void WebSocketStream::handleClose(ByteSpan payload) noexcept
{
    if (phase() == Phase::Closing) {
        if (payload.size() >= sizeof(quint16))
            m_peerCode = qFromBigEndian<quint16>(payload.data());
        setClosed();
        return;
    }
    if (payload.size() == 1) {
        violate(WebSocketClose::ProtocolError, "half a close code");
        return;
    }
    if (payload.size() >= sizeof(quint16)) {
        const auto code = qFromBigEndian<quint16>(payload.data());
        if (!isCloseCode(code)) {
            violate(WebSocketClose::ProtocolError, "a close code that may not be sent");
            return;
        }
        m_peerCode = code;
        if (!isUtf8(payload.substr(sizeof(quint16)))) {
            violate(WebSocketClose::NotUtf8, "a close reason that is not UTF-8");
            return;
        }
    }
    sendControl(WebSocketOpcode::Close, payload.substr(0, sizeof(quint16)));
    setClosed();
}

void WebSocketStream::violate(WebSocketClose code, const char *text) noexcept
{
    if (phase() == Phase::Open)
        sendClose(code, text);
    fail(Error(code == WebSocketClose::TooBig ? ErrorCode::PacketTooLarge
                                              : ErrorCode::ProtocolViolation,
               QStringLiteral("WebSocket: ") + QLatin1String(text)));
}

// Output.

void WebSocketStream::sendControl(WebSocketOpcode opcode, ByteSpan payload) noexcept
{
    char header[kWebSocketHeader];
    char body[kWebSocketControl];
    std::copy_n(payload.begin(), payload.size(), body);
    WebSocketMask mask;
    const bool isMasked = m_role == WebSocketRole::Client;
    if (isMasked) {
        m_random.fill(mask.data(), mask.size());
        applyWebSocketMask(body, body, payload.size(), mask, 0);
    }
    const std::size_t size
        = writeWebSocketHeader(header, opcode, true, payload.size(), isMasked ? &mask : nullptr);
    const iovec parts[] = {part(header, size), part(body, payload.size())};
    below().send(parts, 2);
}

void WebSocketStream::sendClose(WebSocketClose code, ByteSpan reason) noexcept
{
    const QByteArray payload = webSocketClosePayload(quint16(code), reason);
    sendControl(WebSocketOpcode::Close, {payload.constData(), std::size_t(payload.size())});
}

void WebSocketStream::sendPong() noexcept
{
    const std::unique_ptr<Control> pong = std::move(m_pong);
    sendControl(WebSocketOpcode::Pong, {pong->bytes.data(), pong->size});
}

void WebSocketStream::handleBelowFlushed() noexcept
{
    if (phase() != Phase::Open)
        return;
    if (m_pong)
        sendPong();
    if (std::exchange(m_pingDue, false))
        ping();
}

void WebSocketStream::ping() noexcept
{
    if (phase() != Phase::Open)
        return;
    // Behind what does not get through there is no need for more than one.
    if (flushBelow())
        sendControl(WebSocketOpcode::Ping, {});
    else
        m_pingDue = true;
}

void WebSocketStream::setCloseReason(quint16 code, ByteSpan reason) noexcept
{
    m_closePayload = webSocketClosePayload(code, reason);
}

void WebSocketStream::endMessage() noexcept
{
    if (!m_messages)
        return;
    const std::size_t size = outputSize() - m_messages->outputSize;
    if (size == 0)
        return;
    m_messages->output.push_back(size);
    m_messages->outputSize += size;
    // A flush in between may have found nothing to send.
    carrierWritable();
}

void WebSocketStream::sayGoodbye() noexcept
{
    if (m_closePayload.isEmpty())
        sendClose(WebSocketClose::Normal, {});
    else
        sendControl(WebSocketOpcode::Close,
                    {m_closePayload.constData(), std::size_t(m_closePayload.size())});
    setClosing();
}

// Of what was committed; a message that is not at its end waits.
std::size_t WebSocketStream::sendable(std::size_t committed) const noexcept
{
    return m_messages ? std::min(committed, m_messages->outputSize) : committed;
}

std::size_t WebSocketStream::frameLimit() const noexcept
{
    return m_messages ? std::min(kFrameBytes, m_messages->output.front()) : kFrameBytes;
}

/// The header of a frame with the next @p size bytes, which it takes for sent.
std::size_t WebSocketStream::beginFrame(char *header,
                                        std::size_t size,
                                        const WebSocketMask *mask) noexcept
{
    if (!m_messages)
        return writeWebSocketHeader(header, WebSocketOpcode::Binary, true, size, mask);
    Messages &out = *m_messages;
    const bool isLast = size == out.output.front();
    const auto opcode = out.inFragments ? WebSocketOpcode::Continuation : WebSocketOpcode::Binary;
    out.inFragments = !isLast;
    out.outputSize -= size;
    out.output.front() -= size;
    if (isLast)
        out.output.pop_front();
    return writeWebSocketHeader(header, opcode, isLast, size, mask);
}

LinkStream::IoResult WebSocketStream::writeLayer(const iovec *parts, int count) noexcept
{
    return m_role == WebSocketRole::Server ? writePlain(parts, count) : writeMasked(parts, count);
}

// Frames around the writer's own chunks: nothing is copied but what the carrier does not take.
LinkStream::IoResult WebSocketStream::writePlain(const iovec *parts, int count) noexcept
{
    PartReader reader(parts, count);
    std::size_t left = sendable(reader.total());
    IoResult result;
    while (left > 0 && below().isOutputEmpty()) {
        char headers[kFramesPerWrite][kWebSocketHeader];
        iovec out[kPartsPerWrite + 2 * kFramesPerWrite];
        constexpr int most = int(std::size(out));
        int used = 0;
        std::size_t taken = 0;
        // A frame's size stands before it, and so the parts it will have are counted first.
        for (int frame = 0; frame < kFramesPerWrite && left > taken; ++frame) {
            if (used + 2 > most)
                break;
            const int header = used++;
            const std::size_t limit = std::min(frameLimit(), left - taken);
            std::size_t size = 0;
            while (size < limit && used < most) {
                const ByteSpan span = reader.next(limit - size);
                if (span.empty())
                    break;
                out[used++] = part(span.data(), span.size());
                size += span.size();
            }
            out[header] = part(headers[frame], beginFrame(headers[frame], size, nullptr));
            taken += size;
        }
        if (below().send(out, used).status == Io::Failed)
            return {Io::Failed, result.size, EPIPE};
        left -= taken;
        result.size += taken;
        flushBelow();
    }
    return result;
}

LinkStream::IoResult WebSocketStream::writeMasked(const iovec *parts, int count) noexcept
{
    PartReader reader(parts, count);
    std::size_t left = sendable(reader.total());
    IoResult result;
    while (left > 0 && below().isOutputEmpty()) {
        constexpr std::size_t room = LinkStream::kMaxReserve - kWebSocketHeader;
        const std::size_t size = std::min({left, room, frameLimit()});
        WebSocketMask mask;
        m_random.fill(mask.data(), mask.size());
        char *to = below().reserve(size + kWebSocketHeader);
        const std::size_t header = beginFrame(to, size, &mask);
        std::size_t done = 0;
        while (done < size) {
            const ByteSpan span = reader.next(size - done);
            applyWebSocketMask(to + header + done, span.data(), span.size(), mask, done);
            done += span.size();
        }
        below().commit(header + size);
        left -= size;
        result.size += size;
        flushBelow();
    }
    return result;
}

} // namespace fairlead::core
