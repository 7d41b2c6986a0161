# shellcheck shell=bash disable=SC2154
# Sourced after common.sh and find_programs.sh: a Redis for the tests alone, with its files in a temporary folder.

test_redis_pid=""
test_redis_dir=""

# redis_answers PORT: whether something there answers a PING as Redis does.
redis_answers() {
    local answer=""
    {
        exec 9<>"/dev/tcp/127.0.0.1/$1" && printf 'PING\r\n' >&9 && read -r -t 2 answer <&9
    } 2>/dev/null || true
    exec 9>&- 2>/dev/null || true
    case $answer in +PONG*) return 0 ;; *) return 1 ;; esac
}

# start_test_redis: starts it, append-only, and exports LONGSHORE_TEST_REDIS_URL.
start_test_redis() {
    local program port attempt wait_tenths
    program=$(find_redis)
    [ -n "$program" ] || die "Redis is missing: install redis-server (Debian) or run 'brew install redis' (macOS)."
    test_redis_dir=$(mktemp -d)
    for attempt in 1 2 3 4 5 6 7 8; do
        port=$((20000 + RANDOM % 20000))
        "$program" --port "$port" --bind 127.0.0.1 --dir "$test_redis_dir" --appendonly yes --save '' \
            >"$log_dir/test-redis.log" 2>&1 &
        test_redis_pid=$!
        wait_tenths=0
        # Redis ends by itself when the port is taken, so a living process that answers is ours.
        while kill -0 "$test_redis_pid" 2>/dev/null && [ "$wait_tenths" -lt 100 ]; do
            if (redis_answers "$port") && kill -0 "$test_redis_pid" 2>/dev/null; then
                export LONGSHORE_TEST_REDIS_URL="redis://127.0.0.1:$port/"
                return 0
            fi
            sleep 0.1
            wait_tenths=$((wait_tenths + 1))
        done
        stop_test_redis_process
        say "    port $port did not do (attempt $attempt), taking another"
    done
    die "Redis did not start; the reason is in $log_dir/test-redis.log."
}

stop_test_redis_process() {
    if [ -n "$test_redis_pid" ]; then
        kill "$test_redis_pid" 2>/dev/null || true
        wait "$test_redis_pid" 2>/dev/null || true
        test_redis_pid=""
    fi
}

# stop_test_redis: ends it and takes its folder away; safe to call when it never started.
stop_test_redis() {
    stop_test_redis_process
    if [ -n "$test_redis_dir" ]; then rm -rf "$test_redis_dir"; fi
    test_redis_dir=""
}
