// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../broadcast/fakeloop.h"
#include "core/control/commandmethods.h"

#include <QtCore/QJsonArray>
#include <QtTest/QtTest>

#include <fairlead/hostservices.h>
#include <fairlead/logger.h>
#include <fairlead/operatorcommands.h>

#include <functional>
#include <stdexcept>
#include <utility>

using namespace fairlead;
using namespace fairlead::core;

namespace {

class ServicesDouble final : public HostServices, private Logger
{
public:
    Logger &logger() noexcept override { return *this; }

    QString hostVersion() const override { return QStringLiteral("0"); }

    void *service(const char *) noexcept override { return nullptr; }

    int logged = 0;

private:
    bool isEnabled(LogLevel) const noexcept override { return true; }

    void log(LogLevel, const char *, const QString &) override { ++logged; }
};

class PluginDouble final : public OperatorCommands
{
public:
    void call(const QString &name,
              const QJsonObject &arguments,
              HostServices &,
              CommandReply reply) override
    {
        called.append(name);
        given = arguments;
        if (answer)
            answer(std::move(reply));
    }

    QStringList called;
    QJsonObject given;
    std::function<void(CommandReply)> answer;
};

CommandArgument argument(const char *name)
{
    CommandArgument one;
    one.name = QLatin1String(name);
    one.isRequired = true;
    return one;
}

} // namespace

/// What plugins offer operators, in the control API.
class tst_CommandMethods : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void whatThereIsIsListed();
    void thePluginIsCalled();
    void anAnswerMayComeLater();
    void whoDoesNotAnswerIsNotWaitedForForEver();
    void errorsAreThePlugins();
    void mistakesAreNamed_data();
    void mistakesAreNamed();
    void whoThrowsHasFailed();
    void whoDropsTheReplyHasFailed();

private:
    Reply::Outcome call(const QString &method, const QJsonObject &params = {})
    {
        Reply::Outcome got;
        m_isAnswered = false;
        m_api->call({method, params, 1, false}, nullptr, [this](const Reply::Outcome &outcome) {
            m_isAnswered = true;
            m_last = outcome;
        });
        return m_isAnswered ? m_last : got;
    }

    Reply::Outcome greet(const QJsonObject &arguments, const char *plugin = "one")
    {
        return call(QStringLiteral("command"),
                    {{QStringLiteral("plugin"), QLatin1String(plugin)},
                     {QStringLiteral("command"), QStringLiteral("greet")},
                     {QStringLiteral("arguments"), arguments}});
    }

    static QString codeOf(const Reply::Outcome &outcome)
    {
        return outcome.error ? outcome.error->data.value(QStringLiteral("code")).toString()
                             : QString();
    }

    test::FakeLoop m_loop;
    std::unique_ptr<ControlApi> m_api;
    std::unique_ptr<CommandMethods> m_methods;
    std::shared_ptr<ServicesDouble> m_services;
    PluginDouble m_plugin;
    Reply::Outcome m_last;
    bool m_isAnswered = false;
};

void tst_CommandMethods::init()
{
    m_plugin = PluginDouble();
    m_services = std::make_shared<ServicesDouble>();
    m_api = std::make_unique<ControlApi>();
    CommandedPlugin plugin;
    plugin.id = QStringLiteral("org.example.one");
    plugin.name = QStringLiteral("One");
    plugin.transports = QStringList{QStringLiteral("one"), QStringLiteral("uno")};
    plugin.commands = {{QStringLiteral("greet"),
                        QStringLiteral("greets"),
                        {argument("who")},
                        {QStringLiteral("who")}},
                       {QStringLiteral("part"), QStringLiteral("parts"), {}, {}}};
    plugin.target = &m_plugin;
    plugin.services = m_services;
    m_methods = std::make_unique<CommandMethods>(
        std::vector<CommandedPlugin>{plugin}, m_loop, m_loop.timers);
    m_methods->addTo(*m_api);
}

void tst_CommandMethods::whatThereIsIsListed()
{
    const QJsonObject all = call(QStringLiteral("commands")).result.toObject();
    const QJsonObject one = all.value(QStringLiteral("plugins")).toArray()[0].toObject();
    QCOMPARE(one.value(QStringLiteral("plugin")).toString(), QStringLiteral("org.example.one"));
    const QJsonArray transports{QStringLiteral("one"), QStringLiteral("uno")};
    QCOMPARE(one.value(QStringLiteral("transports")).toArray(), transports);
    const QJsonArray commands = one.value(QStringLiteral("commands")).toArray();
    QCOMPARE(commands.size(), 2);
    QCOMPARE(commands[0].toObject().value(QStringLiteral("name")).toString(),
             QStringLiteral("greet"));
}

void tst_CommandMethods::thePluginIsCalled()
{
    m_plugin.answer = [](CommandReply reply) {
        reply.done(QJsonArray{1});
        reply.done(QJsonArray{2});
    };
    const QJsonObject who{{QStringLiteral("who"), QStringLiteral("you")}};
    for (const char *name : {"one", "uno", "org.example.one"}) {
        const Reply::Outcome outcome = greet(who, name);
        QVERIFY(!outcome.error);
        QCOMPARE(outcome.result.toObject().value(QStringLiteral("answer")).toArray(),
                 QJsonArray{1});
    }
    QCOMPARE(m_plugin.called.size(), 3);
    QCOMPARE(m_plugin.given, who);
}

void tst_CommandMethods::anAnswerMayComeLater()
{
    CommandReply kept;
    m_plugin.answer = [&kept](CommandReply reply) { kept = std::move(reply); };
    greet({{QStringLiteral("who"), QStringLiteral("you")}});
    QVERIFY(!m_isAnswered);
    QVERIFY(kept.isOpen());
    kept.done();
    QVERIFY(m_isAnswered);
    QVERIFY(!m_last.error);
    QVERIFY(!kept.isOpen());
    QCOMPARE(m_loop.timers.nextDeadline(), -1);
}

void tst_CommandMethods::whoDoesNotAnswerIsNotWaitedForForEver()
{
    std::vector<CommandReply> kept;
    m_plugin.answer = [&kept](CommandReply reply) { kept.push_back(std::move(reply)); };
    greet({{QStringLiteral("who"), QStringLiteral("you")}});
    m_loop.advance(CommandMethods::kPatienceNs - 1);
    QVERIFY(!m_isAnswered);
    m_loop.advance(1);
    QVERIFY(m_isAnswered);
    QCOMPARE(codeOf(m_last), QStringLiteral("timeout"));
    QVERIFY(m_last.error->message.contains(QStringLiteral("\"greet\"")));
    QCOMPARE(m_services->logged, 1);
    // What comes after it reaches nobody.
    m_isAnswered = false;
    kept[0].done();
    QVERIFY(!m_isAnswered);

    // Nor does what comes once there is no control plane, and nothing waits for it.
    greet({{QStringLiteral("who"), QStringLiteral("you")}});
    m_methods.reset();
    QCOMPARE(m_loop.timers.nextDeadline(), -1);
    kept[1].done();
}

void tst_CommandMethods::errorsAreThePlugins()
{
    m_plugin.answer = [](CommandReply reply) {
        reply.fail(Error(ErrorCode::Configured, QStringLiteral("it is configured")));
    };
    const Reply::Outcome outcome = greet({{QStringLiteral("who"), QStringLiteral("you")}});
    QCOMPARE(codeOf(outcome), QStringLiteral("configured"));
    QCOMPARE(outcome.error->message, QStringLiteral("it is configured"));
    QCOMPARE(m_services->logged, 0);
}

void tst_CommandMethods::mistakesAreNamed_data()
{
    QTest::addColumn<QString>("plugin");
    QTest::addColumn<QString>("command");
    QTest::addColumn<QJsonValue>("arguments");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("names");
    const QJsonObject who{{QStringLiteral("who"), QStringLiteral("you")}};
    const auto row = [](const char *name,
                        const char *plugin,
                        const char *command,
                        const QJsonValue &arguments,
                        const char *code,
                        const char *names) {
        QTest::newRow(name) << QString::fromLatin1(plugin) << QString::fromLatin1(command)
                            << arguments << QString::fromLatin1(code) << QString::fromLatin1(names);
    };
    row("plugin", "two", "greet", who, "not-found", "one, uno");
    row("command", "one", "hug", who, "not-supported", "greet, part");
    row("missing", "one", "greet", QJsonObject(), "invalid-argument", "\"who\"");
    row("unknown", "one", "part", who, "invalid-argument", "\"who\"");
    row("no object", "one", "greet", QStringLiteral("you"), "invalid-argument", "an object");
}

void tst_CommandMethods::mistakesAreNamed()
{
    QFETCH(QString, plugin);
    QFETCH(QString, command);
    QFETCH(QJsonValue, arguments);
    QFETCH(QString, code);
    QFETCH(QString, names);
    const Reply::Outcome outcome = call(QStringLiteral("command"),
                                        {{QStringLiteral("plugin"), plugin},
                                         {QStringLiteral("command"), command},
                                         {QStringLiteral("arguments"), arguments}});
    QCOMPARE(codeOf(outcome), code);
    QVERIFY2(outcome.error->message.contains(names), qPrintable(outcome.error->message));
    QCOMPARE(m_plugin.called, QStringList());
}

// PL-05
void tst_CommandMethods::whoThrowsHasFailed()
{
    m_plugin.answer = [](CommandReply) { throw std::runtime_error("oops"); };
    const Reply::Outcome outcome = greet({{QStringLiteral("who"), QStringLiteral("you")}});
    QCOMPARE(codeOf(outcome), QStringLiteral("plugin-failed"));
    QVERIFY(outcome.error->message.contains(QStringLiteral("oops")));
    QCOMPARE(m_services->logged, 1);
}

void tst_CommandMethods::whoDropsTheReplyHasFailed()
{
    m_plugin.answer = nullptr;
    QCOMPARE(codeOf(greet({{QStringLiteral("who"), QStringLiteral("you")}})),
             QStringLiteral("internal"));
    // Later, too.
    CommandReply kept;
    m_plugin.answer = [&kept](CommandReply reply) { kept = std::move(reply); };
    greet({{QStringLiteral("who"), QStringLiteral("you")}});
    QVERIFY(!m_isAnswered);
    kept = CommandReply();
    QVERIFY(m_isAnswered);
    QCOMPARE(codeOf(m_last), QStringLiteral("internal"));
}

QTEST_APPLESS_MAIN(tst_CommandMethods)

#include "tst_commandmethods.moc"
