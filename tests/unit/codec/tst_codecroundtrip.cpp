// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "samples.h"
#include "wire.h"

#include <QTest>

#include <set>

using namespace fairlead::mqtt;
using namespace fairlead::mqtt::wire;

/// Whole packets of every type and version: there and back, cut, and damaged.
class tst_CodecRoundTrip : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void samplesCoverEveryType();
    void encodesWhatItDecoded_data();
    void encodesWhatItDecoded();
    void rejectsBodiesCutAnywhere_data();
    void rejectsBodiesCutAnywhere();
    void survivesEveryFlippedBit_data();
    void survivesEveryFlippedBit();
    void survivesEveryValueOfEveryOctet_data();
    void survivesEveryValueOfEveryOctet();

private:
    static void addSamples();
};

namespace {

/// Whether a cut body can still be a packet: where everything left is optional, or is payload.
bool mayBeCut(PacketType type, Version version)
{
    switch (type) {
    case PacketType::Publish:
        return true;
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
    case PacketType::Disconnect:
    case PacketType::Auth:
        return version == Version::V5;
    case PacketType::Subscribe:
    case PacketType::Unsubscribe:
    case PacketType::Suback:
    case PacketType::Unsuback:
        return true;
    case PacketType::Connect:
        return version == Version::V31;
    case PacketType::Connack:
        return false;
    default:
        return false;
    }
}

/// Decodes damaged octets as both sides and in every version; whatever is accepted must encode to
/// something that decodes to the same.
bool isStable(const std::string &damaged)
{
    for (const Version version : {Version::V31, Version::V311, Version::V5}) {
        for (const Sender sender : {Sender::Client, Sender::Server}) {
            const auto outcome = driver::run(damaged, version, sender);
            if (outcome.status != FrameStatus::Complete || outcome.error) {
                continue;
            }
            const auto again = driver::run(outcome.again, version, sender);
            if (again.error || again.again != outcome.again) {
                return false;
            }
        }
    }
    return true;
}

} // namespace

void tst_CodecRoundTrip::addSamples()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("sender");
    QTest::addColumn<QByteArray>("input");
    for (const auto &sample : samples::all()) {
        QTest::newRow(sample.name.c_str())
            << static_cast<int>(sample.version) << static_cast<int>(sample.sender)
            << QByteArray::fromStdString(sample.packet);
    }
}

void tst_CodecRoundTrip::samplesCoverEveryType()
{
    std::set<std::pair<Version, int>> seen;
    for (const auto &sample : samples::all()) {
        seen.insert({sample.version, static_cast<unsigned char>(sample.packet[0]) >> 4});
    }
    QCOMPARE(seen.size(), std::size_t{14 + 14 + 15});
}

void tst_CodecRoundTrip::encodesWhatItDecoded_data()
{
    addSamples();
}

void tst_CodecRoundTrip::encodesWhatItDecoded()
{
    QFETCH(int, version);
    QFETCH(int, sender);
    QFETCH(QByteArray, input);
    const auto outcome
        = driver::run(view(input), static_cast<Version>(version), static_cast<Sender>(sender));
    QVERIFY2(!outcome.error, outcome.error.text);
    QCOMPARE(static_cast<int>(outcome.version), version);
    QCOMPARE(QByteArray::fromStdString(outcome.again), input);
}

void tst_CodecRoundTrip::rejectsBodiesCutAnywhere_data()
{
    addSamples();
}

void tst_CodecRoundTrip::rejectsBodiesCutAnywhere()
{
    QFETCH(int, version);
    QFETCH(int, sender);
    QFETCH(QByteArray, input);
    const auto dialect = static_cast<Version>(version);
    const auto header = peekFrame(view(input), kMaxPacketSize, dialect);
    const std::string body(frameOf(view(input), header).body);
    for (std::size_t size = 0; size < body.size(); ++size) {
        const QByteArray cut = packet(static_cast<unsigned char>(input.at(0)),
                                      QByteArray(body.data(), static_cast<int>(size)));
        const auto outcome = driver::run(view(cut), dialect, static_cast<Sender>(sender));
        QVERIFY(outcome.status == FrameStatus::Complete);
        QVERIFY(outcome.error || mayBeCut(header.type, dialect));
        QVERIFY(isStable(cut.toStdString()));
    }
}

void tst_CodecRoundTrip::survivesEveryFlippedBit_data()
{
    addSamples();
}

void tst_CodecRoundTrip::survivesEveryFlippedBit()
{
    QFETCH(QByteArray, input);
    for (int at = 0; at < input.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string damaged = input.toStdString();
            damaged[static_cast<std::size_t>(at)]
                = static_cast<char>(static_cast<unsigned char>(input.at(at)) ^ (1U << bit));
            QVERIFY2(isStable(damaged), qPrintable(QString::number(at)));
        }
    }
}

void tst_CodecRoundTrip::survivesEveryValueOfEveryOctet_data()
{
    addSamples();
}

void tst_CodecRoundTrip::survivesEveryValueOfEveryOctet()
{
    QFETCH(QByteArray, input);
    // Headers, lengths and flags come first; flipped bits cover the rest.
    const int limit = qMin(static_cast<int>(input.size()), 16);
    for (int at = 0; at < limit; ++at) {
        for (int value = 0; value < 256; ++value) {
            std::string damaged = input.toStdString();
            damaged[static_cast<std::size_t>(at)] = static_cast<char>(value);
            QVERIFY2(isStable(damaged), qPrintable(QString::number(at)));
        }
    }
}

QTEST_APPLESS_MAIN(tst_CodecRoundTrip)
#include "tst_codecroundtrip.moc"
