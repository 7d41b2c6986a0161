#!/usr/bin/env bash
# Checks what cannot be installed from here: prerequisites.sh [run|test]. Names everything missing at once.
. "$(dirname "$0")/common.sh"

purpose=${1:-run}
missing=0

lacks() { printf 'longshore: %s\n' "$*" >&2; missing=1; }

have cargo || lacks "cargo is missing: install Rust with rustup (https://rustup.rs), open a new terminal and try again."
have cc || lacks "a C compiler is missing: install gcc (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)."
have node || lacks "Node.js is missing: install Node.js 18 or newer (https://nodejs.org or your system's packages)."
have npm || lacks "npm is missing: install it; it comes with Node.js (Debian: apt-get install npm)."
if have node; then
    node_version=$(node --version | tr -d v)
    version_at_least 18 "$node_version" ||
        lacks "Node.js $node_version is too old: install Node.js 18 or newer (https://nodejs.org or your system's packages)."
fi
if [ "$purpose" = test ]; then
    have python3 || lacks "python3 is missing: install Python 3.9 or newer (Debian: apt-get install python3 python3-venv)."
fi

if have cargo; then
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    actual=$(rustc --version 2>/dev/null | cut -d' ' -f2 | cut -d- -f1)
    if [ -z "$actual" ]; then
        lacks "rustc does not start: run 'rustc --version' to see why; 'rustup default stable' usually mends it."
    elif ! version_at_least "$wanted" "$actual"; then
        lacks "Rust $actual is too old: version $wanted or newer is needed. Run 'rustup update stable'."
    fi
fi

[ "$missing" = 0 ] || exit 1
