// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/transportregistry.h"

#include <QtCore/QPluginLoader>

#include <exception>
#include <utility>

namespace fairlead::core {

namespace {

// What a plugin threw, in words.
template <typename Call>
QString caught(Call &&call)
{
    try {
        call();
        return {};
    } catch (const std::exception &exception) {
        return QStringLiteral("it threw: ") + QString::fromUtf8(exception.what());
    } catch (...) {
        return QStringLiteral("it threw something that is no std::exception");
    }
}

QString sortedText(QStringList list)
{
    list.sort();
    return list.join(QStringLiteral(", "));
}

} // namespace

/// One library and its root object.
class TransportRegistry::Plugin
{
public:
    explicit Plugin(const QString &path)
        : m_loader(path)
    {
        // Setting hints replaces Qt's default, so that both are named.
        m_loader.setLoadHints(QLibrary::ResolveAllSymbolsHint | QLibrary::PreventUnloadHint);
    }

    ~Plugin()
    {
        caught([this] { delete m_root; });
    }

    Plugin(const Plugin &) = delete;
    Plugin &operator=(const Plugin &) = delete;

    Verdict load(const PluginMetadata &metadata, QString *text)
    {
        bool loaded = false;
        *text = caught([&] { loaded = m_loader.load(); });
        if (!loaded) {
            if (text->isEmpty())
                *text = m_loader.errorString();
            return Verdict::LoadFailed;
        }
        *text = caught([this] { m_root = m_loader.instance(); });
        if (!text->isEmpty())
            return Verdict::FactoryFailed;
        m_factory = qobject_cast<TransportFactory *>(m_root);
        if (!m_factory) {
            *text = m_root ? QStringLiteral("its root object is a %1, not a transport factory")
                                 .arg(QLatin1String(m_root->metaObject()->className()))
                           : QStringLiteral("it made no root object");
            return Verdict::WrongRootObject;
        }
        m_commands = qobject_cast<OperatorCommands *>(m_root);
        if (!m_commands && !metadata.commands.isEmpty()) {
            *text = QStringLiteral("it declares commands, and its root object takes none");
            return Verdict::FactoryFailed;
        }
        return compareTypes(metadata, text);
    }

    TransportFactory *factory() const noexcept { return m_factory; }

    OperatorCommands *commands() const noexcept { return m_commands; }

private:
    Verdict compareTypes(const PluginMetadata &metadata, QString *text)
    {
        QStringList offered;
        *text = caught([&] { offered = m_factory->types(); });
        if (!text->isEmpty())
            return Verdict::FactoryFailed;
        QStringList declared;
        for (const TransportDescription &transport : metadata.transports)
            declared.append(transport.type);
        if (sortedText(declared) != sortedText(offered)) {
            *text = QStringLiteral("it declares the transports \"%1\" and offers \"%2\"")
                        .arg(sortedText(declared), sortedText(offered));
            return Verdict::FactoryFailed;
        }
        return Verdict::Accepted;
    }

    QPluginLoader m_loader;
    QObject *m_root = nullptr;
    TransportFactory *m_factory = nullptr;
    OperatorCommands *m_commands = nullptr;
};

TransportRegistry::TransportRegistry() = default;

TransportRegistry::~TransportRegistry()
{
    m_commanded.clear();
    // What came first is what others need.
    while (!m_plugins.empty())
        m_plugins.pop_back();
}

void TransportRegistry::load(PluginCatalogue &catalogue)
{
    m_catalogue = &catalogue;
    const QList<qsizetype> order = catalogue.loadOrder();
    for (const qsizetype index : order) {
        const PluginRecord record = catalogue.records().at(index);
        if (record.verdict != Verdict::Accepted)
            continue; // it needs one that failed
        auto plugin = std::make_unique<Plugin>(record.canonicalPath);
        QString text;
        const Verdict verdict = plugin->load(*record.metadata, &text);
        if (verdict != Verdict::Accepted) {
            catalogue.reject(index, verdict, text);
            continue;
        }
        for (const TransportDescription &transport : record.metadata->transports) {
            for (const QString &scheme : transport.schemes)
                m_transports.insert(scheme, {transport, plugin->factory()});
        }
        if (!record.metadata->commands.isEmpty())
            m_commanded.push_back({*record.metadata, plugin->commands()});
        m_plugins.push_back(std::move(plugin));
    }
}

Result<> TransportRegistry::add(const TransportDescription &description, TransportFactory &factory)
{
    for (const QString &scheme : description.schemes) {
        if (m_transports.contains(scheme)) {
            return Error(ErrorCode::AlreadyExists,
                         QStringLiteral("the scheme \"%1\" is served already").arg(scheme));
        }
    }
    for (const QString &scheme : description.schemes)
        m_transports.insert(scheme, {description, &factory});
    return {};
}

QStringList TransportRegistry::schemes() const
{
    QStringList all = m_transports.keys();
    all.sort();
    return all;
}

Result<Transport> TransportRegistry::find(const QString &scheme) const
{
    const auto found = m_transports.constFind(scheme);
    if (found != m_transports.cend())
        return *found;
    if (m_catalogue) {
        // The catalogue also knows who would have served it.
        if (Result<TransportDescription> described = m_catalogue->describe(scheme); !described)
            return described.error();
    }
    const QStringList known = schemes();
    Error error(ErrorCode::UnknownScheme,
                QStringLiteral("no transport serves the scheme \"%1\"; available: %2")
                    .arg(scheme, known.join(QStringLiteral(", "))));
    error.setDetail(QStringLiteral("available"), known);
    return error;
}

} // namespace fairlead::core
