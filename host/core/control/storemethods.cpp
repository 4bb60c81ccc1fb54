// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/storemethods.h"

#include "core/control/controlpeer.h"
#include "core/control/storereading.h"
#include "core/host.h"
#include "core/observe/storeview.h"
#include "core/platform/files.h"
#include "core/reactor/mainloop.h"

#include <QtCore/QJsonArray>
#include <QtCore/QPointer>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

constexpr qint64 kLogLookNs = 200 * kNsPerMs;

qint64 logBytes(const QString &path)
{
    return fileFacts(path + QStringLiteral("-wal")).size;
}

} // namespace

/// One question that is answered at once, when it is.
struct StoreMethods::Look
{
    ReplyPtr reply;
    qint64 logBytes = 0; ///< at its beginning
    bool isTooLong = false;
    std::unique_ptr<StoreReading> reading;
};

struct StoreMethods::Export
{
    Export(StoreMethods &owner, quint64 ownNumber)
        : methods(owner)
        , number(ownNumber)
        , idle([](void *self) noexcept { static_cast<Export *>(self)->drop(); }, this)
    { }

    ~Export()
    {
        if (peer)
            peer->removeWatch();
    }

    void drop() noexcept
    {
        const quint64 own = number; // which goes with this
        methods.m_exports.erase(own);
    }

    StoreMethods &methods;
    const quint64 number;
    QPointer<ControlPeer> peer;
    ReplyPtr reply; ///< null while nobody waits for a piece
    Timer idle;
    std::unique_ptr<StoreExport> source;
};

StoreMethods::StoreMethods(MainLoop &loop, Host &host)
    : m_loop(loop)
    , m_host(host)
    , m_logTimer([](void *self) noexcept { static_cast<StoreMethods *>(self)->watchLogs(); }, this)
{ }

StoreMethods::~StoreMethods() = default;

void StoreMethods::addTo(ControlApi &api)
{
    // Each name is added once, here.
    static_cast<void>(api.add(QStringLiteral("store-stats"), {}, [this](const Call &call) {
        look(call, [](StoreReport &report) { return report.stats(); });
    }));
    static_cast<void>(
        api.add(QStringLiteral("store-check"), {}, [this, host = &m_host](const Call &call) {
            look(call,
                 [path = host->store() ? host->store()->path()
                                       : QString()](StoreReport &report) -> Result<QJsonObject> {
                     const Result<QStringList> findings = report.check();
                     if (!findings)
                         return findings.error();
                     return QJsonObject{
                         {QStringLiteral("path"), path},
                         {QStringLiteral("sound"), findings->isEmpty()},
                         {QStringLiteral("findings"), QJsonArray::fromStringList(*findings)}};
                 });
        }));
    static_cast<void>(api.add(QStringLiteral("store-export"),
                              {{QStringLiteral("export"), Parameter::Kind::Integer, false, 1}},
                              [this](const Call &call) { exportRows(call); }));
}

bool StoreMethods::mayRead(const Call &call) const
{
    if (!m_host.store()) {
        call.reply->fail(
            Error(ErrorCode::NotFound,
                  QStringLiteral("this host has no store ([store] engine = \"none\")")));
        return false;
    }
    if (m_host.isStopping()) {
        call.reply->fail(Error(ErrorCode::ShuttingDown, QStringLiteral("the host is stopping")));
        return false;
    }
    if (m_looks.size() + m_exports.size() >= kMaxReadings) {
        call.reply->fail(
            Error(ErrorCode::LimitReached,
                  QStringLiteral("the store is being read %1 times already").arg(kMaxReadings)));
        return false;
    }
    return true;
}

void StoreMethods::look(const Call &call, const Question &question)
{
    if (!mayRead(call))
        return;
    const quint64 number = m_next++;
    const QString path = m_host.store()->path();
    auto one = std::make_unique<Look>();
    one->reply = call.reply;
    one->logBytes = logBytes(path);
    const QPointer<StoreMethods> self(this);
    one->reading = std::make_unique<StoreReading>(
        path,
        [self, loop = &m_loop, number, question](StoreReport &report, const Result<> &opened) {
            const Result<QJsonObject> answer
                = opened ? question(report) : Result<QJsonObject>(opened.error());
            loop->post([self, number, answer] {
                if (self)
                    self->finishLook(number, answer);
            });
        });
    m_looks.emplace(number, std::move(one));
    if (m_looks.size() == 1)
        m_loop.timers().arm(m_logTimer, m_loop.clock().now() + kLogLookNs);
}

void StoreMethods::finishLook(quint64 number, const Result<QJsonObject> &answer)
{
    const auto found = m_looks.find(number);
    if (found == m_looks.end())
        return;
    const std::unique_ptr<Look> one = std::move(found->second);
    m_looks.erase(found);
    if (m_looks.empty())
        m_loop.timers().disarm(m_logTimer);
    if (one->isTooLong) {
        one->reply->fail(
            Error(ErrorCode::LimitReached,
                  QStringLiteral("the host writes so much that reading on would hold it "
                                 "up; try again when it has less to do")));
        return;
    }
    if (!answer) {
        one->reply->fail(answer.error());
        return;
    }
    QJsonObject result = *answer;
    if (result.contains(QStringLiteral("schema")))
        addLiveFigures(&result);
    one->reply->succeed(result);
}

// What its file cannot say.
void StoreMethods::addLiveFigures(QJsonObject *stats) const
{
    const StoreView view = viewStore(m_host);
    stats->insert(QStringLiteral("state"), QString::fromLatin1(storeStateName(view.state)));
    stats->insert(QStringLiteral("waiting_bytes"), qint64(view.figures.waitingBytes));
    stats->insert(QStringLiteral("commits"), qint64(view.figures.groups));
    stats->insert(QStringLiteral("syncs"), qint64(view.figures.syncs));
    stats->insert(QStringLiteral("written"), qint64(view.figures.rows));
    stats->insert(QStringLiteral("refused"), qint64(view.figures.refused));
}

void StoreMethods::watchLogs() noexcept
{
    const qint64 size = logBytes(m_host.store()->path());
    for (const auto &[number, one] : m_looks) {
        if (!m_host.isStopping() && size - one->logBytes <= kMaxLogGrowth)
            continue;
        one->isTooLong = !m_host.isStopping();
        one->reading->cancel();
    }
    m_loop.timers().arm(m_logTimer, m_loop.clock().now() + kLogLookNs);
}

void StoreMethods::exportRows(const Call &call)
{
    auto number = quint64(call.params.value(QStringLiteral("export")).toInteger());
    if (number == 0) {
        if (!mayRead(call))
            return;
        number = beginExport(call);
    }
    const auto found = m_exports.find(number);
    if (found == m_exports.end() || found->second->peer != call.peer) {
        call.reply->fail(Error(ErrorCode::NotFound,
                               QStringLiteral("this connection has no export %1").arg(number)));
        return;
    }
    Export &one = *found->second;
    if (one.reply) {
        call.reply->fail(
            Error(ErrorCode::InvalidArgument,
                  QStringLiteral("the last piece of this export has not been answered yet")));
        return;
    }
    m_loop.timers().disarm(one.idle);
    one.reply = call.reply;
    one.source->demand();
}

void StoreMethods::deliver(quint64 number, const Result<StoreExport::Piece> &piece)
{
    const auto found = m_exports.find(number);
    if (found == m_exports.end())
        return;
    const ReplyPtr reply = std::exchange(found->second->reply, nullptr);
    if (!piece) {
        m_exports.erase(found);
        reply->fail(piece.error());
        return;
    }
    const QJsonObject result{{QStringLiteral("export"), qint64(number)},
                             {QStringLiteral("text"), QString::fromUtf8(piece->text)},
                             {QStringLiteral("last"), piece->isLast}};
    if (piece->isLast)
        m_exports.erase(found);
    else
        m_loop.timers().arm(found->second->idle, m_loop.clock().now() + kIdleNs);
    reply->succeed(result);
}

quint64 StoreMethods::beginExport(const Call &call)
{
    const quint64 number = m_next++;
    auto one = std::make_unique<Export>(*this, number);
    if (call.peer) {
        one->peer = call.peer;
        call.peer->addWatch();
        connect(call.peer, &ControlPeer::ended, this, [this, number] { m_exports.erase(number); });
    }
    const QPointer<StoreMethods> self(this);
    one->source = std::make_unique<StoreExport>(
        m_host.store()->path(),
        [self, loop = &m_loop, number](const Result<StoreExport::Piece> &piece) {
            loop->post([self, number, piece] {
                if (self)
                    self->deliver(number, piece);
            });
        });
    m_exports.emplace(number, std::move(one));
    return number;
}

} // namespace fairlead::core
