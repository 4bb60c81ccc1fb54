// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include "payload.h"

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace fairlead::bench {

namespace {

constexpr std::string_view kHelp
    = R"(usage: fairlead-bench load [options]         publish, check and measure
       fairlead-bench idle [options]         hold connections until standard input closes
       fairlead-bench null-broker [options]  serve on a free port until standard input closes

load and idle:
  --host NAME           server, 127.0.0.1 by default
  --port N              1883 by default
  --mqtt5               speak MQTT 5.0 instead of 3.1.1
  --server-pid N        read the CPU time of this process
  --run N               number that sets topics and client ids apart from other runs'
  --persistent          whoever subscribes has a session that outlives its connection

load:
  --shape NAME          p2p, fan-out, fan-in, shared or retained
  --publishers N        default by shape: 10, 1, 100, 10, 1
  --subscribers N       default by shape: 10, 100, 1, 10, 20
  --qos 0|1             of messages and subscriptions
  --window N            messages in flight per publisher; retained: subscribers served at once
  --payload BYTES       64 by default
  --rate N              publish this many messages per second in all, instead of a closed loop
  --warmup SECONDS      not measured, 0.5 by default
  --duration SECONDS    measured, 2 by default
  --stall SECONDS       without progress for this long, what is owed counts as lost; 5 by default
  --max-messages N      stop after this many published messages
  --retained-topics N   1000 by default
  --keep-retained       leave them on the server
  --threads N           each runs the whole shape on its own connections

idle:
  --connections N       10000 by default
  --subscribe           each connection subscribes to a topic of its own
  --hold SECONDS        at most this long, 600 by default

null-broker:
  --fault NAME          drop, duplicate, reorder, corrupt, misroute or disconnect
  --every N             once in N deliveries, 1000 by default

exit code: 0 clean, 1 messages or connections lost, duplicated, reordered or altered, 2 no result
)";

template <typename T>
struct Name
{
    std::string_view text;
    T value;
};

constexpr std::array<Name<Command>, 3> kCommands{
    {{"load", Command::Load}, {"idle", Command::Idle}, {"null-broker", Command::NullBroker}}};
constexpr std::array<Name<Shape>, 5> kShapes{{{"p2p", Shape::PointToPoint},
                                              {"fan-out", Shape::FanOut},
                                              {"fan-in", Shape::FanIn},
                                              {"shared", Shape::Shared},
                                              {"retained", Shape::Retained}}};
constexpr std::array<Name<Fault>, 6> kFaults{{{"drop", Fault::Drop},
                                              {"duplicate", Fault::Duplicate},
                                              {"reorder", Fault::Reorder},
                                              {"corrupt", Fault::Corrupt},
                                              {"misroute", Fault::Misroute},
                                              {"disconnect", Fault::Disconnect}}};

[[noreturn]] void fail(const std::string &text)
{
    throw BenchError("usage", text + "; --help lists the options");
}

template <typename T, std::size_t N>
T named(const std::array<Name<T>, N> &names, std::string_view text, std::string_view what)
{
    for (const Name<T> &name : names) {
        if (name.text == text) {
            return name.value;
        }
    }
    fail("'" + std::string(text) + "' is no " + std::string(what));
}

// The arguments after the command, taken from the front.
class Reader
{
public:
    explicit Reader(std::span<const char *const> rest)
        : m_rest(rest)
    { }

    bool atEnd() const { return m_rest.empty(); }

    std::string_view take()
    {
        m_current = m_rest.front();
        m_rest = m_rest.subspan(1);
        return m_current;
    }

    std::string_view value()
    {
        const std::string option(m_current);
        if (m_rest.empty()) {
            fail(option + " needs a value");
        }
        const std::string_view text = m_rest.front();
        m_rest = m_rest.subspan(1);
        return text;
    }

    template <typename T>
    T number(T low, T high)
    {
        const std::string option(m_current);
        const std::string_view text = value();
        T result{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
        if (error != std::errc{} || end != text.data() + text.size() || !(result >= low)
            || !(result <= high)) {
            fail(option + " '" + std::string(text) + "' is not a number in its range");
        }
        return result;
    }

    std::uint64_t seconds(double low, double high)
    {
        return static_cast<std::uint64_t>(number(low, high) * static_cast<double>(kNsPerSecond));
    }

private:
    std::span<const char *const> m_rest;
    std::string_view m_current;
};

bool readTarget(std::string_view option, Reader &reader, Plan &plan)
{
    if (option == "--host") {
        plan.host = reader.value();
    } else if (option == "--port") {
        plan.port = reader.number<std::uint16_t>(1, 65535);
    } else if (option == "--mqtt5") {
        plan.protocol = Protocol::V5;
    } else if (option == "--server-pid") {
        plan.serverPid = reader.number<int>(1, std::numeric_limits<int>::max());
    } else if (option == "--persistent") {
        plan.session = SessionKind::Persistent;
    } else if (option == "--run") {
        plan.run = reader.number<std::uint32_t>(0, 0xFFFFFF00);
    } else {
        return false;
    }
    return true;
}

bool readLoad(std::string_view option, Reader &reader, Plan &plan)
{
    if (option == "--shape") {
        plan.shape = named(kShapes, reader.value(), "shape");
    } else if (option == "--publishers") {
        plan.publishers = reader.number<std::uint32_t>(1, 15'000);
    } else if (option == "--subscribers") {
        plan.subscribers = reader.number<std::uint32_t>(1, 15'000);
    } else if (option == "--qos") {
        plan.qos = reader.number<std::uint8_t>(0, 1);
    } else if (option == "--window") {
        plan.window = reader.number<std::uint32_t>(1, 60'000);
    } else if (option == "--payload") {
        plan.payload = reader.number<std::size_t>(kMinimumPayload, 16'000'000);
    } else if (option == "--rate") {
        plan.rate = reader.number<std::uint64_t>(1, 10'000'000);
    } else if (option == "--warmup") {
        plan.warmupNs = reader.seconds(0, 60);
    } else if (option == "--duration") {
        plan.durationNs = reader.seconds(0.001, 600);
    } else if (option == "--stall") {
        plan.stallNs = reader.seconds(0.1, 60);
    } else if (option == "--max-messages") {
        plan.maximumMessages = reader.number<std::uint64_t>(1, 1'000'000'000);
    } else if (option == "--retained-topics") {
        plan.retainedTopics = reader.number<std::uint32_t>(1, 60'000);
    } else if (option == "--keep-retained") {
        plan.keepsRetained = true;
    } else if (option == "--threads") {
        plan.threads = reader.number<std::uint32_t>(1, 64);
    } else {
        return false;
    }
    return true;
}

bool readIdle(std::string_view option, Reader &reader, IdlePlan &idle)
{
    if (option == "--connections") {
        idle.connections = reader.number<std::uint32_t>(1, 1'000'000);
    } else if (option == "--subscribe") {
        idle.subscribes = true;
    } else if (option == "--hold") {
        idle.holdNs = reader.seconds(0.1, 600);
    } else {
        return false;
    }
    return true;
}

bool readNullBroker(std::string_view option, Reader &reader, Options &options)
{
    if (option == "--fault") {
        options.fault = named(kFaults, reader.value(), "fault");
    } else if (option == "--every") {
        options.faultEvery = reader.number<std::uint64_t>(1, 1'000'000'000);
    } else {
        return false;
    }
    return true;
}

std::pair<std::uint32_t, std::uint32_t> usualCounts(Shape shape)
{
    switch (shape) {
    case Shape::FanOut:
        return {1, 100};
    case Shape::FanIn:
        return {100, 1};
    case Shape::Retained:
        return {1, 20};
    case Shape::PointToPoint:
    case Shape::Shared:
        break;
    }
    return {10, 10};
}

void settle(Plan &plan)
{
    const auto [publishers, subscribers] = usualCounts(plan.shape);
    plan.publishers = plan.publishers == 0 ? publishers : plan.publishers;
    plan.subscribers = plan.subscribers == 0 ? subscribers : plan.subscribers;
    if (plan.shape == Shape::PointToPoint && plan.publishers != plan.subscribers) {
        fail("--shape p2p pairs publishers and subscribers, so there must be equally many");
    }
    if (plan.shape == Shape::Retained && (plan.publishers != 1 || plan.rate > 0)) {
        fail("--shape retained takes neither --publishers nor --rate");
    }
}

} // namespace

std::string_view helpText()
{
    return kHelp;
}

Options parseOptions(std::span<const char *const> arguments)
{
    Options options;
    if (arguments.empty()) {
        fail("a command is missing");
    }
    const std::string_view command = arguments.front();
    if (command == "--help" || command == "-h") {
        return options;
    }
    options.command = named(kCommands, command, "command");
    options.plan.publishers = 0;
    options.plan.subscribers = 0;
    Reader reader(arguments.subspan(1));
    while (!reader.atEnd()) {
        const std::string_view option = reader.take();
        if (option == "--help" || option == "-h") {
            options.command = Command::Help;
            return options;
        }
        bool known = false;
        if (options.command == Command::NullBroker) {
            known = readNullBroker(option, reader, options);
        } else {
            known = readTarget(option, reader, options.plan)
                || (options.command == Command::Load ? readLoad(option, reader, options.plan)
                                                     : readIdle(option, reader, options.idle));
        }
        if (!known) {
            fail("'" + std::string(option) + "' is no option of " + std::string(command));
        }
    }
    settle(options.plan);
    return options;
}

} // namespace fairlead::bench
