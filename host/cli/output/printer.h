// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "options/options.h"
#include "output/formatstring.h"

#include <QHash>

namespace fairlead::cli {

/// Turns received messages into what the user wants to see.
class Printer
{
public:
    explicit Printer(const Options &options);

    /// What comes before the first message and after the last one.
    [[nodiscard]] QByteArray beginning() const;
    [[nodiscard]] QByteArray ending() const;

    /// The message as it is printed; @p problem becomes what could not be.
    [[nodiscard]] QByteArray render(const IncomingMessage &message,
                                    const Moment &moment,
                                    QString &problem);

private:
    [[nodiscard]] QByteArray plain(const IncomingMessage &message) const;
    [[nodiscard]] QByteArray record(const IncomingMessage &message, const Moment &moment);
    [[nodiscard]] QByteArray placed(const IncomingMessage &message, QByteArray text);

    QByteArray m_host;
    std::optional<FormatString> m_format;
    OutputStyle m_output;
    bool m_verbose;
    bool m_lineEnd;
    bool m_pretty;
    bool m_watch;
    bool m_showOrigin;
    bool m_first = true;
    QHash<QByteArray, int> m_lines; ///< of the terminal, by topic
};

} // namespace fairlead::cli
