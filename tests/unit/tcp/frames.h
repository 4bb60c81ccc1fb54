// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framing.h"

#include <cstdio>
#include <string>
#include <vector>

namespace fairlead::tcp {

/// What a framer made of a stream.
struct Decoded
{
    std::vector<std::string> frames;
    FrameError error = FrameError::None;
    std::uint64_t skipped = 0;

    bool operator==(const Decoded &) const = default;
};

/// For messages of tests.
inline std::string shown(const Decoded &decoded)
{
    std::string text;
    for (const std::string &frame : decoded.frames) {
        text += '[';
        for (const char byte : frame) {
            char escaped[8];
            const bool plain = byte >= ' ' && byte <= '~';
            std::snprintf(escaped, sizeof escaped, plain ? "%c" : "\\x%02x", byte & 0xff);
            text += escaped;
        }
        text += ']';
    }
    text += ' ';
    text += frameErrorName(decoded.error);
    return text + " skipped=" + std::to_string(decoded.skipped);
}

/// Feeds pieces to a framer and collects.
class FrameReader
{
public:
    explicit FrameReader(const Framing &framing)
        : m_framer(makeFramer(framing))
    { }

    void read(Bytes piece)
    {
        while (!piece.empty() && m_decoded.error == FrameError::None) {
            const Step step = m_framer->decode(piece);
            piece.remove_prefix(step.used);
            note(step);
            if (step.status == Step::Status::NeedMore)
                return;
        }
    }

    void gap() { note(m_framer->handleGap()); }

    Decoded finish()
    {
        if (m_decoded.error == FrameError::None)
            note(m_framer->finish());
        m_decoded.skipped = m_framer->skipped();
        return m_decoded;
    }

    Framer &framer() noexcept { return *m_framer; }

    const Decoded &decoded() const noexcept { return m_decoded; }

private:
    void note(const Step &step)
    {
        if (step.status == Step::Status::Frame)
            m_decoded.frames.emplace_back(step.frame);
        m_decoded.error = step.error;
    }

    std::unique_ptr<Framer> m_framer;
    Decoded m_decoded;
};

/// The stream in one piece.
inline Decoded decodeWhole(const Framing &framing, Bytes stream)
{
    FrameReader reader(framing);
    reader.read(stream);
    return reader.finish();
}

/// What is sent for a payload; empty when it cannot be.
inline std::string encoded(const Framing &framing, Bytes payload)
{
    std::array<char, 4> scratch{};
    const auto framer = makeFramer(framing);
    const Envelope envelope = framer->encode(payload, scratch);
    if (envelope.error != FrameError::None)
        return {};
    return std::string(envelope.head) + std::string(payload) + std::string(envelope.tail);
}

inline FrameError encodeError(const Framing &framing, Bytes payload)
{
    std::array<char, 4> scratch{};
    return makeFramer(framing)->encode(payload, scratch).error;
}

inline Framing lineFraming(std::size_t maxFrame = 65536, LineEnding ending = LineEnding::Lf)
{
    Framing framing;
    framing.maxFrame = maxFrame;
    framing.lineEnding = ending;
    return framing;
}

inline Framing lengthFraming(std::uint8_t size,
                             ByteOrder order = ByteOrder::Big,
                             bool countsItself = false,
                             std::size_t maxFrame = 65536)
{
    Framing framing;
    framing.kind = FramingKind::LengthPrefix;
    framing.lengthSize = size;
    framing.lengthOrder = order;
    framing.lengthCountsItself = countsItself;
    framing.maxFrame = maxFrame;
    return framing;
}

inline Framing delimiterFraming(const std::string &start,
                                const std::string &end,
                                std::size_t maxFrame = 65536)
{
    Framing framing;
    framing.kind = FramingKind::Delimiter;
    framing.start = start;
    framing.end = end;
    framing.maxFrame = maxFrame;
    return framing;
}

inline Framing fixedFraming(std::size_t size)
{
    Framing framing;
    framing.kind = FramingKind::Fixed;
    framing.fixedSize = size;
    return framing;
}

inline Framing rawFraming(std::size_t maxFrame)
{
    Framing framing;
    framing.kind = FramingKind::Raw;
    framing.maxFrame = maxFrame;
    return framing;
}

} // namespace fairlead::tcp
