// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framebytes.h"
#include "simrandom.h"

#include <QTest>

#include <fairlead/properties.h>

using namespace fairlead;
using namespace fairlead::loopback;

namespace {

ByteSpan bodyOf(const std::string &frame)
{
    return ByteSpan(frame).substr(kHeadSize);
}

MessageFrame sample()
{
    MessageFrame frame;
    frame.id = 7;
    frame.qos = 1;
    frame.retain = true;
    frame.resent = true;
    frame.expirySeconds = 60;
    frame.topic = "a/b";
    frame.payload = "payload";
    return frame;
}

std::string encoded(const MessageFrame &frame)
{
    return bytesOf([&](ByteStream &stream) { writePublish(stream, frame); });
}

template <typename Result>
void expectViolation(const Result &result)
{
    QVERIFY(!result);
    QCOMPARE(result.error().code(), ErrorCode::ProtocolViolation);
    QVERIFY(!result.error().text().isEmpty());
}

} // namespace

class tst_LoopbackFrames : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void everyFrameComesBackAsItWas()
    {
        const std::string hello = helloBytes("peer", 30);
        QCOMPARE(decodeHello(bodyOf(hello))->expirySeconds, quint32(30));
        QCOMPARE(decodeHello(bodyOf(hello))->name, ByteSpan("peer"));

        const std::string welcome = bytesOf([](ByteStream &stream) {
            writeWelcome(stream, {5, true});
        });
        QVERIFY(decodeWelcome(bodyOf(welcome))->resumed);
        QCOMPARE(decodeWelcome(bodyOf(welcome))->expirySeconds, quint32(5));

        const std::string subscribe = subscribeBytes(9, "a/#", 1);
        QCOMPARE(decodeSubscribe(bodyOf(subscribe))->id, quint32(9));
        QCOMPARE(decodeSubscribe(bodyOf(subscribe))->qos, quint8(1));
        QCOMPARE(decodeSubscribe(bodyOf(subscribe))->filter, ByteSpan("a/#"));

        const std::string unsubscribe = unsubscribeBytes(10, "a/#");
        QCOMPARE(decodeUnsubscribe(bodyOf(unsubscribe))->id, quint32(10));
        QCOMPARE(decodeUnsubscribe(bodyOf(unsubscribe))->filter, ByteSpan("a/#"));

        const std::string done = bytesOf([](ByteStream &stream) {
            writeDone(stream, {11, Outcome::Quota});
        });
        QCOMPARE(decodeDone(bodyOf(done))->id, quint32(11));
        QCOMPARE(decodeDone(bodyOf(done))->outcome, Outcome::Quota);

        QCOMPARE(decodeAck(bodyOf(ackBytes(12)))->id, quint32(12));

        const std::string bye = byeBytes(ErrorCode::Timeout, "late");
        QCOMPARE(decodeBye(bodyOf(bye))->code, ErrorCode::Timeout);
        QCOMPARE(decodeBye(bodyOf(bye))->text, ByteSpan("late"));
    }

    void messagesComeBackAsTheyWere()
    {
        PropertyWriter properties;
        QVERIFY(properties.appendUserProperty("key", "value"));
        MessageFrame frame = sample();
        frame.properties = properties.block();
        const std::string bytes = encoded(frame);
        QCOMPARE(bytes.size(), headSizeOf(frame) + frame.payload.size());
        for (const auto &decoded : {decodePublish(bodyOf(bytes)), decodeMessage(bodyOf(bytes))}) {
            QVERIFY(decoded);
            QCOMPARE(decoded->id, frame.id);
            QCOMPARE(decoded->qos, frame.qos);
            QVERIFY(decoded->retain && decoded->resent);
            QCOMPARE(decoded->expirySeconds, frame.expirySeconds);
            QCOMPARE(decoded->topic, frame.topic);
            QCOMPARE(decoded->properties, frame.properties);
            QCOMPARE(decoded->payload, frame.payload);
        }
    }

    // Larger than one piece of memory that a stream lends.
    void largeFieldsAreWrittenInPieces()
    {
        const std::string topic(65535, 't');
        const std::string payload(300'000, 'p');
        MessageFrame frame = sample();
        frame.topic = topic;
        frame.payload = payload;
        const std::string bytes = encoded(frame);
        QVERIFY(decodePublish(bodyOf(bytes))->payload == payload);
        MessageFields fields;
        fields.topic = topic;
        fields.payload = payload;
        const Message message(fields);
        const std::string delivered
            = bytesOf([&](ByteStream &stream) { writeMessage(stream, frame, message); });
        // Publish and Message differ in their type alone.
        QVERIFY(delivered.substr(kHeadSize) == bytes.substr(kHeadSize));
        QCOMPARE(delivered.substr(0, 4), bytes.substr(0, 4));
    }

    // PL-03: a frame that is cut anywhere is waited for, and a body that is cut is refused.
    void cutFramesAreNoFrames()
    {
        const std::vector<std::string> frames = {helloBytes("peer"),
                                                 bytesOf([](ByteStream &stream) {
                                                     writeWelcome(stream, {5, true});
                                                 }),
                                                 subscribeBytes(9, "a/#"),
                                                 unsubscribeBytes(9, "a/#"),
                                                 bytesOf([](ByteStream &stream) {
                                                     writeDone(stream, {11, Outcome::Done});
                                                 }),
                                                 ackBytes(1),
                                                 byeBytes(ErrorCode::Timeout, "late")};
        for (const std::string &frame : frames) {
            for (std::size_t size = 0; size < frame.size(); ++size) {
                const Split split = splitFrame(ByteSpan(frame).substr(0, size), kMaxFrame);
                QCOMPARE(split.status, Split::Status::NeedMore);
                QCOMPARE(split.size, size < kHeadSize ? 0 : frame.size());
            }
            const Split whole = splitFrame(frame + "more", kMaxFrame);
            QCOMPARE(whole.status, Split::Status::Complete);
            QCOMPARE(whole.size, frame.size());
        }
        const auto cut = [](const std::string &frame, auto decode) {
            const ByteSpan body = bodyOf(frame);
            for (std::size_t size = 0; size < body.size(); ++size)
                QVERIFY(!decode(body.substr(0, size)));
            QVERIFY(decode(body));
            QVERIFY(!decode(std::string(body) + "x"));
        };
        cut(frames[0], decodeHello);
        cut(frames[1], decodeWelcome);
        cut(frames[2], decodeSubscribe);
        cut(frames[3], decodeUnsubscribe);
        cut(frames[4], decodeDone);
        cut(frames[5], decodeAck);
        cut(frames[6], decodeBye);
        // The payload takes the rest, so only the fields before it can be cut.
        const std::string message = encoded(sample());
        const ByteSpan body = bodyOf(message);
        for (std::size_t size = 0; size < body.size() - sample().payload.size(); ++size)
            expectViolation(decodePublish(body.substr(0, size)));
    }

    // AD-06: judged from the head, before anything waits for the rest.
    void lengthsAreChecked()
    {
        const auto head = [](quint32 length) {
            std::string bytes;
            for (int shift = 24; shift >= 0; shift -= 8)
                bytes += char(length >> shift);
            return bytes + '\x01';
        };
        QCOMPARE(splitFrame(head(0), kMaxFrame).status, Split::Status::Broken);
        QCOMPARE(splitFrame(head(1), kMaxFrame).status, Split::Status::Complete);
        QCOMPARE(splitFrame(head(kMaxFrame - 4), kMaxFrame).status, Split::Status::NeedMore);
        QCOMPARE(splitFrame(head(kMaxFrame - 3), kMaxFrame).status, Split::Status::Broken);
        QCOMPARE(splitFrame(head(~quint32(0)), kMaxFrame).status, Split::Status::Broken);
    }

    void wrongFieldsAreRefused()
    {
        expectViolation(decodeHello(bodyOf(helloBytes(""))));
        expectViolation(decodeHello(bodyOf(helloBytes("a/+"))));
        expectViolation(decodeHello(bodyOf(helloBytes("\xff"))));
        std::string other = helloBytes("peer");
        other[kHeadSize] = 2;
        QCOMPARE(decodeHello(bodyOf(other)).error().code(), ErrorCode::VersionRefused);
        QCOMPARE(decodeHello(ByteSpan("\x02", 1)).error().code(), ErrorCode::VersionRefused);

        expectViolation(decodeSubscribe(bodyOf(subscribeBytes(0, "a"))));
        expectViolation(decodeSubscribe(bodyOf(subscribeBytes(1, "a", 2))));
        expectViolation(decodeUnsubscribe(bodyOf(unsubscribeBytes(0, "a"))));
        expectViolation(decodeDone(ByteSpan("\0\0\0\1\7", 5)));
        expectViolation(decodeWelcome(ByteSpan("\2\0\0\0\1", 5)));

        MessageFrame frame = sample();
        frame.id = 0;
        expectViolation(decodePublish(bodyOf(encoded(frame))));
        expectViolation(decodeMessage(bodyOf(encoded(frame))));
        frame = sample();
        frame.qos = 0;
        expectViolation(decodePublish(bodyOf(encoded(frame))));
        QVERIFY(decodeMessage(bodyOf(encoded(frame))));
        frame = sample();
        frame.topic = "a/#";
        expectViolation(decodePublish(bodyOf(encoded(frame))));
        frame.topic = "";
        expectViolation(decodePublish(bodyOf(encoded(frame))));
        frame = sample();
        frame.properties = "\x26";
        expectViolation(decodePublish(bodyOf(encoded(frame))));
        std::string flags = encoded(sample());
        flags[kHeadSize + 4] = 8;
        expectViolation(decodePublish(bodyOf(flags)));
    }

    // Whatever comes, a decoder answers, and reads nothing outside of its body.
    void noiseIsAnswered()
    {
        sim::SimRandom random(1);
        for (int round = 0; round < 20'000; ++round) {
            std::string noise(random.below(40), '\0');
            random.fill(noise.data(), noise.size());
            for (char &byte : noise) {
                if (random.chance(60))
                    byte = 0;
            }
            const Split split = splitFrame(noise, kMaxFrame);
            QVERIFY(split.status != Split::Status::Complete || split.size <= noise.size());
            (void)decodeHello(noise);
            (void)decodeSubscribe(noise);
            (void)decodeUnsubscribe(noise);
            (void)decodeWelcome(noise);
            (void)decodeDone(noise);
            (void)decodeAck(noise);
            (void)decodeBye(noise);
            if (const auto message = decodeMessage(noise))
                QVERIFY(headSizeOf(*message) + message->payload.size() <= noise.size() + kHeadSize);
        }
    }

    void aLongFarewellIsCut()
    {
        const std::string bye = byeBytes(ErrorCode::Internal, std::string(100'000, 'x'));
        QCOMPARE(decodeBye(bodyOf(bye))->text.size(), std::size_t(1024));
    }
};

QTEST_APPLESS_MAIN(tst_LoopbackFrames)
#include "tst_loopbackframes.moc"
