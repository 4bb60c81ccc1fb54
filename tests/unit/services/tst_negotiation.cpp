// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/negotiation.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

class tst_Negotiation : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void highestCommonVersionWins_data();
    void highestCommonVersionWins();
    void bitsOfBothSidesTakeEffect();
    void missingBitsAreRefused();
    void refusalStatesOurRange();
    void badOffersAreErrors();
};

void tst_Negotiation::highestCommonVersionWins_data()
{
    QTest::addColumn<quint32>("ownLowest");
    QTest::addColumn<quint32>("ownHighest");
    QTest::addColumn<quint32>("peerLowest");
    QTest::addColumn<quint32>("peerHighest");
    QTest::addColumn<quint32>("version"); // 0: none
    const auto row = [](const char *name, quint32 a, quint32 b, quint32 c, quint32 d, quint32 v) {
        QTest::newRow(name) << a << b << c << d << v;
    };
    row("AD-02 same", 1, 1, 1, 1, 1);
    row("AD-02 overlap", 1, 3, 2, 5, 3);
    row("AD-02 overlap, other way", 2, 5, 1, 3, 3);
    row("AD-02 within", 1, 9, 4, 5, 5);
    row("AD-02 touching", 1, 2, 2, 3, 2);
    row("AD-02 peer too old", 3, 4, 1, 2, 0);
    row("AD-02 peer too new", 1, 2, 3, 4, 0);
    row("AD-02 largest", 0, 4294967295U, 4294967295U, 4294967295U, 4294967295U);
}

void tst_Negotiation::highestCommonVersionWins()
{
    QFETCH(quint32, ownLowest);
    QFETCH(quint32, ownHighest);
    QFETCH(quint32, peerLowest);
    QFETCH(quint32, peerHighest);
    QFETCH(quint32, version);
    const ProtocolOffer own{ownLowest, ownHighest, 0, 0};
    const ProtocolOffer peer{peerLowest, peerHighest, 0, 0};
    const Result<ProtocolAgreement> agreed = negotiate(own, peer);
    QCOMPARE(agreed.has_value(), version != 0);
    QCOMPARE(negotiate(peer, own).has_value(), version != 0); // both ends see it alike
    if (agreed)
        QCOMPARE(agreed->version, version);
    else
        QCOMPARE(agreed.error().code(), ErrorCode::VersionRefused);
}

// AD-02
void tst_Negotiation::bitsOfBothSidesTakeEffect()
{
    const Result<ProtocolAgreement> agreed
        = negotiate({1, 1, 0b0111, 0b0010}, {1, 1, 0b1110, 0b0100});
    QVERIFY(agreed.has_value());
    QCOMPARE(agreed->capabilities, quint64(0b0110));
}

// AD-02
void tst_Negotiation::missingBitsAreRefused()
{
    const Error ours = negotiate({1, 1, 0b11, 0b11}, {1, 1, 0b01, 0}).error();
    QCOMPARE(ours.code(), ErrorCode::VersionRefused);
    QCOMPARE(ours.details().value(QStringLiteral("missing")).toULongLong(), quint64(0b10));
    const Error theirs = negotiate({1, 1, 0b01, 0}, {1, 1, 0b11, 0b11}).error();
    QCOMPARE(theirs.code(), ErrorCode::VersionRefused);
}

// AD-02
void tst_Negotiation::refusalStatesOurRange()
{
    const Error error = negotiate({3, 4, 0, 0}, {1, 2, 0, 0}).error();
    QCOMPARE(error.details().value(QStringLiteral("ownLowest")).toUInt(), 3U);
    QCOMPARE(error.details().value(QStringLiteral("ownHighest")).toUInt(), 4U);
    QVERIFY2(error.text().contains(QLatin1String("3 to 4")), qPrintable(error.text()));
}

// AD-02
void tst_Negotiation::badOffersAreErrors()
{
    const ProtocolOffer good;
    for (const ProtocolOffer &bad : {ProtocolOffer{2, 1, 0, 0}, ProtocolOffer{1, 1, 0b01, 0b10}}) {
        QCOMPARE(negotiate(bad, good).error().code(), ErrorCode::InvalidArgument);
        QCOMPARE(negotiate(good, bad).error().code(), ErrorCode::InvalidArgument);
    }
}

QTEST_APPLESS_MAIN(tst_Negotiation)
#include "tst_negotiation.moc"
