// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/keyidentity.h"
#include "core/carrier/layerstream.h"
#include "core/carrier/tlscontext.h"

struct bio_method_st;
struct bio_st;
struct ssl_st;

namespace fairlead::core {

/// TLS over a stream, by OpenSSL, which reads records from the stream below and leaves those to be
/// sent in its output: no socket of its own, no event loop, nothing that blocks.
class TlsStream final : public LayerStream
{
public:
    TlsStream(ChunkPool &pool,
              std::unique_ptr<LinkStream> below,
              std::shared_ptr<const TlsContext> context);
    ~TlsStream() override;

    /// The name in the certificate of who connected, once that was checked; with self-signed ones in
    /// both roles.
    std::optional<Principal> peerIdentity() const override;

private:
    struct Free
    {
        void operator()(ssl_st *handle) const noexcept;
    };
    class Bio;

    void begin() noexcept override;
    IoResult readLayer(char *buffer, std::size_t size) noexcept override;
    IoResult writeLayer(const iovec *parts, int count) noexcept override;
    void sayGoodbye() noexcept override;

    bool endsWithGoodbye() const noexcept override { return true; }

    void streamReadable() noexcept override;

    void shakeHands() noexcept;
    bool encrypt(const char *data, std::size_t size) noexcept;
    void fail(int sslError) noexcept;

    void noteCertificate(const char *event, const QString &text) const noexcept;

    const std::shared_ptr<const TlsContext> m_context;
    std::unique_ptr<KeyIdentityCheck> m_check; ///< with self-signed certificates
    std::unique_ptr<ssl_st, Free> m_handle;
    IoResult m_belowEnd; ///< why the stream below had no more, until it calls
};

} // namespace fairlead::core
