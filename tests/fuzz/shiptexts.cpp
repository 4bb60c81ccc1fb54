// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/announcement.h"
#include "discovery/peeraddress.h"
#include "discovery/servicelabel.h"
#include "fuzztarget.h"
#include "trust/qrtext.h"
#include "trust/trustedpeer.h"

#include <algorithm>

using namespace fairlead::ship;
using fairlead::fuzz::report;
using fairlead::fuzz::takeByte;

namespace {

/// The strings of a record as DNS has them, each behind its length.
QByteArrayList stringsOf(std::string_view record)
{
    QByteArrayList strings;
    while (!record.empty()) {
        const std::size_t wanted = takeByte(record);
        const std::size_t length = std::min(wanted, record.size());
        strings.append(QByteArray(record.data(), qsizetype(length)));
        record.remove_prefix(length);
    }
    return strings;
}

void checkTxt(std::string_view input)
{
    const auto read = readTxt(stringsOf(input));
    if (!read)
        return;
    if (read->id.size() > kMaxIdSize || read->brand.size() > kMaxTextSize
        || read->type.size() > kMaxTextSize || read->model.size() > kMaxTextSize
        || read->serial.size() > kMaxTextSize)
        report("a text that is too long", input);
    if (!read->path.startsWith('/'))
        report("a path that is none", fairlead::fuzz::viewOf(read->path));
    if (labelFor(*read).size() > kMaxLabelSize)
        report("a label that is too long", fairlead::fuzz::viewOf(labelFor(*read)));
    const auto again = readTxt(writeTxt(*read));
    if (!again || again->ski != read->ski || again->registers != read->registers)
        report("what was read cannot be announced", input);
    const auto third = readTxt(writeTxt(*again));
    if (!third || !(*third == *again))
        report("announcing is not stable", input);
}

void checkQr(std::string_view input)
{
    const auto read = readQrText(input);
    if (!read)
        return;
    const QByteArray written = write(*read);
    const auto again = readQrText(viewOf(written));
    if (!again || write(*again) != written)
        report("a QR text does not come back", fairlead::fuzz::viewOf(written));
}

void checkRecord(std::string_view input)
{
    const auto read = fromRecord(input);
    if (!read)
        return;
    const QByteArray written = toRecord(*read);
    const auto again = fromRecord(viewOf(written));
    if (!again || toRecord(*again) != written)
        report("a record does not come back", fairlead::fuzz::viewOf(written));
}

void checkAddress(std::string_view input)
{
    const QString text = QString::fromUtf8(input.data(), qsizetype(input.size()));
    const QString address = dialAddress(text, 2);
    if (!address.isEmpty() && dialAddress(address, 2) != address)
        report("an address has two spellings", address.toStdString());
}

} // namespace

/// What others announce, people scan, and the store held: the first byte says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    std::string_view input = fairlead::fuzz::viewOf(data, size);
    switch (takeByte(input)) {
    case 'T':
        checkTxt(input);
        break;
    case 'Q':
        checkQr(input);
        break;
    case 'R':
        checkRecord(input);
        break;
    default:
        checkAddress(input);
    }
    return 0;
}
