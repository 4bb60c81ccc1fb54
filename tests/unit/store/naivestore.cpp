// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "naivestore.h"

#include <algorithm>

namespace fairlead::core {

namespace {

template <typename... Ts>
struct Overloaded : Ts...
{
    using Ts::operator()...;
};

template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

QByteArray number(quint64 value)
{
    return QByteArray::number(value);
}

QByteArray text(ByteSpan span)
{
    return {span.data(), qsizetype(span.size())};
}

QByteArray sessionLine(const SessionRow &row)
{
    return "session " + number(row.number) + ' ' + row.key + ' ' + number(row.expirySeconds) + ' '
        + row.note;
}

QByteArray messageText(const Message &message)
{
    return number(message.sequence()) + ' ' + text(message.topic()) + ' ' + text(message.payload())
        + " until " + QByteArray::number(message.expiryDeadline());
}

struct Delivery
{
    quint64 session = 0;
    Message message;
    quint32 copy = 0;
    quint8 qos = 0;
    bool retain = false;
    bool showPosition = false;
    std::optional<quint32> tag;
    bool bodyDone = false;
    std::shared_ptr<const std::vector<quint32>> ids;
    QByteArray group;
};

QByteArray deliveryLine(const Delivery &delivery)
{
    QByteArray line = "owed " + number(delivery.session) + ' ' + messageText(delivery.message)
        + " copy " + number(delivery.copy) + " qos " + number(delivery.qos) + ' '
        + number(delivery.retain) + number(delivery.showPosition) + " tag "
        + (delivery.tag ? number(*delivery.tag) : "none") + number(delivery.bodyDone) + " by "
        + delivery.group;
    if (delivery.ids) {
        for (const quint32 id : *delivery.ids)
            line += " #" + number(id);
    }
    return line;
}

} // namespace

/// What is left of a message that was refused: those who were there have seen it.
static StoreRecord seen(const record::PutMessage &refused)
{
    record::PutMessage put;
    put.message = refused.message;
    put.streams = refused.streams;
    return put;
}

StoreRecord cloned(const StoreRecord &record)
{
    return std::visit(
        Overloaded{[](const record::PutSession &put) -> StoreRecord {
                       return record::PutSession{std::make_unique<SessionRow>(*put.row)};
                   },
                   [](const record::PutSubscription &put) -> StoreRecord {
                       return record::PutSubscription{std::make_unique<SubscriptionRow>(*put.row)};
                   },
                   [](const auto &other) -> StoreRecord { return other; }},
        record);
}

void NaiveStore::apply(const StoreRecord &record, bool refusable)
{
    m_log.push_back({cloned(record), refusable});
    play(record);
}

void NaiveStore::refuse(const StoreRecord &record)
{
    const auto *put = std::get_if<record::PutMessage>(&record);
    if (put && put->streams == 0)
        m_refused.insert(put->message.sequence());
    else if (put)
        apply(seen(*put), false);
}

void NaiveStore::committed()
{
    m_kept = m_state;
    m_log.clear();
}

void NaiveStore::failed()
{
    std::vector<Logged> rest;
    for (Logged &logged : m_log) {
        const auto *put = std::get_if<record::PutMessage>(&logged.record);
        const auto kept
            = put ? m_state.messages.find(put->message.sequence()) : m_state.messages.end();
        if (!logged.refusable)
            rest.push_back(std::move(logged));
        else if (kept != m_state.messages.end() && kept->second.streams != 0)
            rest.push_back({seen(*put), false});
        else if (put)
            m_refused.insert(put->message.sequence());
    }
    m_log = std::move(rest);
    m_state = m_kept;
    for (const Logged &logged : m_log)
        play(logged.record);
}

void NaiveStore::restart(qint64 now)
{
    m_state = m_kept;
    m_log.clear();
    m_refused.clear();
    for (auto &[sequence, kept] : m_state.messages) {
        const qint64 deadline = kept.message.expiryDeadline();
        if (deadline < 0 || deadline > now)
            continue;
        kept.targets.clear();
        kept.streams = 0;
        const quint64 gone = sequence;
        std::erase_if(m_state.retained, [gone](const auto &entry) { return entry.second == gone; });
    }
    tidy();
    m_kept = m_state;
}

/// A message goes with the last that holds it.
void NaiveStore::tidy()
{
    std::set<quint64> retained;
    for (const auto &[topic, sequence] : m_state.retained)
        retained.insert(sequence);
    std::erase_if(m_state.messages, [&retained](const auto &entry) {
        return entry.second.targets.empty() && entry.second.streams == 0
            && !retained.contains(entry.first);
    });
}

void NaiveStore::owe(Kept *kept, const DurableTarget &target) const
{
    if (std::min(target.qos, kept->message.qos()) == 0 || !m_state.sessions.contains(target.session)
        || (target.noLocal && target.session == kept->message.origin()))
        return;
    kept->targets[{target.session, target.copy}] = {target, std::nullopt};
}

void NaiveStore::play(const record::PutMessage &put)
{
    const quint64 sequence = put.message.sequence();
    if (put.keySession != 0 && m_state.sessions.contains(put.keySession))
        m_state.sessions[put.keySession].keys.insert(put.key);
    Kept kept;
    kept.message = put.message;
    kept.streams = put.streams;
    for (const DurableTargets &list : {put.targets, put.shared}) {
        if (!list)
            continue;
        for (const DurableTarget &target : *list)
            owe(&kept, target);
    }
    m_state.messages[sequence] = kept;
    if (put.retained && put.message.payload().empty())
        m_state.retained.erase(text(put.message.topic()));
    else if (put.retained)
        m_state.retained[text(put.message.topic())] = sequence;
}

void NaiveStore::play(const record::AddTarget &add)
{
    const quint64 sequence = add.message.sequence();
    if (m_refused.contains(sequence))
        return;
    Kept &kept = m_state.messages[sequence];
    kept.message = add.message;
    owe(&kept, add.target);
}

void NaiveStore::play(const StoreRecord &record)
{
    const auto findOwed = [this](const auto &name) -> Owed * {
        const auto message = m_state.messages.find(name.sequence);
        if (message == m_state.messages.end())
            return nullptr;
        const auto owed = message->second.targets.find({name.session, name.copy});
        return owed != message->second.targets.end() ? &owed->second : nullptr;
    };
    const auto findSession = [this](quint64 session) -> Session * {
        const auto found = m_state.sessions.find(session);
        return found != m_state.sessions.end() ? &found->second : nullptr;
    };
    std::visit(
        Overloaded{
            [this](const record::PutMessage &put) { play(put); },
            [this](const record::AddTarget &add) { play(add); },
            [&](const record::Settle &settle) {
                if (findOwed(settle))
                    m_state.messages[settle.sequence].targets.erase({settle.session, settle.copy});
            },
            [&](const record::Mark &mark) {
                Owed *owed = findOwed(mark);
                if (owed)
                    owed->mark = {mark.tag, mark.bodyDone || (owed->mark && owed->mark->bodyDone)};
            },
            [&](const record::PutKey &put) {
                if (Session *session = findSession(put.session))
                    session->keys.insert(put.key);
            },
            [&](const record::ForgetKey &forget) {
                if (Session *session = findSession(forget.session))
                    session->keys.erase(forget.key);
            },
            [this](const record::PutSession &put) {
                m_state.sessions[put.row->number].row = *put.row;
            },
            [this](const record::RemoveSession &remove) {
                m_state.sessions.erase(remove.number);
                for (auto &[sequence, kept] : m_state.messages) {
                    std::erase_if(kept.targets, [&remove](const auto &entry) {
                        return entry.first.first == remove.number;
                    });
                }
            },
            [&](const record::PutSubscription &put) {
                if (Session *session = findSession(put.row->session))
                    session->subscriptions[put.row->filter] = *put.row;
            },
            [&](const record::RemoveSubscription &remove) {
                if (Session *session = findSession(remove.session))
                    session->subscriptions.erase(remove.filter);
            },
            [this](const record::ClearRetained &clear) {
                const auto found = m_state.retained.find(clear.topic);
                if (found != m_state.retained.end() && found->second == clear.sequence)
                    m_state.retained.erase(found);
            },
            [this](const record::TrimStream &trim) {
                for (auto &[sequence, kept] : m_state.messages) {
                    if (sequence < trim.below)
                        kept.streams &= ~(1U << trim.stream);
                }
            },
            [this](const record::PutValue &put) {
                m_state.values[{put.space, put.key}] = put.value;
            },
            [this](const record::RemoveValue &remove) {
                m_state.values.erase({remove.space, remove.key});
            },
        },
        record);
    tidy();
}

std::size_t NaiveStore::tagCount() const
{
    std::size_t count = 0;
    for (const auto &[sequence, kept] : m_state.messages) {
        for (const auto &[name, owed] : kept.targets)
            count += owed.mark ? 1 : 0;
    }
    return count;
}

std::vector<std::tuple<quint64, quint64, quint32>> NaiveStore::owed() const
{
    std::vector<std::tuple<quint64, quint64, quint32>> names;
    for (const auto &[sequence, kept] : m_state.messages) {
        for (const auto &[name, owed] : kept.targets)
            names.emplace_back(sequence, name.first, name.second);
    }
    return names;
}

std::vector<QByteArray> NaiveStore::lines() const
{
    std::vector<QByteArray> out;
    for (const auto &[sessionNumber, session] : m_state.sessions) {
        out.push_back(sessionLine(session.row));
        for (const auto &[filter, row] : session.subscriptions)
            out.push_back("filter " + number(sessionNumber) + ' ' + filter + ' ' + number(row.qos));
        for (const quint32 key : session.keys)
            out.push_back("key " + number(sessionNumber) + ' ' + number(key));
    }
    for (const auto &[sequence, kept] : m_state.messages) {
        for (const auto &[name, owed] : kept.targets) {
            const DurableTarget &target = owed.target;
            Delivery delivery;
            delivery.session = name.first;
            delivery.message = kept.message;
            delivery.copy = name.second;
            delivery.qos = std::min(target.qos, kept.message.qos());
            delivery.retain
                = target.retain || (target.retainAsPublished && kept.message.isRetain());
            delivery.showPosition = target.showPosition;
            if (owed.mark) {
                delivery.tag = owed.mark->tag;
                delivery.bodyDone = owed.mark->bodyDone;
            }
            delivery.ids = target.ids;
            delivery.group = target.group;
            out.push_back(deliveryLine(delivery));
        }
        for (int stream = 0; stream < 32; ++stream) {
            if ((kept.streams >> stream & 1) != 0)
                out.push_back("stream " + number(quint64(stream)) + ' '
                              + messageText(kept.message));
        }
    }
    for (const auto &[topic, sequence] : m_state.retained)
        out.push_back("retained " + messageText(m_state.messages.at(sequence).message));
    for (const auto &[name, value] : m_state.values)
        out.push_back("value " + name.first + ' ' + name.second + ' ' + value);
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<QByteArray> linesOf(const Recovered &recovered)
{
    std::vector<QByteArray> out;
    for (const RecoveredSession &session : recovered.sessions) {
        const quint64 sessionNumber = session.row.number;
        out.push_back(sessionLine(session.row));
        for (const SubscriptionRow &row : session.subscriptions)
            out.push_back("filter " + number(sessionNumber) + ' ' + row.filter + ' '
                          + number(row.qos));
        for (const quint32 key : session.keys)
            out.push_back("key " + number(sessionNumber) + ' ' + number(key));
        for (const RecoveredDelivery &owed : session.deliveries) {
            Delivery delivery;
            delivery.session = sessionNumber;
            delivery.message = owed.message;
            delivery.copy = owed.copy;
            delivery.qos = owed.qos;
            delivery.retain = owed.retain;
            delivery.showPosition = owed.showPosition;
            if (owed.isTagged)
                delivery.tag = owed.tag;
            delivery.bodyDone = owed.bodyDone;
            delivery.ids = owed.ids;
            delivery.group = owed.group;
            out.push_back(deliveryLine(delivery));
        }
    }
    for (const Message &message : recovered.retained)
        out.push_back("retained " + messageText(message));
    for (std::size_t stream = 0; stream < recovered.streams.size(); ++stream) {
        for (const RecoveredEntry &entry : recovered.streams[stream])
            out.push_back("stream " + number(stream) + ' ' + messageText(entry.message));
    }
    for (const record::PutValue &value : recovered.values)
        out.push_back("value " + value.space + ' ' + value.key + ' ' + value.value);
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace fairlead::core
