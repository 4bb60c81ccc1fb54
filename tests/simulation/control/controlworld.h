// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"

#include <memory>
#include <vector>

namespace fairlead::sim {

class ShutdownPart;

/// The control plane of a host in one world: every step is one part's, and all look after it.
class ControlWorld final : public SteppedWorld, public ControlBase
{
public:
    ControlWorld();
    ~ControlWorld() override;

    void take(const Step &step) override;

    QString violation() const override { return m_violation; }

    static std::unique_ptr<SteppedWorld> make() { return std::make_unique<ControlWorld>(); }

private:
    void start();
    void end();
    void fail(const QString &what) override;

    void note(const QString &what) override { trace << what; }

    bool isTracing() const override { return tracing; }

    std::vector<std::unique_ptr<ControlPart>> m_parts;
    ShutdownPart *m_shutdown = nullptr; ///< one of them
    quint32 m_actions = 0;
    QString m_violation;
};

} // namespace fairlead::sim
