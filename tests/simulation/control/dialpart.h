// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"

#include <array>
#include <memory>

namespace fairlead::sim {

/// Dials by several addresses, which answer at once, later, twice, wrongly or never.
class DialPart final : public ControlPart
{
public:
    explicit DialPart(ControlBase &base);
    ~DialPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

private:
    class Dial;

    std::array<std::unique_ptr<Dial>, 3> m_dials;
};

} // namespace fairlead::sim
