// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketupgrade.h"
#include "testcertificates.h"
#include "websockettest.h"

#include <fstream>
#include <iostream>

namespace {

using namespace fairlead;
using core::WebSocketOpcode;

std::string corpus;
bool good = true;

void write(const char *target, const char *name, const std::string &content)
{
    const std::string path = corpus + '/' + target + '/' + name;
    std::ofstream file(path, std::ios::binary);
    file.write(content.data(), std::streamsize(content.size()));
    if (file.flush())
        return;
    std::cerr << "cannot write " << path << '\n';
    good = false;
}

// See planOf() in websocket.cpp.
constexpr char kServer = '\x70';
constexpr char kClient = '\x71';
constexpr char kServerMessages = '\x72';
constexpr char kOpenServer = '\x74';
constexpr char kOpenClient = '\x75';
constexpr char kOpenMessages = '\x76';
constexpr char kOpenClientMessages = '\x77';
constexpr char kByByte = '\x06';
constexpr char kEnding = '\x7e';

void writeWebSockets()
{
    std::string request = test::kRequest;
    request.replace(request.find("/mqtt"), 5, "/ship/");
    request.replace(request.find("mqtt"), 4, "ship");
    core::WebSocketSettings settings;
    settings.path = "/ship/";
    settings.host = "h";
    settings.subProtocols = {"ship"};
    const core::UpgradeAnswer answer
        = core::answerUpgrade(QByteArray::fromStdString(request), settings);
    const std::string response = answer.response.toStdString();
    const std::string fragments = test::frame(WebSocketOpcode::Binary, "one", false)
        + test::frame(WebSocketOpcode::Ping, "now")
        + test::frame(WebSocketOpcode::Continuation, "two", true);
    const std::string end = test::frame(WebSocketOpcode::Close, std::string("\x0f\xa1") + "close");
    const std::string large = test::frame(WebSocketOpcode::Binary, std::string(5000, 'x'));
    const std::string several = test::frame(WebSocketOpcode::Binary, std::string("\0\0", 2))
        + test::frame(WebSocketOpcode::Binary, "") + test::frame(WebSocketOpcode::Pong, "")
        + test::frame(WebSocketOpcode::Binary, std::string(300, 'y'));
    write("websocket", "request", kServer + request);
    write("websocket", "request-and-frames", kServerMessages + request + fragments + several + end);
    write("websocket", "request-other-protocol", kServer + test::kRequest);
    write("websocket", "request-half", kServer + request.substr(0, request.size() / 2));
    write("websocket", "response", kClient + response);
    write("websocket",
          "response-refused",
          kClient + core::refuseUpgrade(404, {}).response.toStdString());
    write("websocket", "fragments", kOpenServer + fragments);
    write("websocket", "several", kOpenMessages + several + end);
    write("websocket", "by-byte", kByByte + several + fragments + end);
    write("websocket", "too-large", kOpenMessages + large);
    write("websocket", "text", kOpenMessages + test::frame(WebSocketOpcode::Text, "hello"));
    write("websocket", "ending", kEnding + several + fragments + end);
    write("websocket", "plain-to-server", kOpenServer + test::plain(WebSocketOpcode::Binary, "a"));
    write("websocket",
          "client",
          kOpenClientMessages + test::plain(WebSocketOpcode::Binary, "one")
              + test::plain(WebSocketOpcode::Ping, "p") + test::closeFrame(4001, "close"));
    write("websocket", "masked-to-client", kOpenClient + test::frame(WebSocketOpcode::Binary, "a"));
    write("websocket",
          "long-header",
          kOpenServer + std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10));
}

std::string derOf(const test::CertificateWish &wish)
{
    const test::Issued issued = test::issue(wish);
    unsigned char *der = nullptr;
    const int size = i2d_X509(issued.certificate.get(), &der);
    std::string bytes(reinterpret_cast<const char *>(der), std::size_t(std::max(size, 0)));
    OPENSSL_free(der);
    return bytes;
}

void writeCertificates()
{
    test::CertificateWish wish;
    wish.commonName = "device";
    wish.keyId = "hash";
    write("certificate", "good", derOf(wish));
    wish.isAuthority = true;
    write("certificate", "authority", derOf(wish));
    wish.keyId = "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33";
    write("certificate", "spoofed", derOf(wish));
    wish.keyId = nullptr;
    write("certificate", "without-identifier", derOf(wish));
    wish.isRsa = true;
    write("certificate", "rsa", derOf(wish));
    write("certificate", "typed", "F0EA 7A94-938F D0C5:4689 2258 D4A6 8E91 2673 1BC8");
}

void writeTls()
{
    // See LLVMFuzzerTestOneInput() in tls.cpp: nothing is harmed.
    write("tls", "good-12", std::string(1, '\0'));
    write("tls", "good-13", "\x01");
    // A byte of each flight of either version: another one, away, one more, and cut.
    for (const char version : {'\0', '\1'}) {
        for (int flight = 0; flight < 6; ++flight) {
            for (int kind = 0; kind < 4; ++kind) {
                const std::string harm{char(kind << 4 | flight), '\0', '\x30', '\x41'};
                const std::string name = "harm-" + std::to_string(version + 12) + '-'
                    + std::to_string(flight) + '-' + std::to_string(kind);
                write("tls", name.c_str(), version + harm);
            }
        }
    }
    const std::string hello("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10);
    write("tls", "raw-server", '\x54' + hello);
    write("tls", "raw-client", '\x57' + hello);
    write("tls", "raw-http", "\x54GET / HTTP/1.1\r\n\r\n");
    write("tls", "raw-alert", std::string("\x57\x15\x03\x03\x00\x02\x02\x28", 8));
}

std::string txt(std::initializer_list<const char *> strings)
{
    std::string record = "T";
    for (const std::string string : strings)
        record += char(string.size()) + string;
    return record;
}

void writeTexts()
{
    std::string umlauts = "brand=";
    for (int i = 0; i < 20; ++i)
        umlauts += "\xc3\xa4";
    const char *ski = "ski=f0ea7a94938fd0c546892258d4a68e9126731bc8";
    write("shiptexts",
          "txt",
          txt({"txtvers=1",
               "path=/ship/",
               "id=A-server",
               ski,
               "brand=shipgo",
               "model=peer",
               "type=EnergyManagementSystem",
               "register=false",
               "serial=4711",
               "cat=2,3"}));
    write("shiptexts", "txt-least", txt({"txtvers=1", ski}));
    write("shiptexts",
          "txt-odd",
          txt({"TXTVERS=1", ski, "novalue", "", "=x", "brand=a=b", "cat=,1,,x"}));
    write("shiptexts",
          "txt-long",
          txt({"txtvers=1",
               ski,
               "id=0123456789012345678901234567890123456789012345678901234567890123456789",
               umlauts.c_str(),
               "path=ship"}));
    write("shiptexts",
          "qr",
          "QSHIP;SKI:f0ea7a94938fd0c546892258d4a68e9126731bc8;ID:A-server;BRAND:b;TYPE:t;MODEL:m;"
          "SERIAL:s;CAT:1,2;ENDSHIP;");
    write("shiptexts",
          "qr-least",
          "QSHIP;SKI:F0EA 7A94 938F D0C5 4689 2258 D4A6 8E91 2673 1BC8;X;Y:1");
    write(
        "shiptexts",
        "record",
        "R{\"ski\":\"f0ea7a94938fd0c546892258d4a68e9126731bc8\",\"source\":\"verified\",\"label\":"
        "\"Pump "
        "\\u00e4\",\"shipId\":\"A\",\"brand\":\"b\",\"model\":\"m\",\"type\":\"t\",\"added\":"
        "1700000000000,\"seen\":0,\"later\":[1,{}]}");
    write("shiptexts", "address-4", "A192.0.2.1");
    write("shiptexts", "address-6", "Afe80::1%eth0");
    write("shiptexts", "address-name", "Apump.local");
}

} // namespace

/// Writes the seed corpora of the carriers' and the texts' fuzz targets below the folder named on the
/// command line.
int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " <corpus folder>\n";
        return 2;
    }
    corpus = argv[1];
    writeWebSockets();
    writeCertificates();
    writeTls();
    writeTexts();
    return good ? 0 : 1;
}
