// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/containedsecurity.h"

#include <mutex>
#include <optional>

namespace fairlead::core {

namespace {

/// The first answer to one question. One given while the question is still being asked waits until
/// it is known that asking did not throw: who throws has not let anybody in.
class Answer
{
public:
    explicit Answer(Authenticator::Done done)
        : m_done(std::move(done))
    { }

    void give(const Error &error, const Principal &principal)
    {
        {
            const std::scoped_lock locked(m_lock);
            if (m_isGiven)
                return;
            m_isGiven = true;
            if (m_isAsking) {
                m_waiting.emplace(error, principal);
                return;
            }
        }
        m_done(error, principal);
    }

    void asked()
    {
        {
            const std::scoped_lock locked(m_lock);
            m_isAsking = false;
            if (!m_waiting)
                return;
        }
        m_done(m_waiting->first, m_waiting->second);
    }

    void refuse(const Error &error)
    {
        {
            const std::scoped_lock locked(m_lock);
            // One that came from elsewhere after the throw is too late, one before it is void.
            m_isGiven = true;
            m_isAsking = false;
        }
        m_done(error, Principal());
    }

private:
    const Authenticator::Done m_done;
    std::mutex m_lock;
    std::optional<std::pair<Error, Principal>> m_waiting;
    bool m_isAsking = true;
    bool m_isGiven = false;
};

} // namespace

void ContainedAuthenticator::authenticate(const Credentials &credentials,
                                          Authenticator::Done done) noexcept
{
    const auto answer = std::make_shared<Answer>(std::move(done));
    const Result<> asked = callPlugin("authenticate", [&] {
        m_held->authenticate(credentials, [answer](const Error &error, const Principal &principal) {
            answer->give(error, principal);
        });
    });
    if (asked) {
        answer->asked();
        return;
    }
    m_failures.note(asked.error());
    answer->refuse(Error(ErrorCode::NotAuthenticated, asked.error().text()));
}

} // namespace fairlead::core
