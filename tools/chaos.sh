#!/usr/bin/env bash
# Runs the task runner under random faults, first on Redis and then on the embedded store: `make chaos`. TASKS, SEED,
# SECONDS_MAX, NODES, RATE, OUTAGE_FACTOR and KEEP say otherwise than the defaults; STORE=redis or STORE=embedded takes one.
. "$(dirname "$0")/common.sh"

"$root/tools/prerequisites.sh" run
"$root/tools/rust_toolchain.sh" run
use_chosen_toolchain
. "$(dirname "$0")/find_programs.sh"

stores=${STORE:-redis embedded}

case " $stores " in
*" redis "*)
    if [ -z "$(find_redis)" ]; then
        if have apt-get && can_be_root; then
            say "Installing: redis-server"
            apt_install redis-server || die "redis-server could not be installed; see the message above."
        else
            die "Redis is missing: install redis-server (Debian) or run 'brew install redis' (macOS), or set STORE=embedded."
        fi
    fi
    LONGSHORE_REDIS_SERVER=$(find_redis)
    export LONGSHORE_REDIS_SERVER
    ;;
esac

step "Building the chaos driver (the first time about 3 minutes)"
cargo build --release --package longshore-chaos
step_done

# The driver ends what it started when it is told to end, so it has to be told.
driver_pid=""
end_driver() { if [ -n "$driver_pid" ]; then kill "$driver_pid" 2>/dev/null || true; wait "$driver_pid" 2>/dev/null || true; fi; }
trap end_driver EXIT
trap 'exit 130' INT TERM

failed=""
for store in $stores; do
    step "Chaos on the $store store (at most ${SECONDS_MAX:-300} s)"
    "$root/target/release/longshore-chaos" drive --store "$store" &
    driver_pid=$!
    wait "$driver_pid" || failed="$failed $store"
    driver_pid=""
    step_done
done
[ -z "$failed" ] || die "promises were broken on:$failed; the lines that begin with WRONG say which."
