// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "bench.h"
#include "samples.h"

#include <cstdio>
#include <fstream>
#include <initializer_list>

namespace {

using namespace fairlead::ship;

bool write(const std::string &folder, const char *name, const QByteArray &content)
{
    std::string path = folder + '/' + name;
    for (char &c : path) {
        if (c == ' ')
            c = '-';
    }
    std::ofstream file(path, std::ios::binary);
    file.write(content.constData(), content.size());
    if (file.flush())
        return true;
    std::fprintf(stderr, "cannot write %s\n", path.c_str());
    return false;
}

/// One message per line, as the fuzz target reads them.
QByteArray session(std::initializer_list<const char *> messages)
{
    QByteArray lines;
    for (const char *message : messages)
        lines += bench::bytesOf(message) + '\n';
    return lines;
}

} // namespace

/// Writes the seed corpus of the SHIP fuzz target into the folder named on the command line.
int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s <folder>\n", argv[0]);
        return 2;
    }
    const std::string folder = argv[1];
    bool good = true;
    for (const auto &samples : {samples::strict(), samples::tolerable(), samples::broken()}) {
        for (const auto &sample : samples)
            good = write(folder, sample.name, sample.bytes) && good;
    }
    using namespace bench;
    good = write(folder,
                 "session server",
                 session({kInitBytes,
                          kReady,
                          kAnnounceMax,
                          kSelect,
                          kPinNone,
                          kAccessRequest,
                          kAccessPeer,
                          kPinInput,
                          kData,
                          kAnnounce}))
        && good;
    good = write(folder,
                 "session client",
                 session({kInitBytes,
                          kPending,
                          kProlong,
                          kReady,
                          kSelect,
                          kPinOptional,
                          kData,
                          kAnnounce}))
        && good;
    good = write(folder,
                 "session undecided",
                 QByteArray("\x80\n") + session({kInitBytes, kReady}) + "\x88\n\x81\n"
                     + session({kAnnounceMax, kSelect, kPinRequired})
                     + "\x83"
                       "12345678\n"
                     + session({kPinError, kPinOk}) + "\x87\n\x84\n" + session({kConfirm}))
        && good;
    return good ? 0 : 1;
}
