// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

namespace fairlead::core {

/// What the first bytes of a file say of it.
enum class LibraryKind : quint8 {
    NotALibrary,
    Foreign, ///< a library for another kind of machine
    Native, ///< a shared library for this machine
};

inline constexpr qint64 kElfHeadSize = 20;

/// Judges the first kElfHeadSize bytes of a file by those of this program's own file.
LibraryKind libraryKind(const QByteArray &head, const QByteArray &ownHead) noexcept;

} // namespace fairlead::core
