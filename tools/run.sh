#!/usr/bin/env bash
# Sets up, builds and starts Longshore: `make run`, with `make run PORT=9000` for another port.
. "$(dirname "$0")/common.sh"

"$root/tools/setup.sh" run
# Setting up may have chosen a toolchain, so the build is a script of its own that reads the choice.
"$root/tools/build.sh"

export LEPTOS_SITE_ROOT=target/site
set -- serve
if [ -n "${PORT:-}" ]; then set -- serve --listen "127.0.0.1:$PORT"; fi

step "Starting the server; the first start also creates a demo shop in ./data (Ctrl-C stops it)"
exec target/release/longshore "$@"
