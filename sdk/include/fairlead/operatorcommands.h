// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QJsonValue>
#include <QtCore/QObject>
#include <QtCore/QString>

#include <fairlead/export.h>
#include <fairlead/result.h>

#include <functional>

namespace fairlead {

class HostServices;

/// The way to answer one command, to be used once. Who drops it unanswered has failed, and the
/// operator is told so. A second answer changes nothing.
///
/// Thread: main. Ownership: the plugin's; it may outlive the operator's interest. Errors: nothing
/// throws. @since 0.1
class FAIRLEAD_SDK_EXPORT CommandReply
{
public:
    /// Takes the answer; throws nothing. For hosts and tests.
    using Sink = std::function<void(const Result<QJsonValue> &answer)>;

    /// Answers nobody.
    CommandReply() noexcept;
    explicit CommandReply(Sink sink) noexcept;
    CommandReply(CommandReply &&other) noexcept;
    CommandReply &operator=(CommandReply &&other) noexcept;
    CommandReply(const CommandReply &) = delete;
    CommandReply &operator=(const CommandReply &) = delete;
    ~CommandReply();

    /// The command is carried out. A list of objects is shown as a table, an object as lines.
    void done(const QJsonValue &value = QJsonObject()) noexcept;
    /// It was not; a null @p error counts as Internal.
    void fail(const Error &error) noexcept;

    /// Whether an answer is still owed.
    bool isOpen() const noexcept { return bool(m_sink); }

private:
    void answer(const Result<QJsonValue> &answer) noexcept;

    Sink m_sink;
};

/// What operators can do with a plugin at run time, beside what they do with every endpoint. The root
/// object of a plugin implements it too when the "commands" of the metadata say what there is; the
/// command-line tool and the control API offer them.
///
/// Thread: main. Ownership: the host's, as that of the root object. @since 0.1
class FAIRLEAD_SDK_EXPORT OperatorCommands
{
public:
    virtual ~OperatorCommands();

    /// Carries out the command @p name, one of the metadata. @p arguments were checked against the
    /// metadata: those that are required are there, none is unknown, each is of its type and within its
    /// bounds. @p host is the plugin's for as long as the host runs, with a log that is bound to no
    /// endpoint. It may answer later; after 60 s the operator is told Timeout instead. Errors: through
    /// the reply; an exception counts as PluginFailed.
    virtual void call(const QString &name,
                      const QJsonObject &arguments,
                      HostServices &host,
                      CommandReply reply)
        = 0;
};

} // namespace fairlead

#define FAIRLEAD_OPERATORCOMMANDS_IID "org.fairlead.OperatorCommands/1"
Q_DECLARE_INTERFACE(fairlead::OperatorCommands, FAIRLEAD_OPERATORCOMMANDS_IID)
