// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/eebusjson.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

bool isContainer(const JsonValue &value) noexcept
{
    return value.isObject() || value.isArray();
}

/// An object in EEBUS form: nothing but objects with at most one member. A list of anything else
/// stays a list.
bool isElementList(const JsonValue &array) noexcept
{
    return std::all_of(array.begin(), array.end(), [](const JsonValue &element) {
        if (!element.isObject())
            return false;
        auto member = element.begin();
        return member == element.end() || ++member == element.end();
    });
}

/// Writes the values of a tree in another form. Its depth is that of the text, which is bounded.
class Converter
{
public:
    Converter(QByteArray &out, const JsonLimits &limits) noexcept
        : m_out(out)
        , m_maxDepth(limits.maxDepth)
    { }

    void writeEebus(const JsonValue &value, quint32 depth)
    {
        if (value.isObject())
            writeElements(value, depth);
        else
            writeList(value, depth, &Converter::writeEebus);
    }

    void writePlain(const JsonValue &value, quint32 depth)
    {
        if (value.isArray() && isElementList(value)) {
            open('{', depth);
            for (const JsonValue &element : value)
                writeMembers(element, depth, &Converter::writePlain);
            m_out.append('}');
        } else if (value.isObject()) {
            writeObject(value, depth, &Converter::writePlain);
        } else {
            writeList(value, depth, &Converter::writePlain);
        }
    }

    void writeCompact(const JsonValue &value, quint32 depth)
    {
        if (value.isObject())
            writeObject(value, depth, &Converter::writeCompact);
        else
            writeList(value, depth, &Converter::writeCompact);
    }

    /// The outermost object has the same shape in both forms.
    void writeEebusRoot(const JsonValue &value, quint32 depth)
    {
        if (value.isObject())
            writeObject(value, depth, &Converter::writeEebus);
        else
            writeEebus(value, depth);
    }

    [[nodiscard]] bool isTooDeep() const noexcept { return m_deepest > m_maxDepth; }

private:
    using Writer = void (Converter::*)(const JsonValue &, quint32);

    void open(char bracket, quint32 depth)
    {
        m_deepest = std::max(m_deepest, depth + 1);
        m_out.append(bracket);
        m_first = true;
    }

    void separate()
    {
        if (!m_first)
            m_out.append(',');
        m_first = false;
    }

    void writeKey(const JsonValue &member)
    {
        m_out.append('"');
        append(m_out, member.rawKey());
        m_out.append("\":");
    }

    void writeMembers(const JsonValue &object, quint32 depth, Writer writer)
    {
        for (const JsonValue &member : object) {
            separate();
            writeKey(member);
            (this->*writer)(member, depth + 1);
            m_first = false;
        }
    }

    void writeObject(const JsonValue &object, quint32 depth, Writer writer)
    {
        open('{', depth);
        writeMembers(object, depth, writer);
        m_out.append('}');
    }

    void writeElements(const JsonValue &object, quint32 depth)
    {
        open('[', depth);
        for (const JsonValue &member : object) {
            separate();
            open('{', depth + 1);
            writeKey(member);
            writeEebus(member, depth + 2);
            m_out.append('}');
            m_first = false;
        }
        m_out.append(']');
    }

    void writeList(const JsonValue &value, quint32 depth, Writer writer)
    {
        if (!isContainer(value)) {
            append(m_out, value.text());
            return;
        }
        open('[', depth);
        for (const JsonValue &element : value) {
            separate();
            (this->*writer)(element, depth + 1);
            m_first = false;
        }
        m_out.append(']');
    }

    QByteArray &m_out;
    quint32 m_maxDepth;
    quint32 m_deepest = 0;
    bool m_first = true;
};

template <typename Write>
JsonError convert(Bytes text, QByteArray &out, const JsonLimits &limits, Write write)
{
    JsonTree tree;
    if (const JsonError error = tree.parse(text, limits))
        return error;
    const qsizetype before = out.size();
    Converter converter(out, limits);
    write(converter, tree.root());
    const bool tooLarge = static_cast<std::size_t>(out.size() - before) > limits.maxBytes;
    if (!tooLarge && !converter.isTooDeep())
        return {};
    out.truncate(before);
    return {tooLarge ? JsonErrorKind::TooLarge : JsonErrorKind::TooDeep, 0};
}

} // namespace

JsonError toEebusJson(Bytes plain, QByteArray &out, const JsonLimits &limits)
{
    return convert(plain, out, limits, [](Converter &converter, const JsonValue &root) {
        converter.writeEebusRoot(root, 0);
    });
}

JsonError toPlainJson(Bytes eebus, QByteArray &out, const JsonLimits &limits)
{
    return convert(eebus, out, limits, [](Converter &converter, const JsonValue &root) {
        converter.writePlain(root, 0);
    });
}

JsonError toCompactJson(Bytes text, QByteArray &out, const JsonLimits &limits)
{
    return convert(text, out, limits, [](Converter &converter, const JsonValue &root) {
        converter.writeCompact(root, 0);
    });
}

} // namespace fairlead::ship
