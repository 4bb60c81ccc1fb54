// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "bench.h"

#include <QTest>

#include <functional>

/// Every event that a connection can meet, and what a situation makes of each.
namespace fairlead::ship::bench {

struct Event
{
    const char *name;
    void (*apply)(Bench &bench);
};

template <const auto &Message>
void receives(Bench &bench)
{
    bench.receive(Message);
}

inline constexpr char kNothing[] = "";
inline constexpr char kNoValue[] = "01";
inline constexpr char kUnknownType[] = "ff 00";
inline constexpr char kNoJson[] = "01 ffff";
inline constexpr char kUnknownElement[] = R"(01 {"later":[]})";
inline constexpr char kWrongHead[] = "00 01";
inline constexpr char kReadyOpen[] = R"(01 {"connectionHello":[{"phase":"ready"}]})";
inline constexpr char kReadyBrief[]
    = R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":1000}]})";
inline constexpr char kPendingBrief[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":1000}]})";
inline constexpr char kPendingOpen[] = R"(01 {"connectionHello":[{"phase":"pending"}]})";
inline constexpr char kPendingFalse[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":false}]})";
inline constexpr char kPendingBoth[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000},{"prolongationRequest":true}]})";
inline constexpr char kUnknownPhase[] = R"(01 {"connectionHello":[{"phase":"later"}]})";
inline constexpr char kAnnounceHigher[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":2},{"minor":1}]},{"formats":[{"format":["JSON-UTF16","JSON-UTF8"]}]}]})";
inline constexpr char kAnnounceLower[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":0},{"minor":9}]},{"formats":[{"format":["JSON-UTF8"]}]}]})";
inline constexpr char kAnnounceWide[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF16"]}]}]})";
inline constexpr char kSelectHigher[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":1}]},{"formats":[{"format":["JSON-UTF8"]}]}]})";
inline constexpr char kSelectTwo[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8","JSON-UTF16"]}]}]})";
inline constexpr char kSelectWide[]
    = R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF16"]}]}]})";

template <TimerId Id>
void fires(Bench &bench)
{
    // However late: it must be armed to count.
    bench.now += 10'000'000 * kNsPerMs;
    bench.fire(Id);
}

inline constexpr Event kEvents[] = {
    {"start", [](Bench &bench) { bench.start(); }},
    {"init", receives<kInitBytes>},
    {"wrong init", receives<kWrongHead>},
    {"nothing", receives<kNothing>},
    {"no value", receives<kNoValue>},
    {"unknown type", receives<kUnknownType>},
    {"no JSON", receives<kNoJson>},
    {"unknown element", receives<kUnknownElement>},
    {"hello ready", receives<kReady>},
    {"ready open", receives<kReadyOpen>},
    {"ready brief", receives<kReadyBrief>},
    {"hello pending", receives<kPending>},
    {"pending brief", receives<kPendingBrief>},
    {"pending open", receives<kPendingOpen>},
    {"pending false", receives<kPendingFalse>},
    {"pending both", receives<kPendingBoth>},
    {"unknown phase", receives<kUnknownPhase>},
    {"prolongation", receives<kProlong>},
    {"hello aborted", receives<kAborted>},
    {"announceMax", receives<kAnnounceMax>},
    {"announce higher", receives<kAnnounceHigher>},
    {"announce lower", receives<kAnnounceLower>},
    {"announce wide", receives<kAnnounceWide>},
    {"select", receives<kSelect>},
    {"select higher", receives<kSelectHigher>},
    {"select two", receives<kSelectTwo>},
    {"select wide", receives<kSelectWide>},
    {"protocol error", receives<kProtocolMismatch>},
    {"pin none", receives<kPinNone>},
    {"pin ok", receives<kPinOk>},
    {"pin required", receives<kPinRequired>},
    {"pin busy", receives<kPinRequiredBusy>},
    {"pin optional", receives<kPinOptional>},
    {"pin input", receives<kPinInput>},
    {"pin wrong", receives<kPinWrongInput>},
    {"pin error", receives<kPinError>},
    {"access request", receives<kAccessRequest>},
    {"access methods", receives<kAccessPeer>},
    {"data", receives<kData>},
    {"close announce", receives<kAnnounce>},
    {"close removed", receives<kAnnounceRemoved>},
    {"close confirm", receives<kConfirm>},
    {"timer init", fires<TimerId::Init>},
    {"timer hello wait", fires<TimerId::HelloWait>},
    {"timer hello send", fires<TimerId::HelloSend>},
    {"timer hello reply", fires<TimerId::HelloReply>},
    {"timer protocol", fires<TimerId::Protocol>},
    {"timer pin state", fires<TimerId::PinState>},
    {"timer pin reply", fires<TimerId::PinReply>},
    {"timer pin entry", fires<TimerId::PinEntry>},
    {"timer pin penalty", fires<TimerId::PinPenalty>},
    {"timer close", fires<TimerId::Close>},
    {"trusted", [](Bench &bench) { bench.trust(Trust::Trusted); }},
    {"undecided", [](Bench &bench) { bench.trust(Trust::Pending); }},
    {"rejected", [](Bench &bench) { bench.trust(Trust::Rejected); }},
    {"pin given", [](Bench &bench) { static_cast<void>(bench.enterPin("1234abcd")); }},
    {"send", [](Bench &bench) { static_cast<void>(bench.send("{}")); }},
    {"ask", [](Bench &bench) { bench.askAccessMethods(); }},
    {"close", [](Bench &bench) { bench.close(); }},
    {"duplicate", [](Bench &bench) { bench.close(EndReason::Duplicate); }},
    {"abort", [](Bench &bench) { bench.abort(); }},
    {"peer gone", [](Bench &bench) { bench.peerGone(); }},
};

/// What comes of an event: the state, all that is said, in order, and the timers that run then.
struct Outcome
{
    const char *events; ///< names, separated by bars
    State next;
    std::vector<const char *> said; ///< messages, and what is handed upward
    EndReason reason = EndReason::None;
    std::optional<std::vector<TimerId>> timers = {}; ///< of the state, unless it is told
};

struct Situation
{
    const char *name;
    std::function<std::unique_ptr<Bench>(Role)> enter;
    std::vector<Outcome> outcomes; ///< an event in none of them changes and says nothing
};

inline std::vector<TimerId> timersOf(State state)
{
    switch (state) {
    case State::Idle:
    case State::Data:
    case State::Closed:
        break;
    case State::InitWait:
        return {TimerId::Init};
    case State::HelloReady:
    case State::HelloPending:
        return {TimerId::HelloWait};
    case State::ProposalWait:
    case State::ChoiceWait:
    case State::ConfirmWait:
        return {TimerId::Protocol};
    case State::PinWait:
        return {TimerId::PinState};
    case State::CloseAnnounced:
    case State::CloseConfirmed:
        return {TimerId::Close};
    }
    return {};
}

inline QByteArrayList namesOf(const std::vector<TimerId> &timers)
{
    QByteArrayList names;
    for (const TimerId timer : timers)
        names << toText(timer);
    return names;
}

inline QByteArrayList runningOn(const Bench &bench)
{
    QByteArrayList names;
    for (int i = 0; i < kTimerCount; ++i) {
        if (bench.left(static_cast<TimerId>(i)) != -1)
            names << toText(static_cast<TimerId>(i));
    }
    return names;
}

inline QByteArrayList saidBy(Bench &bench)
{
    QByteArrayList said;
    for (const QByteArray &line : bench.take()) {
        if (line.startsWith("send "))
            said << line.mid(5);
        else if (line.startsWith("deliver ") || line.startsWith("peer "))
            said << line;
    }
    return said;
}

inline const Outcome *find(const std::vector<Outcome> &outcomes, const QByteArray &event)
{
    for (const Outcome &outcome : outcomes) {
        if (QByteArray(outcome.events).split('|').contains(event))
            return &outcome;
    }
    return nullptr;
}

/// Fails unless each name is that of one event, and in one outcome.
inline void checkNames(const std::vector<Situation> &situations)
{
    for (const Situation &situation : situations) {
        QByteArrayList seen;
        for (const Outcome &outcome : situation.outcomes) {
            for (const QByteArray &name : QByteArray(outcome.events).split('|')) {
                const bool known
                    = std::any_of(std::begin(kEvents), std::end(kEvents), [&](const Event &each) {
                          return name == each.name;
                      });
                QVERIFY2(known, name.constData());
                QVERIFY2(!seen.contains(name), name.constData());
                seen << name;
            }
        }
    }
}

inline void everyPairOf(const std::vector<Situation> &(*situationsOf)(Role role))
{
    QTest::addColumn<Role>("role");
    QTest::addColumn<int>("situation");
    QTest::addColumn<int>("event");
    for (const Role role : {Role::Client, Role::Server}) {
        const std::vector<Situation> &situations = situationsOf(role);
        for (std::size_t i = 0; i < situations.size(); ++i) {
            for (std::size_t j = 0; j < std::size(kEvents); ++j) {
                QTest::addRow("%s %s: %s",
                              role == Role::Client ? "client" : "server",
                              situations[i].name,
                              kEvents[j].name)
                    << role << int(i) << int(j);
            }
        }
    }
}

inline void check(const Situation &situation, Role role, const Event &event)
{
    const auto bench = situation.enter(role);
    static_cast<void>(bench->take());
    const State before = bench->state();
    const auto endedBefore = bench->ended();
    const QByteArrayList ranBefore = runningOn(*bench);
    const Outcome *const outcome = find(situation.outcomes, event.name);

    event.apply(*bench);

    const State next = outcome != nullptr ? outcome->next : before;
    QCOMPARE(toText(bench->state()), toText(next));
    QByteArrayList said;
    if (outcome != nullptr) {
        for (const char *const line : outcome->said)
            said << line;
    }
    QCOMPARE(saidBy(*bench), said);
    if (!endedBefore) {
        QCOMPARE(toText(bench->ended().value_or(EndReason::None)),
                 toText(outcome != nullptr ? outcome->reason : EndReason::None));
    }
    if (outcome == nullptr)
        QCOMPARE(runningOn(*bench), ranBefore);
    else
        QCOMPARE(runningOn(*bench), namesOf(outcome->timers.value_or(timersOf(next))));
}

} // namespace fairlead::ship::bench
