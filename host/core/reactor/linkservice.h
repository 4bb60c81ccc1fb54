// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/service.h>

#include <memory>

namespace fairlead::core {

class HostLink;

/// The place of one link among the services as its driver sees it. Costs next to nothing until it is
/// asked for.
///
/// Thread: the link's reactor. Ownership: the link's.
class LinkService final : public ServiceSeat
{
public:
    explicit LinkService(HostLink &link) noexcept;
    ~LinkService() override;

    Result<> registerService(const ServiceOffer &offer, ServiceDriver &driver) override;
    void unregisterService() noexcept override;
    void noteHeartbeat() noexcept override;
    Result<> call(const CallRequest &request) override;
    void answer(quint64 id, const Result<QByteArray> &result) noexcept override;

    /// The link ends for @p reason: nothing more is called.
    void stop(const Error &reason) noexcept;

private:
    class Face;
    struct Stay;

    Error checkOffer(const ServiceOffer &offer) const;
    void handleRegistered(const ServiceGrant &grant);
    void handleOperation(const Operation &operation, OperationReply reply);
    void handleResume();
    void handleCall(const ServiceCall &call);
    void handleCallDropped(quint64 id);
    void handleResult(quint32 tag, const Result<QByteArray> &result);
    void endRequest();

    HostLink &m_link;
    std::unique_ptr<Stay> m_stay; ///< null: not registered
};

} // namespace fairlead::core
