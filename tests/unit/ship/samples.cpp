// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "samples.h"

#include "bench.h"

namespace fairlead::ship::samples {

namespace {

struct Row
{
    const char *name;
    const char *readable;
};

template <std::size_t Count>
std::vector<Sample> made(const Row (&rows)[Count])
{
    std::vector<Sample> samples;
    for (const Row &row : rows)
        samples.push_back({row.name, bench::bytesOf(row.readable)});
    return samples;
}

// clang-format off: one message per line, byte for byte.
constexpr Row kStrict[] = {
    {"both init", R"(00 00)"},
    {"openeebus accessMethods", R"(01 {"accessMethods":[{"id":"oe-dut"}]})"},
    {"ship-go accessMethods", R"(01 {"accessMethods":[{"id":"shipgo-client"}]})"},
    {"both accessMethodsRequest", R"(01 {"accessMethodsRequest":[]})"},
    {"both hello aborted", R"(01 {"connectionHello":[{"phase":"aborted"}]})"},
    {"openeebus hello pending",
     R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":119950}]})"},
    {"ship-go hello pending", R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000}]})"},
    {"both hello ready", R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":60000}]})"},
    {"both pin none", R"(01 {"connectionPinState":[{"pinState":"none"}]})"},
    {"ship-go announceMax",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]})"},
    {"both select",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]})"},
    {"openeebus unexpected message", R"(01 {"messageProtocolHandshakeError":[{"error":2}]})"},
    {"openeebus selection mismatch", R"(01 {"messageProtocolHandshakeError":[{"error":3}]})"},
    {"ship-go data",
     R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[{"header":[{"specificationVersion":"1.3.0"},{"addressSource":[{"device":"d:_i:peer"},{"entity":[0]},{"feature":0}]},{"addressDestination":[{"entity":[0]},{"feature":0}]},{"msgCounter":589357},{"cmdClassifier":"read"}]},{"payload":[{"cmd":[[{"nodeManagementDetailedDiscoveryData":[]}]]}]}]}}]})"},
    {"openeebus data",
     R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[{"header":[{"specificationVersion":"1.3.0"}]},{"payload":[{"cmd":[[{"x":[]}]]}]}]}}]})"},
    {"ship-go close announce",
     R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":500},{"reason":"unspecific"}]})"},
    {"both close confirm", R"(03 {"connectionClose":[{"phase":"confirm"}]})"},
    {"schema prolongation",
     R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":true}]})"},
    {"schema protocol timeout", R"(01 {"messageProtocolHandshakeError":[{"error":1}]})"},
    {"schema pin required",
     R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"ok"}]})"},
    {"schema pin required busy",
     R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"busy"}]})"},
    {"schema pin optional",
     R"(01 {"connectionPinState":[{"pinState":"optional"},{"inputPermission":"ok"}]})"},
    {"schema pin ok", R"(01 {"connectionPinState":[{"pinState":"pinOk"}]})"},
    {"schema pin input", R"(01 {"connectionPinInput":[{"pin":"1234abcd"}]})"},
    {"schema pin error", R"(01 {"connectionPinError":[{"error":1}]})"},
    {"schema accessMethods",
     R"(01 {"accessMethods":[{"id":"X"},{"dnsSd_mDns":[]},{"dns":[{"uri":"wss://host:4711/ship/"}]}]})"},
    {"schema data extension",
     R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[]}},{"extension":[{"extensionId":"x"},{"binary":"00ff"},{"string":"y"}]}]})"},
    {"schema close removed",
     R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":500},{"reason":"removedConnection"}]})"},
    {"two formats",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":1},{"minor":1}]},{"formats":[{"format":["JSON-UTF8","JSON-UTF16"]}]}]})"},
    {"escapes in an id", R"(01 {"accessMethods":[{"id":"a\"b\\c\u0001"}]})"},
};

constexpr Row kTolerable[] = {
    {"order of a hello", R"(01 {"connectionHello":[{"waiting":60000},{"phase":"ready"}]})"},
    {"white space",
     "01 {\r\n\t\"connectionHello\" : [ { \"phase\" : \"ready\" } ,\n { \"waiting\" : 60000 } ] "
     "}\n"},
    {"object for array", R"(01 {"connectionHello":{"phase":"ready","waiting":60000}})"},
    {"members in one object", R"(01 {"connectionHello":[{"phase":"ready","waiting":60000}]})"},
    {"unknown members",
     R"(01 {"connectionHello":[{"phase":"ready"},{"later":[{"x":[1,2]}]},{"waiting":60000},{}]})"},
    {"escaped spelling",
     R"(01 {"connection\u0048ello":[{"phas\u0065":"re\u0061dy"},{"waiting":60000}]})"},
    {"empty object for empty list", R"(01 {"accessMethodsRequest":{}})"},
    {"plain accessMethods",
     R"(01 {"accessMethods":{"id":"peer","dnsSd_mDns":{},"dns":{"uri":"u"}}})"},
    {"one format without list",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":{"minor":0,"major":1}},{"formats":{"format":"JSON-UTF8"}}]})"},
    {"payload before header",
     R"(02 {"data":[{"payload":{"datagram":[]}},{"header":[{"protocolId":"ee1.0"}]}]})"},
    {"a reason in words",
     R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":500},{"reason":"User close"}]})"},
    {"prolongation refused in words",
     R"(01 {"connectionHello":[{"phase":"pending"},{"waiting":60000},{"prolongationRequest":false}]})"},
};

constexpr Row kBroken[] = {
    {"nothing", ""},
    {"type alone", "02"},
    {"unknown type", "ff 00"},
    {"long init", "00 0000"},
    {"no JSON", "01 616263"},
    {"cut", R"(01 {"connectionHello":[{"phase")"},
    {"two elements", R"(01 {"connectionHello":[{"phase":"ready"}],"x":1})"},
    {"no element", R"(01 {})"},
    {"unknown element", R"(01 {"connectionHallo":[]})"},
    {"data in control", R"(01 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{}}]})"},
    {"close in control", R"(01 {"connectionClose":[{"phase":"confirm"}]})"},
    {"hello in data", R"(02 {"connectionHello":[{"phase":"ready"}]})"},
    {"member twice", R"(01 {"connectionHello":[{"phase":"ready"},{"phase":"ready"}]})"},
    {"no phase", R"(01 {"connectionHello":[{"waiting":1}]})"},
    {"unknown phase", R"(01 {"connectionHello":[{"phase":"maybe"}]})"},
    {"waiting as text", R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":"60000"}]})"},
    {"waiting too large", R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":4294967296}]})"},
    {"waiting negative", R"(01 {"connectionHello":[{"phase":"ready"},{"waiting":-1}]})"},
    {"request as number",
     R"(01 {"connectionHello":[{"phase":"pending"},{"prolongationRequest":1}]})"},
    {"element is a number", R"(01 {"connectionHello":7})"},
    {"member is a number", R"(01 {"connectionHello":[7]})"},
    {"bare error", R"(01 {"error":3})"},
    {"unknown handshake type",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"x"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["a"]}]}]})"},
    {"no version",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"formats":[{"format":["a"]}]}]})"},
    {"version without minor",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1}]},{"formats":[{"format":["a"]}]}]})"},
    {"version too large",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":65536},{"minor":0}]},{"formats":[{"format":["a"]}]}]})"},
    {"formats without format",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":0}]},{"formats":[]}]})"},
    {"format is a number",
     R"(01 {"messageProtocolHandshake":[{"handshakeType":"select"},{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":[1]}]}]})"},
    {"no pin state", R"(01 {"connectionPinState":[]})"},
    {"unknown pin state", R"(01 {"connectionPinState":[{"pinState":"perhaps"}]})"},
    {"unknown permission",
     R"(01 {"connectionPinState":[{"pinState":"required"},{"inputPermission":"no"}]})"},
    {"no pin", R"(01 {"connectionPinInput":[]})"},
    {"pin is a number", R"(01 {"connectionPinInput":[{"pin":12345678}]})"},
    {"error too large", R"(01 {"connectionPinError":[{"error":256}]})"},
    {"no error", R"(01 {"messageProtocolHandshakeError":[]})"},
    {"request is a number", R"(01 {"accessMethodsRequest":1})"},
    {"no id", R"(01 {"accessMethods":[]})"},
    {"empty id", R"(01 {"accessMethods":[{"id":""}]})"},
    {"uri is a number", R"(01 {"accessMethods":[{"id":"x"},{"dns":[{"uri":1}]}]})"},
    {"no payload", R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]}]})"},
    {"no header", R"(02 {"data":[{"payload":{}}]})"},
    {"no protocol", R"(02 {"data":[{"header":[]},{"payload":{}}]})"},
    {"protocol is a number", R"(02 {"data":[{"header":[{"protocolId":1}]},{"payload":{}}]})"},
    {"extension is a text",
     R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{}},{"extension":"x"}]})"},
    {"extension of numbers",
     R"(02 {"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{}},{"extension":[{"binary":1}]}]})"},
    {"unknown close phase", R"(03 {"connectionClose":[{"phase":"now"}]})"},
    {"no close phase", R"(03 {"connectionClose":[]})"},
    {"maxTime as text", R"(03 {"connectionClose":[{"phase":"announce"},{"maxTime":"x"}]})"},
};
// clang-format on

} // namespace

std::vector<Sample> strict()
{
    return made(kStrict);
}

std::vector<Sample> tolerable()
{
    std::vector<Sample> samples = made(kTolerable);
    samples.push_back({"trailing zero", bench::bytesOf(bench::kReady) + QByteArray(1, '\0')});
    samples.push_back(
        {"trailing newline and zeros", bench::bytesOf(bench::kReady) + '\n' + QByteArray(3, '\0')});
    return samples;
}

std::vector<Sample> broken()
{
    return made(kBroken);
}

} // namespace fairlead::ship::samples
