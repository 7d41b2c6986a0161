#!/usr/bin/env bash
# Runs every check and every test: `make test`. Goes on after a failure, so that one run shows all of them, and ends
# with a recap.
. "$(dirname "$0")/common.sh"

"$root/tools/setup.sh" test
use_chosen_toolchain
. "$(dirname "$0")/find_programs.sh"
. "$(dirname "$0")/test_redis.sh"
. "$(dirname "$0")/test_s3.sh"
. "$(dirname "$0")/test_postgres.sh"
. "$(dirname "$0")/test_mariadb.sh"
. "$(dirname "$0")/recap.sh"

stop_test_servers() {
    stop_test_redis
    stop_test_s3
    stop_test_postgres
    stop_test_mariadb
}
trap stop_test_servers EXIT
trap 'exit 130' INT TERM

# frontend enables `hydrate`, which must not meet `ssr` in one compilation, so the host leaves it out. Everything is
# compiled with the release profile, because `make run` compiles the same dependencies with it: they are shared.
host="--release --workspace --exclude frontend --features longshore-app/ssr"
browser="--package frontend --target wasm32-unknown-unknown --profile wasm-release --target-dir target/front"

check "formatting" cargo fmt --all -- --check

step "Linting the server side (the first time about 2 minutes)"
# shellcheck disable=SC2086 # A list of options, here and below.
check "clippy, server side" cargo clippy $host --all-targets -- -D warnings
step_done

step "Linting the browser side (the first time about 1 minute)"
# shellcheck disable=SC2086
check "clippy, browser side" cargo clippy $browser -- -D warnings
step_done

LONGSHORE_REDIS_SERVER=$(find_redis)
export LONGSHORE_REDIS_SERVER
start_test_redis
start_test_s3
start_test_postgres
start_test_mariadb

step "Running the unit and integration tests (compiling them takes some minutes the first time)"
# shellcheck disable=SC2086
rust_tests cargo test $host --no-fail-fast
step_done

# `cargo test` has built the example.
step "Reading exported files and files of errors with other programs (about 30 seconds)"
files="$root/target/read-back"
read_back() { end2end/.venv/bin/python end2end/readback/others.py "$files" "$1"; }
check "files to read back" target/release/examples/nasty "$files"
check "schemas of ECMA-376" end2end/.venv/bin/openxml-audit --quiet --format office2007 "$files/nasty.xlsx"
check "read back: openpyxl" read_back openpyxl
check "read back: csv, gzip" read_back csv
check "read back: pyarrow" read_back pyarrow
check "read back: SheetJS" node end2end/readback/sheetjs.js "$files"
for kind in xlsx xlsm xlsb xls ods; do
    check "read back: SheetJS, errors as $kind" node end2end/readback/sheetjs.js "$files/errors-$kind"
done
if have soffice; then
    check "read back: LibreOffice" read_back libreoffice
    for kind in xlsx xlsm xlsb xls ods; do
        check "read back: LibreOffice, errors as $kind" \
            end2end/.venv/bin/python end2end/readback/others.py "$files/errors-$kind" libreoffice
    done
else
    skip "read back: LibreOffice" "no soffice: install libreoffice-calc-nogui (Debian) or run 'brew install --cask libreoffice' (macOS)"
fi
step_done

if "$root/tools/build.sh"; then
    step "Running the browser tests against that build"
    export LONGSHORE_BIN="$root/target/release/longshore" LEPTOS_SITE_ROOT="$root/target/site"
    export LONGSHORE_PYTHON="$root/end2end/.venv/bin/python"
    CHROMIUM_PATH=$(find_chromium)
    export CHROMIUM_PATH
    browser_tests npm --prefix end2end test --silent
    step_done
else
    count_failure "build"
fi

recap
