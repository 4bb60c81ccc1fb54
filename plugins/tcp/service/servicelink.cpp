// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/servicelink.h"

#include "framing/framing.h"
#include "service/jsontext.h"
#include "service/members.h"
#include "service/messageschema.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/link.h>
#include <fairlead/logger.h>

#include <algorithm>
#include <iterator>

namespace fairlead::tcp {

namespace {

/// Bytes of lines that one turn handles at most (or one longer line), so that what they bring is no
/// more than receivers take in a turn.
constexpr std::size_t kTurnBytes = 128 * 1024;
/// What a line weighs beyond its bytes.
constexpr std::size_t kLineHead = 64;
/// How long input waits for a peer that does not read its answers, before it is looked at again.
constexpr qint64 kFullPauseNs = 20 * kNsPerMs;

Error lineFailure(FrameError error)
{
    const bool isLong = error == FrameError::TooLong;
    return Error(isLong ? ErrorCode::PacketTooLarge : ErrorCode::ProtocolViolation,
                 QStringLiteral("a message ") + QLatin1String(frameErrorText(error)));
}

/// The number of a request, 0 when there is none or none that could be repeated.
quint32 idOf(const JsonValue &message)
{
    const JsonValue id = message.member("id");
    if (!id || MessageSchema::instance().checkPart(id, QByteArrayLiteral("id")))
        return 0;
    return quint32(id.number());
}

bool isBlank(Bytes line)
{
    return line.find_first_not_of(" \t\r") == Bytes::npos;
}

} // namespace

/// What a message of a running peer leads to.
struct ServiceLink::Operation
{
    const char *name;
    Flow (*run)(ServiceLink &link, const JsonValue &message, quint32 id);
};

std::unique_ptr<Framer> ServiceLink::linesOf(quint32 longest)
{
    Framing framing;
    framing.kind = FramingKind::Line;
    framing.maxFrame = longest;
    return makeFramer(framing);
}

ServiceLink::ServiceLink(const LinkContext &context, const ServiceEndpoint &endpoint)
    : m_core(context, endpoint)
    , m_publishing(m_core)
    , m_subscribing(m_core)
    , m_service(m_core)
    , m_lines(linesOf(kMaxHello))
    , m_turnTimer([](void *self) { static_cast<ServiceLink *>(self)->handleTurn(); }, this)
{ }

ServiceLink::~ServiceLink()
{
    QObject::disconnect(m_linkEnd);
}

void ServiceLink::handleStarted()
{
    Link &link = m_core.context.link;
    // A connection that breaks is told to nobody but the link. One that routing refuses is closed first
    // and asked for its last words then.
    m_linkEnd
        = QObject::connect(&link, &Link::stateChanged, &link, [this](Link::State, Link::State to) {
              if (to == Link::State::Closed && m_phase != Phase::Acquiring)
                  leave(false);
          });
    if (const Result<> begun = link.begin(); !begun)
        end(begun.error());
}

// From the peer.

Consumed ServiceLink::handleBytes(ByteSpan input)
{
    Consumed consumed;
    m_turnBytes = 0;
    if (!m_hasBegun && m_phase == Phase::AwaitHello) {
        const std::size_t first = input.find_first_not_of(" \t\r\n");
        if (first == ByteSpan::npos)
            return {input.size(), 0};
        // Whoever begins otherwise does not speak this protocol, and would not understand.
        if (input[first] != '{') {
            end(Error(ErrorCode::ProtocolViolation,
                      QStringLiteral("the peer does not speak the service protocol")));
            return consumed;
        }
        m_hasBegun = true;
        consumed.used = first;
    }
    Flow flow = Flow::Continue;
    while (isParsing() && flow == Flow::Continue && consumed.used < input.size()) {
        const Step step = m_lines->decode(input.substr(consumed.used));
        consumed.used += step.used;
        if (step.status == Step::Status::NeedMore)
            break;
        flow = handleStep(step);
    }
    return consumed;
}

Flow ServiceLink::handleStep(const Step &step)
{
    if (step.status == Step::Status::Failed) {
        refuse(lineFailure(step.error));
        return Flow::Pause;
    }
    const Flow flow = handleLine(step.frame);
    m_turnBytes += step.frame.size() + kLineHead;
    if (flow == Flow::Pause || !isParsing())
        return Flow::Pause;
    if (m_turnBytes < kTurnBytes && m_core.context.stream.space() > 0)
        return Flow::Continue;
    // Not read meanwhile, so that the end of the input cannot pass it by.
    m_core.context.stream.setReading(false);
    m_core.context.timers.arm(m_turnTimer, m_core.context.clock.now());
    return Flow::Pause;
}

// To go on with reading is to be shown what was left.
void ServiceLink::handleTurn()
{
    if (m_core.context.stream.space() > 0) {
        m_core.context.stream.setReading(true);
        return;
    }
    m_core.context.timers.arm(m_turnTimer, m_core.context.clock.now() + kFullPauseNs);
}

Flow ServiceLink::handleLine(Bytes line)
{
    if (isBlank(line))
        return Flow::Continue;
    if (const JsonFault fault = m_tree.parse(line)) {
        refuse(Error(ErrorCode::ProtocolViolation,
                     QStringLiteral("the message %1 (at byte %2)")
                         .arg(QLatin1String(fault.text))
                         .arg(fault.offset)));
        return Flow::Pause;
    }
    if (!m_tree.root().isObject()) {
        refuse(Error(ErrorCode::ProtocolViolation, QStringLiteral("the message is no object")));
        return Flow::Pause;
    }
    const Flow flow = handleMessage(m_tree.root());
    m_tree.clear();
    return flow;
}

Flow ServiceLink::handleMessage(const JsonValue &message)
{
    const JsonValue op = message.member("op");
    const bool isNamed = op && op.kind() == JsonKind::String;
    const QByteArray name = isNamed ? stringOf(op) : QByteArray();
    if (m_phase == Phase::AwaitHello) {
        handleHello(message, name);
        return Flow::Pause;
    }
    m_service.noteMessage();
    const quint32 id = idOf(message);
    const Operation *operation = operationOf(name);
    if (!isNamed) {
        m_core.sendError(badMember("/op", QStringLiteral("must be a text")), id);
    } else if (name == "hello") {
        m_core.sendError(
            Error(ErrorCode::InvalidTransition, QStringLiteral("hello is the first message alone")),
            id);
    } else if (!operation) {
        m_core.sendError(
            Error(ErrorCode::NotSupported, QStringLiteral("the host does not know this operation"))
                .setDetail(QStringLiteral("op"), QString::fromUtf8(name.left(64))),
            id);
    } else if (const SchemaFault fault
               = MessageSchema::instance().check(message, MessageSchema::Sender::Peer, name)) {
        m_core.sendError(memberFailure(fault), id);
    } else {
        return operation->run(*this, message, id);
    }
    return Flow::Continue;
}

const ServiceLink::Operation *ServiceLink::operationOf(const QByteArray &name)
{
    using Value = const JsonValue &;
    static constexpr Operation kOperations[] = {
        {"publish",
         [](ServiceLink &link, Value message, quint32 id) {
             return link.m_publishing.publish(message, id);
         }},
        {"ack",
         [](ServiceLink &link, Value message, quint32 id) {
             link.m_subscribing.acknowledge(message, id);
             return Flow::Continue;
         }},
        {"heartbeat",
         [](ServiceLink &link, Value message, quint32 id) {
             link.m_service.heartbeat(message, id);
             return Flow::Continue;
         }},
        {"answer",
         [](ServiceLink &link, Value message, quint32) {
             link.m_service.answer(message);
             return Flow::Continue;
         }},
        {"call",
         [](ServiceLink &link, Value message, quint32 id) {
             link.m_service.call(message, id);
             return Flow::Continue;
         }},
        {"subscribe",
         [](ServiceLink &link, Value message, quint32 id) {
             link.m_subscribing.subscribe(message, id);
             return Flow::Continue;
         }},
        {"unsubscribe",
         [](ServiceLink &link, Value message, quint32 id) {
             link.m_subscribing.unsubscribe(message, id);
             return Flow::Continue;
         }},
        {"register",
         [](ServiceLink &link, Value message, quint32 id) {
             link.m_service.registerService(message, id);
             return Flow::Continue;
         }},
        {"broadcast_ack",
         [](ServiceLink &link, Value message, quint32) {
             link.m_service.acknowledgeBroadcast(message);
             return Flow::Continue;
         }},
        {"broadcast_fail",
         [](ServiceLink &link, Value message, quint32) {
             link.m_service.failBroadcast(message);
             return Flow::Continue;
         }},
        {"ping",
         [](ServiceLink &link, Value, quint32) {
             JsonLine line("pong");
             link.m_core.send(line);
             return Flow::Continue;
         }},
        {"pong", [](ServiceLink &, Value, quint32) { return Flow::Continue; }},
        {"bye",
         [](ServiceLink &link, Value message, quint32) {
             link.handleBye(message);
             return Flow::Pause;
         }},
    };
    const auto *found = std::find_if(std::begin(kOperations),
                                     std::end(kOperations),
                                     [&name](const Operation &one) { return name == one.name; });
    return found == std::end(kOperations) ? nullptr : found;
}

void ServiceLink::handleEndOfInput()
{
    const bool isCut = m_lines->finish().status == Step::Status::Failed;
    if (m_phase == Phase::Ended)
        return;
    if (isCut) {
        end(Error(ErrorCode::ProtocolViolation,
                  QStringLiteral("the peer closed the connection within a message")));
    } else {
        end(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer closed the connection")));
    }
}

// What it waits for.

void ServiceLink::handlePull(Lease &lease)
{
    if (m_phase == Phase::Running)
        m_subscribing.pull(lease);
}

void ServiceLink::handleCompletions(const Completion *completions, int count)
{
    if (m_phase == Phase::Running)
        m_publishing.handleCompletions(completions, count);
}

void ServiceLink::handleSubscribed(quint32 completionTag,
                                   const SubscribeOutcome *outcomes,
                                   int count)
{
    if (m_phase == Phase::Running)
        m_subscribing.handleSubscribed(completionTag, outcomes, count);
}

void ServiceLink::handleUnsubscribed(quint32 completionTag,
                                     const UnsubscribeOutcome *outcomes,
                                     int count)
{
    if (m_phase == Phase::Running)
        m_subscribing.handleUnsubscribed(completionTag, outcomes, count);
}

void ServiceLink::handleProbeDue()
{
    if (m_phase != Phase::Running)
        return;
    JsonLine line("ping");
    m_core.send(line);
}

} // namespace fairlead::tcp
