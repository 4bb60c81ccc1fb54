// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/registry/generationsource.h"

#include <array>
#include <memory>

namespace fairlead::sim {

/// The heartbeats of some links, whose peers answer at once, later or not at all, while requests to
/// them are in flight and signs of life come for links that are over.
class HeartbeatPart final : public ControlPart
{
public:
    explicit HeartbeatPart(ControlBase &base);
    ~HeartbeatPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

private:
    class Beat;

    core::GenerationSource m_generations;
    std::array<std::unique_ptr<Beat>, 5> m_beats;
    quint32 m_inside = 0; ///< what to do in the next call of a monitor
};

} // namespace fairlead::sim
