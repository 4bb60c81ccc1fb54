// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "carriertest.h"
#include "core/carrier/websocketstream.h"
#include "fuzztarget.h"

#include <memory>
#include <string>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::fuzz::report;
using fairlead::fuzz::takeByte;
using Io = LinkStream::Io;

namespace {

constexpr std::size_t kMaxMessage = 4096;
constexpr std::size_t kRead = 1000;

/// How the bytes are to be taken: the first byte of the input.
struct Plan
{
    WebSocketRole role;
    bool messages;
    bool upgraded; ///< beforehand, in order
    bool ends; ///< this side says its last word in the middle
    std::size_t piece;
};

Plan planOf(unsigned byte)
{
    return {(byte & 1U) != 0 ? WebSocketRole::Client : WebSocketRole::Server,
            (byte & 2U) != 0,
            (byte & 4U) != 0,
            (byte & 8U) != 0,
            std::size_t(1) << (byte >> 4U)};
}

std::shared_ptr<const WebSocketSettings> settings(bool messages)
{
    WebSocketSettings made;
    made.path = "/ship/";
    made.host = "h";
    made.subProtocols = {"ship"};
    made.maxMessage = kMaxMessage;
    made.messages = messages;
    made.hasRoot = true;
    return std::make_shared<const WebSocketSettings>(made);
}

/// What somebody made of the input.
struct Account
{
    std::vector<std::string> messages;
    std::string bytes;
    QString failure;
    bool over = false;
    bool open = false;

    bool operator==(const Account &) const = default;
};

class End
{
public:
    explicit End(const Plan &plan)
        : m_plan(plan)
        , m_wire(new test::WireStream(m_pool))
        , m_stream(m_pool,
                   std::unique_ptr<LinkStream>(m_wire),
                   plan.role,
                   settings(plan.messages),
                   m_random)
    {
        read();
        if (plan.upgraded)
            upgrade();
        m_sentBefore = m_wire->takeSent();
    }

    Account live(std::string_view input)
    {
        const std::size_t half = input.size() / 2;
        for (std::size_t at = 0; at < input.size(); at += m_plan.piece) {
            m_wire->arrive(input.substr(at, m_plan.piece));
            read();
            if (m_plan.ends && at <= half && at + m_plan.piece > half)
                m_stream.finishOutput();
        }
        m_wire->endInput();
        read();
        m_account.open = m_stream.isOpen();
        if (const Error failure = m_stream.failure(); !failure.isNull())
            m_account.failure = failure.text();
        checkSent();
        return m_account;
    }

private:
    void upgrade()
    {
        if (m_plan.role == WebSocketRole::Server) {
            m_wire->arrive(
                fairlead::fuzz::viewOf(upgradeRequest(*settings(false), QByteArray(16, 'n'))));
        } else {
            const std::string request = m_wire->takeSent();
            m_wire->arrive(fairlead::fuzz::viewOf(
                answerUpgrade(QByteArray(request.data(), qsizetype(request.size())),
                              *settings(false))
                    .response));
        }
        read();
        if (!m_stream.isOpen() || m_stream.subProtocol() != "ship")
            report("a good upgrade is refused", m_stream.failure().text().toStdString());
    }

    void read()
    {
        char buffer[kRead];
        Io status = Io::Done;
        while (status == Io::Done) {
            if (m_plan.messages) {
                const auto got = m_stream.readMessage(buffer, sizeof buffer);
                status = got.result.status;
                if (got.message.data() != nullptr) {
                    if (got.message.size() > kMaxMessage)
                        report("a message that is too large", got.message);
                    m_account.messages.emplace_back(got.message);
                }
            } else {
                const auto got = m_stream.read(buffer, sizeof buffer);
                status = got.status;
                m_account.bytes.append(buffer, got.size);
            }
        }
        m_account.over = status != Io::WouldBlock;
    }

    /// What leaves an upgraded connection is frames, and nothing follows the close.
    void checkSent()
    {
        if (!m_plan.upgraded)
            return;
        std::string sent = m_wire->takeSent();
        WebSocketDecoder decoder(m_plan.role == WebSocketRole::Server ? WebSocketRole::Client
                                                                      : WebSocketRole::Server,
                                 {});
        std::string out(sent.size(), '\0');
        bool closed = false;
        for (std::size_t at = 0; at < sent.size();) {
            const auto decoded = decoder.decode(sent.data() + at, sent.size() - at, out.data());
            at += decoded.used;
            if (decoded.event == WebSocketDecoder::Event::Violation)
                report("we send what we would not read", decoder.text());
            if (closed)
                report("something follows the close");
            closed = decoded.event == WebSocketDecoder::Event::Control
                && decoder.opcode() == WebSocketOpcode::Close;
            if (decoded.event == WebSocketDecoder::Event::None)
                break;
        }
        if (!decoder.isBetweenMessages())
            report("half a frame was sent");
    }

    const Plan m_plan;
    ChunkPool m_pool;
    test::CountingRandom m_random;
    test::WireStream *m_wire;
    WebSocketStream m_stream;
    Account m_account;
    std::string m_sentBefore;
};

void checkHead(std::string_view input)
{
    const QByteArray head(input.data(), qsizetype(input.size()));
    if (const auto parsed = HttpHead::parse(head)) {
        static_cast<void>(parsed->list("connection"));
        static_cast<void>(parsed->hasToken("upgrade", "websocket"));
    }
    const UpgradeAnswer answer = answerUpgrade(head, *settings(false));
    if (!answer.response.startsWith("HTTP/1.1 ") || !answer.response.contains("\r\n\r\n"))
        report("an answer that is none", fairlead::fuzz::viewOf(answer.response));
    if (answer.error.isNull() && answer.subProtocol != "ship")
        report("accepted without a sub-protocol", input);
    static_cast<void>(checkUpgradeResponse(head, *settings(false), QByteArray(16, 'n')));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    std::string_view input = fairlead::fuzz::viewOf(data, size);
    Plan plan = planOf(takeByte(input));
    checkHead(input);
    const Account cut = End(plan).live(input);
    // However the bytes are cut, they say the same.
    if (!plan.ends) {
        plan.piece = input.size() + 1;
        const Account whole = End(plan).live(input);
        if (!(whole == cut)) {
            report("cut otherwise, it says something else",
                   (whole.failure + QStringLiteral(" | ") + cut.failure).toStdString());
        }
    }
    return 0;
}
