// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"

#include <QTest>

using namespace fairlead::ship;
using namespace fairlead::ship::bench;

namespace {

QByteArray handshake(const char *type, int major, int minor, const char *formats)
{
    return QByteArray(R"(01 {"messageProtocolHandshake":[{"handshakeType":")") + type
        + R"("},{"version":[{"major":)" + QByteArray::number(major) + R"(},{"minor":)"
        + QByteArray::number(minor) + R"(}]},{"formats":[{"format":[)" + formats + "]}]}]}";
}

QByteArrayList refused(const char *message, const char *end)
{
    return {QByteArray("send ") + message, end};
}

std::unique_ptr<Bench> at(State state)
{
    return inState(state, trusting(state == State::ChoiceWait ? Role::Client : Role::Server));
}

} // namespace

/// The protocol handshake, chapter 5.3.
class tst_ShipHandshake : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void clientProposes();
    void serverSelects();
    void clientRepeatsTheChoice();
    void serverTakesTheConfirmation();
    void judgesProposals_data();
    void judgesProposals();
    void judgesChoices_data();
    void judgesChoices();
    void silenceIsATimeout_data();
    void silenceIsATimeout();
    void eachWaitHasItsOwnTime();
    void whatDoesNotBelongIsRefused_data();
    void whatDoesNotBelongIsRefused();
    void anErrorOfThePeerEndsIt_data();
    void anErrorOfThePeerEndsIt();
    void unknownTypesArePassedOver_data();
    void unknownTypesArePassedOver();
    void aCloseIsConfirmed_data();
    void aCloseIsConfirmed();
};

void tst_ShipHandshake::clientProposes()
{
    const auto bench = inState(State::HelloReady, trusting(Role::Client));
    bench->receive(kReady);
    QCOMPARE(bench->take(),
             (QByteArrayList{"state choice-wait", QByteArray("send ") + kAnnounceMax}));
    QCOMPARE(bench->left(TimerId::Protocol), 10'000);
    QCOMPARE(bench->armedTimers(), 1);
}

// PROT_001
void tst_ShipHandshake::serverSelects()
{
    const auto bench = at(State::ProposalWait);
    bench->receive(kAnnounceMax);
    QCOMPARE(bench->take(), (QByteArrayList{"state confirm-wait", QByteArray("send ") + kSelect}));
    QCOMPARE(bench->left(TimerId::Protocol), 10'000);
}

// PROT_002
void tst_ShipHandshake::clientRepeatsTheChoice()
{
    const auto bench = at(State::ChoiceWait);
    bench->receive(kSelect);
    QCOMPARE(bench->take(),
             (QByteArrayList{
                 QByteArray("send ") + kSelect, "state pin-wait", QByteArray("send ") + kPinNone}));
    QCOMPARE(bench->left(TimerId::Protocol), -1);
}

void tst_ShipHandshake::serverTakesTheConfirmation()
{
    const auto bench = at(State::ConfirmWait);
    bench->receive(kSelect);
    QCOMPARE(bench->take(), (QByteArrayList{"state pin-wait", QByteArray("send ") + kPinNone}));
}

void tst_ShipHandshake::judgesProposals_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<bool>("good");
    const auto row = [](const char *name, int major, int minor, const char *formats, bool good) {
        QTest::newRow(name) << handshake("announceMax", major, minor, formats) << good;
    };
    // RR18
    row("higher minor", 1, 1, R"("JSON-UTF8")", true);
    row("higher major", 2, 0, R"("JSON-UTF8")", true);
    row("highest", 65535, 65535, R"("JSON-UTF8")", true);
    row("more formats", 1, 0, R"("JSON-UTF16","JSON-UTF8")", true);
    row("lower", 0, 9, R"("JSON-UTF8")", false);
    row("other format", 1, 0, R"("JSON-UTF16")", false);
    row("other case", 1, 0, R"("json-utf8")", false);
    row("no format", 1, 0, "", false);
}

void tst_ShipHandshake::judgesProposals()
{
    QFETCH(QByteArray, message);
    QFETCH(bool, good);
    const auto bench = at(State::ProposalWait);
    bench->receive(message);
    if (good) {
        QCOMPARE(bench->takeSent(), (QByteArrayList{QByteArray("send ") + kSelect}));
        QCOMPARE(bench->state(), State::ConfirmWait);
    } else {
        QCOMPARE(bench->takeSent(), refused(kProtocolMismatch, "end version-mismatch 4001"));
    }
}

void tst_ShipHandshake::judgesChoices_data()
{
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char *name, int major, int minor, const char *formats) {
        QTest::newRow(name) << handshake("select", major, minor, formats);
    };
    row("higher minor", 1, 1, R"("JSON-UTF8")");
    row("higher major", 2, 0, R"("JSON-UTF8")");
    row("lower", 0, 9, R"("JSON-UTF8")");
    row("other format", 1, 0, R"("JSON-UTF16")");
    row("two formats", 1, 0, R"("JSON-UTF8","JSON-UTF16")");
    row("the format twice", 1, 0, R"("JSON-UTF8","JSON-UTF8")");
    row("no format", 1, 0, "");
}

void tst_ShipHandshake::judgesChoices()
{
    QFETCH(QByteArray, message);
    for (const State state : {State::ChoiceWait, State::ConfirmWait}) {
        const auto bench = at(state);
        bench->receive(message);
        QCOMPARE(bench->takeSent(), refused(kProtocolMismatch, "end version-mismatch 4001"));
        QCOMPARE(bench->armedTimers(), 0);
    }
}

void tst_ShipHandshake::silenceIsATimeout_data()
{
    QTest::addColumn<State>("state");
    QTest::newRow("proposal") << State::ProposalWait;
    QTest::newRow("confirmation") << State::ConfirmWait;
    QTest::newRow("choice") << State::ChoiceWait;
}

// PROT_003, PROT_004, LC-08
void tst_ShipHandshake::silenceIsATimeout()
{
    QFETCH(State, state);
    const auto bench = at(state);
    bench->advance(9'999);
    QCOMPARE(bench->take(), QByteArrayList());
    bench->advance(1);
    QCOMPARE(bench->takeSent(), refused(kProtocolTimeout, "end timeout 4001"));
}

void tst_ShipHandshake::eachWaitHasItsOwnTime()
{
    const auto bench = at(State::ProposalWait);
    bench->advance(9'000);
    bench->receive(kAnnounceMax);
    bench->advance(9'000);
    bench->receive(kSelect);
    QCOMPARE(bench->state(), State::PinWait);
}

void tst_ShipHandshake::whatDoesNotBelongIsRefused_data()
{
    QTest::addColumn<State>("state");
    QTest::addColumn<QByteArray>("message");
    const std::pair<const char *, const char *> messages[]
        = {{"init", kInitBytes},
           {"hello", kReady},
           {"pending", kPending},
           {"hello aborted", kAborted},
           {"PIN state", kPinNone},
           {"PIN input", kPinInput},
           {"PIN error", kPinError},
           {"access request", kAccessRequest},
           {"access methods", kAccessPeer},
           {"data", kData},
           {"no JSON", "01 ffff"},
           {"half a handshake", R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"}]})"},
           {"broken close", R"(03 {"connectionClose":[]})"},
           {"broken data", R"(02 {"data":[]})"}};
    for (const State state : {State::ProposalWait, State::ConfirmWait, State::ChoiceWait}) {
        for (const auto &[name, message] : messages)
            QTest::addRow("%s, %s", toText(state), name) << state << QByteArray(message);
        // PROT_005, PROT_006
        QTest::addRow("%s, the other handshake message", toText(state))
            << state << QByteArray(state == State::ProposalWait ? kSelect : kAnnounceMax);
    }
}

void tst_ShipHandshake::whatDoesNotBelongIsRefused()
{
    QFETCH(State, state);
    QFETCH(QByteArray, message);
    const auto bench = at(state);
    bench->receive(message);
    QCOMPARE(bench->takeSent(), refused(kProtocolUnexpected, "end protocol-error 4001"));
    QCOMPARE(bench->armedTimers(), 0);
}

void tst_ShipHandshake::anErrorOfThePeerEndsIt_data()
{
    silenceIsATimeout_data();
}

// RR9
void tst_ShipHandshake::anErrorOfThePeerEndsIt()
{
    QFETCH(State, state);
    const auto mismatch = at(state);
    mismatch->receive(kProtocolMismatch);
    QCOMPARE(mismatch->takeSent(), (QByteArrayList{"end version-mismatch 4001"}));
    const auto other = at(state);
    other->receive(R"(01 {"messageProtocolHandshakeError":[{"error":99}]})");
    QCOMPARE(other->takeSent(), (QByteArrayList{"end peer-reported-error 4001"}));
}

void tst_ShipHandshake::unknownTypesArePassedOver_data()
{
    silenceIsATimeout_data();
}

// MSG_001, MSG_002
void tst_ShipHandshake::unknownTypesArePassedOver()
{
    QFETCH(State, state);
    const auto bench = at(state);
    for (const char *message : {"", "00", "01", "02", "03", "04 7b7d", "ff 00"})
        bench->receive(message);
    QCOMPARE(bench->takeSent(), QByteArrayList());
    QCOMPARE(bench->state(), state);
}

void tst_ShipHandshake::aCloseIsConfirmed_data()
{
    silenceIsATimeout_data();
}

void tst_ShipHandshake::aCloseIsConfirmed()
{
    QFETCH(State, state);
    const auto bench = at(state);
    bench->receive(kAnnounce);
    QCOMPARE(bench->takeSent(), (QByteArrayList{QByteArray("send ") + kConfirm}));
    bench->advance(500);
    QCOMPARE(bench->takeSent(), (QByteArrayList{"end peer-closed 4001"}));
}

QTEST_APPLESS_MAIN(tst_ShipHandshake)

#include "tst_shiphandshake.moc"
