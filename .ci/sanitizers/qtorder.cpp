// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// Linked into the tests of a thread sanitizer build. Debian's Qt is not instrumented, so the order that
// its locks make is invisible: whatever a thread did would seem to race with what follows wait().
// These definitions stand before Qt's own and tell the sanitizer.

#include <QDeadlineTimer>
#include <QObject>
#include <QThread>

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

namespace {

template <typename Function>
Function next(const char *symbol)
{
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, symbol));
}

} // namespace

void QThread::start(Priority priority)
{
    static const auto real = next<void (*)(QThread *, Priority)>("_ZN7QThread5startENS_8PriorityE");
    // Runs in the ending thread, after its last slot.
    QObject::connect(
        this,
        &QThread::finished,
        this,
        [this] { __tsan_release(this); },
        Qt::ConnectionType(Qt::DirectConnection | Qt::SingleShotConnection));
    real(this, priority);
}

bool QThread::wait(QDeadlineTimer deadline)
{
    static const auto real
        = next<bool (*)(QThread *, QDeadlineTimer)>("_ZN7QThread4waitE14QDeadlineTimer");
    const bool ended = real(this, deadline);
    if (ended) {
        __tsan_acquire(this);
    }
    return ended;
}
