# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# ./dev simulate. Sourced by dev.

SIMULATIONS=(tst_simulation tst_mqttsimulation tst_simulationtwohosts tst_simulationcontrol
             tst_simulationplanted)

run_simulations() {
    local preset=release seeds=200 seed='' what name failed=()
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
        fixed_addresses "build/$preset/tests/bin/$name" -silent || failed+=("$name")
    done
    ((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
}
