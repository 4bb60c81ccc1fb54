// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QMetaEnum>
#include <QtCore/QStringList>
#include <QtTest/QTest>

#include <fairlead/link.h>

#include <functional>

/// Hooks that write down every call, and do what a test told them to do at a step.
class LinkRecorder : public fairlead::LinkHooks
{
public:
    using Link = fairlead::Link;

    bool hasTransport(const Link &) const noexcept override { return transportBound; }

    bool needsNoHandshake(const Link &) const noexcept override { return noHandshake; }

    void linkEnding(const Link &link) noexcept override
    {
        aliveAtEnding = link.isAlive();
        ++endings;
    }

    fairlead::Result<> registerLink(Link &link) override
    {
        note(QStringLiteral("register"), link);
        if (registerError.isNull())
            ++registered;
        return registerError;
    }

    fairlead::Admission admitLink(Link &link, fairlead::Error *error) override
    {
        note(QStringLiteral("admit"), link);
        ++routed;
        *error = admitError;
        return admission;
    }

    void linkConnected(Link &link) override { note(QStringLiteral("connected"), link); }

    void linkRejected(Link &link, const fairlead::Error &error) override
    {
        rejection = error;
        note(QStringLiteral("rejected"), link);
    }

    void linkDraining(Link &link) override { note(QStringLiteral("draining"), link); }

    void stopActivities(Link &link) override { note(QStringLiteral("stop"), link); }

    void unregisterLink(Link &link) override
    {
        --registered;
        note(QStringLiteral("unregister"), link);
    }

    void withdrawLink(Link &link) override
    {
        --routed;
        note(QStringLiteral("withdraw"), link);
    }

    void closeTransport(Link &link, fairlead::CloseMode mode) override
    {
        note(mode == fairlead::CloseMode::Drain ? QStringLiteral("transport-drained")
                                                : QStringLiteral("transport-aborted"),
             link);
    }

    void linkDisconnected(Link &link, bool wasConnected) override
    {
        note(wasConnected ? QStringLiteral("disconnected") : QStringLiteral("ended"), link);
    }

    void requestReconnect(Link &link) override { note(QStringLiteral("reconnect"), link); }

    /// Writes down the link's signals too.
    void watch(Link &link)
    {
        QObject::connect(
            &link, &Link::stateChanged, &link, [this, &link](Link::State from, Link::State to) {
                note(name(from) + QLatin1Char('>') + name(to), link);
            });
        QObject::connect(
            &link, &Link::handshakeFailed, &link, [this, &link](const fairlead::Error &error) {
                handshakeError = error;
                note(QStringLiteral("handshake-failed"), link);
            });
        QObject::connect(&link,
                         &Link::closed,
                         &link,
                         [this, &link](const fairlead::Error &reason, quint64 generation) {
                             closedReason = reason;
                             closedGeneration = generation;
                             note(QStringLiteral("closed"), link);
                         });
    }

    static QString name(Link::State state)
    {
        return QString::fromLatin1(QMetaEnum::fromType<Link::State>().valueToKey(int(state)));
    }

    qsizetype count(const QString &step) const { return log.count(step); }

    /// @p part in this order within the log, with anything between.
    bool hasInOrder(const QStringList &part) const
    {
        qsizetype at = 0;
        for (const QString &step : log) {
            if (at < part.size() && step == part[at])
                ++at;
        }
        return at == part.size();
    }

    bool transportBound = true;
    bool noHandshake = false;
    fairlead::Error registerError;
    fairlead::Admission admission = fairlead::Admission::Accepted;
    fairlead::Error admitError;
    std::function<void(const QString &step, Link &link)> act;

    QStringList log;
    int registered = 0;
    int routed = 0;
    int endings = 0;
    bool aliveAtEnding = true;
    fairlead::Error rejection;
    fairlead::Error handshakeError;
    fairlead::Error closedReason;
    quint64 closedGeneration = 0;

private:
    void note(const QString &step, Link &link)
    {
        log << step;
        if (act)
            act(step, link);
    }
};

inline fairlead::Error failure(fairlead::ErrorCode code = fairlead::ErrorCode::ConnectionReset)
{
    return fairlead::Error(code, QStringLiteral("test"));
}

/// Leads a fresh link to @p state.
inline void lead(fairlead::Link &link, fairlead::Link::State state)
{
    using State = fairlead::Link::State;
    if (state == State::New)
        return;
    if (state == State::Closed) {
        link.close(failure(), fairlead::CloseMode::Abort, false);
        return;
    }
    QVERIFY(link.begin());
    if (state == State::Handshaking)
        return;
    QVERIFY(link.succeed());
    if (state == State::Draining)
        QVERIFY(link.drain(failure(fairlead::ErrorCode::ShuttingDown)));
}
