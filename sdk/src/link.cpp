// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtCore/QMetaEnum>

#include <fairlead/link.h>

#include <array>
#include <atomic>
#include <exception>
#include <utility>

namespace fairlead {

namespace {

using State = Link::State;

constexpr quint8 bit(State state) noexcept
{
    return quint8(1U << quint8(state));
}

/// LC-01, one row of successors per state.
constexpr std::array<quint8, 5> kSuccessors = {
    bit(State::Handshaking) | bit(State::Ready) | bit(State::Closed), // New
    bit(State::Ready) | bit(State::Closed), // Handshaking
    bit(State::Draining) | bit(State::Closed), // Ready
    bit(State::Closed), // Draining
    0, // Closed
};

bool isAllowed(State from, State to) noexcept
{
    return (kSuccessors[std::size_t(from)] & bit(to)) != 0;
}

QString stateName(State state)
{
    return QString::fromLatin1(QMetaEnum::fromType<State>().valueToKey(int(state)));
}

Error transitionError(State from, State to, const char *why = nullptr)
{
    QString text
        = QStringLiteral("a link does not go from %1 to %2").arg(stateName(from), stateName(to));
    if (why)
        text += QLatin1String(": ") + QLatin1String(why);
    return Error(ErrorCode::InvalidTransition, text);
}

Error thrownBy(ErrorCode code, const char *name, const char *what)
{
    return Error(code,
                 QStringLiteral("%1 threw: %2").arg(QLatin1String(name), QString::fromUtf8(what)));
}

/// Calls what must not stop the caller; an exception becomes an Error with that code.
template <typename Call>
Result<> contained(ErrorCode code, const char *name, Call &&call)
{
    try {
        return std::forward<Call>(call)();
    } catch (const std::exception &exception) {
        return thrownBy(code, name, exception.what());
    } catch (...) {
        return thrownBy(code, name, "an unknown exception");
    }
}

/// A hook is the host's.
template <typename Hook>
Result<> contained(const char *name, Hook &&hook)
{
    return contained(ErrorCode::Internal, name, std::forward<Hook>(hook));
}

/// A slot may be a plugin's.
template <typename Emission>
Result<> told(const char *name, Emission &&emission)
{
    const Result<> heard = contained(ErrorCode::PluginFailed, name, [&] {
        emission();
        return Result<>();
    });
    if (heard)
        return heard;
    // Told apart from a peer's report of the same code.
    Error error = heard.error();
    error.setDetail(QStringLiteral("slot"), QString::fromLatin1(name));
    return error;
}

} // namespace

LinkHooks::~LinkHooks() = default;

void LinkHooks::linkEnding(const Link &) noexcept { }

/// A call on the link commits the state at once. What follows from it runs in settle(), outermost
/// call only, step by step in the order of the states. So a call from inside a hook or a slot never
/// interleaves with the step under way, and every receiver sees the steps in one order.
class Link::Private
{
public:
    Private(Link &link, LinkHooks &linkHooks, quint64 number, Direction side)
        : q(link)
        , hooks(linkHooks)
        , generation(number)
        , direction(side)
    { }

    Result<> enter(State to);
    void end(const Error &why, CloseMode how, bool byUs);
    void settle();

    void announce(State to);
    void becomeReady();
    void endAdmission();
    void connectApplication();
    void tearDown();

    Link &q;
    LinkHooks &hooks;
    const quint64 generation;
    Error reason; ///< the first one
    Error admissionError;
    QByteArray peerKey;
    std::atomic<bool> alive = true;
    const Direction direction;
    State state = State::New;
    State announced = State::New;
    quint8 pending = 0; ///< states entered and not announced yet, see bit()
    CloseMode mode = CloseMode::Abort;
    enum class AdmissionStep : quint8 {
        None,
        Asked,
        Waiting,
        Answered,
        Done
    };
    AdmissionStep admission = AdmissionStep::None;
    bool settling = false;
    bool deliberate = false;
    bool handshakeBroke = false;
    bool registered = false;
    bool rejected = false;
    bool connected = false;
};

Result<> Link::Private::enter(State to)
{
    const Result<> allowed = checkTransition(state, to);
    if (allowed) {
        state = to;
        pending |= bit(to);
    }
    return allowed;
}

void Link::Private::end(const Error &why, CloseMode how, bool byUs)
{
    if (state == State::Closed)
        return;
    alive.store(false, std::memory_order_release);
    hooks.linkEnding(q);
    // What drain() was given came first.
    if (reason.isNull())
        reason = why;
    deliberate = deliberate || byUs;
    mode = how;
    state = State::Closed;
    pending |= bit(State::Closed);
}

void Link::Private::settle()
{
    if (settling)
        return;
    settling = true;
    while (pending != 0 || admission == AdmissionStep::Answered) {
        if (pending == 0) {
            endAdmission();
            continue;
        }
        auto next = State::New;
        while ((pending & bit(next)) == 0)
            next = State(quint8(next) + 1);
        pending &= quint8(~bit(next));
        announce(next);
    }
    settling = false;
}

void Link::Private::announce(State to)
{
    const State from = std::exchange(announced, to);
    const Result<> heard
        = told("a slot of stateChanged()", [&] { Q_EMIT q.stateChanged(from, to); });
    if (!heard)
        end(heard.error(), CloseMode::Abort, false);
    switch (to) {
    case State::Ready:
        becomeReady();
        break;
    case State::Draining:
        if (state == State::Draining) {
            const Result<> done = contained("linkDraining", [this] {
                hooks.linkDraining(q);
                return Result<>();
            });
            if (!done)
                end(done.error(), CloseMode::Abort, true);
        }
        break;
    case State::Closed:
        tearDown();
        break;
    case State::New:
    case State::Handshaking:
        break;
    }
}

void Link::Private::becomeReady()
{
    if (state != State::Ready)
        return;
    const Result<> entry = contained("registerLink", [this] { return hooks.registerLink(q); });
    registered = entry.has_value();
    if (!entry) {
        end(entry.error(), CloseMode::Drain, false);
        return;
    }
    if (state != State::Ready)
        return;

    admission = AdmissionStep::Asked;
    auto verdict = Admission::Refused;
    Error refusal;
    const Result<> asked = contained("admitLink", [&] {
        verdict = hooks.admitLink(q, &refusal);
        return Result<>();
    });
    if (!asked) {
        admission = AdmissionStep::Done;
        end(asked.error(), CloseMode::Drain, false);
        return;
    }
    switch (verdict) {
    case Admission::Pending:
        // The answer may have come while the question was asked.
        if (admission == AdmissionStep::Asked)
            admission = AdmissionStep::Waiting;
        return;
    case Admission::Accepted:
        admissionError = Error();
        break;
    case Admission::Refused:
        admissionError = refusal.isNull()
            ? Error(ErrorCode::NotAuthorized, QStringLiteral("routing refused the link"))
            : refusal;
        break;
    }
    admission = AdmissionStep::Answered;
}

void Link::Private::endAdmission()
{
    admission = AdmissionStep::Done;
    if (state != State::Ready)
        return;
    if (!admissionError.isNull()) {
        rejected = true;
        end(admissionError, CloseMode::Drain, true);
        return;
    }
    connectApplication();
}

void Link::Private::connectApplication()
{
    connected = true;
    const Result<> done = contained("linkConnected", [this] {
        hooks.linkConnected(q);
        return Result<>();
    });
    if (!done)
        end(done.error(), CloseMode::Drain, false);
}

void Link::Private::tearDown()
{
    // One step's failure must not keep the following ones from running.
    const auto check = [](const Result<> &done) {
        if (!done)
            qCritical("fairlead: %s", qUtf8Printable(done.error().toString()));
    };
    const auto step = [&check](const char *name, auto &&hook) {
        check(contained(name, [&] {
            hook();
            return Result<>();
        }));
    };

    if (handshakeBroke) {
        check(told("a slot of handshakeFailed()", [this] { Q_EMIT q.handshakeFailed(reason); }));
    }
    if (rejected)
        step("linkRejected", [this] { hooks.linkRejected(q, reason); });
    step("stopActivities", [this] { hooks.stopActivities(q); });
    if (registered)
        step("unregisterLink", [this] { hooks.unregisterLink(q); });
    if (admission != AdmissionStep::None)
        step("withdrawLink", [this] { hooks.withdrawLink(q); });
    admission = AdmissionStep::Done;
    step("closeTransport", [this] { hooks.closeTransport(q, mode); });
    step("linkDisconnected", [this] { hooks.linkDisconnected(q, connected); });
    check(told("a slot of closed()", [this] { Q_EMIT q.closed(reason, generation); }));
    if (direction == Direction::Dialled && !deliberate && reason.isRetryable())
        step("requestReconnect", [this] { hooks.requestReconnect(q); });
}

Result<> Link::checkTransition(State from, State to)
{
    if (!isAllowed(from, to))
        return transitionError(from, to);
    return {};
}

Link::Link(quint64 generation, Direction direction, LinkHooks &hooks, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(*this, hooks, generation, direction))
{
    static_assert(sizeof(Private) <= 128, "ten thousand idle links are to be cheap");
}

Link::~Link()
{
    close(Error(ErrorCode::Cancelled, QStringLiteral("the link was destroyed")),
          CloseMode::Abort,
          true);
}

Link::State Link::state() const noexcept
{
    return d->state;
}

quint64 Link::generation() const noexcept
{
    return d->generation;
}

Link::Direction Link::direction() const noexcept
{
    return d->direction;
}

Error Link::reason() const
{
    return d->reason;
}

bool Link::isAlive() const noexcept
{
    return d->alive.load(std::memory_order_acquire);
}

QByteArray Link::peerKey() const
{
    return d->peerKey;
}

void Link::setPeerKey(const QByteArray &key)
{
    // Registered under one key and removed under another, an entry would stay for ever.
    if (d->state == State::New || d->state == State::Handshaking)
        d->peerKey = key;
}

Result<> Link::begin()
{
    const Result<> entered = d->enter(State::Handshaking);
    if (entered)
        d->settle();
    return entered;
}

Result<> Link::succeed()
{
    const State from = d->state;
    if (isAllowed(from, State::Ready)) {
        if (!d->hooks.hasTransport(*this))
            return transitionError(from, State::Ready, "no transport is bound");
        if (from == State::New && !d->hooks.needsNoHandshake(*this))
            return transitionError(from, State::Ready, "the transport needs a handshake");
    }
    const Result<> entered = d->enter(State::Ready);
    if (!entered)
        return entered;
    d->settle();
    if (d->state == State::Closed)
        return d->reason;
    return {};
}

void Link::completeAdmission(const Result<> &outcome)
{
    using Step = Private::AdmissionStep;
    if (d->admission != Step::Asked && d->admission != Step::Waiting)
        return;
    d->admission = Step::Answered;
    d->admissionError = outcome.error();
    d->settle();
}

Result<> Link::fail(const Error &error, CloseMode mode)
{
    if (d->state != State::New && d->state != State::Handshaking)
        return transitionError(d->state, State::Closed, "its handshake is over");
    d->handshakeBroke = true;
    d->end(error, mode, false);
    d->settle();
    return {};
}

Result<> Link::drain(const Error &reason)
{
    const Result<> entered = d->enter(State::Draining);
    if (!entered)
        return entered;
    d->reason = reason;
    d->deliberate = true;
    d->settle();
    return {};
}

void Link::close(const Error &reason, CloseMode mode, bool deliberate)
{
    d->end(reason, mode, deliberate);
    d->settle();
}

} // namespace fairlead
