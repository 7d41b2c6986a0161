#!/usr/bin/env bash
# Measures the task runner and prints one table: `make bench-tasks`, with `make bench-tasks QUICK=1` to see in a minute
# whether it works. BENCH_FINISHED=100000 fills Redis with fewer finished tasks; BENCH_PARTS=start,polls leaves the other
# parts out; LONGSHORE_BIN and LEPTOS_SITE_ROOT name another build to measure than this checkout's.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/find_programs.sh"
. "$(dirname "$0")/test_redis.sh"

trap stop_test_redis EXIT
trap 'exit 130' INT TERM

if [ -z "${LONGSHORE_BIN:-}" ]; then
    # What the tests need is more than is needed here, so it is set up only for the Redis in it.
    purpose=run
    if [ -z "$(find_redis)" ]; then purpose="test"; fi
    "$root/tools/setup.sh" "$purpose"
    use_chosen_toolchain
    "$root/tools/build.sh"
    export LONGSHORE_BIN="$root/target/release/longshore" LEPTOS_SITE_ROOT="$root/target/site"
fi

step "Building the measurement (the first time about 2 minutes)"
cargo build --release --package longshore-bench
step_done

start_test_redis
export BENCH_REDIS_URL="$LONGSHORE_TEST_REDIS_URL"

if [ -n "${QUICK:-}" ]; then
    step "Measuring a little (about half a minute; the figures mean little)"
else
    step "Measuring (about 4 minutes; leave the machine alone)"
fi
target/release/bench-tasks run
step_done
