// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/topic.h"
#include "options/optionfailure.h"
#include "options/optionparser.h"
#include "options/values.h"
#include "output/formatstring.h"

#include <algorithm>

namespace fairlead::cli {

namespace {

[[nodiscard]] Failure addFilter(const QByteArray &option,
                                const QByteArray &value,
                                QList<QByteArray> &list)
{
    list.append(value);
    if (mqtt::parseSharedFilter(view(value)).check == mqtt::TopicCheck::Ok) {
        return {};
    }
    return usageFailure("invalid-topic",
                        QStringLiteral("%1: invalid topic filter '%2'; are '+' and '#' in place?")
                            .arg(QString::fromUtf8(option), QString::fromUtf8(value)));
}

[[nodiscard]] bool isNumber(const QByteArray &text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char letter) {
        return letter >= '0' && letter <= '9';
    });
}

// The forms; the broker says which of them it can serve.
[[nodiscard]] bool isReplayStart(const QByteArray &text)
{
    if (text.startsWith('-')) {
        return isNumber(text.mid(1));
    }
    const qsizetype colon = text.indexOf(':');
    if (colon >= 0) {
        return isNumber(text.left(colon)) && isNumber(text.mid(colon + 1));
    }
    const bool isAge = text.size() > 1 && QByteArrayView("smhd").contains(text.back());
    return isNumber(isAge ? text.chopped(1) : text);
}

} // namespace

Failure OptionParser::applyReading(OptionId id, const QByteArray &name, const QByteArray &value)
{
    switch (id) {
    case OptionId::Count: {
        const std::optional<qint64> count = parseInteger(value, 1, 0x7FFF'FFFF);
        m_options.messageCount = static_cast<quint32>(count.value_or(0));
        return count ? Failure{} : outOfRange(name, value, "a number above 0");
    }
    case OptionId::Timeout: {
        const std::optional<qint64> seconds = parseInteger(value, 1, 2'000'000);
        m_options.timeout = std::chrono::seconds(seconds.value_or(0));
        return seconds ? Failure{} : outOfRange(name, value, "seconds from 1 to 2000000");
    }
    case OptionId::FilterOut:
        return addFilter(name, value, m_options.filterOuts);
    case OptionId::Unsubscribe:
        return addFilter(name, value, m_options.unsubscribes);
    case OptionId::Format:
        m_options.format = value;
        return FormatString::check(value);
    case OptionId::Output:
        m_options.output = value == "json" ? OutputStyle::Json : OutputStyle::Ndjson;
        return value == "json" || value == "ndjson" ? Failure{}
                                                    : outOfRange(name, value, "json or ndjson");
    case OptionId::RandomFilter: {
        const std::optional<double> percent = parseDecimal(value, 0.1, 100.0);
        m_options.randomFilter = percent.value_or(0);
        return percent ? Failure{} : outOfRange(name, value, "a percentage from 0.1 to 100");
    }
    case OptionId::Replay:
        m_options.replay = value;
        return isReplayStart(value)
            ? Failure{}
            : outOfRange(
                name, value, "0, a sequence, epoch:sequence, -count, or an age such as 5m");
    default:
        m_options.retainHandling = value == "never" ? 2 : value == "new" ? 1 : 0;
        return value == "always" || value == "new" || value == "never"
            ? Failure{}
            : outOfRange(name, value, "always, new or never");
    }
}

void OptionParser::applyFlag(OptionId id)
{
    switch (id) {
    case OptionId::NoCleanSession:
        m_options.cleanStart = false;
        break;
    case OptionId::Debug:
        m_options.debug = true;
        break;
    case OptionId::ExitAfterSubscribe:
        m_options.exitAfterSubscribe = true;
        break;
    case OptionId::Latency:
        m_options.latency = true;
        m_options.noDelay = true;
        break;
    case OptionId::MessageRate:
        m_options.messageRate = true;
        break;
    case OptionId::NoDelay:
        m_options.noDelay = true;
        break;
    case OptionId::NoLineEnd:
        m_options.lineEnd = false;
        break;
    case OptionId::NoRetained:
        m_options.noRetained = true;
        m_options.retainHandling = 2;
        break;
    case OptionId::NoTls:
        m_options.noTls = true;
        break;
    case OptionId::Pretty:
        m_options.pretty = true;
        break;
    case OptionId::Quiet:
        m_options.quiet = true;
        break;
    case OptionId::RemoveRetained:
        m_options.removeRetained = true;
        break;
    case OptionId::Retain:
        m_options.retain = true;
        break;
    case OptionId::RetainAsPublished:
        m_options.retainAsPublished = true;
        break;
    case OptionId::RetainedOnly:
        m_options.retainedOnly = true;
        break;
    case OptionId::ShowOrigin:
        m_options.showOrigin = true;
        break;
    case OptionId::Verbose:
        m_options.verbose = true;
        break;
    case OptionId::Watch:
        m_options.watch = true;
        break;
    case OptionId::WillRetain:
        if (!m_options.will) {
            m_options.will.emplace();
        }
        m_options.will->retain = true;
        break;
    default:
        break;
    }
}

} // namespace fairlead::cli
