// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "history.h"

#include <QtCore/QStringList>

#include <algorithm>

namespace fairlead::sim {

namespace {

constexpr int kMostTries = 3000;

/// The promise that the steps break, or nothing; *steps is cut after the one that broke it.
QString breaks(const MakeWorld &make, std::vector<Step> *steps)
{
    const auto world = make();
    for (std::size_t i = 0; i < steps->size(); ++i) {
        world->take((*steps)[i]);
        if (QString found = world->violation(); !found.isEmpty()) {
            steps->resize(i + 1);
            return found;
        }
    }
    return {};
}

/// Leaves out what the breaking does not need, in ever smaller pieces.
void shrink(const MakeWorld &make, Finding *finding)
{
    int tries = 0;
    for (std::size_t piece = std::max<std::size_t>(finding->steps.size() / 2, 1);;) {
        bool shorter = false;
        for (std::size_t at = 0; at < finding->steps.size() && tries < kMostTries; ++tries) {
            std::vector<Step> rest = finding->steps;
            const auto from = rest.begin() + std::ptrdiff_t(at);
            rest.erase(from, from + std::ptrdiff_t(std::min(piece, rest.size() - at)));
            if (const QString found = breaks(make, &rest); !found.isEmpty()) {
                finding->steps = std::move(rest);
                finding->violation = found;
                shorter = true;
            } else {
                at += piece;
            }
        }
        if (tries >= kMostTries || (piece == 1 && !shorter))
            return;
        piece = std::max<std::size_t>(piece / 2, 1);
    }
}

} // namespace

QString Finding::toString(quint64 seed) const
{
    return QStringLiteral("seed %1: %2\nThe shortest history that shows it:\n  %3")
        .arg(seed)
        .arg(violation, trace.join(QStringLiteral("\n  ")));
}

Finding explore(const MakeWorld &make, quint64 seed, int length)
{
    Finding finding;
    SimRandom random(seed);
    {
        const auto world = make();
        for (int i = 0; i < length; ++i) {
            const quint64 number = random.next();
            finding.steps.push_back(
                {quint32(number), quint32(number >> 32), quint32(random.next())});
            world->take(finding.steps.back());
            ++finding.stepsTaken;
            finding.violation = world->violation();
            if (finding)
                break;
        }
    }
    if (!finding)
        return finding;
    shrink(make, &finding);
    const auto world = make();
    world->tracing = true;
    for (const Step &step : finding.steps)
        world->take(step);
    finding.trace = world->trace;
    return finding;
}

} // namespace fairlead::sim
