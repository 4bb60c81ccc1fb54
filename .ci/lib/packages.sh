# shellcheck shell=bash
# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
#
# Which Debian packages each command needs, and how they come in. Sourced by dev.
# shellcheck disable=SC2034  # the lists are read by the files that source this one

BUILD_PACKAGES=(cmake ninja-build g++ ccache qt6-base-dev libtomlplusplus-dev libssl-dev libsqlite3-dev)
CLANG_PACKAGES=(clang-14 libclang-rt-14-dev)
TEST_PACKAGES=(python3 python3-paho-mqtt mosquitto mosquitto-clients openssl binutils
    dbus-daemon python3-dbus python3-gi avahi-daemon iproute2)
BENCH_PACKAGES=(python3 mosquitto mosquitto-clients)
LINT_PACKAGES=(git python3 python3-yaml shellcheck clang-format-14 clang-tidy-14 clang-14)
PACKAGE_PACKAGES=(dpkg-dev fakeroot file lintian)

installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif in_ci; then
        sudo -n "$@"
    else
        sudo "$@"
    fi
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# Daemons are wanted as programs to test with, not as services that hold ports and announce things.
DAEMON_PACKAGES=(mosquitto avahi-daemon)

install_with_daemons_at_rest() (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        trap 'as_root rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 0755 "$policy"
    fi
    apt install --no-install-recommends "$@" || exit
    if [[ -d /run/systemd/system ]]; then
        for daemon in "${DAEMON_PACKAGES[@]}"; do
            [[ " $* " != *" $daemon "* ]] || as_root systemctl disable --quiet "$daemon.service"
        done
    fi
)

# need_packages <purpose> <package>...: installs those that are missing and says which.
need_packages() {
    local purpose=$1 package missing=()
    shift
    if ! command -v dpkg-query >/dev/null; then
        say "this is not Debian: to $purpose, provide yourself: $*"
        return 0
    fi
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        die "to $purpose, these packages are missing: ${missing[*]} (run as root: apt-get install --no-install-recommends ${missing[*]})"
    fi
    say "to $purpose, installing with apt: ${missing[*]}"
    apt update || say "apt-get update failed; trying with the lists at hand"
    if [[ " ${missing[*]} " == *" mosquitto "* || " ${missing[*]} " == *" avahi-daemon "* ]]; then
        install_with_daemons_at_rest "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
    else
        apt install --no-install-recommends "${missing[@]}" \
            || die "apt-get could not install: ${missing[*]}"
    fi
}

# Node may come from elsewhere than Debian and then brings its npm along.
need_node() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        need_packages "run MQTT.js" nodejs npm
    fi
}
