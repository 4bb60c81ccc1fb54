// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

/// Everything the codec offers.
#include "codec/ack.h"
#include "codec/connect.h"
#include "codec/control.h"
#include "codec/diagnostics.h"
#include "codec/publish.h"
#include "codec/subscribe.h"
#include "codec/topic.h"
