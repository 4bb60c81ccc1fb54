// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "tcpframings.h"

#include <cstdio>
#include <fstream>

/// Writes the seed corpus of the framing fuzz target into the folder named on the command line: per
/// framing good frames, and the same cut off and after noise.
int main(int argc, char **argv)
{
    using namespace fairlead::tcp;
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s <folder>\n", argv[0]);
        return 2;
    }
    const std::vector<Framing> &framings = fuzzedFramings();
    for (std::size_t i = 0; i < framings.size(); ++i) {
        std::string good;
        for (const char *payload : {"", "one", "7 bytes", "a longer one, in pieces"})
            good += encoded(framings[i], payload);
        const std::string head = {char(i), '\5'};
        const std::pair<const char *, std::string> seeds[]
            = {{"good", good}, {"cut", good.substr(0, good.size() - 1)}, {"noise", "ab\r" + good}};
        for (const auto &[name, stream] : seeds) {
            const std::string path
                = std::string(argv[1]) + "/framing-" + std::to_string(i) + '-' + name;
            std::ofstream file(path, std::ios::binary);
            file << head << stream;
            if (!file.flush()) {
                std::fprintf(stderr, "cannot write %s\n", path.c_str());
                return 1;
            }
        }
    }
    return 0;
}
