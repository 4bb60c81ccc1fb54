# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# ./dev simulate. Sourced by dev.

SIMULATIONS=(tst_simulation tst_mqttsimulation tst_simulationtwohosts tst_simulationcontrol tst_simdisk
             tst_simulationcrash)

run_simulations() {
    local preset=release seeds=200 seed='' what name log steps total=0 failed=()
    while (($# > 0)); do
        case $1 in
            --asan) preset=asan ;;
            --seeds | --seed)
                [[ ${2:-} =~ ^[1-9][0-9]{0,8}$ ]] || die "$1 takes a number from 1 to 999999999"
                if [[ $1 == --seeds ]]; then seeds=$2; else seed=$2; fi
                shift
                ;;
            *) die "simulate knows --seeds N, --seed S and --asan, not '$1'" ;;
        esac
        shift
    done
    # Planted bugs are to be found by the simulation, not by a sanitizer.
    [[ $preset == asan ]] || SIMULATIONS+=(tst_simulationplanted)
    need_packages "build the simulations" "${BUILD_PACKAGES[@]}"
    build_preset "$preset" "${SIMULATIONS[@]}"

    what="$seeds seeds"
    [[ -z $seed ]] || what="seed $seed"
    export FAIRLEAD_SIM_SEEDS=$seeds QTEST_FUNCTION_TIMEOUT=86400000
    [[ -z $seed ]] || export FAIRLEAD_SIM_SEED=$seed
    export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    export LSAN_OPTIONS=suppressions=$ROOT/.ci/sanitizers/lsan.supp:print_suppressions=0
    for name in "${SIMULATIONS[@]}"; do
        say "$name with $what"
        log=build/$preset/tests/$name.log
        fixed_addresses "build/$preset/tests/bin/$name" -silent | tee "$log" || failed+=("$name")
        steps=$(sed -n 's/^\([0-9]\{1,\}\) steps$/\1/p' "$log" | head -n 1)
        total=$((total + ${steps:-0}))
    done
    ((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
    say "$total steps in all, with every promise kept"
    # TS-01 wants a million of them.
    [[ -n $seed ]] || ((seeds < 200 || total >= 1000000)) || die "these are too few steps"
}
