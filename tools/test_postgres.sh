# shellcheck shell=bash disable=SC2154
# Sourced after common.sh and find_programs.sh: a PostgreSQL for the tests alone, with its files in a temporary folder.

test_postgres_pid=""
test_postgres_dir=""

# become_plain_user COMMAND…: runs it in the place of this shell, as somebody else where we are root, as whom PostgreSQL refuses
# to run.
become_plain_user() {
    if [ "$(id -u)" -ne 0 ]; then
        exec "$@"
    elif have setpriv; then
        exec setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups "$@"
    else
        exec runuser -u nobody -- "$@"
    fi
}

# postgres_answers BIN PORT: whether our server there takes queries.
postgres_answers() {
    PGPASSWORD=longshore "$1/psql" -h 127.0.0.1 -p "$2" -U longshore -d postgres -Atqc 'SELECT 1' >/dev/null 2>&1
}

# start_test_postgres: starts it, without care for crashes, and exports LONGSHORE_TEST_POSTGRES_URL.
start_test_postgres() {
    local bin port attempt wait_tenths
    bin=$(find_postgres)
    [ -n "$bin" ] || die "PostgreSQL is missing: install postgresql (Debian) or run 'brew install postgresql' (macOS)."
    # Sockets have short paths, so it is not below the repository.
    test_postgres_dir=$(mktemp -d /tmp/longshore-pg.XXXXXX)
    if [ "$(id -u)" -eq 0 ]; then chown nobody "$test_postgres_dir"; fi
    printf 'longshore\n' >"$test_postgres_dir/password"
    chmod a+r "$test_postgres_dir/password"
    (cd "$test_postgres_dir" && become_plain_user "$bin/initdb" -D "$test_postgres_dir/data" -U longshore -E UTF8 --locale=C \
        -A scram-sha-256 --pwfile="$test_postgres_dir/password" --no-sync >"$log_dir/test-postgres.log" 2>&1) ||
        die "PostgreSQL's initdb failed; the reason is in $log_dir/test-postgres.log."
    for attempt in 1 2 3 4 5 6 7 8; do
        port=$((20000 + RANDOM % 20000))
        (cd "$test_postgres_dir" && become_plain_user "$bin/postgres" -D "$test_postgres_dir/data" -p "$port" \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories="$test_postgres_dir" -c fsync=off \
            -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 \
            >>"$log_dir/test-postgres.log" 2>&1) &
        test_postgres_pid=$!
        wait_tenths=0
        # PostgreSQL ends by itself when the port is taken, so a living process that answers is ours.
        while kill -0 "$test_postgres_pid" 2>/dev/null && [ "$wait_tenths" -lt 200 ]; do
            if postgres_answers "$bin" "$port" && kill -0 "$test_postgres_pid" 2>/dev/null; then
                export LONGSHORE_TEST_POSTGRES_URL="postgres://longshore:longshore@127.0.0.1:$port/postgres"
                return 0
            fi
            sleep 0.1
            wait_tenths=$((wait_tenths + 1))
        done
        stop_test_postgres_process
        say "    port $port did not do (attempt $attempt), taking another"
    done
    die "PostgreSQL did not start; the reason is in $log_dir/test-postgres.log."
}

stop_test_postgres_process() {
    if [ -n "$test_postgres_pid" ]; then
        # Ends it with all connections, without writing what nobody will read.
        kill -QUIT "$test_postgres_pid" 2>/dev/null || true
        wait "$test_postgres_pid" 2>/dev/null || true
        test_postgres_pid=""
    fi
}

# stop_test_postgres: ends it and takes its folder away; safe to call when it never started.
stop_test_postgres() {
    stop_test_postgres_process
    if [ -n "$test_postgres_dir" ]; then rm -rf "$test_postgres_dir"; fi
    test_postgres_dir=""
}
