# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# ./dev lint: every step runs, then the failed ones are named. Sourced by dev.

LINT_FAILED=()

lint_step() {
    local name=$1 began=$SECONDS output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    if ((status == 0)); then
        printf 'dev: lint %-8s ok    %4d s  %s\n' "$name" "$((SECONDS - began))" "${output##*$'\n'}"
    else
        printf '%s\n' "$output"
        printf 'dev: lint %-8s FAILED %3d s\n' "$name" "$((SECONDS - began))"
        LINT_FAILED+=("$name")
    fi
}

run_lint() {
    local all=()
    case ${1:-} in
        '') ;;
        --all) all=(--all) ;;
        *) die "lint knows --all, not '$1'" ;;
    esac
    need_packages "configure for clang-tidy" "${BUILD_PACKAGES[@]}"
    need_packages "lint" "${LINT_PACKAGES[@]}"
    ((${#all[@]} == 0)) || need_packages "lint everything" clazy
    git rev-parse --git-dir >/dev/null 2>&1 || die "lint reads the list of files from git, and this is no checkout"

    lint_step format "$PYTHON" .ci/lint/format.py
    lint_step spdx "$PYTHON" .ci/lint/spdx.py
    lint_step scripts .ci/lint/scripts.sh
    lint_step data "$PYTHON" .ci/lint/data.py
    lint_step words "$PYTHON" .ci/lint/words.py
    lint_step arrows "$PYTHON" .ci/lint/arrows.py
    lint_step proofs "$PYTHON" .ci/lib/requirements.py --check

    prepare_compile_commands
    lint_step headers "$PYTHON" .ci/lint/headers.py build/clang-tidy
    lint_step tidy "$PYTHON" .ci/lint/tidy.py build/clang-tidy ${all[@]+"${all[@]}"}
    ((${#all[@]} == 0)) || lint_step clazy "$PYTHON" .ci/lint/clazy.py build/clang-tidy

    ((${#LINT_FAILED[@]} == 0)) || die "lint failed: ${LINT_FAILED[*]}"
    say "lint passed"
}

# clang reads sources only once moc has written what they include. The build's own moc targets wait
# for every library they link, so moc is run without the build.
prepare_compile_commands() {
    local log=build/clang-tidy/autogen.log
    configure_preset clang-tidy
    say "running moc for clang-tidy"
    if ! find build/clang-tidy -name AutogenInfo.json -print0 \
        | xargs -0 -r -P "$(jobs)" -I '{}' cmake -E cmake_autogen '{}' Debug >"$log" 2>&1; then
        cat "$log" >&2
        die "moc failed"
    fi
    ninja -C build/clang-tidy fairlead_testmoc >>"$log" 2>&1 || { cat "$log" >&2; die "moc failed"; }
}
