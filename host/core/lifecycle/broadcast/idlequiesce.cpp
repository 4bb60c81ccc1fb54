// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "idlequiesce.h"

#include "broadcaster.h"
#include "idletracker.h"

#include <QtCore/QPointer>

namespace fairlead::core {

void connectIdleQuiesce(IdleTracker &tracker, Broadcaster &broadcaster)
{
    const auto quiesce = [&tracker, &broadcaster](const QString &id, quint64 generation) {
        BroadcastRequest request;
        request.kind = OperationKind::Quiesce;
        request.reason = QuiesceReason::IdleTimeout;
        request.targets = QStringList{id};
        const QPointer<IdleTracker> watcher = &tracker;
        const auto started
            = broadcaster.start(request, [watcher, id, generation](const BroadcastReport &report) {
                  if (watcher && report.outcome != BroadcastOutcome::AllAcked)
                      watcher->rearm(id, generation);
              });
        if (!started && watcher)
            watcher->rearm(id, generation);
    };
    QObject::connect(&tracker, &IdleTracker::idleDue, &broadcaster, quiesce);
    // Whoever is resumed takes up work again and may become idle once more.
    QObject::connect(&broadcaster, &Broadcaster::resumed, &tracker, &IdleTracker::rearm);
}

} // namespace fairlead::core
