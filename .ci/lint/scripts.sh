#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# Every shell script passes shellcheck.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

scripts=()
while IFS= read -r -d '' name; do
    [[ -f $name && $name != tests/fuzz/corpus/* ]] || continue
    IFS= read -r first <"$name" || continue
    case $name:$first in
        *:'#!'*bash | *:'#!'*bash\ * | *:'#!/bin/sh'* | *:'# shellcheck shell='*) scripts+=("$name") ;;
    esac
done < <(git ls-files -z --cached --others --exclude-standard | tr -d '\r')
shellcheck --external-sources --source-path=SCRIPTDIR --source-path="$PWD" "${scripts[@]}"
printf '%d scripts pass shellcheck\n' "${#scripts[@]}"
