// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/dependencies.h"

#include <QtCore/QHash>

namespace fairlead::core {

namespace {

class Resolver
{
public:
    explicit Resolver(QList<PluginRecord> *records)
        : m_records(records)
    {
        for (qsizetype i = 0; i < records->size(); ++i) {
            if (records->at(i).verdict == Verdict::Accepted)
                m_byId.insert(records->at(i).metadata->id, i);
        }
    }

    QList<qsizetype> run()
    {
        while (rejectUnmet()) { }
        for (qsizetype i = 0; i < m_records->size(); ++i)
            visit(i);
        // What needed a member of a cycle is unmet now; cycles are gone, so the order stays.
        while (rejectUnmet()) { }
        m_order.removeIf([this](qsizetype index) { return !isAccepted(index); });
        return m_order;
    }

private:
    bool isAccepted(qsizetype index) const
    {
        return m_records->at(index).verdict == Verdict::Accepted;
    }

    // The plugin that meets a dependency, -1 if none does.
    qsizetype find(const PluginDependency &dependency) const
    {
        const qsizetype index = m_byId.value(dependency.id, -1);
        if (index < 0 || !isAccepted(index)
            || !dependency.version.contains(m_records->at(index).metadata->version)) {
            return -1;
        }
        return index;
    }

    bool rejectUnmet()
    {
        bool changed = false;
        for (PluginRecord &record : *m_records) {
            if (record.verdict != Verdict::Accepted)
                continue;
            for (const PluginDependency &dependency : record.metadata->dependencies) {
                if (dependency.isOptional || find(dependency) >= 0)
                    continue;
                record.verdict = Verdict::DependencyMissing;
                record.text = QStringLiteral("it needs %1 %2")
                                  .arg(dependency.id, dependency.versionText)
                                  .trimmed();
                changed = true;
                break;
            }
        }
        return changed;
    }

    void visit(qsizetype index)
    {
        if (!isAccepted(index) || m_order.contains(index))
            return;
        if (const qsizetype start = m_path.indexOf(index); start >= 0) {
            rejectCycle(start);
            return;
        }
        m_path.append(index);
        const QList<PluginDependency> dependencies = m_records->at(index).metadata->dependencies;
        for (const PluginDependency &dependency : dependencies) {
            const qsizetype needed = find(dependency);
            // An optional one that leads back here is done without.
            if (needed >= 0 && !(dependency.isOptional && m_path.contains(needed)))
                visit(needed);
        }
        m_path.removeLast();
        if (isAccepted(index))
            m_order.append(index);
    }

    void rejectCycle(qsizetype start)
    {
        QStringList chain;
        for (qsizetype i = start; i < m_path.size(); ++i)
            chain.append(m_records->at(m_path.at(i)).metadata->id);
        chain.append(chain.first());
        const QString text
            = QStringLiteral("they need each other: ") + chain.join(QStringLiteral(" -> "));
        for (qsizetype i = start; i < m_path.size(); ++i) {
            PluginRecord &record = (*m_records)[m_path.at(i)];
            record.verdict = Verdict::DependencyCycle;
            record.text = text;
        }
    }

    QList<PluginRecord> *m_records;
    QHash<QString, qsizetype> m_byId;
    QList<qsizetype> m_path;
    QList<qsizetype> m_order;
};

} // namespace

QList<qsizetype> resolveDependencies(QList<PluginRecord> *records)
{
    return Resolver(records).run();
}

} // namespace fairlead::core
