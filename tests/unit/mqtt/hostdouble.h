// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QStringList>

#include <fairlead/bus.h>
#include <fairlead/bytestream.h>
#include <fairlead/clock.h>
#include <fairlead/lease.h>
#include <fairlead/link.h>
#include <fairlead/logger.h>
#include <fairlead/random.h>
#include <fairlead/timers.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace fairlead::test {

/// The host as a driver sees it, written down for the test to look at. Nothing happens by itself:
/// Harness decides when the host answers.

class FakeStream final : public ByteStream
{
public:
    char *reserve(std::size_t size) noexcept override;
    void commit(std::size_t size) noexcept override;
    void append(const Message &message, std::size_t offset, std::size_t size) noexcept override;

    qint64 space() const noexcept override { return freeSpace; }

    void setReading(bool on) noexcept override { reading = on; }

    void close(CloseMode) noexcept override { }

    QByteArray written;
    std::vector<char> memory;
    qint64 freeSpace = 1 << 20;
    int reserves = 0;
    int commits = 0;
    int appends = 0;
    bool reading = true;
    bool closed = false; ///< by the link
};

class FakeBus final : public Bus
{
public:
    struct Published
    {
        QByteArray topic, properties, payload;
        PublishView view; ///< its spans are void
    };

    struct Will
    {
        QByteArray topic, properties, payload;
        Testament testament; ///< its spans are void
    };

    struct Acquired
    {
        QByteArray peerKey;
        quint32 expirySeconds = 0;
        bool clean = false;
        quint16 window = 0;
        DoubleLinkRule doubleLinks = DoubleLinkRule::NewestWins;
        QByteArray ownId;
        std::unique_ptr<Will> will;
    };

    void authenticate(const Credentials &credentials) noexcept override;
    void acquire(const SessionRequest &request) noexcept override;
    Flow publish(const PublishView &view) noexcept override;

    QByteArray peerKey, userName, password;
    bool hasUserName = false;
    bool hasPassword = false;
    int authentications = 0;
    std::vector<Acquired> acquisitions;
    std::vector<Published> published;
    Flow answer = Flow::Continue;
};

class FakeLease final : public Lease
{
public:
    struct Mark
    {
        quint64 handle;
        quint32 tag;
        bool bodyDone;
        quint32 completionTag;
    };

    struct Key
    {
        quint32 key;
        quint32 completionTag;
    };

    struct Asked
    {
        QList<QByteArray> filters;
        QList<QByteArray> replayFrom; ///< of SUBSCRIBE alone
        std::vector<SubscribeRequest> requests; ///< their spans are void
        quint32 tag = 0;
    };

    int take(Delivery *out, int max, const Window &window) noexcept override;
    void settle(const Settle *settles, int count) noexcept override;
    void mark(quint64 handle, quint32 tag, bool bodyDone, quint32 completionTag) noexcept override;

    void forgetKey(quint32 key, quint32 completionTag) noexcept override
    {
        forgotten.push_back({key, completionTag});
    }

    int receiveKeyCount() const noexcept override { return 0; }

    void subscribe(const SubscribeRequest *requests,
                   int count,
                   quint32 completionTag) noexcept override;
    void unsubscribe(const ByteSpan *filters, int count, quint32 completionTag) noexcept override;

    void setNote(ByteSpan) noexcept override { }

    void release(const ReleaseRequest &request) noexcept override { released.push_back(request); }

    /// For the next take(), in order.
    Delivery &offer(const Message &message, quint8 qos, quint64 handle);

    std::deque<Delivery> queue;
    std::vector<Settle> settled;
    int settleCalls = 0;
    std::vector<Mark> marks;
    std::vector<Key> forgotten;
    std::vector<Asked> subscribed, unsubscribed;
    std::vector<ReleaseRequest> released;
    std::vector<Window> windows;
};

class FakeClock final : public Clock
{
public:
    qint64 now() const noexcept override
    {
        ++reads;
        return time;
    }

    qint64 utcMs() const noexcept override { return 0; }

    qint64 time = kNsPerSecond;
    mutable int reads = 0;
};

class FakeTimers final : public Timers
{
public:
    void arm(Timer &timer, qint64 deadline) noexcept override;
    void disarm(Timer &timer) noexcept override;
    /// Moves @p clock on, firing on the way.
    void advance(FakeClock &clock, qint64 by);

    std::vector<Timer *> armed;
    int arms = 0;
};

class FakeRandom final : public Random
{
public:
    quint64 next() noexcept override { return ++state; }

    void fill(char *out, std::size_t size) noexcept override
    {
        for (std::size_t i = 0; i < size; ++i)
            out[i] = char(next() * 41 % 251);
    }

    quint64 state = 0;
};

class FakeLogger final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return true; }

    void log(LogLevel, const char *event, const QString &text) override
    {
        lines << QString::fromLatin1(event) + QLatin1Char(' ') + text;
    }

    QStringList lines;
};

class FakeHooks final : public LinkHooks
{
public:
    explicit FakeHooks(FakeStream &stream)
        : m_stream(stream)
    { }

    bool hasTransport(const Link &) const noexcept override { return true; }

    bool needsNoHandshake(const Link &) const noexcept override { return false; }

    Result<> registerLink(Link &) override { return {}; }

    Admission admitLink(Link &, Error *) override { return admission; }

    void linkConnected(Link &) override { }

    void linkRejected(Link &, const Error &error) override
    {
        if (onRejected)
            onRejected(error);
    }

    void linkDraining(Link &) override { }

    void stopActivities(Link &) override { }

    void unregisterLink(Link &) override { }

    void withdrawLink(Link &) override { }

    void closeTransport(Link &, CloseMode mode) override
    {
        closeMode = mode;
        m_stream.closed = true;
    }

    void linkDisconnected(Link &, bool) override { }

    void requestReconnect(Link &) override { }

    CloseMode closeMode = CloseMode::Abort;
    Admission admission = Admission::Accepted;
    std::function<void(const Error &)> onRejected;

private:
    FakeStream &m_stream;
};

} // namespace fairlead::test
