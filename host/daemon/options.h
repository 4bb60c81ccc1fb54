// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QString>
#include <QStringList>

/// What the command line of fairleadd says.
struct DaemonOptions
{
    QString configFile;
    bool configIsNamed = false;
    QStringList settings; ///< "key.path=value"
    QStringList pluginPath;
    QString readyFile;
    QString control; ///< path of the control socket
    QString logFormat;
    bool check = false;
    bool strict = false;
    bool verbose = false;
};

/// Reads the command line. Prints and ends the process for --help, --version and what it does not
/// understand.
DaemonOptions readOptions();
