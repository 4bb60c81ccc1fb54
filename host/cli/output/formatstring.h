// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"
#include "mqttclient/message.h"
#include "output/moment.h"

#include <vector>

namespace fairlead::cli {

/// The argument of -F: text with %-sequences for the message, @-sequences for the time and
/// \-sequences for characters, read once and used for every message.
class FormatString
{
public:
    /// Whether @p text is well-formed.
    [[nodiscard]] static Failure check(const QByteArray &text);

    /// @p text is well-formed.
    FormatString(const QByteArray &text, bool indentJson);

    /// Appends the message; @p problem becomes what could not be printed.
    void render(const IncomingMessage &message,
                const Moment &moment,
                QByteArray &out,
                QString &problem) const;

    struct Field
    {
        qsizetype width = 0;
        qsizetype precision = -1;
        bool left = false;
        bool zeros = false;
        char separator = '\0'; ///< between groups of hexadecimal digits
    };

    struct Piece
    {
        enum class Kind : quint8 {
            Literal,
            Message,
            Time
        };
        Kind kind = Kind::Literal;
        char code = '\0';
        Field field;
        QByteArray literal;
    };

private:
    std::vector<Piece> m_pieces;
    bool m_indentJson;
};

} // namespace fairlead::cli
