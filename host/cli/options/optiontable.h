// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "options/options.h"

#include <span>

namespace fairlead::cli {

enum class OptionId : quint8 {
    BindAddress,
    Count,
    NoCleanSession,
    Debug,
    Property,
    ResponseTopic,
    ExitAfterSubscribe,
    File,
    Format,
    Help,
    Host,
    ClientId,
    ClientIdPrefix,
    KeepAlive,
    Url,
    Lines,
    Latency,
    Message,
    MaxInflight,
    MessageRate,
    NoDelay,
    NoLineEnd,
    NoTls,
    Null,
    OptionsFile,
    Output,
    Password,
    Port,
    Pretty,
    Qos,
    Quiet,
    RandomFilter,
    RemoveRetained,
    Repeat,
    RepeatDelay,
    Replay,
    Retain,
    RetainAsPublished,
    RetainHandling,
    RetainedOnly,
    NoRetained,
    SessionExpiry,
    ShowOrigin,
    StandardInput,
    Timeout,
    Topic,
    FilterOut,
    Unsubscribe,
    UserName,
    Verbose,
    Version,
    ProtocolVersion,
    Watch,
    WillPayload,
    WillQos,
    WillRetain,
    WillTopic,
    Unavailable ///< understood, but what it asks for is not there
};

/// One option as the user may write it. The parser, the usage text and the shell completion's test
/// all read this table.
struct OptionSpec
{
    OptionId id;
    const char *shortName; ///< "-q", or null
    const char *longName; ///< "--qos", or null
    quint8 tools; ///< those that have it, as a sum of Tool values
    const char *argument; ///< name of its argument for the usage text, or null
    const char *help; ///< for an unavailable option: what it would need
};

[[nodiscard]] std::span<const OptionSpec> optionTable() noexcept;

/// The option written like that, if @p tool has it.
[[nodiscard]] const OptionSpec *findOption(Tool tool, const QByteArray &name) noexcept;

[[nodiscard]] constexpr bool hasTool(const OptionSpec &spec, Tool tool) noexcept
{
    return (spec.tools & static_cast<quint8>(tool)) != 0;
}

} // namespace fairlead::cli
