// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QStringList>

#include <fairlead/link.h>
#include <fairlead/messagestream.h>
#include <fairlead/transport.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

/// A transport whose protocol counts on messages: who listens sends each one back.
namespace fairlead::test {

/// What the dialling side saw. Thread: any.
struct MessageLog
{
    void note(ByteSpan message)
    {
        const std::scoped_lock locked(lock);
        received.emplace_back(message);
    }

    std::vector<std::string> list()
    {
        const std::scoped_lock locked(lock);
        return received;
    }

    std::mutex lock;
    std::vector<std::string> received;
    std::atomic<int> closeCode = 0;
};

class MessageDriver final : public LinkDriver
{
public:
    /// @p log null: the listening side.
    MessageDriver(const LinkContext &context, MessageLog *log, std::vector<std::string> first)
        : m_context(context)
        , m_messages(dynamic_cast<MessageStream *>(&context.stream))
        , m_log(log)
        , m_first(std::move(first))
    { }

    void handleStarted() override
    {
        (void)m_context.link.begin();
        for (const std::string &message : m_first)
            send(message);
    }

    Consumed handleBytes(ByteSpan input) override
    {
        if (m_log)
            m_log->note(input);
        else if (input == "bye")
            leave();
        else
            send(input);
        return {input.size(), 0};
    }

    void handleEndOfInput() override
    {
        if (m_log && m_messages)
            m_log->closeCode = m_messages->peerCloseCode();
    }

    void handleAuthenticated(const Error &) override { }

    void handleLease(const LeaseGrant &) override { }

    void handlePull(Lease &) override { }

    void handleCompletions(const Completion *, int) override { }

    void handleSubscribed(quint32, const SubscribeOutcome *, int) override { }

    void handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) override { }

    void handleFenced(FenceReason) override { }

    void handleClosing(const Error &) override { }

private:
    void send(ByteSpan message)
    {
        while (!message.empty()) {
            const std::size_t step = std::min(message.size(), ByteStream::kMaxReserve);
            std::memcpy(m_context.stream.reserve(step), message.data(), step);
            m_context.stream.commit(step);
            message.remove_prefix(step);
        }
        if (m_messages)
            m_messages->endMessage();
    }

    void leave()
    {
        if (m_messages)
            m_messages->setCloseReason(4001, "close");
        m_context.link.close(Error(ErrorCode::ConnectionClosed, QStringLiteral("as was asked")),
                             CloseMode::Drain,
                             true);
    }

    LinkContext m_context;
    MessageStream *m_messages;
    MessageLog *m_log;
    std::vector<std::string> m_first;
};

class MessageTransport final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("messages")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        class Echo final : public Listener
        {
        public:
            std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
            {
                return std::make_unique<MessageDriver>(
                    context, nullptr, std::vector<std::string>());
            }
        };

        return std::unique_ptr<Listener>(std::make_unique<Echo>());
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &, HostServices &) override
    {
        class Sender final : public Dialler
        {
        public:
            explicit Sender(MessageTransport &transport)
                : m_transport(transport)
            { }

            std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
            {
                return std::make_unique<MessageDriver>(
                    context, &m_transport.log, m_transport.first);
            }

        private:
            MessageTransport &m_transport;
        };

        return std::unique_ptr<Dialler>(std::make_unique<Sender>(*this));
    }

    std::vector<std::string> first; ///< what is sent at once
    MessageLog log;
};

} // namespace fairlead::test
