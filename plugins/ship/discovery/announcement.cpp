// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/announcement.h"

#include <algorithm>
#include <map>

namespace fairlead::ship {

namespace {

constexpr char kCustomaryPath[] = "/ship/";
constexpr qsizetype kMaxCategories = 64;
constexpr qsizetype kMaxForeignPath = 255;
constexpr qsizetype kMaxStrings = 64; ///< of one record; SHIP knows ten

bool isContinuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

/// Fits into a request line as it is.
bool isPath(const QByteArray &text)
{
    return text.startsWith('/') && text.size() <= kMaxForeignPath
        && std::all_of(
               text.cbegin(), text.cend(), [](char byte) { return byte > ' ' && byte < '\x7f'; });
}

/// For logs and topics: one line, valid UTF-8.
QByteArray plainText(const QByteArray &text, qsizetype size)
{
    QByteArray plain = QString::fromUtf8(text).toUtf8();
    std::replace_if(
        plain.begin(),
        plain.end(),
        [](char byte) { return static_cast<unsigned char>(byte) < ' ' || byte == '\x7f'; },
        ' ');
    return clipped(plain.trimmed(), size);
}

/// Numbers and commas of @p text, at most @p size bytes and no half of a number.
QByteArray numberList(const QByteArray &text, qsizetype size)
{
    QByteArray list;
    const QByteArrayList parts = text.split(',');
    for (const QByteArray &part : parts) {
        bool isNumber = false;
        const uint number = part.trimmed().toUInt(&isNumber);
        if (!isNumber)
            continue;
        const QByteArray next = (list.isEmpty() ? "" : ",") + QByteArray::number(number);
        if (list.size() + next.size() > size)
            break;
        list += next;
    }
    return list;
}

QByteArray sent(const QByteArray &text)
{
    QByteArray plain = text;
    plain.replace('=', "");
    return plainText(plain, kMaxTextSize);
}

} // namespace

QByteArray clipped(const QByteArray &text, qsizetype size)
{
    if (text.size() <= size)
        return text;
    qsizetype end = size;
    while (end > 0 && isContinuation(text[end]))
        --end;
    return text.left(end);
}

QByteArrayList writeTxt(const Announcement &announcement)
{
    QByteArrayList strings = {
        QByteArrayLiteral("txtvers=1"),
        "id=" + clipped(announcement.id, kMaxIdSize),
        "path=" + announcement.path,
        "ski=" + announcement.ski.toHex(),
        announcement.registers ? QByteArrayLiteral("register=true")
                               : QByteArrayLiteral("register=false"),
    };
    qsizetype size = 0;
    for (const QByteArray &string : std::as_const(strings))
        size += 1 + string.size();
    const std::initializer_list<std::pair<const char *, QByteArray>> wishes = {
        {"cat=", numberList(announcement.categories, kMaxCategories)},
        {"brand=", sent(announcement.brand)},
        {"model=", sent(announcement.model)},
        {"type=", sent(announcement.type)},
        {"serial=", sent(announcement.serial)},
    };
    for (const auto &[key, value] : wishes) {
        const QByteArray string = key + value;
        if (value.isEmpty() || size + 1 + string.size() > kMaxTxtSize)
            continue;
        strings.append(string);
        size += 1 + string.size();
    }
    return strings;
}

std::optional<Announcement> readTxt(const QByteArrayList &strings)
{
    std::map<QByteArray, QByteArray> values;
    const auto known = strings.first(std::min(strings.size(), kMaxStrings));
    for (const QByteArray &string : known) {
        const qsizetype at = string.indexOf('=');
        if (at > 0)
            values.try_emplace(string.left(at).toLower(), string.mid(at + 1));
    }
    const std::optional<Ski> ski = Ski::fromText(viewOf(values["ski"]));
    if (values["txtvers"] != "1" || !ski)
        return std::nullopt;
    Announcement out{*ski, {}, {}, false, {}, {}, {}, {}, {}};
    out.id = plainText(values["id"], kMaxIdSize);
    out.path = isPath(values["path"]) ? values["path"] : QByteArray(kCustomaryPath);
    out.registers = values["register"].toLower() == "true";
    out.brand = plainText(values["brand"], kMaxTextSize);
    out.type = plainText(values["type"], kMaxTextSize);
    out.model = plainText(values["model"], kMaxTextSize);
    out.serial = plainText(values["serial"], kMaxTextSize);
    out.categories = numberList(values["cat"], kMaxCategories);
    return out;
}

} // namespace fairlead::ship
