// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controltime.h"
#include "history.h"

#include <utility>

namespace fairlead::sim {

/// What all parts of the simulated control plane share.
class ControlBase
{
public:
    virtual ~ControlBase() = default;

    ControlTime time;

    virtual void fail(const QString &what) = 0;
    virtual void note(const QString &what) = 0;
    virtual bool isTracing() const = 0;
};

/// One area of the control plane: its actions, and its promises.
class ControlPart
{
public:
    explicit ControlPart(ControlBase &base)
        : m_base(base)
    { }

    virtual ~ControlPart() = default;
    ControlPart(const ControlPart &) = delete;
    ControlPart &operator=(const ControlPart &) = delete;

    virtual int actions() const = 0;
    virtual void act(int action, quint32 whom, quint32 how) = 0;
    virtual void check() = 0;

    void fail(const char *id, const QString &what)
    {
        m_base.fail(QLatin1String(id) + QLatin1String(": ") + what);
    }

    /// @p text makes the words, only where somebody reads them.
    template <typename Text>
    void note(Text &&text)
    {
        if (m_base.isTracing())
            m_base.note(std::forward<Text>(text)());
    }

protected:
    qint64 now() const { return m_base.time.now(); }

    ControlBase &m_base;
};

} // namespace fairlead::sim
