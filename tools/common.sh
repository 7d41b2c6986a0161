# shellcheck shell=bash
# Sourced first by every script in this folder: where things are, how to speak, what is on PATH.
# Written for bash 3.2, which is what macOS ships.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Everything installed for this checkout alone lives here; git ignores it.
tools_dir="$root/.tools"
log_dir="$tools_dir/log"
mkdir -p "$log_dir"

# What `make run` serves is found under target/, so a developer's own target folder must not win.
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR

# .tools comes first, because it holds a tool only where the developer's own has another version.
export PATH="$tools_dir/bin:$tools_dir/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

# leptos reads this name while it compiles. cargo-leptos sets it; with the same value in every other
# cargo call, tests and clippy reuse what the build compiled instead of compiling leptos again.
export LEPTOS_OUTPUT_NAME=longshore

# use_chosen_toolchain: the one rust_toolchain.sh chose, where it is not the developer's default.
use_chosen_toolchain() {
    if [ -f "$tools_dir/env" ]; then
        # shellcheck source=/dev/null
        . "$tools_dir/env"
    fi
}
use_chosen_toolchain

# say TEXT: one line to the person at the terminal.
say() { printf '%s\n' "$*"; }

# step TEXT: announces a step that takes a while: what, why, and about how long.
step() { printf '\n==> %s\n' "$*"; step_started=$SECONDS; }

# step_done: closes the step that `step` opened with the time it took.
step_done() { printf '    done in %d s\n' "$((SECONDS - step_started))"; }

# die SENTENCE: says what is wrong and what to do about it, and ends with failure.
die() { printf '\nlongshore: %s\n' "$*" >&2; exit 1; }

# have COMMAND: whether it is on PATH.
have() { command -v "$1" >/dev/null 2>&1; }

# can_be_root: whether as_root can work without a password prompt surprising a script.
can_be_root() { [ "$(id -u)" = 0 ] || have sudo; }

# as_root COMMAND...: runs it as root; call only where can_be_root holds.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# is_debian: Debian itself. Ubuntu is not: its chromium package is only a pointer to a snap.
is_debian() { [ -r /etc/os-release ] && grep -q '^ID=debian' /etc/os-release && have apt-get; }

# apt_install PACKAGE...: installs Debian packages, with fresh lists, asking nothing.
apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# digest: the SHA-256 of standard input. Linux and macOS name the tool differently.
digest() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

# version_at_least WANTED ACTUAL: compares dotted versions number by number.
version_at_least() {
    awk -v wanted="$1" -v actual="$2" 'BEGIN {
        n = split(wanted, w, "."); split(actual, a, ".")
        for (i = 1; i <= n; i++) { if (a[i] + 0 > w[i] + 0) exit 0; if (a[i] + 0 < w[i] + 0) exit 1 }
    }'
}
