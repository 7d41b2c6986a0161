#!/usr/bin/env bash
# Builds what `make run` serves and the browser tests test: target/release/longshore and target/site.
#
# cargo compiles only what changed, but cargo-leptos shrinks the browser side anew each time. So a stamp remembers
# what went in and what came out, and nothing is started when both are still the same.
. "$(dirname "$0")/common.sh"

stamp="$root/target/built-from"

# inputs: one digest of every file that git knows or would know, and of the tools.
# Nothing is printed outside a git checkout, and then no build counts as done.
inputs() {
    local listed="$log_dir/inputs"
    git ls-files -z --cached --others --exclude-standard -- . ':!end2end' ':!.ci' >"$listed" 2>/dev/null || return 0
    # A file that git knows may have been deleted; its missing line is then what changes the digest.
    {
        xargs -0 cksum <"$listed" 2>/dev/null || true
        rustc -vV
        wasm-bindgen --version
        wasm-opt --version
        printf '%s\n' "${RUSTFLAGS:-}"
    } | digest
}

# outputs: one digest of the program and the site; `cargo leptos watch` writes to the same site folder.
outputs() {
    find target/site target/release/longshore target/release/hash.txt -type f -exec cksum {} + 2>/dev/null |
        LC_ALL=C sort | digest
}

before=$(inputs)
if [ -n "$before" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$before $(outputs)" ]; then
    say "Nothing changed since the last build."
    exit 0
fi

rm -f "$stamp"
step "Building the server and the browser side (the first time about 8 minutes on 2 cores, later only what changed)"
cargo leptos build --release --precompress || die "the build failed; the compiler's reason is above."
step_done

# The inputs as they were before, so that a file saved during the build is not taken for built.
if [ -n "$before" ]; then printf '%s %s\n' "$before" "$(outputs)" >"$stamp"; fi
