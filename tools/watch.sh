#!/usr/bin/env bash
# Sets up and starts the development server, which rebuilds and reloads the page at every save: `make watch`.
. "$(dirname "$0")/common.sh"

"$root/tools/setup.sh" run
use_chosen_toolchain
exec cargo leptos watch
