// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/clientwishes.h"

#include <fairlead/overflow.h>

#include <charconv>
#include <optional>

namespace fairlead::mqtt {

namespace {

constexpr Bytes kOverflow = "overflow";
constexpr Bytes kReplayFrom = "replay-from";
constexpr Bytes kStreamPositions = "stream-positions";

std::optional<bool> readSwitch(Bytes value)
{
    for (const Bytes on : {"1", "true", "yes", "on"}) {
        if (value == on)
            return true;
    }
    for (const Bytes off : {"0", "false", "no", "off"}) {
        if (value == off)
            return false;
    }
    return std::nullopt;
}

void readWish(const Property &property, ClientWishes *wishes)
{
    if (property.name == kOverflow) {
        if (const std::optional<OverflowChoice> choice = parseOverflow(property.value))
            wishes->overflow = *choice;
        else
            wishes->problem = "the user property overflow names no policy";
    } else if (property.name == kReplayFrom) {
        wishes->replayFrom = property.value;
        if (property.value.empty())
            wishes->problem = "the user property replay-from is empty";
    } else if (property.name == kStreamPositions) {
        if (const std::optional<bool> on = readSwitch(property.value))
            wishes->showPositions = *on;
        else
            wishes->problem = "the user property stream-positions is neither 1 nor 0";
    }
}

void writeNumber(Writer &out, Bytes name, quint64 number)
{
    std::array<char, 20> digits;
    const char *const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    writeUserProperty(out, name, {digits.data(), std::size_t(end - digits.data())});
}

} // namespace

ClientWishes readWishes(const PropertyBlock &properties)
{
    ClientWishes wishes;
    if (!properties.has(PropertyId::UserProperty))
        return wishes;
    for (const Property &property : properties) {
        if (property.id == PropertyId::UserProperty)
            readWish(property, &wishes);
    }
    return wishes;
}

Bytes PositionProperties::write(Position position)
{
    Writer out(m_bytes.data(), m_bytes.size());
    writeNumber(out, "stream-epoch", position.epoch);
    writeNumber(out, "stream-seq", position.sequence);
    return out.bytes();
}

} // namespace fairlead::mqtt
