// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "frames.h"

#include <QtTest/QtTest>

#include <algorithm>
#include <random>

using namespace fairlead::tcp;

Q_DECLARE_METATYPE(fairlead::tcp::Framing)

namespace {

constexpr int kChunkings = 400;
constexpr std::size_t kMaxFrame = 300;

using Random = std::mt19937;

std::size_t upTo(Random &random, std::size_t most)
{
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
}

/// Bytes among which delimiters, their halves and line endings are frequent.
std::string payload(Random &random, std::size_t size)
{
    static constexpr char kBytes[] = {'\0', '\1', '\2', '\3', '\r', '\n', 'a', 'b', '\x7f', '\xff'};
    std::string bytes(size, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return kBytes[upTo(random, 9)]; });
    return bytes;
}

Decoded decodeChunked(const Framing &framing, Bytes stream, Random &random)
{
    FrameReader reader(framing);
    const std::size_t most = 1 + upTo(random, upTo(random, 3) == 0 ? 400 : 8);
    while (!stream.empty()) {
        const std::size_t size = std::min(stream.size(), upTo(random, most));
        // A copy of exactly that size, so that a look beyond it is seen.
        const std::vector<char> piece(stream.begin(), stream.begin() + std::ptrdiff_t(size));
        reader.read({piece.data(), piece.size()});
        stream.remove_prefix(size);
    }
    return reader.finish();
}

} // namespace

class tst_TcpChunks : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void piecesOfAnySizeGiveTheSameFrames_data() { framings(); }

    void piecesOfAnySizeGiveTheSameFrames();

    void junkInPiecesOfAnySizeEndsTheSame_data() { framings(); }

    void junkInPiecesOfAnySizeEndsTheSame();

private:
    static void framings();
};

void tst_TcpChunks::framings()
{
    QTest::addColumn<Framing>("framing");
    QTest::newRow("line lf") << lineFraming(kMaxFrame);
    QTest::newRow("line crlf") << lineFraming(kMaxFrame, LineEnding::CrLf);
    for (const std::uint8_t size : {1, 2, 4}) {
        for (const ByteOrder order : {ByteOrder::Big, ByteOrder::Little}) {
            for (const bool countsItself : {false, true}) {
                QTest::addRow("length %d%s%s",
                              size,
                              order == ByteOrder::Big ? "" : " little",
                              countsItself ? " counts itself" : "")
                    << lengthFraming(size, order, countsItself, kMaxFrame);
            }
        }
    }
    QTest::newRow("stx etx") << delimiterFraming("\2", "\3", kMaxFrame);
    QTest::newRow("end only") << delimiterFraming("", "\r", kMaxFrame);
    QTest::newRow("repeating end") << delimiterFraming("ab", "aab", kMaxFrame);
    QTest::newRow("start only") << delimiterFraming("aba", "", kMaxFrame);
    QTest::newRow("fixed") << fixedFraming(7);
    QTest::newRow("raw") << rawFraming(50);
}

// What was framed comes out as it went in, whatever pieces it travels in.
void tst_TcpChunks::piecesOfAnySizeGiveTheSameFrames()
{
    QFETCH(Framing, framing);
    Random random(5);
    Decoded expected;
    std::string stream;
    while (expected.frames.size() < 150) {
        std::size_t size = upTo(random, upTo(random, 9) == 0 ? kMaxFrame : 12);
        if (framing.kind == FramingKind::Fixed)
            size = framing.fixedSize;
        else if (framing.kind == FramingKind::Raw)
            size = framing.maxFrame;
        const std::string content = payload(random, size);
        if (encodeError(framing, content) != FrameError::None)
            continue;
        stream += encoded(framing, content);
        expected.frames.push_back(content);
    }
    const Decoded whole = decodeWhole(framing, stream);
    QVERIFY2(whole == expected, shown(whole).c_str());
    for (int i = 0; i < kChunkings; ++i) {
        const Decoded chunked = decodeChunked(framing, stream, random);
        QVERIFY2(chunked == expected, shown(chunked).c_str());
    }
}

void tst_TcpChunks::junkInPiecesOfAnySizeEndsTheSame()
{
    QFETCH(Framing, framing);
    Random random(6);
    for (int i = 0; i < kChunkings; ++i) {
        const std::string junk = payload(random, upTo(random, 900));
        const Decoded whole = decodeWhole(framing, junk);
        const Decoded chunked = decodeChunked(framing, junk, random);
        QVERIFY2(chunked == whole, (shown(chunked) + " instead of " + shown(whole)).c_str());
    }
}

QTEST_APPLESS_MAIN(tst_TcpChunks)
#include "tst_tcpchunks.moc"
