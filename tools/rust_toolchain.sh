#!/usr/bin/env bash
# Sees to it that Rust can compile for the browser: the standard library for wasm32-unknown-unknown.
#
# rustup has it for every ordinary machine. Where rustup's server cannot be reached, Debian's own Rust packages
# carry its source, and debian_wasm_std.sh makes a whole toolchain of them. LONGSHORE_WASM_STD=rustup or =debian
# takes one of the two without trying the other. With `test`, clippy and rustfmt are seen to as well.
. "$(dirname "$0")/common.sh"

purpose=${1:-run}
target=wasm32-unknown-unknown
way=${LONGSHORE_WASM_STD:-any}
# Seconds without a byte arriving after which rustup's server counts as out of reach.
patience=20

# has_wasm_std [TOOLCHAIN]: whether the toolchain, by default the one in use, carries the target's std.
has_wasm_std() {
    local sysroot
    sysroot=$(RUSTUP_TOOLCHAIN=${1:-${RUSTUP_TOOLCHAIN:-}} rustc_sysroot) || return 1
    ls "$sysroot/lib/rustlib/$target/lib/"libstd-*.rlib >/dev/null 2>&1
}

# An empty RUSTUP_TOOLCHAIN is not the same as none, so take it away.
rustc_sysroot() {
    [ -n "$RUSTUP_TOOLCHAIN" ] || unset RUSTUP_TOOLCHAIN
    rustc --print sysroot 2>/dev/null
}

# arrived_kilobytes: how much rustup has downloaded so far; it says nothing on the way when it is not at a terminal.
arrived_kilobytes() {
    local home=${RUSTUP_HOME:-$HOME/.rustup}
    du -sk "$home/downloads" "$home/tmp" "$home/toolchains" 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}

# patient_rustup ARGUMENTS...: rustup, but giving up when nothing arrives: it has no time limit of its own.
patient_rustup() {
    local pid quiet=0 before now
    rustup "$@" >"$log_dir/rustup.log" 2>&1 &
    pid=$!
    before=$(arrived_kilobytes)
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        now=$(arrived_kilobytes)
        if [ "$now" = "$before" ]; then quiet=$((quiet + 1)); else quiet=0; fi
        before=$now
        if [ "$quiet" -ge "$patience" ]; then
            kill "$pid" 2>/dev/null || true
            wait "$pid" 2>/dev/null || true
            say "    nothing arrived for $patience s"
            return 1
        fi
    done
    wait "$pid"
}

# see_to_lints: clippy and rustfmt, which rustup's minimal installation leaves out.
see_to_lints() {
    if [ "$purpose" != test ] || { cargo clippy --version && cargo fmt --version; } >/dev/null 2>&1; then return; fi
    if have rustup && patient_rustup component add clippy rustfmt; then return; fi
    die "clippy or rustfmt is missing: run 'rustup component add clippy rustfmt' and try again."
}

# Chosen before; Debian may have updated its compiler since, and then the standard library is compiled again.
if [ "$way" = any ] && [ "${RUSTUP_TOOLCHAIN:-}" = debian ]; then
    exec "$root/tools/debian_wasm_std.sh"
fi

if [ "$way" != debian ] && has_wasm_std; then
    see_to_lints
    exit 0
fi

if [ "$way" != debian ] && have rustup; then
    # An earlier checkout on this machine may have made the Debian toolchain already.
    if [ "$way" = any ] && rustup toolchain list | grep -q '^debian\b' && has_wasm_std debian; then
        exec "$root/tools/debian_wasm_std.sh"
    fi
    step "Adding Rust's standard library for $target with rustup, so that Rust can run in the browser (seconds)"
    if patient_rustup target add "$target" && has_wasm_std; then
        step_done
        see_to_lints
        exit 0
    fi
    say "    rustup could not: $(tail -n 1 "$log_dir/rustup.log" 2>/dev/null)"
fi

if [ "$way" != rustup ] && is_debian && can_be_root; then
    exec "$root/tools/debian_wasm_std.sh"
fi
if ! have rustup; then
    die "Rust cannot compile for the browser and rustup is not installed: install it (https://rustup.rs) and try again."
fi
die "Rust cannot compile for the browser: run 'rustup target add $target' where the network allows it, then try again."
