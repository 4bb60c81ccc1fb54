# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# Configure and build by preset. Sourced by dev.
# shellcheck disable=SC2034

# The target that builds whatever an installed host consists of.
SHIPPED=(fairlead_shipped)

# One job per core, and no more than one for each GiB of free memory.
jobs() {
    local cores memory
    if [[ -n ${FAIRLEAD_JOBS:-} ]]; then
        printf '%s\n' "$FAIRLEAD_JOBS"
        return
    fi
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
    ((memory >= 1)) || memory=1
    printf '%s\n' "$((cores < memory ? cores : memory))"
}

configure_preset() {
    local preset=$1 log="build/$1/configure.log"
    mkdir -p "build/$preset"
    say "configuring build/$preset"
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        # A folder configured in another place or with another compiler is made afresh.
        if grep -q -e 'CMakeCache.txt directory' -e 'does not match the source' "$log"; then
            say "build/$preset was made elsewhere; making it afresh"
            cmake --fresh --preset "$preset" >"$log" 2>&1 && return 0
        fi
        cat "$log" >&2
        die "cmake --preset $preset failed"
    fi
}

# build_preset <preset> [target]...: all targets unless named.
build_preset() {
    local preset=$1 target
    local arguments=()
    shift
    configure_preset "$preset"
    for target in "$@"; do
        arguments+=(--target "$target")
    done
    say "building build/$preset ${*:-(all)}"
    cmake --build "build/$preset" --parallel "$(jobs)" ${arguments[@]+"${arguments[@]}"}
}
