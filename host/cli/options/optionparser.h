// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"
#include "options/optiontable.h"

namespace fairlead::cli {

enum class Action : quint8 {
    Run,
    ShowHelp,
    ShowVersion
};

/// Reads the options of a tool: first those of its options file, which serve as defaults, then those
/// of the command line.
class OptionParser
{
public:
    explicit OptionParser(Tool tool);

    /// @p arguments are those after the tool's name. @p defaultFile is read unless -o names another;
    /// it may be missing.
    [[nodiscard]] Failure parse(const QList<QByteArray> &arguments, const QString &defaultFile);

    [[nodiscard]] Action action() const noexcept { return m_action; }

    [[nodiscard]] const Options &options() const noexcept { return m_options; }

private:
    /// What has to be known before the options are read: --help, --version and -o.
    [[nodiscard]] Failure lookAhead(const QList<QByteArray> &arguments, QString &file, bool &named);
    [[nodiscard]] Failure parseFile(const QString &path, bool required);
    [[nodiscard]] Failure parseList(const QList<QByteArray> &arguments);
    [[nodiscard]] Failure apply(const OptionSpec &spec,
                                const QByteArray &name,
                                const QByteArray &value);
    [[nodiscard]] Failure applyConnection(OptionId id,
                                          const QByteArray &name,
                                          const QByteArray &value);
    [[nodiscard]] Failure applyMessage(OptionId id,
                                       const QByteArray &name,
                                       const QByteArray &value);
    [[nodiscard]] Failure applyReading(OptionId id,
                                       const QByteArray &name,
                                       const QByteArray &value);
    void applyFlag(OptionId id);
    [[nodiscard]] Failure applyUrl(const QByteArray &value);
    [[nodiscard]] Failure applyClientId(OptionId id, const QByteArray &value);
    [[nodiscard]] Failure addTopic(const QByteArray &name, const QByteArray &topic);
    [[nodiscard]] Failure setSource(MessageSource source, const QByteArray &value);

    Options m_options;
    Action m_action = Action::Run;
    bool m_inFile = false;
    bool m_idFromFile = false;
    bool m_sourceFromFile = false;
    bool m_versionGiven = false;
};

} // namespace fairlead::cli
