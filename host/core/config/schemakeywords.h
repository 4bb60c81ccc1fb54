// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QLatin1String>

namespace fairlead::core::keyword {

inline constexpr QLatin1String kType("type");
inline constexpr QLatin1String kProperties("properties");
inline constexpr QLatin1String kRequired("required");
inline constexpr QLatin1String kAdditionalProperties("additionalProperties");
inline constexpr QLatin1String kEnum("enum");
inline constexpr QLatin1String kConst("const");
inline constexpr QLatin1String kMinimum("minimum");
inline constexpr QLatin1String kMaximum("maximum");
inline constexpr QLatin1String kMinLength("minLength");
inline constexpr QLatin1String kMaxLength("maxLength");
inline constexpr QLatin1String kPattern("pattern");
inline constexpr QLatin1String kItems("items");
inline constexpr QLatin1String kDefault("default");
inline constexpr QLatin1String kSecret("secret");

} // namespace fairlead::core::keyword
