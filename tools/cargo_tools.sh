#!/usr/bin/env bash
# Installs the two command-line tools that turn Rust into a web page: wasm-bindgen and cargo-leptos.
. "$(dirname "$0")/common.sh"

cargo_leptos_version=0.3.8

# The command line and the library of wasm-bindgen speak one exact version, so the project's own files say which.
wasm_bindgen_version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock 2>/dev/null || true)
if [ -z "$wasm_bindgen_version" ]; then
    wasm_bindgen_version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"$/\1/p' Cargo.toml)
fi

# installed_version COMMAND: what it says of itself, or nothing where it is not on PATH.
installed_version() {
    if have "$1"; then "$1" --version 2>/dev/null | awk '{ print $NF; exit }'; fi
}

# install CRATE COMMAND VERSION CARGO_OPTIONS...: into cargo's usual folder, so that the commands also work typed by
# hand; but a command of another version that is on PATH already stays, and ours goes to .tools/bin.
install() {
    local crate=$1 command=$2 version=$3
    shift 3
    if have "$command"; then set -- "$@" --root "$tools_dir"; fi
    # These tools run for seconds and compile for minutes, so compile them as fast as rustc can. The temporary
    # target folder is cargo's own choice.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo install "$crate" --version "$version" --force "$@"
}

if [ "$(installed_version wasm-bindgen)" != "$wasm_bindgen_version" ]; then
    step "Installing wasm-bindgen $wasm_bindgen_version, which joins the compiled Rust to the browser's JavaScript (about 1 minute, once)"
    # Its lock file can name a version that the index does not have, which cargo sees before it compiles anything.
    install wasm-bindgen-cli wasm-bindgen "$wasm_bindgen_version" --locked ||
        {
            say "    Not with the versions in its own lock file; once more with those that cargo finds:"
            install wasm-bindgen-cli wasm-bindgen "$wasm_bindgen_version"
        } ||
        die "wasm-bindgen $wasm_bindgen_version could not be installed: see cargo's message above; without a network it cannot be."
    step_done
fi

leptos_version=$(installed_version cargo-leptos)
case $leptos_version in
    0.3.*) version_at_least "$cargo_leptos_version" "$leptos_version" && leptos_fits=yes || leptos_fits=no ;;
    *) leptos_fits=no ;;
esac
if [ "$leptos_fits" = no ]; then
    step "Installing cargo-leptos $cargo_leptos_version, which builds server and browser side together (about 4 minutes, once)"
    install cargo-leptos cargo-leptos "$cargo_leptos_version" --locked --features no_downloads ||
        die "cargo-leptos $cargo_leptos_version could not be installed: see cargo's message above; without a network it cannot be."
    step_done
fi
