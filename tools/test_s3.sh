# shellcheck shell=bash disable=SC2154
# Sourced after common.sh and find_programs.sh: an S3 server for the tests alone, with its files in a temporary folder. It is
# rclone's, which checks signatures, those of links too, and knows uploads in parts.

test_s3_pid=""
test_s3_dir=""
test_s3_bucket=longshore-test

# s3_answers PORT: whether something there refuses a request without a signature as S3 servers do.
s3_answers() {
    local answer=""
    {
        # All until the end of the connection: read fails then, but has read.
        exec 9<>"/dev/tcp/127.0.0.1/$1" && printf 'GET /%s HTTP/1.0\r\n\r\n' "$test_s3_bucket" >&9 &&
            read -r -d '' -t 2 answer <&9
    } 2>/dev/null || true
    exec 9>&- 2>/dev/null || true
    case $answer in *"<Error>"*) return 0 ;; *) return 1 ;; esac
}

# start_test_s3: starts it, and exports LONGSHORE_TEST_S3_URL with the key for it.
start_test_s3() {
    local program port attempt wait_tenths
    program=$(find_rclone)
    [ -n "$program" ] || die "rclone is missing: end2end/requirements.txt names the package that has it."
    test_s3_dir=$(mktemp -d)
    mkdir "$test_s3_dir/$test_s3_bucket"
    export AWS_ACCESS_KEY_ID=longshore-test AWS_SECRET_ACCESS_KEY=a-secret-of-the-tests-alone AWS_REGION=us-east-1
    # A developer's own settings must not lead the tests elsewhere.
    unset AWS_SESSION_TOKEN AWS_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
    for attempt in 1 2 3 4 5 6 7 8; do
        port=$((20000 + RANDOM % 20000))
        "$program" serve s3 "$test_s3_dir" --config '' --addr "127.0.0.1:$port" \
            --auth-key "$AWS_ACCESS_KEY_ID,$AWS_SECRET_ACCESS_KEY" >"$log_dir/test-s3.log" 2>&1 &
        test_s3_pid=$!
        wait_tenths=0
        # It ends by itself when the port is taken, so a living process that answers is ours.
        while kill -0 "$test_s3_pid" 2>/dev/null && [ "$wait_tenths" -lt 100 ]; do
            if (s3_answers "$port") && kill -0 "$test_s3_pid" 2>/dev/null; then
                export LONGSHORE_TEST_S3_URL="s3://$test_s3_bucket?endpoint=http://127.0.0.1:$port"
                return 0
            fi
            sleep 0.1
            wait_tenths=$((wait_tenths + 1))
        done
        stop_test_s3_process
        say "    port $port did not do (attempt $attempt), taking another"
    done
    die "the S3 server did not start; the reason is in $log_dir/test-s3.log."
}

stop_test_s3_process() {
    if [ -n "$test_s3_pid" ]; then
        kill "$test_s3_pid" 2>/dev/null || true
        wait "$test_s3_pid" 2>/dev/null || true
        test_s3_pid=""
    fi
}

# stop_test_s3: ends it and takes its folder away; safe to call when it never started.
stop_test_s3() {
    stop_test_s3_process
    if [ -n "$test_s3_dir" ]; then rm -rf "$test_s3_dir"; fi
    test_s3_dir=""
}
