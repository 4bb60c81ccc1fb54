// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/framing.h"

#include "framing/delimiterframer.h"
#include "framing/fixedframer.h"
#include "framing/lengthframer.h"
#include "framing/lineframer.h"
#include "framing/rawframer.h"

namespace fairlead::tcp {

bool endsByGap(const Framing &framing) noexcept
{
    return framing.kind == FramingKind::Raw
        || (framing.kind == FramingKind::Delimiter && framing.end.empty());
}

std::unique_ptr<Framer> makeFramer(const Framing &framing)
{
    switch (framing.kind) {
    case FramingKind::Line:
        break;
    case FramingKind::LengthPrefix:
        return std::make_unique<LengthFramer>(framing);
    case FramingKind::Delimiter:
        return std::make_unique<DelimiterFramer>(framing);
    case FramingKind::Fixed:
        return std::make_unique<FixedFramer>(framing.fixedSize);
    case FramingKind::Raw:
        return std::make_unique<RawFramer>(framing.maxFrame);
    }
    return std::make_unique<LineFramer>(framing);
}

} // namespace fairlead::tcp
