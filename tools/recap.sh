# shellcheck shell=bash disable=SC2154
# Sourced after common.sh: runs the parts of `make test` and adds up what they report.

passed=0
failed=0
recap_lines=""

note() { recap_lines="$recap_lines$(printf '%-24s %s' "$1" "$2")
"; }

count_failure() {
    failed=$((failed + 1))
    note "$1" FAILED
}

# check NAME COMMAND...: one check that passes or fails as a whole.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        note "$name" ok
    else
        count_failure "$name"
    fi
}

# skip NAME REASON: one check that is left out, which the recap tells.
skip() {
    say "Skipped: $1 ($2)"
    note "$1" "skipped: $2"
}

# add_up NAME PASSED FAILED SUCCEEDED: counts a test runner's totals. A runner that failed without a failed test
# (one that did not compile, say) counts as one failure.
add_up() {
    local name=$1 its_passed=$2 its_failed=$3 succeeded=$4
    if [ "$succeeded" = no ] && [ "$its_failed" = 0 ]; then its_failed=1; fi
    passed=$((passed + its_passed))
    failed=$((failed + its_failed))
    note "$name" "$its_passed passed, $its_failed failed"
}

# rust_tests COMMAND...: runs cargo test and adds up its "test result:" lines.
rust_tests() {
    local log="$log_dir/rust-tests.log" succeeded=yes
    "$@" 2>&1 | tee "$log" || succeeded=no
    # shellcheck disable=SC2046 # Two numbers.
    add_up "Rust tests" $(awk '/^test result:/ {
        for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i - 1); if ($i == "failed;") f += $(i - 1) }
    } END { print p + 0, f + 0 }' "$log") "$succeeded"
}

# browser_tests COMMAND...: runs Playwright and adds up the summary its list reporter ends with.
browser_tests() {
    local log="$log_dir/browser-tests.log" succeeded=yes
    "$@" 2>&1 | tee "$log" || succeeded=no
    # What did not run, or passed only at a second try, counts as failed.
    # shellcheck disable=SC2046
    add_up "Browser tests" $(sed $'s/\x1b\\[[0-9;]*m//g' "$log" | awk '
        /^ +[0-9]+ passed( |$)/ { p += $1 }
        /^ +[0-9]+ (failed|flaky|interrupted|did not run)( |$)/ { f += $1 }
    END { print p + 0, f + 0 }') "$succeeded"
}

# recap: prints one line a part and the sum, and ends the script with failure if anything failed.
recap() {
    printf '\n==> Recap (%d s)\n%s\n%d passed, %d failed\n' "$SECONDS" "$recap_lines" "$passed" "$failed"
    [ "$failed" = 0 ]
}
