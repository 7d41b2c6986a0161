#!/usr/bin/env bash
# Measures the task runner and prints one table: `make bench-tasks`, with `make bench-tasks QUICK=1` to see in a minute
# whether it works. BENCH_FINISHED=100000 fills Redis with fewer finished tasks; BENCH_PARTS=start,polls leaves parts out.
. "$(dirname "$0")/common.sh"

"$root/tools/setup.sh" test
use_chosen_toolchain
. "$(dirname "$0")/find_programs.sh"
. "$(dirname "$0")/test_redis.sh"

trap stop_test_redis EXIT
trap 'exit 130' INT TERM

"$root/tools/build.sh"

step "Building the measurement (the first time about 2 minutes)"
cargo build --release --package longshore-bench
step_done

start_test_redis
export BENCH_REDIS_URL="$LONGSHORE_TEST_REDIS_URL"
export LONGSHORE_BIN="$root/target/release/longshore" LEPTOS_SITE_ROOT="$root/target/site"

step "Measuring (about 6 minutes; leave the machine alone)"
target/release/bench-tasks run
step_done
