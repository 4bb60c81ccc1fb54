# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# ./dev package. Sourced by dev.

run_package() {
    local out=build/package/packages
    (($# == 0)) || die "package takes no arguments"
    need_packages "build the packages" "${BUILD_PACKAGES[@]}" "${PACKAGE_PACKAGES[@]}"
    build_preset package
    rm -rf "$out"
    # What cpack stages must be readable by everyone, whatever the builder's mask says.
    (umask 022 && cpack --preset package >build/package/cpack.log 2>&1) || {
        cat build/package/cpack.log >&2
        die "cpack failed"
    }
    rm -rf "$out/_CPack_Packages"
    say "checking the debs with lintian"
    # Debian's bug tracker knows nothing of these packages; cpack always writes the ldconfig call.
    lintian --allow-root --fail-on error --tag-display-limit 0 \
        --suppress-tags initial-upload-closes-no-bugs,maintscript-calls-ldconfig "$out"/*.deb \
        || die "lintian found errors"
    say "packages:"
    (cd "$out" && for file in *; do printf '  %s/%s\n' "$out" "$file"; done)
}
