// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "hostdouble.h"

#include <algorithm>

namespace fairlead::test {

char *FakeStream::reserve(std::size_t size) noexcept
{
    Q_ASSERT(size > 0 && size <= kMaxReserve);
    ++reserves;
    // Fresh memory each time, so that a sanitizer sees whoever keeps the last one.
    memory = std::vector<char>(size, '\x55');
    return memory.data();
}

void FakeStream::commit(std::size_t size) noexcept
{
    Q_ASSERT(size <= memory.size());
    ++commits;
    if (!closed)
        written.append(memory.data(), qsizetype(size));
    memory = {};
}

void FakeStream::append(const Message &message, std::size_t offset, std::size_t size) noexcept
{
    ++appends;
    memory = {};
    if (!closed)
        written += copyOf(message.payload().substr(offset, size));
}

void FakeBus::authenticate(const Credentials &credentials) noexcept
{
    ++authentications;
    peerKey = copyOf(credentials.peerKey);
    userName = copyOf(credentials.userName);
    password = copyOf(credentials.password);
    hasUserName = credentials.hasUserName;
    hasPassword = credentials.hasPassword;
}

void FakeBus::acquire(const SessionRequest &request) noexcept
{
    Acquired acquired;
    acquired.peerKey = copyOf(request.peerKey);
    acquired.expirySeconds = request.expirySeconds;
    acquired.clean = request.clean;
    acquired.window = request.window;
    acquired.doubleLinks = request.doubleLinks;
    acquired.ownId = copyOf(request.ownId);
    if (request.testament) {
        acquired.will = std::make_unique<Will>(Will{copyOf(request.testament->topic),
                                                    copyOf(request.testament->properties),
                                                    copyOf(request.testament->payload),
                                                    *request.testament});
    }
    acquisitions.push_back(std::move(acquired));
}

Flow FakeBus::publish(const PublishView &view) noexcept
{
    published.push_back({copyOf(view.topic), copyOf(view.properties), copyOf(view.payload), view});
    return answer;
}

int FakeLease::take(Delivery *out, int max, const Window &window) noexcept
{
    windows.push_back(window);
    int count = 0;
    int unacked = window.unacked;
    while (count < max && !queue.empty()) {
        if (queue.front().qos > 0 && unacked-- == 0)
            break;
        out[count++] = queue.front();
        queue.pop_front();
    }
    return count;
}

void FakeLease::settle(const Settle *settles, int count) noexcept
{
    ++settleCalls;
    settled.insert(settled.end(), settles, settles + count);
}

void FakeLease::mark(quint64 handle, quint32 tag, bool bodyDone, quint32 completionTag) noexcept
{
    marks.push_back({handle, tag, bodyDone, completionTag});
}

void FakeLease::subscribe(const SubscribeRequest *requests,
                          int count,
                          quint32 completionTag) noexcept
{
    Asked asked;
    asked.tag = completionTag;
    for (int i = 0; i < count; ++i) {
        asked.filters << copyOf(requests[i].filter);
        asked.replayFrom << copyOf(requests[i].replayFrom);
        asked.requests.push_back(requests[i]);
    }
    subscribed.push_back(asked);
}

void FakeLease::unsubscribe(const ByteSpan *filters, int count, quint32 completionTag) noexcept
{
    Asked asked;
    asked.tag = completionTag;
    for (int i = 0; i < count; ++i)
        asked.filters << copyOf(filters[i]);
    unsubscribed.push_back(asked);
}

Delivery &FakeLease::offer(const Message &message, quint8 qos, quint64 handle)
{
    Delivery delivery;
    delivery.message = message;
    delivery.qos = qos;
    delivery.handle = handle;
    queue.push_back(delivery);
    return queue.back();
}

void FakeTimers::arm(Timer &timer, qint64 deadline) noexcept
{
    ++arms;
    if (!timer.isArmed())
        armed.push_back(&timer);
    timersOf(timer) = this;
    deadlineOf(timer) = deadline;
}

void FakeTimers::disarm(Timer &timer) noexcept
{
    timersOf(timer) = nullptr;
    armed.erase(std::remove(armed.begin(), armed.end(), &timer), armed.end());
}

void FakeTimers::advance(FakeClock &clock, qint64 by)
{
    const qint64 end = clock.time + by;
    for (;;) {
        const auto next = std::min_element(armed.begin(), armed.end(), [](Timer *a, Timer *b) {
            return a->deadline() < b->deadline();
        });
        if (next == armed.end() || (*next)->deadline() > end)
            break;
        Timer &timer = **next;
        clock.time = std::max(clock.time, timer.deadline());
        disarm(timer);
        fire(timer);
    }
    clock.time = end;
}

} // namespace fairlead::test
