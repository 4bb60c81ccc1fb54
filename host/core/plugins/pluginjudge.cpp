// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginjudge.h"

#include "core/platform/buildinfo.h"
#include "core/platform/files.h"
#include "core/plugins/elfheader.h"

#include <QtCore/QFileInfo>
#include <QtCore/QLibraryInfo>
#include <QtCore/QPluginLoader>

#include <fairlead/transport.h>

#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

struct Finding
{
    Verdict verdict = Verdict::Accepted;
    QString text;
};

using Objection = std::optional<Finding>;

Objection judgeFile(const FileFacts &facts)
{
    switch (facts.kind) {
    case FileFacts::Kind::File:
        break;
    case FileFacts::Kind::Missing:
        return Finding{Verdict::NotALibrary, QStringLiteral("it leads to nothing")};
    case FileFacts::Kind::Unreadable:
        return Finding{Verdict::NotALibrary, QStringLiteral("it cannot be looked at")};
    case FileFacts::Kind::Folder:
    case FileFacts::Kind::Other:
        return Finding{Verdict::NotALibrary, QStringLiteral("it is not a regular file")};
    }
    if (!facts.openToOthers.isEmpty())
        return Finding{Verdict::InsecurePermissions, facts.openToOthers};
    // Where a link leads, another may stand in for the file.
    const FileFacts folder = fileFacts(QFileInfo(facts.canonicalPath).path());
    if (!folder.openToOthers.isEmpty()) {
        return Finding{Verdict::InsecurePermissions,
                       QStringLiteral("its folder is not safe: ") + folder.openToOthers};
    }
    return std::nullopt;
}

Objection judgeHead(const QString &path, const QByteArray &ownHead)
{
    const Result<QByteArray> head = readFileHead(path, kElfHeadSize);
    if (!head)
        return Finding{Verdict::NotALibrary, head.error().text()};
    switch (libraryKind(*head, ownHead)) {
    case LibraryKind::NotALibrary:
        return Finding{Verdict::NotALibrary, QStringLiteral("it is not a shared library")};
    case LibraryKind::Foreign:
        return Finding{Verdict::PlatformMismatch,
                       QStringLiteral("it is for another kind of machine")};
    case LibraryKind::Native:
        break;
    }
    return std::nullopt;
}

Objection judgeIid(const QString &iid)
{
    const QString expected = QStringLiteral(FAIRLEAD_TRANSPORTFACTORY_IID);
    if (iid == expected)
        return std::nullopt;
    return Finding{
        Verdict::ForeignIid,
        QStringLiteral("it implements \"%1\", this host uses \"%2\"").arg(iid, expected)};
}

// Judged before the rest of the metadata, which may look otherwise in another generation.
Objection judgeGeneration(const QJsonObject &json)
{
    const QJsonObject sdk = json.value(QLatin1String("sdk")).toObject();
    const qint64 abi = sdk.value(QLatin1String("abi")).toInteger();
    if (abi > 0 && abi != kSdkAbi) {
        return Finding{Verdict::AbiMismatch,
                       QStringLiteral("it was built for plugin interface %1, this host has %2")
                           .arg(abi)
                           .arg(kSdkAbi)};
    }
    const QString minimum = sdk.value(QLatin1String("minVersion")).toString();
    const std::optional<QVersionNumber> needed = versionFromText(minimum);
    const auto own = QVersionNumber::fromString(QLatin1String(kHostVersion));
    if (needed && needed->normalized() > own.normalized()) {
        return Finding{Verdict::SdkTooOld,
                       QStringLiteral("it needs SDK %1 or newer, this host has %2")
                           .arg(minimum, QLatin1String(kHostVersion))};
    }
    return std::nullopt;
}

// By the loader's own mark and by the metadata; the loader itself would only call the library
// incompatible.
Objection judgeQt(int mark, const QJsonObject &json)
{
    const QVersionNumber own = QLibraryInfo::version();
    const QVersionNumber marked(mark >> 16, (mark >> 8) & 0xff);
    const QString text
        = json.value(QLatin1String("build")).toObject().value(QLatin1String("qt")).toString();
    const QVersionNumber written = versionFromText(text).value_or(QVersionNumber());
    const QVersionNumber ownMinor(own.majorVersion(), own.minorVersion());
    const QVersionNumber writtenMinor(written.majorVersion(), written.minorVersion());
    const QVersionNumber newest = mark > 0 && marked > writtenMinor ? marked : writtenMinor;
    if (newest > ownMinor) {
        return Finding{Verdict::BuiltWithNewerQt,
                       QStringLiteral("it was built with Qt %1, this host runs with Qt %2")
                           .arg(newest.toString(), own.toString())};
    }
    if (mark > 0 && marked.majorVersion() != own.majorVersion()) {
        return Finding{Verdict::PlatformMismatch,
                       QStringLiteral("it was built with Qt %1, this host runs with Qt %2")
                           .arg(marked.toString(), own.toString())};
    }
    return std::nullopt;
}

Objection judgePlatform(const PluginMetadata &metadata)
{
    if (metadata.platforms.isEmpty() || metadata.platforms.contains(QStringLiteral("linux")))
        return std::nullopt;
    return Finding{
        Verdict::PlatformMismatch,
        QStringLiteral("it is for %1").arg(metadata.platforms.join(QStringLiteral(", ")))};
}

Objection judgeMetadata(const QString &path, PluginRecord *record)
{
    const QPluginLoader loader(path);
    const QJsonObject all = loader.metaData();
    if (all.isEmpty())
        return Finding{Verdict::NoMetadata, QStringLiteral("it carries no plugin metadata")};
    if (Objection found = judgeIid(all.value(QLatin1String("IID")).toString()))
        return found;
    const QJsonObject json = all.value(QLatin1String("MetaData")).toObject();
    if (Objection found = judgeGeneration(json))
        return found;
    if (Objection found = judgeQt(int(all.value(QLatin1String("version")).toInteger()), json))
        return found;
    QStringList problems;
    const PluginMetadata metadata = readPluginMetadata(json, &problems, &record->warnings);
    if (!problems.isEmpty())
        return Finding{Verdict::MetadataInvalid, problems.join(QStringLiteral("; "))};
    record->metadata = metadata;
    return judgePlatform(metadata);
}

} // namespace

PluginJudge::PluginJudge()
    : m_ownHead(readFileHead(QStringLiteral("/proc/self/exe"), kElfHeadSize).value_or(QByteArray()))
{ }

PluginRecord PluginJudge::judge(const QString &path) const
{
    PluginRecord record;
    record.path = path;
    const FileFacts facts = fileFacts(path);
    record.canonicalPath = facts.canonicalPath;
    Objection found = judgeFile(facts);
    if (!found)
        found = judgeHead(record.canonicalPath, m_ownHead);
    if (!found)
        found = judgeMetadata(record.canonicalPath, &record);
    if (found) {
        record.verdict = found->verdict;
        record.text = found->text;
    }
    return record;
}

} // namespace fairlead::core
