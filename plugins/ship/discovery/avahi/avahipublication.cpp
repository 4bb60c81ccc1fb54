// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/avahi/avahipublication.h"

#include "discovery/avahi/avahibus.h"
#include "discovery/avahi/avahinames.h"
#include "discovery/servicelabel.h"

#include <QtDBus/QDBusObjectPath>

#include <utility>

namespace fairlead::ship {

namespace {

QVariant shortOf(quint16 number)
{
    return QVariant::fromValue(number);
}

QString serviceType()
{
    return QString::fromLatin1(kServiceType);
}

} // namespace

AvahiPublication::AvahiPublication(AvahiBus &bus)
    : m_bus(bus)
{ }

AvahiPublication::~AvahiPublication()
{
    drop();
}

void AvahiPublication::set(const std::optional<MdnsService> &service)
{
    if (m_wanted == service && m_state != State::Failed)
        return;
    const bool isSameService = m_wanted && service && m_wanted->label == service->label
        && m_wanted->port == service->port;
    m_wanted = service;
    if (isSameService && m_state == State::Established) {
        updateTxt();
        return;
    }
    drop();
    create();
}

void AvahiPublication::begin()
{
    create();
}

void AvahiPublication::drop()
{
    if (!m_group.isEmpty())
        m_bus.tell(m_group, avahi::kEntryGroup, "Free");
    ++m_turn;
    m_group.clear();
    m_state = State::Idle;
    m_isUpdating = false;
}

void AvahiPublication::create()
{
    if (!m_wanted || !m_bus.isUp() || m_state != State::Idle)
        return;
    m_state = State::Creating;
    m_label = m_wanted->label;
    m_labels = 1;
    m_bus.call(QStringLiteral("/"),
               avahi::kServer,
               "EntryGroupNew",
               {},
               this,
               [this, turn = m_turn](const QDBusMessage &reply) {
                   const auto path = reply.arguments().value(0).value<QDBusObjectPath>().path();
                   if (turn != m_turn) {
                       // Asked for in vain.
                       if (!path.isEmpty())
                           m_bus.tell(path, avahi::kEntryGroup, "Free");
                       return;
                   }
                   if (path.isEmpty()) {
                       fail(reply.errorMessage());
                       return;
                   }
                   m_group = path;
                   addService();
               });
}

void AvahiPublication::callGroup(const char *method,
                                 const QVariantList &arguments,
                                 std::function<void(const QDBusMessage &)> done)
{
    m_bus.call(m_group,
               avahi::kEntryGroup,
               method,
               arguments,
               this,
               [this, turn = m_turn, done = std::move(done)](const QDBusMessage &reply) {
                   if (turn == m_turn)
                       done(reply);
               });
}

void AvahiPublication::addService()
{
    m_state = State::Registering;
    m_announced = *m_wanted;
    callGroup("AddService",
              {avahi::kAnyInterface,
               avahi::kAnyFamily,
               avahi::noFlags(),
               QString::fromUtf8(m_label),
               serviceType(),
               QString(),
               QString(),
               shortOf(m_announced.port),
               QVariant::fromValue(m_announced.txt)},
              [this](const QDBusMessage &reply) {
                  if (reply.type() == QDBusMessage::ReplyMessage)
                      commit();
                  else if (reply.errorName() == QLatin1String(avahi::kCollisionError))
                      takeNextLabel();
                  else
                      fail(reply.errorMessage());
              });
}

void AvahiPublication::commit()
{
    callGroup("Commit", {}, [this](const QDBusMessage &reply) {
        if (reply.type() != QDBusMessage::ReplyMessage)
            fail(reply.errorMessage());
    });
}

void AvahiPublication::takeNextLabel()
{
    if (++m_labels > kMaxLabels) {
        fail(QStringLiteral("others have the name \"%1\", and those with a number behind it")
                 .arg(QString::fromUtf8(m_wanted->label)));
        return;
    }
    m_label = labelAfter(m_label);
    m_state = State::Registering;
    callGroup("Reset", {}, [this](const QDBusMessage &reply) {
        if (reply.type() == QDBusMessage::ReplyMessage)
            addService();
        else
            fail(reply.errorMessage());
    });
}

void AvahiPublication::updateTxt()
{
    if (m_isUpdating || m_announced.txt == m_wanted->txt)
        return;
    m_isUpdating = true;
    m_announced.txt = m_wanted->txt;
    callGroup("UpdateServiceTxt",
              {avahi::kAnyInterface,
               avahi::kAnyFamily,
               avahi::noFlags(),
               QString::fromUtf8(m_label),
               serviceType(),
               QString(),
               QVariant::fromValue(m_announced.txt)},
              [this](const QDBusMessage &reply) {
                  m_isUpdating = false;
                  if (reply.type() == QDBusMessage::ReplyMessage) {
                      updateTxt();
                      return;
                  }
                  drop();
                  create();
              });
}

void AvahiPublication::handleSignal(const QDBusMessage &message)
{
    if (m_group.isEmpty() || message.path() != m_group
        || message.member() != QLatin1String("StateChanged")) {
        return;
    }
    switch (message.arguments().value(0).toInt()) {
    case avahi::kGroupEstablished:
        m_state = State::Established;
        Q_EMIT announced(m_label);
        // It may have changed on the way.
        updateTxt();
        break;
    case avahi::kGroupCollision:
        takeNextLabel();
        break;
    case avahi::kGroupFailure:
        fail(message.arguments().value(1).toString());
        break;
    default:
        break;
    }
}

void AvahiPublication::fail(const QString &why)
{
    drop();
    m_state = State::Failed;
    Q_EMIT failed(why);
}

} // namespace fairlead::ship
