// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

namespace fairlead::core {

enum class LogFormat : quint8 {
    Auto, ///< Journal on the journal, else Text
    Text, ///< for people, with the time
    Journal, ///< a priority before each line, which the journal reads; no time, it has its own
    Json, ///< one object per line
};

} // namespace fairlead::core
