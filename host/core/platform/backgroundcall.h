// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QThread>

#include <functional>

namespace fairlead::core {

/// One call on a thread of its own, for what may block and nobody waits for. Thread: made and
/// destroyed on one; the end waits for the call.
class BackgroundCall final : public QThread
{
public:
    explicit BackgroundCall(std::function<void()> call);
    ~BackgroundCall() override;

private:
    void run() override;

    std::function<void()> m_call;
};

} // namespace fairlead::core
