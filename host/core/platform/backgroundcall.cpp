// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/backgroundcall.h"

#include <utility>

namespace fairlead::core {

BackgroundCall::BackgroundCall(std::function<void()> call)
    : m_call(std::move(call))
{
    start();
}

BackgroundCall::~BackgroundCall()
{
    wait();
}

void BackgroundCall::run()
{
    m_call();
}

} // namespace fairlead::core
