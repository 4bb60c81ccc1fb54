// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "statewalk.h"

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

using enum State;
using enum EndReason;
using Timers = std::vector<TimerId>;
using Said = std::vector<const char *>;

constexpr char kAsks[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":true}]})";
constexpr char kReadyUntimed[] = R"(01 {"connectionHello":[{"phase":"ready"}]})";
constexpr char kPendingMore[] = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000}]})";
constexpr char kPendingTwice[]
    = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":120000}]})";
constexpr char kPendingThen[] = R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":75000}]})";
constexpr char kReadyThen[] = R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":15000}]})";
constexpr char kOurs[] = R"(01 {"connectionPinState":[{"pinState":"pinOk"}]})";
constexpr char kEntered[] = R"(01 {"connectionPinInput":[{"pin":"1234abcd"}]})";
constexpr char kBusy[]
    = R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"busy"}]})";
constexpr char kOpen[]
    = R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"ok"}]})";
constexpr char kDelivered[] = R"(deliver ee1.0 {"datagram":[{"a":1}]})";
constexpr char kSentData[] = R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{}}]})";

constexpr char kNotHello[]
    = "no JSON|unknown element|unknown phase|init|wrong init|announceMax|announce higher|"
      "announce lower|announce wide|select|select higher|select two|select wide|protocol error|"
      "pin none|pin ok|pin required|pin busy|pin optional|pin input|pin wrong|pin error|"
      "access request|access methods|data|close announce|close removed|close confirm";

std::vector<Outcome> with(std::vector<Outcome> row, const std::vector<Outcome> &more)
{
    row.insert(row.end(), more.begin(), more.end());
    return row;
}

// SHIP 13.4.4.1, PENDING: what is the same whatever was said before.
const std::vector<Outcome> kHelloEnds
    = {{"ready open|pending open|pending false|pending both", Closed, {kAborted}, ProtocolError},
       {kNotHello, Closed, {kAborted}, ProtocolError},
       {"hello aborted", Closed, {}, RejectedByPeer},
       {"rejected", Closed, {kAborted}, RejectedHere},
       {"close", Closed, {kAborted}, LocalClose},
       {"duplicate", Closed, {}, Duplicate},
       {"abort", Closed, {kAborted}, UserAbort},
       {"peer gone", Closed, {}, ConnectionLost}};

// SHIP 13.4.4.3: what is the same whichever PIN is missing.
const std::vector<Outcome> kPinEnds = {{"hello aborted", Closed, {}, RejectedByPeer},
                                       {"protocol error", Closed, {}, PeerReportedError},
                                       {"data|no JSON|unknown phase", CloseAnnounced, {kAnnounce}},
                                       {"close announce|close removed", CloseConfirmed, {kConfirm}},
                                       {"close confirm", Closed, {}, PeerClosed},
                                       {"rejected", CloseAnnounced, {kAnnounceRemoved}},
                                       {"close", CloseAnnounced, {kAnnounce}},
                                       {"duplicate", Closed, {}, Duplicate},
                                       {"abort", Closed, {kAnnounce}, UserAbort},
                                       {"peer gone", Closed, {}, ConnectionLost}};

std::unique_ptr<Bench> undecidedAfter(Role role, std::initializer_list<const char *> messages)
{
    auto bench = inState(HelloPending, undecided(role));
    for (const char *const message : messages)
        bench->receive(message);
    return bench;
}

std::unique_ptr<Bench> demanding(Role role, PinDemand demand)
{
    Settings settings = trusting(role);
    settings.pinDemand = demand;
    settings.ownPin = "1234abcd";
    return inState(PinWait, std::move(settings));
}

std::vector<Situation> helloSituations(Role role)
{
    const bool client = role == Role::Client;
    const State next = client ? ChoiceWait : ProposalWait;
    const Said accepted = client ? Said{kReadyUntimed, kAnnounceMax} : Said{kReadyUntimed};
    const Timers both = {TimerId::HelloWait, TimerId::HelloSend};
    return {
        {"the partner is pending too",
         [](Role one) { return undecidedAfter(one, {kPending}); },
         with(kHelloEnds,
              {{"hello ready", HelloPending, {}, None, Timers{TimerId::HelloSend}},
               {"ready brief", HelloPending, {}, None, Timers{TimerId::HelloReply}},
               {"hello pending", HelloPending, {}, None, both},
               {"pending brief", HelloPending, {}},
               {"prolongation", HelloPending, {kPendingTwice}, None, both},
               {"timer hello wait", Closed, {kAborted}, Timeout},
               {"timer hello send",
                HelloPending,
                {kAsks},
                None,
                Timers{TimerId::HelloWait, TimerId::HelloReply}},
               {"trusted", HelloReady, {kReady}}})},
        {"the partner is ready",
         [](Role one) { return undecidedAfter(one, {kReady}); },
         with(kHelloEnds,
              {{"hello ready|hello pending", HelloPending, {}, None, Timers{TimerId::HelloSend}},
               {"ready brief|pending brief", HelloPending, {}, None, Timers{TimerId::HelloReply}},
               // It was ready, and asks for time: ours for it begins anew.
               {"prolongation", HelloPending, {kPendingMore}, None, both},
               {"timer hello send", HelloPending, {kAsks}, None, Timers{TimerId::HelloReply}},
               {"trusted", next, accepted}})},
        {"the ready partner was asked for time",
         [](Role one) {
             auto bench = undecidedAfter(one, {kReady});
             bench->advance(45'000);
             return bench;
         },
         with(kHelloEnds,
              {{"hello ready|hello pending", HelloPending, {}, None, Timers{TimerId::HelloSend}},
               {"ready brief|pending brief", HelloPending, {}, None, Timers{TimerId::HelloReply}},
               {"prolongation",
                HelloPending,
                {kPendingMore},
                None,
                Timers{TimerId::HelloWait, TimerId::HelloReply}},
               {"timer hello reply", Closed, {kAborted}, Timeout},
               {"trusted", next, accepted}})},
        {"the pending partner was asked for time",
         [](Role one) {
             auto bench = undecidedAfter(one, {kPending});
             bench->advance(45'000);
             return bench;
         },
         with(kHelloEnds,
              {{"hello ready", HelloPending, {}, None, Timers{TimerId::HelloSend}},
               {"ready brief", HelloPending, {}, None, Timers{TimerId::HelloReply}},
               {"hello pending", HelloPending, {}, None, both},
               {"pending brief", HelloPending, {}},
               {"prolongation",
                HelloPending,
                {kPendingThen},
                None,
                Timers{TimerId::HelloWait, TimerId::HelloReply}},
               {"timer hello wait|timer hello reply", Closed, {kAborted}, Timeout},
               {"trusted", HelloReady, {kReadyThen}}})},
    };
}

std::vector<Situation> ownPinSituations()
{
    const Timers entry = {TimerId::PinEntry};
    return {
        {"our PIN is required",
         [](Role role) {
             auto bench = demanding(role, PinDemand::Required);
             bench->receive(kPinNone);
             return bench;
         },
         with(kPinEnds,
              {{"pin input", State::Data, {kOurs, kAccessRequest}},
               {"pin wrong", PinWait, {kPinError}, None, entry},
               {"timer pin entry", CloseAnnounced, {kAnnounce}}})},
        {"our PIN was entered wrongly three times",
         [](Role role) {
             auto bench = demanding(role, PinDemand::Required);
             bench->receive(kPinNone);
             for (int i = 0; i < 3; ++i)
                 bench->receive(kPinWrongInput);
             return bench;
         },
         with(kPinEnds,
              {{"timer pin entry", CloseAnnounced, {kAnnounce}},
               {"timer pin penalty", PinWait, {kOpen}, None, entry}})},
        {"our PIN is optional",
         [](Role role) {
             auto bench = demanding(role, PinDemand::Optional);
             bench->receive(kPinNone);
             return bench;
         },
         {{"data", State::Data, {kDelivered}},
          {"pin input", State::Data, {kOurs}},
          {"pin wrong", State::Data, {kPinError}},
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
          {"peer gone", Closed, {}, ConnectionLost}}},
    };
}

std::vector<Situation> peersPinSituations()
{
    const Timers entry = {TimerId::PinEntry};
    const std::vector<Outcome> rest
        = with(kPinEnds,
               {{"pin none|pin ok", State::Data, {kAccessRequest}},
                {"access request", PinWait, {kAccessRequest, kAccessUs}, None, entry},
                {"access methods", PinWait, {"peer peer"}, None, entry},
                {"timer pin entry", CloseAnnounced, {kAnnounce}}});
    return {
        {"the peer's PIN is required",
         [](Role role) {
             auto bench = inState(PinWait, trusting(role));
             bench->receive(kPinRequired);
             return bench;
         },
         with(rest,
              {{"pin optional", State::Data, {kAccessRequest}},
               {"pin given",
                PinWait,
                {kEntered},
                None,
                Timers{TimerId::PinReply, TimerId::PinEntry}}})},
        {"the peer takes no PIN now",
         [](Role role) {
             auto bench = inState(PinWait, trusting(role));
             bench->receive(kPinRequiredBusy);
             static_cast<void>(bench->enterPin("1234abcd"));
             return bench;
         },
         with(rest,
              {{"pin optional",
                State::Data,
                {kEntered, kAccessRequest},
                None,
                Timers{TimerId::PinReply}},
               {"pin required",
                PinWait,
                {kEntered},
                None,
                Timers{TimerId::PinReply, TimerId::PinEntry}}})},
        {"the peer's PIN was entered",
         [](Role role) {
             auto bench = inState(PinWait, trusting(role));
             bench->receive(kPinRequired);
             static_cast<void>(bench->enterPin("1234abcd"));
             return bench;
         },
         with(kPinEnds,
              {{"pin none|pin ok|pin optional", State::Data, {kAccessRequest}},
               {"pin error|pin required|pin busy", PinWait, {}, None, entry},
               {"access request",
                PinWait,
                {kAccessRequest, kAccessUs},
                None,
                Timers{TimerId::PinReply, TimerId::PinEntry}},
               {"access methods",
                PinWait,
                {"peer peer"},
                None,
                Timers{TimerId::PinReply, TimerId::PinEntry}},
               {"timer pin reply|timer pin entry", CloseAnnounced, {kAnnounce}}})},
    };
}

std::vector<Situation> makeTable(Role role)
{
    std::vector<Situation> table = helloSituations(role);
    for (const auto &more : {ownPinSituations(), peersPinSituations()})
        table.insert(table.end(), more.begin(), more.end());
    return table;
}

const std::vector<Situation> &table(Role role)
{
    static const std::vector<Situation> kTables[]
        = {makeTable(Role::Client), makeTable(Role::Server)};
    return kTables[role == Role::Server ? 1 : 0];
}

} // namespace

/// As tst_ShipStates, where a state alone does not say what is to come: who is ready, what was asked
/// for, and whose PIN is missing.
class tst_ShipSituations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyPair_data();
    void everyPair();
    void everyEventIsOne();
};

void tst_ShipSituations::everyPair_data()
{
    everyPairOf(table);
}

void tst_ShipSituations::everyPair()
{
    QFETCH(Role, role);
    QFETCH(int, situation);
    QFETCH(int, event);
    check(table(role)[std::size_t(situation)], role, kEvents[event]);
}

void tst_ShipSituations::everyEventIsOne()
{
    checkNames(table(Role::Client));
    checkNames(table(Role::Server));
}

QTEST_APPLESS_MAIN(tst_ShipSituations)

#include "tst_shipsituations.moc"
