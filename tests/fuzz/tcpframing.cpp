// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "tcpframings.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace fairlead::tcp;

namespace {

[[noreturn]] void report(const char *what, const std::string &detail)
{
    std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
    std::abort();
}

/// The stream in pieces whose sizes @p seed decides, each at an address of its own.
Decoded decodePieces(const Framing &framing, Bytes stream, std::uint8_t seed)
{
    FrameReader reader(framing);
    std::uint32_t state = seed + 1U;
    while (!stream.empty()) {
        state = state * 1103515245U + 12345U;
        const std::size_t size = std::min<std::size_t>(stream.size(), (state >> 16) % 9);
        const std::vector<char> piece(stream.begin(), stream.begin() + std::ptrdiff_t(size));
        reader.read({piece.data(), piece.size()});
        stream.remove_prefix(size);
    }
    return reader.finish();
}

/// What could be read can be sent, and reads the same then.
void checkRoundTrip(const Framing &framing, const std::string &frame)
{
    if (encodeError(framing, frame) != FrameError::None)
        return; // a raw or a start-only frame of which a part may stand for another
    const Decoded again = decodeWhole(framing, encoded(framing, frame));
    if (again.error != FrameError::None || again.frames != std::vector<std::string>{frame})
        report("a frame does not come back", shown(again));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 2)
        return 0;
    const std::vector<Framing> &framings = fuzzedFramings();
    const Framing &framing = framings[data[0] % framings.size()];
    const Bytes stream(reinterpret_cast<const char *>(data) + 2, size - 2);
    const Decoded whole = decodeWhole(framing, stream);
    const Decoded pieces = decodePieces(framing, stream, data[1]);
    if (whole != pieces)
        report("pieces give something else", shown(pieces) + " instead of " + shown(whole));
    for (const std::string &frame : whole.frames) {
        if (frame.size() > framing.maxFrame)
            report("a frame is too long", shown(whole));
        checkRoundTrip(framing, frame);
    }
    // Any payload either cannot be sent, or comes back as it is.
    const std::string payload(stream);
    if (framing.kind != FramingKind::Raw)
        checkRoundTrip(framing, payload);
    return 0;
}
