// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

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

constexpr char kNothing[] = "";
constexpr char kNoValue[] = "01";
constexpr char kUnknownType[] = "ff 00";
constexpr char kNoJson[] = "01 ffff";
constexpr char kUnknownElement[] = R"(01 {"later":[]})";
constexpr char kWrongHead[] = "00 01";

template <TimerId Id>
void fires(Bench &bench)
{
    // However late: it must be armed to count.
    bench.now += 10'000'000 * kNsPerMs;
    bench.fire(Id);
}

constexpr Event kEvents[] = {
    {"start", [](Bench &bench) { bench.start(); }},
    {"init", receives<kInitBytes>},
    {"wrong init", receives<kWrongHead>},
    {"nothing", receives<kNothing>},
    {"no value", receives<kNoValue>},
    {"unknown type", receives<kUnknownType>},
    {"no JSON", receives<kNoJson>},
    {"unknown element", receives<kUnknownElement>},
    {"hello ready", receives<kReady>},
    {"hello pending", receives<kPending>},
    {"prolongation", receives<kProlong>},
    {"hello aborted", receives<kAborted>},
    {"announceMax", receives<kAnnounceMax>},
    {"select", receives<kSelect>},
    {"protocol error", receives<kProtocolMismatch>},
    {"pin none", receives<kPinNone>},
    {"pin ok", receives<kPinOk>},
    {"pin required", receives<kPinRequired>},
    {"pin busy", receives<kPinRequiredBusy>},
    {"pin optional", receives<kPinOptional>},
    {"pin input", receives<kPinInput>},
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

/// What a state makes of an event: the state after it, and the last of what goes out.
struct Outcome
{
    const char *events; ///< names, separated by bars
    State next;
    const char *lastSent; ///< null: nothing is sent
    EndReason reason;
};

struct StateRow
{
    State state;
    std::vector<Outcome> outcomes; ///< an event in none of them is ignored
};

using enum State;
using enum EndReason;

constexpr char kAfterInit[]
    = "hello ready|hello pending|prolongation|hello aborted|announceMax|select|"
      "protocol error|pin none|pin ok|pin required|pin busy|pin optional|"
      "pin input|pin error|access request|access methods|data|"
      "close announce|close removed|close confirm|nothing|no value|"
      "unknown type|no JSON|unknown element|wrong init";

constexpr char kNotHello[]
    = "init|wrong init|no JSON|unknown element|announceMax|select|protocol error|"
      "pin none|pin ok|pin required|pin busy|pin optional|pin input|pin error|"
      "access request|access methods|data|close announce|close removed|"
      "close confirm";

constexpr char kNotHandshake[]
    = "init|wrong init|no JSON|unknown element|hello ready|hello pending|"
      "prolongation|hello aborted|pin none|pin ok|pin required|pin busy|"
      "pin optional|pin input|pin error|access request|access methods|data";

constexpr char kReadyAgain[] = R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":120000}]})";
constexpr char kPendingAgain[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":120000}]})";
constexpr char kSentData[] = R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{}}]})";

std::vector<Outcome> handshakeRow(const char *good, State next, const char *answer, const char *bad)
{
    return {{good, next, answer, None},
            {bad, Closed, kProtocolUnexpected, ProtocolError},
            {kNotHandshake, Closed, kProtocolUnexpected, ProtocolError},
            {"protocol error", Closed, nullptr, VersionMismatch},
            {"close announce", CloseConfirmed, kConfirm, None},
            {"close removed", CloseConfirmed, kConfirm, None},
            {"close confirm", Closed, nullptr, PeerClosed},
            {"timer protocol", Closed, kProtocolTimeout, Timeout},
            {"rejected", Closed, kProtocolUnexpected, TrustRemovedHere},
            {"close", Closed, kProtocolUnexpected, LocalClose},
            {"duplicate", Closed, nullptr, Duplicate},
            {"abort", Closed, kProtocolUnexpected, UserAbort},
            {"peer gone", Closed, nullptr, ConnectionLost}};
}

std::vector<StateRow> table(Role role)
{
    const bool client = role == Role::Client;
    std::vector<StateRow> rows = {
        {Idle,
         {{"start", InitWait, client ? kInitBytes : nullptr, None},
          {"close", Closed, nullptr, LocalClose},
          {"duplicate", Closed, nullptr, Duplicate},
          {"abort", Closed, nullptr, UserAbort},
          {"peer gone", Closed, nullptr, ConnectionLost}}},
        {InitWait,
         {{"init", HelloReady, kReady, None},
          {kAfterInit, Closed, client ? nullptr : kInitBytes, InitFailed},
          {"timer init", Closed, nullptr, Timeout},
          {"close", Closed, nullptr, LocalClose},
          {"duplicate", Closed, nullptr, Duplicate},
          {"abort", Closed, nullptr, UserAbort},
          {"peer gone", Closed, nullptr, ConnectionLost}}},
        {HelloReady,
         {{"hello ready",
           client ? ChoiceWait : ProposalWait,
           client ? kAnnounceMax : nullptr,
           None},
          {"prolongation", HelloReady, kReadyAgain, None},
          {"hello aborted", Closed, nullptr, RejectedByPeer},
          {kNotHello, Closed, kAborted, ProtocolError},
          {"timer hello wait", Closed, kAborted, Timeout},
          {"rejected", Closed, kAborted, RejectedHere},
          {"close", Closed, kAborted, LocalClose},
          {"duplicate", Closed, nullptr, Duplicate},
          {"abort", Closed, kAborted, UserAbort},
          {"peer gone", Closed, nullptr, ConnectionLost}}},
        {HelloPending,
         {{"prolongation", HelloPending, kPendingAgain, None},
          {"hello aborted", Closed, nullptr, RejectedByPeer},
          {kNotHello, Closed, kAborted, ProtocolError},
          {"timer hello wait", Closed, kAborted, Timeout},
          {"trusted", HelloReady, kReady, None},
          {"rejected", Closed, kAborted, RejectedHere},
          {"close", Closed, kAborted, LocalClose},
          {"duplicate", Closed, nullptr, Duplicate},
          {"abort", Closed, kAborted, UserAbort},
          {"peer gone", Closed, nullptr, ConnectionLost}}},
        {PinWait,
         {{"pin none|pin ok|pin optional", State::Data, kAccessRequest, None},
          {"access request", PinWait, kAccessUs, None},
          {"hello aborted", Closed, nullptr, RejectedByPeer},
          {"protocol error", Closed, nullptr, PeerReportedError},
          {"data|no JSON|timer pin state", CloseAnnounced, kAnnounce, None},
          {"close announce|close removed", CloseConfirmed, kConfirm, None},
          {"close confirm", Closed, nullptr, PeerClosed},
          {"rejected", CloseAnnounced, kAnnounceRemoved, None},
          {"close", CloseAnnounced, kAnnounce, None},
          {"duplicate", Closed, nullptr, Duplicate},
          {"abort", Closed, kAnnounce, UserAbort},
          {"peer gone", Closed, nullptr, ConnectionLost}}},
        {State::Data,
         {{"access request", State::Data, kAccessUs, None},
          {"ask", State::Data, kAccessRequest, None},
          {"send", State::Data, kSentData, None},
          {"hello aborted", Closed, nullptr, RejectedByPeer},
          {"protocol error", Closed, nullptr, PeerReportedError},
          {"close announce|close removed", CloseConfirmed, kConfirm, None},
          {"close confirm", Closed, nullptr, PeerClosed},
          {"rejected", CloseAnnounced, kAnnounceRemoved, None},
          {"close|duplicate", CloseAnnounced, kAnnounce, None},
          {"abort", Closed, kAnnounce, UserAbort},
          {"peer gone", Closed, nullptr, ConnectionLost}}},
        {CloseAnnounced,
         {{"close announce|close removed", Closed, kConfirm, LocalClose},
          {"close confirm|timer close|abort", Closed, nullptr, LocalClose},
          {"peer gone", Closed, nullptr, LocalClose}}},
        {CloseConfirmed, {{"timer close|abort|peer gone", Closed, nullptr, PeerClosed}}},
        {Closed, {}},
    };
    if (client) {
        rows.push_back({ChoiceWait, handshakeRow("select", PinWait, kPinNone, "announceMax")});
    } else {
        rows.push_back({ProposalWait, handshakeRow("announceMax", ConfirmWait, kSelect, "select")});
        rows.push_back({ConfirmWait, handshakeRow("select", PinWait, kPinNone, "announceMax")});
    }
    return rows;
}

const Outcome *find(const std::vector<Outcome> &outcomes, const char *event)
{
    for (const Outcome &outcome : outcomes) {
        if (QByteArray(outcome.events).split('|').contains(event))
            return &outcome;
    }
    return nullptr;
}

} // namespace

/// Every pair of state and event, for both roles.
class tst_ShipStates : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyPair_data();
    void everyPair();
    void everyStateHasItsTable();
    void everyWaitingStateHasATimer();
    void timersCountOnlyWhenTheyAreDue();
};

void tst_ShipStates::everyPair_data()
{
    QTest::addColumn<Role>("role");
    QTest::addColumn<State>("state");
    QTest::addColumn<int>("event");
    for (const Role role : {Role::Client, Role::Server}) {
        for (const StateRow &row : table(role)) {
            for (std::size_t i = 0; i < std::size(kEvents); ++i) {
                QTest::addRow("%s %s: %s",
                              role == Role::Client ? "client" : "server",
                              toText(row.state),
                              kEvents[i].name)
                    << role << row.state << int(i);
            }
        }
    }
}

void tst_ShipStates::everyPair()
{
    QFETCH(Role, role);
    QFETCH(State, state);
    QFETCH(int, event);
    const auto bench = inState(state, state == HelloPending ? undecided(role) : trusting(role));
    QCOMPARE(toText(bench->state()), toText(state));
    const auto rows = table(role);
    const auto row = std::find_if(
        rows.begin(), rows.end(), [state](const StateRow &each) { return each.state == state; });
    const Outcome *const outcome = find(row->outcomes, kEvents[event].name);

    kEvents[event].apply(*bench);

    QByteArray lastSent;
    for (const QByteArray &line : bench->takeSent()) {
        if (line.startsWith("send "))
            lastSent = line.mid(5);
    }
    QCOMPARE(toText(bench->state()), toText(outcome != nullptr ? outcome->next : state));
    QCOMPARE(lastSent, QByteArray(outcome != nullptr ? outcome->lastSent : nullptr));
    if (state != Closed) {
        QCOMPARE(toText(bench->ended().value_or(None)),
                 toText(outcome != nullptr ? outcome->reason : None));
    }
    QVERIFY(bench->state() != Closed || bench->armedTimers() == 0);
}

void tst_ShipStates::everyStateHasItsTable()
{
    QSet<int> states;
    for (const Role role : {Role::Client, Role::Server}) {
        for (const StateRow &row : table(role)) {
            states.insert(int(row.state));
            for (const Outcome &outcome : row.outcomes) {
                for (const QByteArray &name : QByteArray(outcome.events).split('|')) {
                    QVERIFY2(std::any_of(std::begin(kEvents),
                                         std::end(kEvents),
                                         [&name](const Event &each) { return name == each.name; }),
                             name.constData());
                }
            }
        }
    }
    QCOMPARE(states.size(), kStateCount);
}

// LC-08, RR10: whoever stalls, in whichever state, is ended by a timer of that state.
void tst_ShipStates::everyWaitingStateHasATimer()
{
    for (const Role role : {Role::Client, Role::Server}) {
        for (const StateRow &row : table(role)) {
            const State state = row.state;
            const bool waits = state != Idle && state != State::Data && state != Closed;
            const auto bench
                = inState(state, state == HelloPending ? undecided(role) : trusting(role));
            QCOMPARE(bench->armedTimers() > 0, waits);
            // Bytes that say nothing do not move the end.
            for (int second = 0; second < 61; ++second) {
                bench->receive("ff 00");
                bench->advance(1'000);
                if (state == InitWait)
                    break;
            }
            QCOMPARE(toText(bench->state()), toText(waits ? Closed : state));
        }
    }
}

void tst_ShipStates::timersCountOnlyWhenTheyAreDue()
{
    const auto bench = inState(HelloReady, trusting(Role::Server));
    bench->fire(TimerId::HelloWait); // armed, and 60 s too early
    QCOMPARE(bench->state(), HelloReady);
    QCOMPARE(bench->left(TimerId::HelloWait), 60'000);
}

QTEST_APPLESS_MAIN(tst_ShipStates)

#include "tst_shipstates.moc"
