// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/shipcommands.h"

#include "link/peerviews.h"
#include "link/trustkeeper.h"
#include "protocol/pin.h"

#include <fairlead/clock.h>

#include <memory>
#include <utility>

namespace fairlead::ship {

namespace {

QString textIn(const QJsonObject &arguments, const char *name)
{
    return arguments.value(QLatin1String(name)).toString();
}

QString hexOf(const Ski &ski)
{
    return QString::fromLatin1(ski.toHex());
}

/// A reply for a callback that may be copied.
std::shared_ptr<CommandReply> shared(CommandReply reply)
{
    return std::make_shared<CommandReply>(std::move(reply));
}

} // namespace

void ShipCommands::call(const QString &name, const QJsonObject &arguments, CommandReply reply)
{
    if (!m_keeper.clock()) {
        reply.fail(Error(ErrorCode::NotSupported,
                         QStringLiteral("this host lacks what trust at run time needs")));
        return;
    }
    if (name == QLatin1String("list")) {
        list(std::move(reply));
        return;
    }
    if (name == QLatin1String("window")) {
        window(arguments, std::move(reply));
        return;
    }
    if (name == QLatin1String("show") && !arguments.contains(QLatin1String("ski"))) {
        show(arguments, std::move(reply));
        return;
    }
    const Result<Ski> ski = skiIn(arguments);
    if (!ski) {
        reply.fail(ski.error());
    } else if (name == QLatin1String("show")) {
        show(arguments, std::move(reply));
    } else if (name == QLatin1String("trust")) {
        trust(*ski, arguments, std::move(reply));
    } else if (name == QLatin1String("untrust")) {
        untrust(*ski, std::move(reply));
    } else if (name == QLatin1String("reject")) {
        reject(*ski, std::move(reply));
    } else if (name == QLatin1String("pin")) {
        pin(*ski, arguments, std::move(reply));
    } else {
        reply.fail(Error(ErrorCode::NotSupported, QStringLiteral("there is no \"%1\"").arg(name)));
    }
}

Result<Ski> ShipCommands::skiIn(const QJsonObject &arguments) const
{
    const QString text = textIn(arguments, "ski");
    const QByteArray bytes = text.toUtf8();
    const std::optional<Ski> ski = Ski::fromText(viewOf(bytes));
    if (!ski) {
        return Error(
            ErrorCode::InvalidArgument,
            QStringLiteral("\"%1\" is no SKI: 40 hex digits are expected, in any case, with "
                           "blanks, dashes or colons between them if wanted")
                .arg(text));
    }
    if (m_own && *ski == m_own->ski) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("%1 is this host itself").arg(hexOf(*ski)));
    }
    return *ski;
}

QJsonArray ShipCommands::views() const
{
    const Clock &clock = *m_keeper.clock();
    return withFound(peerViews(*m_keeper.desk(), clock.now(), clock.utcMs()), m_found());
}

void ShipCommands::list(CommandReply reply) const
{
    reply.done(views());
}

void ShipCommands::show(const QJsonObject &arguments, CommandReply reply) const
{
    const Clock &clock = *m_keeper.clock();
    if (arguments.contains(QLatin1String("ski"))) {
        const Result<Ski> ski = skiIn(arguments);
        const QJsonArray all = views();
        for (const auto &view : all) {
            if (view.toObject().value(QLatin1String("ski")).toString() == hexOf(*ski)) {
                reply.done(view);
                return;
            }
        }
        reply.fail(Error(ErrorCode::NotFound,
                         QStringLiteral("nobody with the SKI %1 is trusted, has asked or is found")
                             .arg(hexOf(*ski))));
        return;
    }
    if (!m_own) {
        reply.fail(Error(ErrorCode::NotRunning,
                         QStringLiteral("no endpoint of SHIP is configured, so that there is no "
                                        "identity yet")));
        return;
    }
    reply.done(QJsonObject{
        {QStringLiteral("ski"), QString::fromLatin1(m_own->ski.toGroups())},
        {QStringLiteral("shipId"), QString::fromUtf8(m_own->shipId)},
        {QStringLiteral("qr"), QString::fromUtf8(m_own->qr)},
        {QStringLiteral("window"), m_keeper.desk()->isWindowOpen(clock.now())},
    });
}

void ShipCommands::trust(const Ski &ski, const QJsonObject &arguments, CommandReply reply)
{
    m_keeper.trust(ski,
                   textIn(arguments, "label").trimmed().toUtf8(),
                   [this, ski, reply = shared(std::move(reply))](const Result<> &outcome) {
                       if (!outcome)
                           reply->fail(outcome.error());
                       else
                           show({{QStringLiteral("ski"), hexOf(ski)}}, std::move(*reply));
                   });
}

void ShipCommands::untrust(const Ski &ski, CommandReply reply)
{
    m_keeper.untrust(ski, [ski, reply = shared(std::move(reply))](const Result<> &outcome) {
        if (outcome)
            reply->done(QJsonObject{{QStringLiteral("untrusted"), hexOf(ski)}});
        else
            reply->fail(outcome.error());
    });
}

void ShipCommands::reject(const Ski &ski, CommandReply reply)
{
    if (const Result<> done = m_keeper.reject(ski); !done) {
        reply.fail(done.error());
        return;
    }
    constexpr qint64 kMsPerSecond = 1000;
    reply.done(QJsonObject{{QStringLiteral("rejected"), hexOf(ski)},
                           {QStringLiteral("seconds"), TrustLimits().rejectedMs / kMsPerSecond}});
}

void ShipCommands::window(const QJsonObject &arguments, CommandReply reply)
{
    constexpr qint64 kUsual = TrustBook::kWindowMs / 1000;
    const qint64 seconds = arguments.value(QLatin1String("seconds")).toInteger(kUsual);
    m_keeper.openWindow(seconds);
    reply.done(QJsonObject{{QStringLiteral("seconds"), seconds}});
}

void ShipCommands::pin(const Ski &ski, const QJsonObject &arguments, CommandReply reply)
{
    const QByteArray pin = textIn(arguments, "pin").toUtf8();
    if (!isPin(viewOf(pin))) {
        reply.fail(Error(ErrorCode::InvalidArgument,
                         QStringLiteral("that is no PIN: 8 to 16 hex digits are expected")));
        return;
    }
    const Result<int> told = m_keeper.enterPin(ski, pin);
    if (!told) {
        reply.fail(told.error());
        return;
    }
    reply.done(
        QJsonObject{{QStringLiteral("peer"), hexOf(ski)}, {QStringLiteral("connections"), *told}});
}

} // namespace fairlead::ship
