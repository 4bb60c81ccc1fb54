// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/clock.h>
#include <fairlead/heartbeat.h>
#include <fairlead/link.h>
#include <fairlead/linkdriver.h>
#include <fairlead/timers.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

/// What is thrown.
enum class Thrown {
    Exception,
    NoMemory,
    Number
};

[[noreturn]] inline void throwOne(Thrown what)
{
    switch (what) {
    case Thrown::Exception:
        throw std::runtime_error("on purpose");
    case Thrown::NoMemory:
        throw std::bad_alloc();
    case Thrown::Number:
        break;
    }
    throw 7;
}

/// A driver that does as its peer says, a letter each: "!" it asks for its session, "s" subscribes,
/// "u" unsubscribes, "p" publishes, "t" wants to be called in a second, "h" wants to probe every
/// three. One of its calls throws.
class ThrowingDriver final : public fairlead::LinkDriver
{
public:
    struct Seen
    {
        std::string at; ///< the call that throws
        Thrown what = Thrown::Exception;
        int live = 0;
        int thrown = 0;
        int later = 0; ///< calls after the throw
        quint64 generation = 0;
    };

    ThrowingDriver(const fairlead::LinkContext &context, std::shared_ptr<Seen> seen)
        : m_context(context)
        , m_seen(std::move(seen))
    {
        ++m_seen->live;
        m_seen->generation = context.link.generation();
    }

    ~ThrowingDriver() override { --m_seen->live; }

    void handleStarted() override
    {
        enter("handleStarted");
        QObject::connect(&m_context.link,
                         &fairlead::Link::stateChanged,
                         &m_context.link,
                         [this](fairlead::Link::State, fairlead::Link::State to) {
                             if (to == fairlead::Link::State::Ready)
                                 enter("a slot of stateChanged()");
                         });
        (void)m_context.link.begin();
    }

    fairlead::Consumed handleBytes(fairlead::ByteSpan input) override
    {
        enter("handleBytes");
        if (m_seen->at == "handleBytes used") {
            ++m_seen->thrown;
            return {input.size() + 1, 0};
        }
        obey(input.front());
        return {1, 0};
    }

    void handleEndOfInput() override { enter("handleEndOfInput"); }

    void handleAuthenticated(const fairlead::Error &error) override
    {
        enter("handleAuthenticated");
        if (!error.isNull())
            return;
        fairlead::SessionRequest request;
        request.peerKey = "thrower";
        m_context.bus.acquire(request);
    }

    void handleLease(const fairlead::LeaseGrant &grant) override
    {
        enter("handleLease");
        m_lease = grant.lease;
    }

    void handlePull(fairlead::Lease &) override { enter("handlePull"); }

    void handleCompletions(const fairlead::Completion *, int) override
    {
        enter("handleCompletions");
    }

    void handleSubscribed(quint32, const fairlead::SubscribeOutcome *, int) override
    {
        enter("handleSubscribed");
    }

    void handleUnsubscribed(quint32, const fairlead::UnsubscribeOutcome *, int) override
    {
        enter("handleUnsubscribed");
    }

    void handleFenced(fairlead::FenceReason) override { enter("handleFenced"); }

    void handleClosing(const fairlead::Error &) override
    {
        write("last frame");
        enter("handleClosing");
    }

    void handleProbeDue() override { enter("handleProbeDue"); }

    void handleOpen(const fairlead::Principal *) override { enter("handleOpen"); }

private:
    void enter(std::string_view call)
    {
        if (m_seen->thrown > 0)
            ++m_seen->later;
        if (m_seen->at != call)
            return;
        ++m_seen->thrown;
        throwOne(m_seen->what);
    }

    void write(std::string_view text)
    {
        std::copy(text.begin(), text.end(), m_context.stream.reserve(text.size()));
        m_context.stream.commit(text.size());
    }

    void obey(char command)
    {
        const fairlead::ByteSpan filter = "t/#";
        switch (command) {
        case '!': {
            fairlead::Credentials credentials;
            credentials.peerKey = "thrower";
            m_context.bus.authenticate(credentials);
            break;
        }
        case 's': {
            fairlead::SubscribeRequest request;
            request.filter = filter;
            m_lease->subscribe(&request, 1, 1);
            break;
        }
        case 'u':
            m_lease->unsubscribe(&filter, 1, 1);
            break;
        case 'p': {
            fairlead::PublishView view;
            view.topic = "other/1";
            view.payload = "x";
            view.qos = 1;
            view.completionTag = 1;
            m_context.bus.publish(view);
            break;
        }
        case 't':
            m_context.timers.arm(m_timer, m_context.clock.now() + fairlead::kNsPerSecond);
            break;
        case 'h': {
            fairlead::HeartbeatPlan plan;
            plan.timeoutMs = 9000;
            plan.probeMs = 3000;
            (void)m_context.heartbeat->watch(plan);
            break;
        }
        default:
            break;
        }
    }

    const fairlead::LinkContext m_context;
    const std::shared_ptr<Seen> m_seen;
    fairlead::Lease *m_lease = nullptr;
    fairlead::Timer m_timer{
        [](void *self) { static_cast<ThrowingDriver *>(self)->enter("a timer"); }, this};
};
