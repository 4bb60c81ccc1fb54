# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# What every command needs. Sourced by dev, which sets ROOT.

say() { printf 'dev: %s\n' "$*"; }

die() {
    printf 'dev: error: %s\n' "$*" >&2
    exit 1
}

in_ci() { [[ -n ${CI:-} && ${CI:-} != false ]]; }

# A checkout may belong to another user than the one who builds it.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$ROOT

# Without these ccache never hits where a precompiled header is in use.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
# The release and the package compile alike; one cache entry serves both folders.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1

# Daemons under test, such as mosquitto, live in sbin.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Debian's Python modules belong to Debian's interpreter.
PYTHON=/usr/bin/python3
export PYTHON PYTHONDONTWRITEBYTECODE=1
