// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/framedendpoint.h"

#include <fairlead/bytes.h>
#include <fairlead/properties.h>

namespace fairlead::tcp {

namespace {

QByteArray rxPropertiesFor(const FramedOptions &options)
{
    PropertyWriter writer;
    if (options.textCheck != TextCheck::Off)
        writer.append(PropertyId::PayloadFormat, "\1");
    return copyOf(writer.block());
}

QByteArray jsonProperties()
{
    PropertyWriter writer;
    writer.append(PropertyId::PayloadFormat, "\1");
    writer.append(PropertyId::ContentType, "application/json");
    return copyOf(writer.block());
}

} // namespace

FramedEndpoint::FramedEndpoint(const FramedOptions &endpointOptions)
    : options(endpointOptions)
    , rxProperties(rxPropertiesFor(endpointOptions))
    , stateProperties(jsonProperties())
{ }

} // namespace fairlead::tcp
