// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/keyidentity.h"
#include "fuzztarget.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::fuzz::report;

namespace {

struct X509Free
{
    void operator()(X509 *certificate) const noexcept { X509_free(certificate); }
};

bool isSpelled(const QByteArray &keyId)
{
    return keyId.size() == 40 && normalizedKeyId(keyId) == keyId;
}

} // namespace

/// Certificates of peers, and what people type for their identifiers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray typed
        = normalizedKeyId(QByteArray(reinterpret_cast<const char *>(data), qsizetype(size)));
    if (!typed.isEmpty() && !isSpelled(typed))
        report("another spelling", fairlead::fuzz::viewOf(typed));

    const unsigned char *at = data;
    const std::unique_ptr<X509, X509Free> certificate(d2i_X509(nullptr, &at, long(size)));
    if (certificate) {
        const Result<QByteArray> keyId = keyIdOf(certificate.get());
        if (keyId && !isSpelled(*keyId))
            report("an identifier that is none", fairlead::fuzz::viewOf(*keyId));
        if (!keyId && keyId.error().text().isEmpty())
            report("refused without a word");
    }
    ERR_clear_error();
    return 0;
}
