// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "driver.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace fairlead::mqtt;

namespace {

[[noreturn]] void report(const char *what, const char *detail)
{
    std::fprintf(stderr, "%s: %s\n", what, detail != nullptr ? detail : "");
    std::abort();
}

/// Decodes the packets of a stream one after the other. What is accepted is encoded anew; that must
/// decode, and encode to the same octets again.
void decodeStream(Bytes input, Version version, Sender sender)
{
    while (!input.empty()) {
        const FrameHeader header = peekFrame(input, kMaxPacketSize, version);
        if (header.status != FrameStatus::Complete) {
            if ((header.status == FrameStatus::NeedMore) == static_cast<bool>(header.error)) {
                report("status and error disagree", header.error.text);
            }
            return;
        }
        const auto outcome = driver::run(input, version, sender);
        if (outcome.error) {
            if (outcome.error.text == nullptr || !isError(outcome.error.reason)) {
                report("an error without text or reason", toText(outcome.error.kind));
            }
        } else {
            const auto again = driver::run(outcome.again, outcome.version, sender);
            if (again.error) {
                report("what was encoded does not decode", again.error.text);
            }
            if (again.again != outcome.again) {
                report("encoding is not stable", toText(header.type));
            }
        }
        input.remove_prefix(header.totalSize);
    }
}

void checkTopics(Bytes input)
{
    const std::size_t cut = input.find('\n');
    const Bytes filter = input.substr(0, cut);
    const Bytes topic = cut == Bytes::npos ? Bytes() : input.substr(cut + 1);
    const bool valid = checkTopicName(topic) == TopicCheck::Ok;
    if (valid && (!isValidUtf8(topic) || hasWildcard(topic) || !matches(topic, topic))) {
        report("a valid topic name is not what it should be", nullptr);
    }
    const SharedFilter parsed = parseSharedFilter(filter);
    if (parsed.check == TopicCheck::Ok && checkTopicFilter(parsed.filter) != TopicCheck::Ok) {
        report("a shared subscription hides a bad filter", nullptr);
    }
    static_cast<void>(matches(parsed.filter, topic));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const Bytes input(reinterpret_cast<const char *>(data), size);
    for (const Version version : {Version::V31, Version::V311, Version::V5}) {
        decodeStream(input, version, Sender::Client);
        decodeStream(input, version, Sender::Server);
    }
    for (const Property &property : PropertyBlock(input, 0)) {
        if (property.raw.empty() || property.raw.size() > input.size()) {
            report("a property has no octets", nullptr);
        }
    }
    checkTopics(input);
    return 0;
}
