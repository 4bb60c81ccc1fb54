// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/link.h>
#include <fairlead/linkdriver.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::sim {

/// A driver without a protocol: the test calls the bus and the lease through it and reads what came.
class ProbeDriver final : public LinkDriver
{
public:
    struct Got
    {
        std::string topic;
        std::string payload;
        Position position;
        quint64 handle = 0;
        quint32 tag = 0;
        quint32 expirySeconds = kNever;
        std::vector<quint32> ids;
        quint8 qos = 0;
        bool retain = false;
        bool resent = false;
    };

    /// What outlives the driver: the test's view of it.
    struct Record
    {
        ProbeDriver *driver = nullptr; ///< null once destroyed
        std::vector<Got> got;
        std::vector<std::string> notices; ///< payloads of $notice/gap
        std::vector<std::size_t> noticesAt; ///< how many of got came before each
        std::vector<Completion> completions;
        std::vector<SubscribeOutcome> subscribed;
        std::vector<UnsubscribeOutcome> unsubscribed;
        LeaseGrant grant;
        int grants = 0;
        int fenced = 0;
        Error closing;
        Error authenticated;
        /// What it does with input; without it, nothing.
        std::function<Consumed(ByteSpan)> onBytes;
        std::function<void()> onFenced; ///< while it still has its lease
        std::string ownId; ///< not empty: two links of its peer become one by the deferred rule
        int probes = 0; ///< how often it was to ask for a sign of life
        bool autoSettle = true;
        int window = 100;
        qint64 bytesPerMessage = 0; ///< written to the stream for each, so that it can fill up
    };

    ProbeDriver(const LinkContext &context, std::shared_ptr<Record> record);
    ~ProbeDriver() override;

    // What a test does with a link.
    void connect(const std::string &peerKey,
                 quint32 expirySeconds = 0,
                 bool clean = false,
                 const Testament *testament = nullptr,
                 quint16 window = 65535);
    Flow publish(const std::string &topic,
                 const std::string &payload,
                 quint8 qos = 0,
                 bool retain = false,
                 quint32 tag = 0,
                 quint32 receiveKey = 0,
                 quint32 expirySeconds = kNever);
    void subscribe(const std::string &filter,
                   quint8 qos = 0,
                   quint32 id = 0,
                   bool noLocal = false,
                   bool retainAsPublished = false,
                   RetainedReplay replay = RetainedReplay::Always);
    void unsubscribe(const std::string &filter);
    void settle(quint64 handle);

    Link &link() noexcept { return m_context.link; }

    Bus &bus() noexcept { return m_context.bus; }

    ByteStream &stream() noexcept { return m_context.stream; }

    Lease *lease() noexcept { return m_lease; }

    void handleStarted() noexcept override;

    Consumed handleBytes(ByteSpan input) noexcept override;
    void handleEndOfInput() noexcept override;
    void handleAuthenticated(const Error &error) noexcept override;
    void handleLease(const LeaseGrant &grant) noexcept override;
    void handlePull(Lease &lease) noexcept override;
    void handleCompletions(const Completion *completions, int count) noexcept override;
    void handleSubscribed(quint32 tag,
                          const SubscribeOutcome *outcomes,
                          int count) noexcept override;
    void handleUnsubscribed(quint32 tag,
                            const UnsubscribeOutcome *outcomes,
                            int count) noexcept override;
    void handleFenced(FenceReason reason) noexcept override;

    void handleProbeDue() override { ++m_record->probes; }

    void handleClosing(const Error &reason) noexcept override { m_record->closing = reason; }

private:
    LinkContext m_context;
    std::shared_ptr<Record> m_record;
    Lease *m_lease = nullptr;
    int m_inFlight = 0;
    std::string m_peerKey;
    quint32 m_expirySeconds = 0;
    bool m_clean = false;
    bool m_hasTestament = false;
    Testament m_testament;
    std::string m_testamentTopic;
    std::string m_testamentPayload;
    quint16 m_requestWindow = 65535;
};

} // namespace fairlead::sim
