// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/error.h>
#include <fairlead/export.h>
#include <fairlead/result.h>

#include <functional>

namespace fairlead {

/// What the host asks of everybody who takes part. Open: later releases may add values, and a
/// target answers NotSupported to one it does not know. @since 0.1
enum class OperationKind : quint16 {
    /// Close every file at or below a path; the answer says that they are closed.
    ReleaseHandles = 1,
    /// Take no new work, finish the old. The answer says that no new work is taken from here on, not
    /// that the old is done.
    Quiesce = 2,
};

/// Why a target is to be quiet. Open. @since 0.1
enum class QuiesceReason : quint8 {
    None = 0, ///< not a Quiesce
    IdleTimeout = 1, ///< nobody used it: what is still there may stay
    HostShutdown = 2, ///< the host ends: what is there is asked to leave
    Maintenance = 3, ///< the operator wants it empty: what is there is asked to leave
};

/// The stable lower-case names, as logs and the control API show them ("release-handles",
/// "host-shutdown"); "unknown" for a value of a later release.
FAIRLEAD_SDK_EXPORT const char *operationName(OperationKind kind) noexcept;
FAIRLEAD_SDK_EXPORT const char *quiesceReasonName(QuiesceReason reason) noexcept;

/// One request to one target. Thread: a value. @since 0.1
struct Operation
{
    OperationKind kind = OperationKind::Quiesce;
    QuiesceReason reason = QuiesceReason::None; ///< with Quiesce
    /// With ReleaseHandles: absolute, without dot segments, repeated or trailing slashes. It covers
    /// whole components: "/a/b" covers "/a/b" and "/a/b/c", not "/a/bc".
    QString pathPrefix;
    quint64 correlationId = 0; ///< the same for all targets of one broadcast, never reused
    qint64 deadline = 0; ///< monotonic nanoseconds, see Clock::now(); a later answer is too late
};

/// The way to answer one Operation, to be used once. Who drops it unanswered has failed: that is
/// reported at once instead of at the deadline. An answer that comes too late, or a second one,
/// changes nothing and is counted.
///
/// Thread: any, one at a time; it may be answered from inside handleOperation(). Ownership: the
/// target's, it may outlive the host's interest. Errors: nothing throws. @since 0.1
class FAIRLEAD_SDK_EXPORT OperationReply
{
public:
    /// Takes each answer, on the thread that gives it; throws nothing. For hosts and tests.
    using Sink = std::function<void(const Result<> &outcome)>;

    /// Answers nobody.
    OperationReply() noexcept;
    explicit OperationReply(Sink sink) noexcept;
    OperationReply(OperationReply &&other) noexcept;
    OperationReply &operator=(OperationReply &&other) noexcept;
    OperationReply(const OperationReply &) = delete;
    OperationReply &operator=(const OperationReply &) = delete;
    ~OperationReply();

    /// The operation is done.
    void done() noexcept;
    /// It cannot be done; a null @p error counts as Internal.
    void fail(const Error &error) noexcept;

    /// Whether an answer is still owed.
    bool isOpen() const noexcept { return m_sink && !m_answered; }

private:
    void answer(const Result<> &outcome) noexcept;
    void abandon() noexcept;

    Sink m_sink;
    bool m_answered = false;
};

/// Who takes part in the host's operations: an endpoint of a plugin, a service.
///
/// Thread: main, for every call; the reply may be given from any. Ownership: that of the object it
/// belongs to; the host calls it no more once that object's destruction began. Errors: through the
/// reply; an exception counts as a failure. @since 0.1
class FAIRLEAD_SDK_EXPORT OperationTarget
{
public:
    virtual ~OperationTarget();

    /// Must not block: what takes time goes on elsewhere and answers from there.
    virtual void handleOperation(const Operation &operation, OperationReply reply) = 0;
    /// Ends a Quiesce: new work is welcome again. May come without one. Default: nothing.
    virtual void handleResume();
};

} // namespace fairlead

Q_DECLARE_METATYPE(fairlead::OperationKind)
Q_DECLARE_METATYPE(fairlead::QuiesceReason)

#define FAIRLEAD_OPERATIONTARGET_IID "org.fairlead.OperationTarget/1"
