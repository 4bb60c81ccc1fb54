// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "statewalk.h"

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

using enum State;
using enum EndReason;
using Timers = std::vector<TimerId>;

// Everything that a peer may say.
#define FAIRLEAD_BROKEN "no JSON|unknown element|unknown phase|init|wrong init"
#define FAIRLEAD_HELLOS                                                                            \
    "hello ready|ready open|ready brief|hello pending|pending brief|pending open|pending false|"   \
    "pending both|prolongation|hello aborted"
#define FAIRLEAD_ANNOUNCEMENTS "announceMax|announce higher|announce lower|announce wide"
#define FAIRLEAD_SELECTIONS "select|select higher|select two|select wide"
#define FAIRLEAD_PINS                                                                              \
    "pin none|pin ok|pin required|pin busy|pin optional|pin input|pin wrong|pin error"
#define FAIRLEAD_LATER "access request|access methods|data"
#define FAIRLEAD_CLOSES "close announce|close removed|close confirm"

constexpr char kAfterInit[]
    = "wrong init|nothing|no value|unknown type|no JSON|unknown element|"
      "unknown phase|" FAIRLEAD_HELLOS "|" FAIRLEAD_ANNOUNCEMENTS "|" FAIRLEAD_SELECTIONS
      "|protocol error|" FAIRLEAD_PINS "|" FAIRLEAD_LATER "|" FAIRLEAD_CLOSES;
constexpr char kNotHello[]
    = FAIRLEAD_BROKEN "|" FAIRLEAD_ANNOUNCEMENTS "|" FAIRLEAD_SELECTIONS
                      "|protocol error|" FAIRLEAD_PINS "|" FAIRLEAD_LATER "|" FAIRLEAD_CLOSES;
constexpr char kNotHandshake[]
    = FAIRLEAD_BROKEN "|" FAIRLEAD_HELLOS "|" FAIRLEAD_PINS "|" FAIRLEAD_LATER;

constexpr char kReadyAgain[] = R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":120000}]})";
constexpr char kPendingAgain[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":120000}]})";
constexpr char kSentData[] = R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{}}]})";
constexpr char kNoChoice[] = "select higher|select two|select wide";
constexpr char kDelivered[] = R"(deliver ee1.0 {"datagram":[{"a":1}]})";

// SHIP 13.4.4.2. Each of good, mismatched and bad are selections or announcements.
std::vector<Outcome> handshakeRow(const std::vector<Outcome> &good,
                                  const char *mismatched,
                                  const char *bad)
{
    std::vector<Outcome> row = good;
    row.insert(row.end(),
               {{mismatched, Closed, {kProtocolMismatch}, VersionMismatch},
                {bad, Closed, {kProtocolUnexpected}, ProtocolError},
                {kNotHandshake, Closed, {kProtocolUnexpected}, ProtocolError},
                {"protocol error", Closed, {}, VersionMismatch},
                {"close announce|close removed", CloseConfirmed, {kConfirm}},
                {"close confirm", Closed, {}, PeerClosed},
                {"timer protocol", Closed, {kProtocolTimeout}, Timeout},
                {"rejected", Closed, {kProtocolUnexpected}, TrustRemovedHere},
                {"close", Closed, {kProtocolUnexpected}, LocalClose},
                {"duplicate", Closed, {}, Duplicate},
                {"abort", Closed, {kProtocolUnexpected}, UserAbort},
                {"peer gone", Closed, {}, ConnectionLost}});
    return row;
}

std::vector<Outcome> idleRow(Role role)
{
    const bool client = role == Role::Client;
    return {{"start", InitWait, client ? std::vector{kInitBytes + 0} : std::vector<const char *>()},
            {"close", Closed, {}, LocalClose},
            {"duplicate", Closed, {}, Duplicate},
            {"abort", Closed, {}, UserAbort},
            {"peer gone", Closed, {}, ConnectionLost}};
}

// SHIP 13.4.3; TC_SHIP_CMI_001 to 006.
std::vector<Outcome> initRow(Role role)
{
    using Said = std::vector<const char *>;
    const bool client = role == Role::Client;
    return {{"init", HelloReady, client ? Said{kReady} : Said{kInitBytes, kReady}},
            {kAfterInit, Closed, client ? Said{} : Said{kInitBytes}, InitFailed},
            {"timer init", Closed, {}, Timeout},
            {"close", Closed, {}, LocalClose},
            {"duplicate", Closed, {}, Duplicate},
            {"abort", Closed, {}, UserAbort},
            {"peer gone", Closed, {}, ConnectionLost}};
}

// SHIP 13.4.4.1.
std::vector<Outcome> readyRow(Role role)
{
    using Said = std::vector<const char *>;
    const bool client = role == Role::Client;
    return {{"hello ready|ready open|ready brief",
             client ? ChoiceWait : ProposalWait,
             client ? Said{kAnnounceMax} : Said{}},
            {"prolongation|pending both", HelloReady, {kReadyAgain}},
            {"hello aborted", Closed, {}, RejectedByPeer},
            {kNotHello, Closed, {kAborted}, ProtocolError},
            {"timer hello wait", Closed, {kAborted}, Timeout},
            {"rejected", Closed, {kAborted}, RejectedHere},
            {"close", Closed, {kAborted}, LocalClose},
            {"duplicate", Closed, {}, Duplicate},
            {"abort", Closed, {kAborted}, UserAbort},
            {"peer gone", Closed, {}, ConnectionLost}};
}

std::vector<Outcome> pendingRow()
{
    return {
        {"hello ready", HelloPending, {}, None, Timers{TimerId::HelloSend}},
        {"ready brief", HelloPending, {}, None, Timers{TimerId::HelloReply}},
        {"hello pending", HelloPending, {}, None, Timers{TimerId::HelloWait, TimerId::HelloSend}},
        {"pending brief", HelloPending, {}},
        {"prolongation", HelloPending, {kPendingAgain}},
        {"ready open|pending open|pending false|pending both", Closed, {kAborted}, ProtocolError},
        {"hello aborted", Closed, {}, RejectedByPeer},
        {kNotHello, Closed, {kAborted}, ProtocolError},
        {"timer hello wait", Closed, {kAborted}, Timeout},
        {"trusted", HelloReady, {kReady}},
        {"rejected", Closed, {kAborted}, RejectedHere},
        {"close", Closed, {kAborted}, LocalClose},
        {"duplicate", Closed, {}, Duplicate},
        {"abort", Closed, {kAborted}, UserAbort},
        {"peer gone", Closed, {}, ConnectionLost}};
}

// SHIP 13.4.4.3.
std::vector<Outcome> pinRow()
{
    return {{"pin none|pin ok|pin optional", State::Data, {kAccessRequest}},
            {"pin required|pin busy", PinWait, {}, None, Timers{TimerId::PinEntry}},
            {"access request", PinWait, {kAccessRequest, kAccessUs}},
            {"access methods", PinWait, {"peer peer"}},
            {"hello aborted", Closed, {}, RejectedByPeer},
            {"protocol error", Closed, {}, PeerReportedError},
            {"data|no JSON|unknown phase|timer pin state", CloseAnnounced, {kAnnounce}},
            {"close announce|close removed", CloseConfirmed, {kConfirm}},
            {"close confirm", Closed, {}, PeerClosed},
            {"rejected", CloseAnnounced, {kAnnounceRemoved}},
            {"close", CloseAnnounced, {kAnnounce}},
            {"duplicate", Closed, {}, Duplicate},
            {"abort", Closed, {kAnnounce}, UserAbort},
            {"peer gone", Closed, {}, ConnectionLost}};
}

// SHIP 13.4.5.
std::vector<Outcome> dataRow()
{
    return {{"data", State::Data, {kDelivered}},
            {"access request", State::Data, {kAccessUs}},
            {"access methods", State::Data, {"peer peer"}},
            {"ask", State::Data, {kAccessRequest}},
            {"send", State::Data, {kSentData}},
            {"hello aborted", Closed, {}, RejectedByPeer},
            {"protocol error", Closed, {}, PeerReportedError},
            {"close announce|close removed", CloseConfirmed, {kConfirm}},
            {"close confirm", Closed, {}, PeerClosed},
            {"rejected", CloseAnnounced, {kAnnounceRemoved}},
            {"close|duplicate", CloseAnnounced, {kAnnounce}},
            {"abort", Closed, {kAnnounce}, UserAbort},
            {"peer gone", Closed, {}, ConnectionLost}};
}

Situation standing(State state, std::vector<Outcome> outcomes)
{
    return {toText(state),
            [state](Role role) {
                return inState(state, state == HelloPending ? undecided(role) : trusting(role));
            },
            std::move(outcomes)};
}

std::vector<Situation> makeTable(Role role)
{
    std::vector<Situation> rows = {
        standing(Idle, idleRow(role)),
        standing(InitWait, initRow(role)),
        standing(HelloReady, readyRow(role)),
        standing(HelloPending, pendingRow()),
        standing(PinWait, pinRow()),
        standing(State::Data, dataRow()),
        // SHIP 13.4.7.
        standing(CloseAnnounced,
                 {{"close announce|close removed", Closed, {kConfirm}, LocalClose},
                  {"close confirm|timer close|abort", Closed, {}, LocalClose},
                  {"peer gone", Closed, {}, LocalClose}}),
        standing(CloseConfirmed, {{"timer close|abort|peer gone", Closed, {}, PeerClosed}}),
        standing(Closed, {}),
    };
    if (role == Role::Client) {
        rows.push_back(standing(ChoiceWait,
                                handshakeRow({{"select", PinWait, {kSelect, kPinNone}}},
                                             kNoChoice,
                                             FAIRLEAD_ANNOUNCEMENTS)));
    } else {
        rows.push_back(
            standing(ProposalWait,
                     handshakeRow({{"announceMax|announce higher", ConfirmWait, {kSelect}}},
                                  "announce lower|announce wide",
                                  FAIRLEAD_SELECTIONS)));
        rows.push_back(standing(
            ConfirmWait,
            handshakeRow({{"select", PinWait, {kPinNone}}}, kNoChoice, FAIRLEAD_ANNOUNCEMENTS)));
    }
    return rows;
}

const std::vector<Situation> &table(Role role)
{
    static const std::vector<Situation> kTables[]
        = {makeTable(Role::Client), makeTable(Role::Server)};
    return kTables[role == Role::Server ? 1 : 0];
}

} // namespace

/// Every pair of state and event, for both roles: SHIP 13.4.
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
    everyPairOf(table);
}

// RR25, RR28: a message counts by its type and its state, and by nothing that was before.
void tst_ShipStates::everyPair()
{
    QFETCH(Role, role);
    QFETCH(int, situation);
    QFETCH(int, event);
    check(table(role)[std::size_t(situation)], role, kEvents[event]);
}

void tst_ShipStates::everyStateHasItsTable()
{
    QSet<int> states;
    for (const Role role : {Role::Client, Role::Server}) {
        checkNames(table(role));
        for (const Situation &row : table(role))
            states.insert(int(row.enter(role)->state()));
    }
    QCOMPARE(states.size(), kStateCount);
}

// LC-08, RR10: whoever stalls, in whichever state, is ended by a timer of that state.
void tst_ShipStates::everyWaitingStateHasATimer()
{
    for (const Role role : {Role::Client, Role::Server}) {
        for (const Situation &row : table(role)) {
            const auto bench = row.enter(role);
            const State state = bench->state();
            const bool waits = state != Idle && state != State::Data && state != Closed;
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
