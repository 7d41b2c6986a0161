#!/usr/bin/env bash
# The way to a browser-capable Rust with Debian's packages alone, for machines that rustup's server cannot serve.
#
# Debian's rustc-web has the compiler and the source of the standard library, but no compiled one for
# wasm32-unknown-unknown. This compiles it once and puts it where rustc looks, and then uses that toolchain for
# everything, because a library compiled by one rustc cannot be read by another.
. "$(dirname "$0")/common.sh"

target=wasm32-unknown-unknown
std_dir=/usr/lib/rustlib/$target/lib

packages_installed() {
    [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -x /usr/bin/cargo-clippy ] && [ -x /usr/bin/rustfmt ] &&
        [ -d /usr/lib/rustlib/src/rust/library ] && have lld-22 && have rust-lld
}

# compiled_by: the compiler that built the std in place; Debian may have updated its rustc since.
compiled_by() { cat "$std_dir/compiled-by" 2>/dev/null || true; }

if ! packages_installed; then
    step "Installing Debian's Rust, which brings the source of a standard library for the browser (about 1 minute)"
    # rust-web-llvm has rust-lld, the name by which rustc calls the linker that lld-22 brings.
    apt_install rustc-web cargo-web rust-web-src rust-web-llvm lld-22 rust-web-clippy rustfmt-web >"$log_dir/debian-rust.log" 2>&1 ||
        die "Debian's Rust packages could not be installed; the reason is at the end of $log_dir/debian-rust.log."
    step_done
fi

if [ "$(compiled_by)" != "$(/usr/bin/rustc --version)" ]; then
    step "Compiling the standard library for $target, so that Rust can run in the browser (about 1 minute)"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir "$scratch/src"
    : >"$scratch/src/lib.rs"
    printf '[package]\nname = "only_std"\nversion = "0.0.0"\nedition = "2021"\n' >"$scratch/Cargo.toml"
    # RUSTC_BOOTSTRAP: -Z flags are for nightly compilers, and this is how a stable one accepts them.
    (
        cd "$scratch"
        env -u RUSTUP_TOOLCHAIN RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc /usr/bin/cargo build --release \
            -Z build-std=std,panic_abort,panic_unwind,proc_macro --target "$target"
    ) >"$log_dir/wasm-std.log" 2>&1 ||
        die "the standard library for $target did not compile; the reason is at the end of $log_dir/wasm-std.log."
    rm -f "$scratch/target/$target/release/deps/"libonly_std-*
    /usr/bin/rustc --version >"$scratch/compiled-by"
    as_root mkdir -p "$std_dir"
    as_root find "$std_dir" -name '*.rlib' -delete
    as_root cp "$scratch/target/$target/release/deps/"*.rlib "$scratch/compiled-by" "$std_dir/"
    step_done
fi

if [ ! -f "$tools_dir/env" ] && have rustup; then
    rustup toolchain link debian /usr
    # So that cargo typed by hand in this folder takes the same toolchain as make does.
    rustup override set debian >/dev/null 2>&1
    say "    This folder now uses the toolchain 'debian' ($(/usr/bin/rustc --version)); 'rustup override unset' undoes it."
fi
printf 'export RUSTUP_TOOLCHAIN=debian\n' >"$tools_dir/env"
