# shellcheck shell=bash disable=SC2154
# Sourced after common.sh and find_programs.sh: a MariaDB for the tests alone, with its files in a temporary folder.

test_mariadb_pid=""
test_mariadb_dir=""

# mariadb_answers PORT: whether something there greets as MariaDB does: a packet's head, with zeros in it, and the version.
mariadb_answers() {
    local part greeting=""
    {
        exec 9<>"/dev/tcp/127.0.0.1/$1"
        for _ in 1 2 3 4; do
            IFS= read -r -d '' -t 2 part <&9 || break
            greeting="$greeting$part"
        done
    } 2>/dev/null || true
    exec 9>&- 2>/dev/null || true
    case $greeting in *MariaDB*) return 0 ;; *) return 1 ;; esac
}

# start_test_mariadb: starts it, careless of crashes, and exports LONGSHORE_TEST_MYSQL_URL.
start_test_mariadb() {
    local program install port attempt wait_tenths
    program=$(find_mariadb)
    install=$(find_mariadb_install)
    if [ -z "$program" ] || [ -z "$install" ]; then
        die "MariaDB is missing: install mariadb-server (Debian) or run 'brew install mariadb' (macOS)."
    fi
    test_mariadb_dir=$(mktemp -d)
    # It refuses to run as root unless it is told to.
    "$install" --no-defaults --user="$(id -un)" --datadir="$test_mariadb_dir/data" --skip-test-db \
        --auth-root-authentication-method=normal >"$log_dir/test-mariadb.log" 2>&1 ||
        die "MariaDB could not make its files; the reason is in $log_dir/test-mariadb.log."
    for attempt in 1 2 3 4 5 6 7 8; do
        port=$((20000 + RANDOM % 20000))
        "$program" --no-defaults --user="$(id -un)" --datadir="$test_mariadb_dir/data" --bind-address=127.0.0.1 \
            --port="$port" --socket="$test_mariadb_dir/socket" --pid-file="$test_mariadb_dir/pid" \
            --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M \
            >>"$log_dir/test-mariadb.log" 2>&1 &
        test_mariadb_pid=$!
        wait_tenths=0
        # MariaDB ends by itself when the port is taken, so a living process that answers is ours.
        while kill -0 "$test_mariadb_pid" 2>/dev/null && [ "$wait_tenths" -lt 300 ]; do
            if (mariadb_answers "$port") && kill -0 "$test_mariadb_pid" 2>/dev/null; then
                export LONGSHORE_TEST_MYSQL_URL="mysql://root@127.0.0.1:$port"
                return 0
            fi
            sleep 0.1
            wait_tenths=$((wait_tenths + 1))
        done
        stop_test_mariadb_process
        say "    port $port did not do (attempt $attempt), taking another"
    done
    die "MariaDB did not start; the reason is in $log_dir/test-mariadb.log."
}

stop_test_mariadb_process() {
    if [ -n "$test_mariadb_pid" ]; then
        kill "$test_mariadb_pid" 2>/dev/null || true
        wait "$test_mariadb_pid" 2>/dev/null || true
        test_mariadb_pid=""
    fi
}

# stop_test_mariadb: ends it and takes its folder away; safe to call when it never started.
stop_test_mariadb() {
    stop_test_mariadb_process
    if [ -n "$test_mariadb_dir" ]; then rm -rf "$test_mariadb_dir"; fi
    test_mariadb_dir=""
}
