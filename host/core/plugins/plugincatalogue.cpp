// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/plugincatalogue.h"

#include "core/platform/files.h"
#include "core/plugins/dependencies.h"
#include "core/plugins/pluginjudge.h"

#include <QtCore/QHash>

#include <utility>

namespace fairlead::core {

PluginCatalogue::PluginCatalogue(const QList<PluginFolder> &folders, const QStringList &disabled)
{
    for (const PluginFolder &folder : folders)
        scanFolder(folder);
    rejectDisabled(disabled);
    rejectShadowed();
    m_loadOrder = resolveDependencies(&m_records);
}

void PluginCatalogue::scanFolder(const PluginFolder &folder)
{
    const FileFacts facts = fileFacts(folder.path);
    if (facts.kind == FileFacts::Kind::Missing && !folder.isNamed)
        return;
    const Result<QStringList> names = listFolder(folder.path);
    if (!names) {
        m_folderErrors.append(
            Error(names.error().code(), QStringLiteral("plugin folder: ") + names.error().text()));
        return;
    }
    m_insecureFolder.clear();
    if (!facts.openToOthers.isEmpty()) {
        m_insecureFolder = QStringLiteral("its folder is not safe: ") + facts.openToOthers;
        m_folderErrors.append(
            Error(ErrorCode::PluginRejected,
                  QStringLiteral("plugin folder: %1: %2").arg(folder.path, facts.openToOthers))
                .setDetail(QStringLiteral("hint"), verdictHint(Verdict::InsecurePermissions)));
    }
    for (const QString &name : *names) {
        const QString path = folder.path + QLatin1Char('/') + name;
        if (fileFacts(path).kind == FileFacts::Kind::Folder)
            scanBelow(path);
        else
            add(path);
    }
}

// A plugin's own folder also holds its data, which is nobody's to judge.
void PluginCatalogue::scanBelow(const QString &path)
{
    const Result<QStringList> names = listFolder(path);
    if (!names) {
        m_folderErrors.append(
            Error(names.error().code(), QStringLiteral("plugin folder: ") + names.error().text()));
        return;
    }
    const QString outer = m_insecureFolder;
    const QString open = fileFacts(path).openToOthers;
    if (outer.isEmpty() && !open.isEmpty())
        m_insecureFolder = QStringLiteral("its folder is not safe: ") + open;
    for (const QString &name : *names) {
        if (name.endsWith(QLatin1String(".so")))
            add(path + QLatin1Char('/') + name);
    }
    m_insecureFolder = outer;
}

void PluginCatalogue::add(const QString &path)
{
    if (!m_insecureFolder.isEmpty()) {
        PluginRecord record;
        record.path = path;
        record.canonicalPath = fileFacts(path).canonicalPath;
        record.verdict = Verdict::InsecurePermissions;
        record.text = m_insecureFolder;
        m_records.append(record);
        return;
    }
    PluginRecord record = PluginJudge().judge(path);
    if (!record.canonicalPath.isEmpty() && m_seen.contains(record.canonicalPath)) {
        record.verdict = Verdict::Shadowed;
        record.text
            = QStringLiteral("it is the file %1, which was found before").arg(record.canonicalPath);
    }
    m_seen.insert(record.canonicalPath);
    m_records.append(record);
}

void PluginCatalogue::rejectDisabled(const QStringList &disabled)
{
    for (PluginRecord &record : m_records) {
        if (record.verdict == Verdict::Accepted && disabled.contains(record.metadata->id)) {
            record.verdict = Verdict::DisabledByConfig;
            record.text = record.metadata->id + QStringLiteral(" is in disabled_plugins");
        }
    }
}

void PluginCatalogue::rejectShadowed()
{
    QHash<QString, QString> owners; // of ids, types and schemes
    for (PluginRecord &record : m_records) {
        if (record.verdict != Verdict::Accepted)
            continue;
        QStringList claims{QStringLiteral("the id ") + record.metadata->id};
        for (const TransportDescription &transport : record.metadata->transports) {
            claims.append(QStringLiteral("the transport ") + transport.type);
            for (const QString &scheme : transport.schemes)
                claims.append(QStringLiteral("the scheme ") + scheme);
        }
        for (const QString &claim : std::as_const(claims)) {
            if (!owners.contains(claim))
                continue;
            record.verdict = Verdict::Shadowed;
            record.text = QStringLiteral("%1 already has %2").arg(owners.value(claim), claim);
            break;
        }
        if (record.verdict != Verdict::Accepted)
            continue;
        for (const QString &claim : std::as_const(claims))
            owners.insert(claim, record.path);
    }
}

QStringList PluginCatalogue::schemes() const
{
    QStringList all;
    for (const PluginRecord &record : m_records) {
        if (record.verdict != Verdict::Accepted)
            continue;
        for (const TransportDescription &transport : record.metadata->transports)
            all.append(transport.schemes);
    }
    all.sort();
    return all;
}

Result<TransportDescription> PluginCatalogue::describe(const QString &scheme) const
{
    QString refused;
    for (const PluginRecord &record : m_records) {
        if (!record.metadata)
            continue;
        for (const TransportDescription &transport : record.metadata->transports) {
            if (!transport.schemes.contains(scheme))
                continue;
            if (record.verdict == Verdict::Accepted)
                return transport;
            if (refused.isEmpty()) {
                refused = QStringLiteral("; %1 would serve it but was refused (%2: %3)")
                              .arg(record.path,
                                   QLatin1String(verdictName(record.verdict)),
                                   record.text);
            }
        }
    }
    const QStringList known = schemes();
    const QString available = known.isEmpty()
        ? QStringLiteral("there is none")
        : QStringLiteral("available: ") + known.join(QStringLiteral(", "));
    Error error(ErrorCode::UnknownScheme,
                QStringLiteral("no transport serves the scheme \"%1\"; %2%3")
                    .arg(scheme, available, refused));
    error.setDetail(QStringLiteral("available"), known);
    return error;
}

void PluginCatalogue::reject(qsizetype index, Verdict verdict, const QString &text)
{
    PluginRecord &record = m_records[index];
    Q_ASSERT(verdict != Verdict::Accepted);
    record.verdict = verdict;
    record.text = text;
    m_loadOrder = resolveDependencies(&m_records);
}

} // namespace fairlead::core
