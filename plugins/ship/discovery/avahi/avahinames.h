// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QVariant>

/// The words and numbers of Avahi's D-Bus interface.
namespace fairlead::ship::avahi {

inline constexpr char kService[] = "org.freedesktop.Avahi";
inline constexpr char kServer[] = "org.freedesktop.Avahi.Server";
inline constexpr char kEntryGroup[] = "org.freedesktop.Avahi.EntryGroup";
inline constexpr char kServiceBrowser[] = "org.freedesktop.Avahi.ServiceBrowser";
inline constexpr char kServiceResolver[] = "org.freedesktop.Avahi.ServiceResolver";
inline constexpr char kCollisionError[] = "org.freedesktop.Avahi.CollisionError";

inline constexpr int kServerRegistering = 1;
inline constexpr int kServerRunning = 2;
inline constexpr int kServerCollision = 3;

inline constexpr int kGroupEstablished = 2;
inline constexpr int kGroupCollision = 3;
inline constexpr int kGroupFailure = 4;

inline constexpr int kAnyInterface = -1;
inline constexpr int kAnyFamily = -1;

inline QVariant noFlags()
{
    return QVariant::fromValue(quint32(0));
}

} // namespace fairlead::ship::avahi
