# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# ./dev test in all its forms. Sourced by dev.

run_tests() {
    local kind=release seconds=60 rest=()
    while (($# > 0)); do
        case $1 in
            --asan | --tsan | --fuzz | --long) kind=${1#--} ;;
            [0-9]*)
                if [[ $kind == fuzz ]]; then seconds=$1; else rest+=("$1"); fi
                ;;
            *) rest+=("$1") ;;
        esac
        shift
    done
    need_packages "build the tests" "${BUILD_PACKAGES[@]}"
    case $kind in
        asan | tsan) sanitized_tests "$kind" ${rest[@]+"${rest[@]}"} ;;
        fuzz) fuzz_tests "$seconds" ;;
        *) all_tests "$kind" ${rest[@]+"${rest[@]}"} ;;
    esac
}

all_tests() {
    local preset=$1
    shift
    need_packages "drive the host with other people's clients" "${TEST_PACKAGES[@]}"
    need_node
    install_mqttjs
    build_preset release
    ctest --preset "$preset" "$@"
}

# MQTT.js at the versions of the lock file, from whatever registry npm is configured for.
install_mqttjs() {
    local folder=tests/integration/mqttjs
    local stamp=$folder/node_modules/.package-lock.json
    [[ -f $folder/package-lock.json ]] || return 0
    if [[ -f $stamp && $stamp -nt $folder/package-lock.json ]]; then
        return 0
    fi
    say "installing MQTT.js with npm into $folder/node_modules"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null); then
        ! in_ci || die "npm ci failed in $folder"
        say "npm ci failed in $folder: the MQTT.js tests cannot run here"
        return 0
    fi
    touch "$stamp"
}

# Builds only what the chosen tests run.
sanitized_tests() {
    local preset=$1 label list targets=()
    shift
    need_packages "pick the tests" python3
    configure_preset "$preset"
    label=$(test_label "$preset")
    list=$("$PYTHON" .ci/lib/testtargets.py "build/$preset" "$label") || die "no tests to run"
    mapfile -t targets <<<"$list"
    say "building build/$preset: ${#targets[@]} targets for the tests labelled $label"
    ninja -C "build/$preset" -j "$(jobs)" "${targets[@]}"
    fixed_addresses ctest --preset "$preset" "$@"
}

test_label() {
    case $1 in
        asan) printf '%s\n' '^(unit|codec|simulation)$' ;;
        tsan) printf '%s\n' '^tsan$' ;;
    esac
}

# Sanitizers of GCC 12 map their shadow where newer kernels may place a program at random.
fixed_addresses() {
    if setarch "$(uname -m)" -R true 2>/dev/null; then
        setarch "$(uname -m)" -R "$@"
    else
        "$@"
    fi
}

fuzz_tests() {
    local seconds=$1 target name corpus found=0 failed=()
    need_packages "fuzz" "${CLANG_PACKAGES[@]}"
    build_preset fuzz fairlead_fuzz
    for target in build/fuzz/tests/bin/fuzz_*; do
        [[ -x $target && -f $target ]] || continue
        found=$((found + 1))
        name=${target##*/}
        # What the run discovers stays out of the tree; the tree's corpus is read only.
        corpus=build/fuzz/corpus/$name
        mkdir -p "$corpus" "build/fuzz/findings"
        local seeds=("$corpus")
        [[ ! -d tests/fuzz/corpus/${name#fuzz_} ]] || seeds+=("tests/fuzz/corpus/${name#fuzz_}")
        say "fuzzing $name for $seconds s"
        fixed_addresses "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
            -print_final_stats=0 -verbosity=0 -artifact_prefix="build/fuzz/findings/$name-" \
            "${seeds[@]}" || failed+=("$name")
    done
    ((found > 0)) || die "no fuzz target was built"
    ((${#failed[@]} == 0)) || die "fuzzing failed: ${failed[*]}; inputs are in build/fuzz/findings"
    say "$found fuzz targets ran $seconds s each without a finding"
}
