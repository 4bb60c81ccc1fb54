// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/message.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace fairlead;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 0
#else
#define COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<qint64> g_allocations = 0;
std::atomic<qint64> g_releases = 0;

} // namespace

#if COUNTS_ALLOCATIONS
void *operator new(std::size_t size)
{
    ++g_allocations;
    if (void *memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept
{
    if (memory)
        ++g_releases;
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept
{
    operator delete(memory);
}
#endif

class tst_SdkMessage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fieldsAreCopiedIn();
    void nullMessageReadsAsEmpty();
    void copiesShareAndMovesTake();
    void positionIsSetOnce();
    void everySizeKeepsItsBytes();
    void oneAllocationPerMessage();
    void freedBlocksAreReusedByTheirThread();
    void keptBlocksAreBoundedAndGoWithTheThread();
    void referencesAreCountedAcrossThreads();
};

namespace {

Message make(const std::string &payload)
{
    MessageFields fields;
    fields.topic = "t";
    fields.payload = payload;
    return Message(fields);
}

} // namespace

void tst_SdkMessage::fieldsAreCopiedIn()
{
    std::string topic = "a/b";
    std::string properties("\x01\x01", 2);
    std::string payload("\0payload", 8);
    MessageFields fields;
    fields.topic = topic;
    fields.properties = properties;
    fields.payload = payload;
    fields.expiryDeadline = 77;
    fields.origin = 5;
    fields.qos = 2;
    fields.retain = true;
    const Message message(fields);
    topic = "x";
    properties = "y";
    payload = "z";
    QVERIFY(bool(message));
    QCOMPARE(message.topic(), ByteSpan("a/b"));
    QCOMPARE(message.properties(), ByteSpan("\x01\x01", 2));
    QCOMPARE(message.payload(), ByteSpan("\0payload", 8));
    QCOMPARE(message.size(), std::size_t(13));
    QCOMPARE(message.expiryDeadline(), 77);
    QCOMPARE(message.origin(), quint64(5));
    QCOMPARE(message.qos(), quint8(2));
    QVERIFY(message.isRetain());
    QCOMPARE(message.position(), Position());
    static_assert(sizeof(Message) == sizeof(void *));
}

void tst_SdkMessage::nullMessageReadsAsEmpty()
{
    Message message;
    QVERIFY(!message);
    QVERIFY(message.topic().empty());
    QVERIFY(message.properties().empty());
    QVERIFY(message.payload().empty());
    QCOMPARE(message.size(), std::size_t(0));
    QCOMPARE(message.sequence(), quint64(0));
    QCOMPARE(message.expiryDeadline(), -1);
    message.setPosition({1, 2});
    QCOMPARE(message.position(), Position());
    const Message copy = message; // NOLINT(performance-unnecessary-copy-initialization)
    QVERIFY(!copy);

    const Message empty{MessageFields()};
    QVERIFY(bool(empty));
    QCOMPARE(empty.size(), std::size_t(0));
}

void tst_SdkMessage::copiesShareAndMovesTake()
{
    Message a = make("p");
    const Message b = a;
    QCOMPARE(static_cast<const void *>(a.payload().data()),
             static_cast<const void *>(b.payload().data()));
    const Message c = std::move(a);
    QVERIFY(!a); // NOLINT(bugprone-use-after-move): the state is promised
    QCOMPARE(c.payload(), ByteSpan("p"));
    Message d = make("q");
    d = c;
    d = *&d;
    QCOMPARE(d.payload(), ByteSpan("p"));
}

void tst_SdkMessage::positionIsSetOnce()
{
    Message message = make("p");
    message.setPosition({3, 9});
    const Message copy = message;
    QCOMPARE(copy.position(), (Position{3, 9}));
    QCOMPARE(copy.sequence(), quint64(9));
}

/// Around every border between two block sizes, and beyond the largest.
void tst_SdkMessage::everySizeKeepsItsBytes()
{
    std::vector<Message> kept;
    for (std::size_t size = 0; size < 6000; ++size)
        kept.push_back(make(std::string(size, char('a' + size % 26))));
    kept.push_back(make(std::string(16 * 1024 * 1024, 'z')));
    for (std::size_t size = 0; size < 6000; ++size) {
        QCOMPARE(kept[size].payload().size(), size);
        QCOMPARE(kept[size].payload().find_first_not_of(char('a' + size % 26)), ByteSpan::npos);
    }
    QCOMPARE(kept.back().payload().find_first_not_of('z'), ByteSpan::npos);
}

void tst_SdkMessage::oneAllocationPerMessage()
{
    if (!COUNTS_ALLOCATIONS)
        QSKIP("a sanitizer owns the allocator");
    for (const std::size_t size : {std::size_t(5000), std::size_t(100000)}) {
        const std::string payload(size, 'x');
        const qint64 before = g_allocations;
        const Message message = make(payload);
        const Message copy = message; // NOLINT(performance-unnecessary-copy-initialization)
        QCOMPARE(g_allocations - before, 1);
    }
}

void tst_SdkMessage::freedBlocksAreReusedByTheirThread()
{
    if (!COUNTS_ALLOCATIONS)
        QSKIP("a sanitizer owns the allocator");
    const std::string payload(64, 'x');
    {
        const Message first = make(payload);
    }
    const qint64 before = g_allocations;
    for (int i = 0; i < 1000; ++i)
        const Message message = make(payload);
    QCOMPARE(g_allocations - before, 0);
}

void tst_SdkMessage::keptBlocksAreBoundedAndGoWithTheThread()
{
    if (!COUNTS_ALLOCATIONS)
        QSKIP("a sanitizer owns the allocator");
    constexpr int kMany = 2000;
    const std::string payload(64, 'x');
    qint64 keptByThread = 0;
    const qint64 outstanding = g_allocations - g_releases;
    std::thread thread([&] {
        std::vector<Message> messages;
        messages.reserve(kMany);
        for (int i = 0; i < kMany; ++i)
            messages.push_back(make(payload));
        const qint64 before = g_releases;
        messages.clear();
        keptByThread = kMany - (g_releases - before);
    });
    thread.join();
    QVERIFY(keptByThread > 0);
    QVERIFY(keptByThread <= 512);
    QCOMPARE(g_allocations - g_releases, outstanding);
}

void tst_SdkMessage::referencesAreCountedAcrossThreads()
{
    constexpr int kRounds = 200;
    constexpr int kThreads = 4;
    const qint64 outstanding = g_allocations - g_releases;
    {
        std::vector<std::thread> threads;
        std::vector<Message> messages;
        messages.reserve(kRounds);
        for (int i = 0; i < kRounds; ++i)
            messages.push_back(make(std::string(std::size_t(i) * 30, 'm')));
        std::atomic<int> wrong = 0;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([copies = messages, &wrong]() mutable {
                for (int i = 0; i < kRounds; ++i) {
                    const Message again = copies[std::size_t(i)];
                    copies[std::size_t(i)] = Message();
                    if (again.payload().size() != std::size_t(i) * 30
                        || again.payload().find_first_not_of('m') != ByteSpan::npos)
                        ++wrong;
                }
            });
        }
        messages.clear(); // the last reference goes on one of the threads
        for (std::thread &thread : threads)
            thread.join();
        QCOMPARE(wrong.load(), 0);
    }
    // This thread may keep blocks, the ended ones keep none.
    if (COUNTS_ALLOCATIONS)
        QVERIFY(g_allocations - g_releases - outstanding <= kRounds);
}

QTEST_APPLESS_MAIN(tst_SdkMessage)

#include "tst_sdkmessage.moc"
