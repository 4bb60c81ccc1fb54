// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/optionsfile.h"

#include "options/optiontable.h"

#include <QFile>
#include <QFileInfo>

namespace fairlead::cli {

namespace {

constexpr qint64 kMaxFileSize = 1 << 20;

[[nodiscard]] QString fileName(Tool tool)
{
    switch (tool) {
    case Tool::Pub:
        return QStringLiteral("pub");
    case Tool::Sub:
        return QStringLiteral("sub");
    case Tool::Rr:
        break;
    }
    return QStringLiteral("rr");
}

[[nodiscard]] Failure unreadable(const QString &path, const QString &why)
{
    return {exitcode::kUsage,
            QByteArrayLiteral("options-file"),
            QStringLiteral("cannot read the options file %1: %2").arg(path, why)};
}

/// The first word, and for -D the words it needs; the rest stays as it is.
[[nodiscard]] QList<QByteArray> split(const QByteArray &line, Tool tool)
{
    QList<QByteArray> words;
    QByteArray rest = line;
    const auto takeWord = [&words, &rest] {
        const qsizetype blank = rest.indexOf(' ');
        words.append(blank < 0 ? rest : rest.left(blank));
        rest = blank < 0 ? QByteArray() : rest.mid(blank + 1);
        return blank >= 0;
    };
    bool more = takeWord();
    const OptionSpec *spec = findOption(tool, words.constFirst());
    if (spec != nullptr && spec->id == OptionId::Property) {
        for (int i = 0; more && i < 2; ++i) {
            more = takeWord();
        }
        if (more && words.constLast().toLower() == "user-property") {
            more = takeWord();
        }
    }
    if (more) {
        words.append(rest);
    }
    return words;
}

} // namespace

QString defaultOptionsFile(Tool tool)
{
    const QString config = qEnvironmentVariable("XDG_CONFIG_HOME");
    if (!config.isEmpty()) {
        return config + QStringLiteral("/fairlead/") + fileName(tool);
    }
    const QString home = qEnvironmentVariable("HOME");
    return home.isEmpty() ? QString()
                          : home + QStringLiteral("/.config/fairlead/") + fileName(tool);
}

Failure readOptionsFile(const QString &path, bool required, Tool tool, QList<OptionsLine> &lines)
{
    QFile file(path);
    if (!required && !file.exists()) {
        return {};
    }
    if (QFileInfo(path).isDir()) {
        return unreadable(path, QStringLiteral("it is a folder"));
    }
    if (!file.open(QIODevice::ReadOnly)) {
        return unreadable(path, file.errorString());
    }
    const QByteArray content = file.read(kMaxFileSize + 1);
    if (content.size() > kMaxFileSize) {
        return unreadable(path, QStringLiteral("it is larger than 1 MiB"));
    }
    int number = 0;
    for (QByteArray line : content.split('\n')) {
        ++number;
        if (line.endsWith('\r')) {
            line.chop(1);
        }
        if (line.startsWith('#') || line.trimmed().isEmpty()) {
            continue;
        }
        while (line.startsWith(' ')) {
            line.remove(0, 1);
        }
        lines.append({number, split(line, tool)});
    }
    return {};
}

} // namespace fairlead::cli
