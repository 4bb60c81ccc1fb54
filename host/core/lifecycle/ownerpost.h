// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/executor.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace fairlead::core {

/// What replies hold on to, so that one given after its owner's end reaches nobody.
///
/// Thread: any, but for the constructor and close(), which are the owner's. Ownership: shared by
/// whoever may still reply.
template <typename Owner>
class OwnerPost final : public std::enable_shared_from_this<OwnerPost<Owner>>
{
public:
    using Call = std::function<void(Owner &)>;

    OwnerPost(Owner &owner, Executor &executor)
        : m_owner(&owner)
        , m_executor(&executor)
    { }

    /// Later, on the owner's thread.
    void post(Call call)
    {
        const std::lock_guard lock(m_mutex);
        if (!m_executor)
            return;
        m_executor->post([self = this->shared_from_this(), call = std::move(call)] {
            if (self->m_owner)
                call(*self->m_owner);
        });
    }

    /// On the owner's thread at once, else as soon as it gets there.
    void callOrPost(Call call)
    {
        if (!isOwnersThread()) {
            post(std::move(call));
            return;
        }
        if (m_owner)
            call(*m_owner);
    }

    void close()
    {
        const std::lock_guard lock(m_mutex);
        m_owner = nullptr;
        m_executor = nullptr;
    }

private:
    bool isOwnersThread()
    {
        const std::lock_guard lock(m_mutex);
        return m_executor && m_executor->isCurrent();
    }

    Owner *m_owner; ///< the owner's thread only
    std::mutex m_mutex;
    Executor *m_executor; ///< guarded
};

} // namespace fairlead::core
