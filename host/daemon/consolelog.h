// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/logger.h>

#include <cstdio>
#include <memory>

struct ConsoleLog
{
    struct L final : fairlead::Logger
    {
        bool debug = false;
        bool isEnabled(fairlead::LogLevel level) const noexcept override
        {
            return debug || level > fairlead::LogLevel::Debug;
        }
        void log(fairlead::LogLevel, const char *event, const QString &text) override
        {
            std::fprintf(stderr, "%s %s\n", event, qPrintable(text));
        }
    };
    std::shared_ptr<fairlead::Logger> forEndpoint(const QString &) { return std::make_shared<L>(); }
};
