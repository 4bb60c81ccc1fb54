// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/operations.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

namespace fairlead::test {

/// A target that does what the test says, and keeps what it was asked.
class ScriptedTarget final : public OperationTarget
{
public:
    enum class Answer : quint8 {
        Done,
        Fail,
        Unsupported, ///< to everything but ReleaseHandles and Quiesce
        Drop,
        Throw,
        Keep, ///< the test answers
    };

    explicit ScriptedTarget(Answer how = Answer::Done)
        : answer(how)
    { }

    void handleOperation(const Operation &operation, OperationReply reply) override
    {
        asked.push_back(operation);
        if (whenAsked)
            whenAsked(operation);
        switch (answer) {
        case Answer::Done:
            reply.done();
            break;
        case Answer::Fail:
            reply.fail(Error(ErrorCode::StorageFailed, QStringLiteral("busy")));
            break;
        case Answer::Unsupported:
            if (operation.kind == OperationKind::Quiesce
                || operation.kind == OperationKind::ReleaseHandles) {
                reply.done();
            } else {
                reply.fail(Error(ErrorCode::NotSupported, QStringLiteral("unknown")));
            }
            break;
        case Answer::Drop:
            break;
        case Answer::Throw:
            throw std::runtime_error("broken");
        case Answer::Keep:
            replies.push_back(std::move(reply));
            break;
        }
    }

    void handleResume() override { ++resumes; }

    Answer answer;
    std::vector<Operation> asked;
    std::vector<OperationReply> replies;
    std::function<void(const Operation &)> whenAsked;
    int resumes = 0;
};

} // namespace fairlead::test
