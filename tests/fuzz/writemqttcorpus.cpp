// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "samples.h"

#include <cstdio>
#include <fstream>

/// Writes the seed corpus of the MQTT codec's fuzz target into the folder named on the command line.
int main(int argc, char **argv)
{
    using namespace fairlead::mqtt;
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s <folder>\n", argv[0]);
        return 2;
    }
    for (const auto &sample : samples::all()) {
        // Before MQTT 5 the packets differ little; of 3.1 only CONNECT is of its own kind.
        const bool distinct = sample.version == Version::V5 || sample.name.starts_with("connect-")
            || sample.name.starts_with("publish-qos")
            || (sample.version == Version::V311 && sample.name.find("suback") != std::string::npos);
        if (!distinct || (sample.version == Version::V31 && sample.name.starts_with("publish"))) {
            continue;
        }
        std::ofstream file(std::string(argv[1]) + '/' + sample.name, std::ios::binary);
        file << sample.packet;
        if (!file.flush()) {
            std::fprintf(stderr, "cannot write %s\n", sample.name.c_str());
            return 1;
        }
    }
    return 0;
}
