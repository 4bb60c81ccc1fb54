// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/eebusjson.h"
#include "protocol/machine.h"
#include "protocol/messagereader.h"
#include "protocol/messagewriter.h"
#include "protocol/ski.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

using namespace fairlead::ship;

namespace {

[[noreturn]] void report(const char *what, const char *detail)
{
    std::fprintf(stderr, "%s: %s\n", what, detail);
    std::abort();
}

/// What could be read can be written, and reads the same then.
void checkJson(Bytes input)
{
    QByteArray plain;
    const JsonError error = toPlainJson(input, plain);
    if (error) {
        if (error.offset > input.size())
            report("an error outside of the text", toText(error.kind));
        return;
    }
    QByteArray compact;
    if (toCompactJson(input, compact))
        report("half a converter", "compact");
    QByteArray eebus;
    if (toEebusJson(viewOf(plain), eebus))
        return; // deeper or longer than allowed
    QByteArray again;
    if (toPlainJson(viewOf(eebus), again) || again != plain)
        report("the plain form does not come back", plain.constData());
}

void checkMessage(Bytes input)
{
    Message message;
    if (const DecodeError error = decode(input, message)) {
        if (error.text == nullptr)
            report("an error without a text", toText(error.kind));
        return;
    }
    const QByteArray written = encode(message);
    Message again;
    if (const DecodeError error = decode(viewOf(written), again))
        report("what was encoded does not decode", error.text);
    if (encode(again) != written)
        report("encoding is not stable", written.constData());
}

/// Lets a machine live through the input: one message or event per line.
class Life
{
public:
    explicit Life(Role role)
        : m_machine(settings(role))
    {
        Actions out;
        m_machine.start(m_now, out);
        check(out);
    }

    void run(Bytes input)
    {
        while (!input.empty()) {
            const std::size_t cut = std::min(input.find('\n'), input.size());
            event(input.substr(0, cut));
            input.remove_prefix(std::min(cut + 1, input.size()));
        }
        // Whatever came, silence ends everything but data exchange.
        for (int i = 0; i < 100; ++i)
            fireNext();
        if (m_machine.state() != State::Closed && m_machine.state() != State::Data)
            report("stuck", toText(m_machine.state()));
    }

private:
    static Settings settings(Role role)
    {
        Settings settings;
        settings.role = role;
        settings.trust = Trust::Trusted;
        settings.shipId = "us";
        settings.pinDemand = PinDemand::Optional;
        settings.ownPin = "12345678";
        settings.limits.maxBytes = 4096;
        return settings;
    }

    void event(Bytes line)
    {
        Actions out;
        const auto what = line.empty() ? 0U : static_cast<unsigned char>(line.front());
        switch (what) {
        case 0x80:
            m_machine.decideTrust(Trust::Pending, m_now, out);
            break;
        case 0x81:
            m_machine.decideTrust(Trust::Trusted, m_now, out);
            break;
        case 0x82:
            m_machine.decideTrust(Trust::Rejected, m_now, out);
            break;
        case 0x83:
            static_cast<void>(m_machine.enterPin(line.substr(1), m_now, out));
            break;
        case 0x84:
            m_machine.close(EndReason::LocalClose, m_now, out);
            break;
        case 0x85:
            m_machine.abort(m_now, out);
            break;
        case 0x86:
            m_machine.peerGone(m_now, out);
            break;
        case 0x87:
            static_cast<void>(m_machine.sendData("{}", m_now, out));
            break;
        case 0x88:
            fireNext();
            return;
        case 0x89:
            m_now += 1'000'000'000;
            return;
        default:
            m_machine.receive(line, m_now, out);
        }
        check(out);
    }

    void fireNext()
    {
        std::size_t next = m_deadlines.size();
        for (std::size_t i = 0; i < m_deadlines.size(); ++i) {
            if (m_deadlines[i] > 0
                && (next == m_deadlines.size() || m_deadlines[i] < m_deadlines[next])) {
                next = i;
            }
        }
        if (next == m_deadlines.size())
            return;
        m_now = std::max(m_now, m_deadlines[next]);
        m_deadlines[next] = 0;
        Actions out;
        m_machine.expire(static_cast<TimerId>(next), m_now, out);
        check(out);
    }

    void check(const Actions &actions)
    {
        for (const Action &action : actions) {
            if (m_ended)
                report("something follows the end", toText(m_machine.state()));
            if (const auto *const arm = std::get_if<ArmTimer>(&action)) {
                if (arm->deadline < m_now)
                    report("a timer in the past", toText(arm->timer));
                m_deadlines[static_cast<std::size_t>(arm->timer)] = arm->deadline;
            } else if (const auto *const disarm = std::get_if<DisarmTimer>(&action)) {
                m_deadlines[static_cast<std::size_t>(disarm->timer)] = 0;
            } else if (const auto *const send = std::get_if<SendMessage>(&action)) {
                Message message;
                if (const DecodeError error = decode(viewOf(send->bytes), message))
                    report("we send what we would not read", error.text);
            } else if (std::holds_alternative<DeliverData>(action)) {
                if (m_machine.state() != State::Data)
                    report("data outside of data exchange", toText(m_machine.state()));
            } else if (std::holds_alternative<End>(action)) {
                m_ended = true;
            }
        }
        if (m_ended != (m_machine.state() == State::Closed))
            report("end and state disagree", toText(m_machine.state()));
    }

    Machine m_machine;
    qint64 m_now = 1;
    std::array<qint64, kTimerCount> m_deadlines{};
    bool m_ended = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const Bytes input(reinterpret_cast<const char *>(data), size);
    checkJson(input);
    checkJson(input.substr(std::min<std::size_t>(1, size)));
    checkMessage(input);
    if (const auto ski = Ski::fromText(input); ski && Ski::fromText(viewOf(ski->toGroups())) != ski)
        report("an SKI does not come back", "ski");
    Life(Role::Client).run(input);
    Life(Role::Server).run(input);
    return 0;
}
