// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "simrandom.h"

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <functional>
#include <memory>
#include <vector>

namespace fairlead::sim {

/// One step of a history. What it does to whom follows from these numbers and the state of the
/// world, so that a history still makes sense when steps are left out of it.
struct Step
{
    quint32 what = 0;
    quint32 whom = 0;
    quint32 how = 0;
};

/// Takes steps and looks after each whether every promise still holds.
class SteppedWorld
{
public:
    virtual ~SteppedWorld() = default;

    virtual void take(const Step &step) = 0;
    /// The promise that broke; empty while all hold.
    virtual QString violation() const = 0;
    /// Filled while tracing: what each step did.
    QStringList trace;
    bool tracing = false;
};

using MakeWorld = std::function<std::unique_ptr<SteppedWorld>()>;

struct Finding
{
    QString violation; ///< empty: none was found
    std::vector<Step> steps; ///< shrunken
    QStringList trace;
    quint64 stepsTaken = 0;

    explicit operator bool() const { return !violation.isEmpty(); }

    QString toString(quint64 seed) const;
};

/// Runs a history of @p length steps drawn from @p seed; one that breaks a promise is shrunken.
Finding explore(const MakeWorld &make, quint64 seed, int length);

} // namespace fairlead::sim
