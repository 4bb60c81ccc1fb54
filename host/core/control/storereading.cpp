// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/storereading.h"

#include <utility>

namespace fairlead::core {

namespace {

/// How long until a reading that was met between two steps is cancelled once more.
constexpr unsigned long kAgainMs = 20;

/// The most bytes of @p text, up to @p size, that end with a whole character.
qsizetype wholeCharacters(const QByteArray &text, qsizetype size)
{
    if (size >= text.size())
        return text.size();
    while (size > 0 && (uchar(text.at(size)) & 0xC0) == 0x80)
        --size;
    return size;
}

} // namespace

StoreReading::StoreReading(const QString &path, Work work)
    : m_call([this, path, work = std::move(work)] { work(m_report, m_report.open(path)); })
{ }

StoreReading::~StoreReading()
{
    do {
        m_report.cancel();
    } while (!m_call.wait(kAgainMs));
}

StoreExport::StoreExport(const QString &path, Deliver deliver)
    : m_deliver(std::move(deliver))
    , m_reading(path, [this](StoreReport &report, const Result<> &opened) {
        if (opened)
            read(report);
        else if (awaitDemand())
            m_deliver(opened.error());
    })
{ }

StoreExport::~StoreExport()
{
    const std::lock_guard lock(m_lock);
    m_isEnding = true;
    m_changed.notify_all();
}

void StoreExport::demand()
{
    const std::lock_guard lock(m_lock);
    ++m_demanded;
    m_changed.notify_all();
}

bool StoreExport::awaitDemand()
{
    std::unique_lock lock(m_lock);
    m_changed.wait(lock, [this] { return m_isEnding || m_demanded > 0; });
    if (m_isEnding)
        return false;
    --m_demanded;
    return true;
}

void StoreExport::read(StoreReport &report)
{
    const Result<> done
        = report.exportRows([this](const QByteArray &lines) { return offer(lines); });
    if (!awaitDemand())
        return;
    if (done)
        m_deliver(Piece{std::exchange(m_rest, {}), true});
    else
        m_deliver(done.error());
}

/// Between two pages, in no transaction: who is slow here holds up nobody.
bool StoreExport::offer(const QByteArray &lines)
{
    m_rest += lines;
    qsizetype at = 0;
    while (m_rest.size() - at > kPieceBytes) {
        const QByteArray rest
            = QByteArray::fromRawData(m_rest.constData() + at, m_rest.size() - at);
        const qsizetype size = wholeCharacters(rest, kPieceBytes);
        if (!awaitDemand())
            return false;
        m_deliver(Piece{m_rest.mid(at, size), false});
        at += size;
    }
    m_rest.remove(0, at);
    return true;
}

} // namespace fairlead::core
