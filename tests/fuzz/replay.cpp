// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {

std::string contentOf(const std::filesystem::path &path)
{
    std::string content(std::filesystem::file_size(path), '\0');
    std::ifstream(path, std::ios::binary).read(content.data(), std::streamsize(content.size()));
    return content;
}

/// One of the things that go wrong on the way, the same in each run.
void mutate(std::string &input, const std::vector<std::string> &seeds, std::mt19937 &random)
{
    const auto below
        = [&random](std::size_t bound) { return random() % std::max<std::size_t>(bound, 1); };
    const std::size_t at = below(input.size());
    switch (below(6)) {
    case 0:
        if (!input.empty())
            input[at] = char(static_cast<unsigned char>(input[at]) ^ (1U << below(8)));
        break;
    case 1:
        if (!input.empty())
            input[at] = char(below(256));
        break;
    case 2:
        input.erase(at, 1 + below(16));
        break;
    case 3:
        input.insert(at, 1 + below(8), char(below(256)));
        break;
    case 4:
        input.insert(at, input, below(input.size()), 1 + below(32));
        break;
    default: {
        const std::string &other = seeds[below(seeds.size())];
        input = input.substr(0, at) + other.substr(below(other.size()));
    }
    }
}

void run(const std::string &input)
{
    // A copy of its own, so that a sanitizer sees whoever reads on.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

} // namespace

/// A fuzz target without libFuzzer: every seed of a folder, and some variations of each.
int main(int argc, char **argv)
{
    if (argc != 3) {
        std::cerr << "usage: " << argv[0] << " <folder of seeds> <variations of each>\n";
        return 2;
    }
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(argv[1]))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<std::string> seeds(files.size());
    std::transform(files.begin(), files.end(), seeds.begin(), contentOf);
    if (seeds.empty()) {
        std::cerr << "no seeds in " << argv[1] << '\n';
        return 1;
    }
    const long variations = std::strtol(argv[2], nullptr, 10);
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp,cert-msc32-c): the same in each run
    run({});
    for (std::size_t i = 0; i < seeds.size(); ++i) {
        std::cerr << files[i].filename().string() << std::endl;
        run(seeds[i]);
        std::string input = seeds[i];
        for (long j = 0; j < variations; ++j) {
            // Not too far from what is good, or little of it is reached.
            if (j % 8 == 0)
                input = seeds[i];
            mutate(input, seeds, random);
            run(input);
        }
    }
    std::cout << seeds.size() << " seeds, " << variations << " variations of each\n";
    return 0;
}
