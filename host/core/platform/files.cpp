// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/files.h"

#include "core/platform/descriptor.h"
#include "core/platform/systemerror.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QFileInfo>
#include <QtCore/QSaveFile>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

namespace fairlead::core {

namespace {

// The group that many systems give each user for itself: nobody else is in it.
bool isPrivateGroup(uid_t owner, gid_t group)
{
    std::vector<char> buffer(16 * 1024);
    passwd user{};
    passwd *foundUser = nullptr;
    if (::getpwuid_r(owner, &user, buffer.data(), buffer.size(), &foundUser) != 0 || !foundUser
        || foundUser->pw_gid != group) {
        return false;
    }
    const QByteArray name(foundUser->pw_name);

    struct group entry
    {
    };
    struct group *foundGroup = nullptr;
    if (::getgrgid_r(group, &entry, buffer.data(), buffer.size(), &foundGroup) != 0 || !foundGroup)
        return false;
    if (name != foundGroup->gr_name)
        return false;
    for (char **member = foundGroup->gr_mem; *member; ++member) {
        if (name != *member)
            return false;
    }
    return true;
}

QString openToOthers(const struct stat &status)
{
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return QStringLiteral("it belongs to user %1").arg(status.st_uid);
    if (status.st_mode & S_IWOTH)
        return QStringLiteral("everyone may write to it");
    if ((status.st_mode & S_IWGRP) && status.st_gid != 0
        && !isPrivateGroup(status.st_uid, status.st_gid)) {
        return QStringLiteral("group %1 may write to it").arg(status.st_gid);
    }
    return {};
}

Result<QByteArray> readSome(const QString &path, qint64 size, bool whole)
{
    // Non-blocking, so that a pipe put in a file's place cannot hang the host.
    const Descriptor file(
        ::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.get() < 0)
        return systemError(errno, path, ErrorCode::ConfigUnreadable);

    struct stat status
    {
    };

    if (::fstat(file.get(), &status) != 0)
        return systemError(errno, path, ErrorCode::ConfigUnreadable);
    if (!S_ISREG(status.st_mode))
        return Error(ErrorCode::ConfigUnreadable, path + QStringLiteral(": is not a regular file"));

    QByteArray content;
    // One byte more than allowed tells a file that is too long from one that just fits.
    const qint64 want = whole ? size + 1 : size;
    std::array<char, 64 * 1024> chunk;
    while (content.size() < want) {
        const auto room = std::min(qint64(chunk.size()), want - qint64(content.size()));
        const ssize_t got = ::read(file.get(), chunk.data(), std::size_t(room));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return systemError(errno, path, ErrorCode::ConfigUnreadable);
        if (got == 0)
            break;
        content.append(chunk.data(), got);
    }
    if (whole && content.size() > size) {
        return Error(ErrorCode::LimitReached,
                     path + QStringLiteral(": is larger than %1 bytes").arg(size));
    }
    return content;
}

} // namespace

FileFacts fileFacts(const QString &path)
{
    FileFacts facts;

    struct stat status
    {
    };

    if (::stat(QFile::encodeName(path).constData(), &status) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            facts.kind = FileFacts::Kind::Unreadable;
        return facts;
    }
    facts.kind = S_ISREG(status.st_mode) ? FileFacts::Kind::File
        : S_ISDIR(status.st_mode)        ? FileFacts::Kind::Folder
                                         : FileFacts::Kind::Other;
    facts.size = status.st_size;
    facts.canonicalPath = QFileInfo(path).canonicalFilePath();
    facts.openToOthers = openToOthers(status);
    return facts;
}

Result<QByteArray> readFile(const QString &path, qint64 maxSize)
{
    return readSome(path, maxSize, true);
}

Result<QByteArray> readFileHead(const QString &path, qint64 size)
{
    return readSome(path, size, false);
}

Result<> writeFileAtomically(const QString &path, const QByteArray &content)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()
        || !file.commit()) {
        return Error(ErrorCode::StorageFailed, path + QStringLiteral(": ") + file.errorString());
    }
    return {};
}

Result<> createPrivateFile(const QString &path)
{
    const Descriptor file(
        ::open(QFile::encodeName(path).constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) {
        return systemError(
            errno, path, errno == EEXIST ? ErrorCode::AlreadyExists : ErrorCode::StorageFailed);
    }
    return {};
}

Result<> moveFile(const QString &from, const QString &to)
{
    if (::rename(QFile::encodeName(from).constData(), QFile::encodeName(to).constData()) != 0)
        return systemError(errno, from, ErrorCode::StorageFailed);
    // The names are in the folder, which is a file of its own to the disk.
    const QByteArray folder = QFile::encodeName(QFileInfo(to).path());
    const Descriptor names(::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems have nothing to flush for a folder and say so.
    if (names.get() < 0 || (::fsync(names.get()) != 0 && errno != EINVAL))
        return systemError(errno, to, ErrorCode::StorageFailed);
    return {};
}

Result<QStringList> listFolder(const QString &path)
{
    DIR *folder = ::opendir(QFile::encodeName(path).constData());
    if (!folder)
        return systemError(errno, path, ErrorCode::ConfigUnreadable);
    std::vector<QByteArray> names;
    int failure = 0;
    for (;;) {
        errno = 0;
        // The stream is this function's own.
        const dirent *entry = ::readdir(folder); // NOLINT(concurrency-mt-unsafe)
        if (!entry) {
            failure = errno;
            break;
        }
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    }
    ::closedir(folder);
    if (failure != 0)
        return systemError(failure, path, ErrorCode::ConfigUnreadable);
    std::sort(names.begin(), names.end());
    QStringList result;
    for (const QByteArray &name : std::as_const(names))
        result.append(QFile::decodeName(name));
    return result;
}

Result<> makeFolder(const QString &path)
{
    const QString clean = QDir::cleanPath(path);
    const FileFacts facts = fileFacts(clean);
    if (facts.kind == FileFacts::Kind::Folder)
        return {};
    if (facts.kind != FileFacts::Kind::Missing) {
        return Error(ErrorCode::AlreadyExists,
                     path + QStringLiteral(": exists and is not a folder"));
    }
    const QString above = QFileInfo(clean).path();
    if (above != clean) {
        if (Result<> made = makeFolder(above); !made)
            return made;
    }
    if (::mkdir(QFile::encodeName(clean).constData(), 0700) != 0 && errno != EEXIST)
        return systemError(errno, path, ErrorCode::StorageFailed);
    return {};
}

} // namespace fairlead::core
