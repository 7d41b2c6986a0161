#!/usr/bin/env bash
# Sets up what building needs, or, with `test`, what the tests need too: setup.sh [run|test].
# Every part first looks whether its work is done already, so that a repeated call takes a moment.
. "$(dirname "$0")/common.sh"

purpose=${1:-run}
here="$root/tools"

"$here/prerequisites.sh" "$purpose"
# Before anything else, because everything else is compiled by the toolchain it chooses.
"$here/rust_toolchain.sh" "$purpose"
use_chosen_toolchain

# What only downloads runs beside the compiling, each part with its own log.
background_pids=""
beside() {
    local name=$1
    shift
    "$@" >"$log_dir/$name.log" 2>&1 &
    background_pids="$background_pids $name:$!"
}

beside npm-tools "$here/npm_tools.sh"
if [ "$purpose" = test ]; then beside browser-tests "$here/test_needs.sh"; fi

cargo_failed=no
"$here/cargo_tools.sh" || cargo_failed=yes

for job in $background_pids; do
    name=${job%%:*}
    if ! wait "${job#*:}"; then
        tail -n 15 "$log_dir/$name.log" >&2
        die "setting up '$name' failed, as its last lines above say; all of them are in $log_dir/$name.log."
    fi
done
[ "$cargo_failed" = no ] || exit 1
