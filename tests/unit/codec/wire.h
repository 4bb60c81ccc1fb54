// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/codec.h"
#include "driver.h"

#include <QByteArray>
#include <QTest>

#include <string>

/// Builds packets by hand, wrong ones above all, and tables of them.
namespace fairlead::mqtt::wire {

[[nodiscard]] inline Bytes view(const QByteArray &data)
{
    return {data.constData(), static_cast<std::size_t>(data.size())};
}

[[nodiscard]] inline QByteArray hex(const char *digits)
{
    return QByteArray::fromHex(digits);
}

[[nodiscard]] inline QByteArray u16(unsigned value)
{
    QByteArray result;
    result.append(static_cast<char>(value >> 8));
    result.append(static_cast<char>(value & 0xFF));
    return result;
}

/// A length-prefixed string.
[[nodiscard]] inline QByteArray str(const QByteArray &text)
{
    return u16(static_cast<unsigned>(text.size())) + text;
}

[[nodiscard]] inline QByteArray varint(unsigned value)
{
    QByteArray result;
    for (; value >= 0x80; value >>= 7) {
        result.append(static_cast<char>((value & 0x7F) | 0x80));
    }
    result.append(static_cast<char>(value));
    return result;
}

/// A property block with its length.
[[nodiscard]] inline QByteArray props(const QByteArray &properties)
{
    return varint(static_cast<unsigned>(properties.size())) + properties;
}

/// A whole packet with the right remaining length.
[[nodiscard]] inline QByteArray packet(unsigned first, const QByteArray &body)
{
    QByteArray result;
    result.append(static_cast<char>(first));
    return result + varint(static_cast<unsigned>(body.size())) + body;
}

inline constexpr Version kV31 = Version::V31;
inline constexpr Version kV311 = Version::V311;
inline constexpr Version kV5 = Version::V5;

/// The columns that row() fills and checkRow() reads.
inline void columns()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("sender");
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("reason");
}

inline void row(const QByteArray &tag,
                Version version,
                const QByteArray &input,
                ErrorKind kind,
                ReasonCode reason = ReasonCode::MalformedPacket,
                Sender sender = Sender::Client)
{
    QTest::newRow(tag.constData()) << static_cast<int>(version) << static_cast<int>(sender) << input
                                   << static_cast<int>(kind) << static_cast<int>(reason);
}

/// A packet that must be accepted.
inline void good(const QByteArray &tag,
                 Version version,
                 const QByteArray &input,
                 Sender sender = Sender::Client)
{
    row(tag, version, input, ErrorKind::None, ReasonCode::Success, sender);
}

/// Decodes the row's packet and compares the verdict. What is accepted must encode and decode again.
inline void checkRow()
{
    QFETCH(int, version);
    QFETCH(int, sender);
    QFETCH(QByteArray, input);
    QFETCH(int, kind);
    QFETCH(int, reason);
    const auto dialect = static_cast<Version>(version);
    const auto from = static_cast<Sender>(sender);
    const auto outcome = driver::run(view(input), dialect, from);
    QCOMPARE(toText(outcome.error.kind), toText(static_cast<ErrorKind>(kind)));
    QCOMPARE(static_cast<int>(outcome.error.reason), reason);
    QCOMPARE(outcome.error.text != nullptr, kind != 0);
    if (kind == 0) {
        QVERIFY(outcome.status == FrameStatus::Complete);
        const auto again = driver::run(outcome.again, dialect, from);
        QVERIFY2(!again.error, again.error.text);
        QCOMPARE(again.again, outcome.again);
    }
}

} // namespace fairlead::mqtt::wire
