// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QList>

#include <fairlead/export.h>
#include <fairlead/result.h>

#include <functional>

namespace fairlead {

/// One thing that a plugin keeps, under its own key. Frozen with FAIRLEAD_RECORDS_IID.
struct Record
{
    QByteArray key;
    QByteArray value;
};

/// What a plugin keeps over restarts: few small records in the host's store, from
/// HostServices::service(FAIRLEAD_RECORDS_IID). They are the plugin's, whichever of its endpoints
/// asks. Without a store they last as long as the process, and the host's log says so.
///
/// Thread: main. Ownership: the host's; lives until the host ended and the last HostServices it came
/// from is gone. @since 0.1
class FAIRLEAD_SDK_EXPORT Records
{
public:
    static constexpr qsizetype kMaxKey = 256; ///< bytes
    static constexpr qsizetype kMaxValue = 16 * 1024; ///< bytes
    static constexpr int kMaxCount = 4096; ///< of one plugin

    /// Called once, later, in the order of the calls; not at all once the host ended.
    using Done = std::function<void(const Result<> &outcome)>;

    virtual ~Records();

    /// All that is kept, by key. It is there before the host makes the plugin's first endpoint. Errors:
    /// the store's, when what it kept cannot be read: then nothing is known for this run.
    virtual Result<QList<Record>> list() const = 0;
    /// Keeps @p value under @p key, in the place of a former one. Success: it is on the disk. After an
    /// error the former record is still what counts. Errors: InvalidArgument (an empty key, or one
    /// beyond kMaxKey), PacketTooLarge, LimitReached, StorageFull, StorageFailed, ShuttingDown.
    virtual void put(const QByteArray &key, const QByteArray &value, Done done) = 0;
    /// Success also if there is no such record. Errors: as put(); the record stays then.
    virtual void remove(const QByteArray &key, Done done) = 0;
};

} // namespace fairlead

#define FAIRLEAD_RECORDS_IID "org.fairlead.Records/1"
