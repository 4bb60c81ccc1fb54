// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/bytes.h>

namespace fairlead::tcp {

inline ByteSpan spanOf(const QByteArray &bytes) noexcept
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

inline QByteArray copyOf(ByteSpan bytes)
{
    return {bytes.data(), qsizetype(bytes.size())};
}

} // namespace fairlead::tcp
