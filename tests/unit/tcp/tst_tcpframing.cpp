// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "frames.h"

#include <QtTest/QtTest>

#include <set>

using namespace fairlead::tcp;

Q_DECLARE_METATYPE(fairlead::tcp::Framing)
Q_DECLARE_METATYPE(fairlead::tcp::Decoded)
Q_DECLARE_METATYPE(fairlead::tcp::FrameError)

namespace {

using Frames = std::vector<std::string>;

std::string bytes(const char *text, std::size_t size)
{
    return {text, size};
}

template <std::size_t size>
std::string bytes(const char (&text)[size])
{
    return bytes(text, size - 1);
}

} // namespace

class tst_TcpFraming : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void framesAreCutOutOfTheStream_data();
    void framesAreCutOutOfTheStream();
    void payloadsAreFramed_data();
    void payloadsAreFramed();
    void payloadsThatFitNoFrameAreRefused_data();
    void payloadsThatFitNoFrameAreRefused();
    void overLongFramesFailBeforeTheyAreKept_data();
    void overLongFramesFailBeforeTheyAreKept();
    void aFailedFramerStaysFailed();
    void aFrameInOnePieceIsNotCopied_data();
    void aFrameInOnePieceIsNotCopied();
    void silenceEndsRawFrames();
    void silenceEndsAFrameWithoutEndDelimiter();
    void silenceEndsNoOtherFrames();
    void everyErrorHasANameAndAText();
};

void tst_TcpFraming::framesAreCutOutOfTheStream_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<Decoded>("expected");
    const auto row = [](const char *name,
                        const Framing &framing,
                        const std::string &stream,
                        const Frames &frames,
                        FrameError error = FrameError::None,
                        std::uint64_t skipped = 0) {
        QTest::newRow(name) << framing << QByteArray::fromStdString(stream)
                            << Decoded{frames, error, skipped};
    };
    const FrameError unfinished = FrameError::Unfinished;
    const FrameError tooLong = FrameError::TooLong;

    row("line: lf", lineFraming(), "one\ntwo\n", {"one", "two"});
    row("line: crlf", lineFraming(), "one\r\ntwo\r\n", {"one", "two"});
    row("line: both", lineFraming(), "one\r\ntwo\n", {"one", "two"});
    row("line: a cr inside is content", lineFraming(), "a\rb\n\r\r\n", {"a\rb", "\r"});
    row("line: empty ones", lineFraming(), "\n\r\n", {"", ""});
    row("line: zero bytes are content", lineFraming(), bytes("a\0b\n"), {bytes("a\0b")});
    row("line: the longest", lineFraming(3), "abc\nabc\r\n", {"abc", "abc"});
    row("line: one too long", lineFraming(3), "abcd\n", {}, tooLong);
    row("line: too long with a cr", lineFraming(3), "abc\rd\n", {}, tooLong);
    row("line: what came before the long one", lineFraming(3), "a\nabcd\nb\n", {"a"}, tooLong);
    row("line: cut off", lineFraming(), "one\ntwo", {"one"}, unfinished);
    row("line: cut off before the lf", lineFraming(), "one\r", {}, unfinished);

    row("length: one byte", lengthFraming(1), "\3abc\1d", {"abc", "d"});
    row("length: two bytes", lengthFraming(2), bytes("\0\3abc\0\1d"), {"abc", "d"});
    row("length: four bytes", lengthFraming(4), bytes("\0\0\0\3abc"), {"abc"});
    row("length: little, two bytes",
        lengthFraming(2, ByteOrder::Little),
        bytes("\3\0abc"),
        {"abc"});
    row("length: little, four bytes",
        lengthFraming(4, ByteOrder::Little),
        bytes("\3\0\0\0abc"),
        {"abc"});
    row("length: counts itself", lengthFraming(2, ByteOrder::Big, true), bytes("\0\5abc"), {"abc"});
    row("length: empty frames", lengthFraming(1), bytes("\0\0\1a"), {"", "", "a"});
    row("length: empty, counts itself",
        lengthFraming(4, ByteOrder::Little, true),
        bytes("\4\0\0\0"),
        {""});
    row("length: less than itself",
        lengthFraming(2, ByteOrder::Big, true),
        bytes("\0\1"),
        {},
        FrameError::BadLength);
    row("length: the longest", lengthFraming(1, ByteOrder::Big, false, 3), "\3abc", {"abc"});
    row("length: too long", lengthFraming(1, ByteOrder::Big, false, 3), "\4abcd", {}, tooLong);
    row("length: the largest number", lengthFraming(4), "\xff\xff\xff\xff", {}, tooLong);
    row("length: cut off in the length", lengthFraming(2), bytes("\0"), {}, unfinished);
    row("length: cut off after the length", lengthFraming(2), bytes("\0\1"), {}, unfinished);
    row("length: cut off in the content", lengthFraming(2), bytes("\0\3ab"), {}, unfinished);

    row("delimiter: stx and etx", delimiterFraming("\2", "\3"), "\2one\3\2two\3", {"one", "two"});
    row("delimiter: noise between frames",
        delimiterFraming("\2", "\3"),
        "xx\2one\3\r\n\2two\3\r\n",
        {"one", "two"},
        FrameError::None,
        6);
    row("delimiter: a start inside is content", delimiterFraming("\2", "\3"), "\2a\2b\3", {"a\2b"});
    row("delimiter: end only", delimiterFraming("", ";"), "one;two;;", {"one", "two", ""});
    row("delimiter: several bytes", delimiterFraming("<<", ">>"), "<<a>b>>", {"a>b"});
    row("delimiter: a prefix that repeats",
        delimiterFraming("", "aab"),
        "xaaaabyaab",
        {"xaa", "y"});
    row("delimiter: a false start",
        delimiterFraming("aab", "!"),
        "aaab1!",
        {"1"},
        FrameError::None,
        1);
    row("delimiter: zero bytes",
        delimiterFraming("", bytes("\0\0")),
        bytes("a\0b\0\0"),
        {bytes("a\0b")});
    row("delimiter: start only",
        delimiterFraming("$", ""),
        "x$one$two$",
        {"one", "two", ""},
        FrameError::None,
        1);
    row("delimiter: start only, the rest is the last one",
        delimiterFraming("$$", ""),
        "$$one$$two$",
        {"one", "two$"});
    row("delimiter: the longest", delimiterFraming("\2", "\3", 3), "\2abc\3", {"abc"});
    row("delimiter: too long", delimiterFraming("\2", "\3", 3), "\2abcd\3", {}, tooLong);
    row("delimiter: the longest before a long end",
        delimiterFraming("", "1234", 3),
        "abc1234",
        {"abc"});
    row("delimiter: start only, too long", delimiterFraming("$$", "", 3), "$$abc$", {}, tooLong);
    row("delimiter: cut off", delimiterFraming("\2", "\3"), "\2abc", {}, unfinished);
    row("delimiter: cut off with nothing inside",
        delimiterFraming("\2", "\3"),
        "\2",
        {},
        unfinished);
    row("delimiter: end only, cut off", delimiterFraming("", ";"), "a;b", {"a"}, unfinished);

    row("fixed", fixedFraming(3), "abcdef", {"abc", "def"});
    row("fixed: cut off", fixedFraming(3), "abcde", {"abc"}, unfinished);
    row("raw: all that came", rawFraming(10), "abcdef", {"abcdef"});
    row("raw: cut at the maximum", rawFraming(4), "abcdefghij", {"abcd", "efgh", "ij"});
    row("raw: nothing", rawFraming(4), "", {});
}

// Each stream in one piece and byte by byte.
void tst_TcpFraming::framesAreCutOutOfTheStream()
{
    QFETCH(Framing, framing);
    QFETCH(QByteArray, stream);
    QFETCH(Decoded, expected);
    const std::string input = stream.toStdString();
    const Decoded whole = decodeWhole(framing, input);
    QVERIFY2(whole == expected, shown(whole).c_str());
    FrameReader bytewise(framing);
    for (std::size_t i = 0; i < input.size(); ++i)
        bytewise.read(Bytes(input).substr(i, 1));
    const Decoded single = bytewise.finish();
    QVERIFY2(single == expected, shown(single).c_str());
}

void tst_TcpFraming::payloadsAreFramed_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("wire");
    const auto row = [](const char *name,
                        const Framing &framing,
                        const std::string &payload,
                        const std::string &wire) {
        QTest::newRow(name) << framing << QByteArray::fromStdString(payload)
                            << QByteArray::fromStdString(wire);
    };
    row("line: lf", lineFraming(), "abc", "abc\n");
    row("line: crlf", lineFraming(10, LineEnding::CrLf), "abc", "abc\r\n");
    row("line: empty", lineFraming(), "", "\n");
    row("length: one byte", lengthFraming(1), "abc", "\3abc");
    row("length: big", lengthFraming(2), std::string(258, 'a'), "\1\2" + std::string(258, 'a'));
    row("length: little",
        lengthFraming(4, ByteOrder::Little),
        std::string(258, 'a'),
        bytes("\2\1\0\0") + std::string(258, 'a'));
    row("length: counts itself",
        lengthFraming(4, ByteOrder::Big, true),
        "abc",
        bytes("\0\0\0\7abc"));
    row("length: the most of one byte",
        lengthFraming(1),
        std::string(255, 'a'),
        "\xff" + std::string(255, 'a'));
    row("delimiter: both", delimiterFraming("\2", "\3"), "abc", "\2abc\3");
    row("delimiter: end", delimiterFraming("", "\r"), "abc", "abc\r");
    row("delimiter: start", delimiterFraming("$", ""), "abc", "$abc");
    row("fixed", fixedFraming(3), "abc", "abc");
    row("raw", rawFraming(3), "abcdef", "abcdef");
}

void tst_TcpFraming::payloadsAreFramed()
{
    QFETCH(Framing, framing);
    QFETCH(QByteArray, payload);
    QFETCH(QByteArray, wire);
    const std::string sent = encoded(framing, payload.toStdString());
    QCOMPARE(QByteArray::fromStdString(sent), wire);
}

void tst_TcpFraming::payloadsThatFitNoFrameAreRefused_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<FrameError>("error");
    const auto row =
        [](const char *name, const Framing &framing, const std::string &payload, FrameError error) {
            QTest::newRow(name) << framing << QByteArray::fromStdString(payload) << error;
        };
    const FrameError holds = FrameError::HoldsDelimiter;
    const FrameError tooLong = FrameError::TooLong;
    row("line: two lines", lineFraming(), "a\nb", holds);
    row("line: ends with cr", lineFraming(), "a\r", holds);
    row("line: too long", lineFraming(3), "abcd", tooLong);
    row("length: more than a byte says", lengthFraming(1), std::string(256, 'a'), tooLong);
    row("length: more than a byte says with itself",
        lengthFraming(1, ByteOrder::Big, true),
        std::string(255, 'a'),
        tooLong);
    row("length: more than allowed", lengthFraming(4, ByteOrder::Big, false, 3), "abcd", tooLong);
    row("delimiter: holds the end", delimiterFraming("\2", "\3"), "a\3b", holds);
    row("delimiter: ends too early", delimiterFraming("", "aa"), "xa", holds);
    row("delimiter: holds the next start", delimiterFraming("$", ""), "a$b", holds);
    row("delimiter: too long", delimiterFraming("\2", "\3", 3), "abcd", tooLong);
    row("fixed: shorter", fixedFraming(3), "ab", FrameError::WrongSize);
    row("fixed: longer", fixedFraming(3), "abcd", FrameError::WrongSize);
    row("raw: nothing", rawFraming(3), "", FrameError::Empty);
}

void tst_TcpFraming::payloadsThatFitNoFrameAreRefused()
{
    QFETCH(Framing, framing);
    QFETCH(QByteArray, payload);
    QFETCH(FrameError, error);
    QCOMPARE(int(encodeError(framing, payload.toStdString())), int(error));
}

void tst_TcpFraming::overLongFramesFailBeforeTheyAreKept_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QByteArray>("head");
    QTest::newRow("line") << lineFraming(1000) << QByteArray();
    QTest::newRow("delimiter") << delimiterFraming("\2", "\3", 1000) << QByteArray("\2");
    QTest::newRow("start only") << delimiterFraming("$", "", 1000) << QByteArray("$");
}

// Without an end in sight no more is kept than the longest frame.
void tst_TcpFraming::overLongFramesFailBeforeTheyAreKept()
{
    QFETCH(Framing, framing);
    QFETCH(QByteArray, head);
    FrameReader reader(framing);
    reader.read(head.toStdString());
    const std::string piece(100, 'x');
    for (int i = 0; i < 10; ++i) {
        reader.read(piece);
        QCOMPARE(int(reader.decoded().error), int(FrameError::None));
    }
    reader.read("x");
    QCOMPARE(int(reader.decoded().error), int(FrameError::TooLong));
}

void tst_TcpFraming::aFailedFramerStaysFailed()
{
    for (const Framing &framing : {lineFraming(1),
                                   lengthFraming(1, ByteOrder::Big, false, 1),
                                   delimiterFraming("", "\n", 1)}) {
        const auto framer = makeFramer(framing);
        QCOMPARE(int(framer->decode("xxx\n").status), int(Step::Status::Failed));
        const Step again = framer->decode("\n\n");
        QCOMPARE(int(again.status), int(Step::Status::Failed));
        QCOMPARE(int(again.error), int(FrameError::TooLong));
        QCOMPARE(again.used, std::size_t(0));
        QCOMPARE(int(framer->finish().status), int(Step::Status::Failed));
    }
}

void tst_TcpFraming::aFrameInOnePieceIsNotCopied_data()
{
    QTest::addColumn<Framing>("framing");
    QTest::addColumn<QByteArray>("wire");
    QTest::newRow("line") << lineFraming() << QByteArray("abc\n");
    QTest::newRow("length") << lengthFraming(1) << QByteArray("\3abc");
    QTest::newRow("delimiter") << delimiterFraming("\2", "\3") << QByteArray("\2abc\3");
    QTest::newRow("fixed") << fixedFraming(3) << QByteArray("abc");
    QTest::newRow("raw") << rawFraming(3) << QByteArray("abc");
}

void tst_TcpFraming::aFrameInOnePieceIsNotCopied()
{
    QFETCH(Framing, framing);
    QFETCH(QByteArray, wire);
    const auto framer = makeFramer(framing);
    const Step step = framer->decode({wire.constData(), std::size_t(wire.size())});
    QCOMPARE(int(step.status), int(Step::Status::Frame));
    QVERIFY(step.frame == "abc");
    QVERIFY(step.frame.data() >= wire.constData()
            && step.frame.data() < wire.constData() + wire.size());
}

void tst_TcpFraming::silenceEndsRawFrames()
{
    FrameReader reader(rawFraming(100));
    QVERIFY(!reader.framer().awaitsGap());
    reader.gap();
    reader.read("abc");
    reader.read("def");
    QVERIFY(reader.framer().awaitsGap());
    reader.gap();
    QVERIFY(!reader.framer().awaitsGap());
    reader.gap();
    reader.read("ghi");
    const Decoded decoded = reader.finish();
    const Decoded expected = {{"abcdef", "ghi"}, FrameError::None, 0};
    QVERIFY2(decoded == expected, shown(decoded).c_str());
}

void tst_TcpFraming::silenceEndsAFrameWithoutEndDelimiter()
{
    FrameReader reader(delimiterFraming("$$", "", 5));
    QVERIFY(!reader.framer().awaitsGap());
    reader.read("$$abc$");
    QVERIFY(reader.framer().awaitsGap());
    reader.gap();
    QVERIFY(!reader.framer().awaitsGap());
    // The second half of a delimiter that silence divided begins nothing.
    reader.read("$x$$def");
    const Decoded decoded = reader.finish();
    const Decoded expected = {{"abc$", "def"}, FrameError::None, 2};
    QVERIFY2(decoded == expected, shown(decoded).c_str());
}

void tst_TcpFraming::silenceEndsNoOtherFrames()
{
    for (const Framing &framing :
         {lineFraming(), lengthFraming(1), delimiterFraming("", "!"), fixedFraming(9)}) {
        QVERIFY(!endsByGap(framing));
        FrameReader reader(framing);
        reader.read("\5ab");
        QVERIFY(!reader.framer().awaitsGap());
        reader.gap();
        QVERIFY(reader.decoded().frames.empty());
    }
    QVERIFY(endsByGap(rawFraming(1)));
    QVERIFY(endsByGap(delimiterFraming("$", "")));
}

void tst_TcpFraming::everyErrorHasANameAndAText()
{
    std::set<std::string> names;
    std::set<std::string> texts;
    for (int i = 0; i <= int(FrameError::Empty); ++i) {
        names.insert(frameErrorName(FrameError(i)));
        texts.insert(frameErrorText(FrameError(i)));
    }
    QCOMPARE(names.size(), std::size_t(FrameError::Empty) + 1);
    QCOMPARE(texts.size(), names.size());
}

QTEST_APPLESS_MAIN(tst_TcpFraming)
#include "tst_tcpframing.moc"
